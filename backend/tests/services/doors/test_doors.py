"""Readers of doors that leave: their calls are stopped, and what goes wrong there stays there."""

from __future__ import annotations

import asyncio

import pytest

from app.schemas.events import Start
from app.services.doors.doors import Doors
from app.services.turns.frames import console
from app.services.turns.runs import Run, Runs
from app.services.turns.turn_start import Begun


class Stops:
    """Turns that only stop: the one called ``bad`` fails at once, each other one when it is let go."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.stopped: list[str] = []

    async def stop(self, generation_id: str) -> None:
        if generation_id == "bad":
            raise RuntimeError("a mistake")
        await self.go.wait()
        self.stopped.append(generation_id)


async def test_closing_waits_for_every_stop_though_one_fails(caplog: pytest.LogCaptureFixture) -> None:
    """Else the store would be closed under the stops that are still being written."""
    turns = Stops()
    doors = Doors(Runs(), turns, None, None, None)  # type: ignore[arg-type]
    for name in ("bad", "good"):
        run = Run(name)
        run.begin(
            Start(generation_id=name, session_id="s", user_message_id="u", assistant_message_id="m", model="a/b"), []
        )
        door = await doors.door(Begun(generation_id=name, run=run), keyed=False)
        door.read(console).detach(lambda: None)
    closing = asyncio.create_task(doors.close())
    for _ in range(5):
        await asyncio.sleep(0)
    assert not closing.done()
    turns.go.set()
    await closing
    assert turns.stopped == ["good"]
    assert [record.__dict__["generation_id"] for record in caplog.records] == ["bad"]
