"""A clock that is hours behind or ahead of that of an earlier life: neither order nor sums follow it."""

from __future__ import annotations

from pathlib import Path

import pytest

from emulator import Emulator
from tests.faults import audit
from tests.harness import ConsoleClient, Json
from tests.harness.process import ConsoleProcess
from tests.harness.stored import store_of

pytestmark = pytest.mark.faults

SHIFTED = """
import sys, time
real, by_ns = time.time_ns, int(sys.argv.pop(1)) * 10**9
time.time_ns = lambda: real() + by_ns
time.time = lambda: time.time_ns() / 1e9
from app.cli.main import main
sys.exit(main(sys.argv[1:]))
"""


class ShiftedConsole(ConsoleProcess):
    """A console whose wall clock is wrong by so many seconds."""

    def __init__(self, data: Path, by_s: int, *, upstream: str) -> None:
        super().__init__(data, upstream=upstream)
        self.arguments = ["-c", SHIFTED, str(by_s), *self.arguments[2:]]


async def ask(client: ConsoleClient, session_id: str | None, content: str) -> tuple[str, str]:
    """A question and its whole answer: the session and the answer's id."""
    place = {"session_id": session_id} if session_id else {}
    started = await client.start(content, **place)
    await client.follow(started["generation"]["id"])
    return started["session"]["id"], started["assistant_message"]["id"]


@pytest.mark.parametrize("jumps_h", [(5, 0), (0, 24 * 400, -3), (0, -24 * 400)])
async def test_order_and_sums_do_not_follow_the_clock(data: Path, emulator: Emulator, jumps_h: tuple[int, ...]) -> None:
    """The newest answer, message, session and ledger row are those made last, in each life; no spend is hidden."""
    first = session = answer = None
    answers: list[str] = []
    for number, hours in enumerate(jumps_h):
        async with ShiftedConsole(data, hours * 3600, upstream=emulator.base_url) as process:
            await process.start()
            async with process.client() as client:
                if session is None:
                    session, answer = await ask(client, None, "first")
                    answers.append(answer)
                    first = answer
                else:
                    again: Json = await client.post(f"/api/messages/{first}/regenerate")
                    await client.follow(again["generation"]["id"])
                    answers.append(again["assistant_message"]["id"])
                other, _ = await ask(client, None, f"another {number}")
                summary = await client.get("/api/usage/summary")
                newest = await client.get("/api/usage", limit=1)
                assert newest["items"][0]["session_id"] == other
                shown = await client.message(answers[-1])
                assert shown["siblings"] == answers
                path = await client.get(f"/api/sessions/{session}/messages")
                assert path["items"][-1]["id"] == answers[-1]
                async with client.stream("/api/stream", session_id=session) as stream:
                    assert stream.headers["x-attached"] == "1"
                    assert stream.generation_id == shown["generation_id"]
                listed = [item["id"] for item in (await client.get("/api/sessions"))["items"]]
                assert listed[:2] == [other, session]
            await process.kill()
    assert summary["totals"]["calls"] == len(jumps_h) * 2
    with store_of(data) as conn:
        assert audit.broken_rules(conn) == {}
    assert len(emulator.ledger.rows) == len(jumps_h) * 2


async def test_order_goes_on_after_a_restore_from_a_clock_ahead(data: Path, tmp_path: Path, emulator: Emulator) -> None:
    """What is made after it sorts behind what came with it, without a restart."""
    async with ShiftedConsole(tmp_path / "other", 24 * 400 * 3600, upstream=emulator.base_url) as other:
        await other.start()
        async with other.client() as client:
            session, first = await ask(client, None, "first")
            backup = (await client.ask("GET", "/api/admin/backup")).content
    async with ConsoleProcess(data, upstream=emulator.base_url) as process:
        await process.start()
        async with process.client() as client:
            restored = await client.ask("POST", "/api/admin/restore", files={"file": ("other.db", backup)})
            assert restored.status_code == 200, restored.text
            again: Json = await client.post(f"/api/messages/{first}/regenerate")
            await client.follow(again["generation"]["id"])
            second = again["assistant_message"]["id"]
            assert (await client.message(second))["siblings"] == [first, second]
            other_session, _ = await ask(client, None, "another")
            listed = [item["id"] for item in (await client.get("/api/sessions"))["items"]]
            assert listed == [other_session, session]
