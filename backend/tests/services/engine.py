"""A runner at work over a pretended store."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from app.schemas.events import Start
from app.services.changes import Changes
from app.services.providers.providers import Provider
from app.services.turns.journal import Journal
from app.services.turns.runner import Call, Runner
from app.services.turns.runs import Run, Runs
from app.services.turns.turn_end import Ending
from tests.services.pretended import PretendedClient, PretendedSeries, PretendedStore


@dataclass
class Engine:
    """A runner with its journal, over a pretended store."""

    store: PretendedStore
    runner: Runner
    runs: Runs
    changes: Changes
    unsettled: list[tuple[str, str, str]] = field(default_factory=list)

    def start(self, client: PretendedClient | PretendedSeries, *, demo: bool = False, generation_id: str = "g") -> Run:
        """A run whose start is stored, set going."""
        run = Run(generation_id)
        start = Start(
            generation_id=generation_id, session_id="s", user_message_id="u", assistant_message_id="m", model="a/b"
        )
        self.runs.add(run)
        run.begin(start, [])
        provider = Provider("demo" if demo else "openrouter", client, demo)  # type: ignore[arg-type]
        self.runner.launch(run, Call(start, {"model": "a/b"}, provider, "r-1"))
        return run

    async def ended(self, run: Run) -> Ending:
        await run.over.wait()
        (ending,) = [ending for ending in self.store.endings if ending.generation_id == run.id]
        return ending


@asynccontextmanager
async def engine() -> AsyncIterator[Engine]:
    store, runs, changes = PretendedStore(), Runs(), Changes()
    journal = Journal(store, asyncio.get_running_loop().time)  # type: ignore[arg-type]
    journal.open()
    unsettled: list[tuple[str, str, str]] = []
    runner = Runner(store, journal, runs, changes, lambda *call: unsettled.append(call), jitter=lambda: 0.5)  # type: ignore[arg-type]
    yield Engine(store, runner, runs, changes, unsettled)
    await runner.close()
    await journal.close()
    assert runs.all() == []
