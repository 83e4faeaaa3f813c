"""SIGKILL at any step of a restore leaves all that was there before or all that is there after, never a mixture."""

from __future__ import annotations

import asyncio
import contextlib
import random
import shutil
import signal
from collections import Counter
from pathlib import Path

import httpx
import pytest

from emulator import Emulator
from tests.faults import audit
from tests.faults.failpoints import FailingConsole
from tests.faults.figures import Figures
from tests.harness import ConsoleClient, Json, reading
from tests.harness.client import exact
from tests.harness.scale import Scale
from tests.harness.stored import Stored, database_of, store_of

pytestmark = pytest.mark.faults

SESSIONS = 12
LAST_STEPS = 100
MORE_STEPS = 30
"""A restore beside an answer takes a few steps more at times than the one that was measured."""
STANDING_STILL = "[[tokens=40; stall after=20]] hello"
MERGED = frozenset({"a ledger row without a generation"})
"""Rules that a restore bends: what was paid stays in the ledger, though its answer is gone."""


class Kept:
    """A folder with a backup of some sessions, more sessions since, and an answer for each."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.backup = ""
        self.old: set[str] = set()
        self.new: set[str] = set()
        self.ledger: set[str] = set()

    async def make(self, process: FailingConsole) -> None:
        """Old is what the folder holds, new is what its backup does. The process has ended then."""
        await process.start()
        async with process.client() as client:
            self.new = await _ask(client, "first")
            self.backup = (await client.post("/api/admin/backups"))["name"]
            self.old = self.new | await _ask(client, "second")
        assert await process.interrupt() == 0
        shutil.copytree(process.data, self.folder)
        with store_of(self.folder) as conn:
            self.ledger = audit.ids(conn, "SELECT id FROM usage_logs")

    def put(self, data: Path) -> None:
        """A copy of it, in the place of whatever is there."""
        shutil.rmtree(data, ignore_errors=True)
        shutil.copytree(self.folder, data)


async def _ask(client: ConsoleClient, name: str) -> set[str]:
    answers = await asyncio.gather(*(client.answer(f"[[tokens=30]] {name} {n}") for n in range(SESSIONS)))
    return {answer.data_of("start")["session_id"] for answer in answers}


class Attempt:
    """One restore under an answer that stands still, and what became of both."""

    def __init__(self, kept: Kept, process: FailingConsole) -> None:
        self._kept, self._process = kept, process
        self.reply: Json | None = None
        self.running = self.text = ""

    async def run(self, die_after: int | None) -> None:
        """Until the process is gone, or the restore is done."""
        control = self._process.control
        async with self._process.client() as client:
            started = await client.start(STANDING_STILL)
            self.running = started["session"]["id"]
            async with reading(client.events(started["generation"]["id"])) as reader:
                await reader.until(lambda transcript: len(transcript.text.split()) == 20)
                self.text = reader.transcript.text
                control.live()
                if die_after is not None:
                    control.die_after(die_after)
                with contextlib.suppress(httpx.TransportError):
                    response = await client.ask("POST", "/api/admin/restore", json={"name": self._kept.backup})
                    assert response.status_code == 200, response.text
                    self.reply = exact(response)

    def outcome(self, data: Path) -> str:
        """All old or all new; an acknowledged restore is new; what was paid is on record; the old text is somewhere."""
        with store_of(data) as conn:
            broken = audit.broken_rules(conn)
            assert broken.keys() <= MERGED, broken
            assert self._kept.ledger <= audit.ids(conn, "SELECT id FROM usage_logs")
            found = audit.ids(conn, "SELECT id FROM sessions")
            told = self._text(found, conn)
        if found == self._kept.old | {self.running}:
            assert self.reply is None, "it was said to be restored"
            assert told == self.text
            return "old"
        assert found == self._kept.new
        safety = max((data / "backups").glob("console_backup_before_restore_*.db"))
        with database_of(safety) as conn:
            assert audit.ids(conn, "SELECT id FROM sessions") == self._kept.old | {self.running}
            assert self._text({self.running}, conn) == self.text
        return "new"

    def _text(self, found: set[str], conn: Stored) -> str | None:
        if self.running not in found:
            return None
        sql = "SELECT content FROM messages WHERE session_id = ? AND role = 'assistant'"
        return str(conn.execute(sql, (self.running,)).fetchone()[0])


async def test_a_restore_that_is_killed_at_any_step_is_whole_or_did_not_happen(
    tmp_path: Path, draw: random.Random, scale: Scale, figures: Figures
) -> None:
    """And the next start removes what it left."""
    data, ends, kills = tmp_path / "data", Counter[str](), 0
    async with Emulator() as emulator, FailingConsole(data, upstream=emulator.base_url) as process:
        kept = Kept(tmp_path / "kept")
        await kept.make(process)
        kept.put(data)
        await process.start()
        measured = Attempt(kept, process)
        await measured.run(None)
        total = process.control.steps
        await process.kill()
        assert measured.outcome(data) == "new"

        # The file itself is replaced in the last steps.
        anywhere, late = scale.of((3, 3), (200, 100))
        points = [draw.randrange(1, total) for _ in range(anywhere)]
        points += [draw.randrange(total - LAST_STEPS, total + MORE_STEPS) for _ in range(late)]
        draw.shuffle(points)
        for point in points:
            kept.put(data)
            process.control.live()
            await process.start()
            attempt = Attempt(kept, process)
            await attempt.run(point)
            if attempt.reply is not None:
                process.signal(signal.SIGKILL)
            assert await process.wait() == -signal.SIGKILL
            kills += 1
            process.control.live()
            await process.start()
            ends[attempt.outcome(data)] += 1
            assert [file for file in data.rglob("*") if "partial" in file.name or file.name == "fresh.db"] == []
            await process.kill()
            if kills % 25 == 0 or kills == len(points):
                # A run that is broken off has counted what it did.
                figures.tell(
                    "SIGKILL during a restore, beside an answer",
                    f"{kills} kills at counted steps of {total}",
                    f"{ends['old']} all old, {ends['new']} all new, 0 mixtures; ledger whole, text in the store or"
                    " its safety copy",
                )
    assert ends["old"]
