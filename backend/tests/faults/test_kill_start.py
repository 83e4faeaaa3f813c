"""SIGKILL at any step of a start: while the file is made, migrated or recovered. The next start has everything."""

from __future__ import annotations

import asyncio
import random
import shutil
import signal
from abc import ABC, abstractmethod
from pathlib import Path

import pytest

from app.db.migrate import MIGRATIONS, load
from app.db.store import Store
from app.db.types import Conn
from emulator import Emulator
from tests.faults import audit
from tests.faults.aftermath import check_store, check_texts
from tests.faults.failpoints import FailingConsole
from tests.faults.figures import Figures
from tests.faults.load import Load, Record
from tests.harness.scale import Scale
from tests.harness.stored import Stored, database_of, store_of

pytestmark = pytest.mark.faults

OLD_SESSIONS = 200
AT = "2026-01-02T03:04:05.678Z"


class Folder(ABC):
    """A data folder as a start finds it, and what must be in it afterwards."""

    name: str

    def put(self, data: Path) -> None:
        """In the place of whatever is there."""
        shutil.rmtree(data, ignore_errors=True)

    @abstractmethod
    def check(self, conn: Stored) -> None:
        """All that was in it is still there, and nothing else."""


class Blank(Folder):
    name = "a blank folder"

    def check(self, conn: Stored) -> None:
        assert audit.ids(conn, "SELECT id FROM sessions UNION ALL SELECT id FROM messages") == set()


class FirstRelease(Folder):
    """The schema of the first release, with some rows: a copy is made of it, then it is migrated."""

    name = "a file of the first release"

    def __init__(self, kept: Path) -> None:
        self._kept = kept

    async def make(self, migrations: Path) -> None:
        migrations.mkdir()
        first = min(MIGRATIONS.glob("*.sql"))
        shutil.copy(first, migrations)
        store = await Store.open(self._kept, migrations=migrations)
        await store.write(_add_old_rows)
        await store.close()

    def put(self, data: Path) -> None:
        super().put(data)
        data.mkdir()
        shutil.copy(self._kept, data / "console.db")

    def check(self, conn: Stored) -> None:
        rows = conn.execute("SELECT s.title, m.content FROM sessions s JOIN messages m ON m.session_id = s.id")
        assert {tuple(row) for row in rows} == {(f"session {n}", _text(n)) for n in range(OLD_SESSIONS)}


class Killed(Folder):
    """What a process left that was killed in the middle of eight answers: they are recovered."""

    name = "a folder with interrupted answers"

    def __init__(self, kept: Path, emulator: Emulator) -> None:
        self._kept, self._emulator, self._record = kept, emulator, Record()

    async def make(self, process: FailingConsole, draw: random.Random) -> None:
        await process.start()
        async with process.client() as client:
            asyncio.get_running_loop().call_later(1.0, process.signal, signal.SIGKILL)
            await Load(client, self._record, draw, "call").run([])
        await process.wait()
        shutil.copytree(process.data, self._kept)

    def put(self, data: Path) -> None:
        super().put(data)
        shutil.copytree(self._kept, data)

    def check(self, conn: Stored) -> None:
        check_store(conn, self._record)
        check_texts(conn, self._emulator, set())


def _text(number: int) -> str:
    return f"{number} " * 100


def _add_old_rows(conn: Conn) -> None:
    for n in range(OLD_SESSIONS):
        conn.execute(
            "INSERT INTO sessions (id, session_type, title, active_leaf_id, message_count, created_at, updated_at)"
            " VALUES (:id, 'chat', :title, :leaf, 1, :at, :at)",
            {"id": f"s{n}", "title": f"session {n}", "leaf": f"m{n}", "at": AT},
        )
        conn.execute(
            "INSERT INTO messages (id, session_id, role, content, parts, created_at, completed_at)"
            " VALUES (:id, :session_id, 'user', :content, json_array(json_object('type', 'text', 'text', :content)),"
            " :at, :at)",
            {"id": f"m{n}", "session_id": f"s{n}", "content": _text(n), "at": AT},
        )


async def test_a_start_that_is_killed_at_any_step_loses_nothing(
    tmp_path: Path, emulator: Emulator, draw: random.Random, scale: Scale, figures: Figures
) -> None:
    """A blank folder, one to migrate and one to recover: killed twice in a row, then started for good."""
    first_release = FirstRelease(tmp_path / "first.db")
    await first_release.make(tmp_path / "migrations")
    killed = Killed(tmp_path / "killed", emulator)

    data = tmp_path / "data"
    kills = 0
    steps: dict[str, int] = {}
    async with FailingConsole(data, upstream=emulator.base_url) as process:
        await killed.make(process, draw)
        for folder in (Blank(), first_release, killed):
            folder.put(data)
            process.control.live()
            await process.start()
            total = steps[folder.name] = process.control.steps
            await process.kill()
            points = range(1, total + 1)
            for point in sorted(draw.sample(points, scale.of(min(total, 4), total))):
                folder.put(data)
                for die_at in (point, draw.randrange(1, total + 1)):
                    process.control.live()
                    process.control.die_after(die_at)
                    if await process.start_or_die():
                        # This start had less to do than the one that was measured.
                        await process.kill()
                    kills += 1
                process.control.live()
                await process.start()
                _check(data, folder)
                await process.kill()
    figures.tell(
        "SIGKILL during start-up, migration and recovery",
        f"{kills:,} kills at counted steps (" + ", ".join(f"{n} in {name}" for name, n in steps.items()) + ")",
        "0 rows lost, 0 invented, integrity ok, every next start ready",
    )


def _check(data: Path, folder: Folder) -> None:
    with store_of(data) as conn:
        folder.check(conn)
        assert audit.broken_rules(conn) == {}
        (version,) = conn.execute("SELECT max(version) FROM schema_migrations").fetchone()
        assert version == len(load(MIGRATIONS))
    assert [file.name for file in data.rglob("*") if "partial" in file.name] == []
    for copy in data.glob("console.before-*.db"):
        with database_of(copy) as conn:
            folder.check(conn)
