"""Books with calls of unknown cost, and a provider that tells what a test says; in virtual time."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from app.core.clock import stamp
from app.core.errors import AppError
from app.db.types import Row
from app.services.changes import Changes
from app.services.providers.providers import Provider
from app.services.reconcile import Reconciler
from app.services.turns.turn_end import end
from app.services.turns.turn_start import Begun
from app.services.upstream.wire import GenerationRecord, decode_generation
from tests.services.turning import begin, ending, rows_of

LOOP_BEGAN_S = 1000.0


def record(**fields: object) -> GenerationRecord:
    data = {"id": "gen-1", "total_cost": 0.25, "native_tokens_prompt": 7, "native_tokens_completion": 9} | fields
    return decode_generation(json.dumps({"data": data}).encode())


def _now() -> str:
    """The machine's time, as if the loop's time had passed."""
    return stamp(time.time_ns() + round((asyncio.get_running_loop().time() - LOOP_BEGAN_S) * 1e9))


Told = GenerationRecord | AppError | None


class Provided:
    """Providers whose one client tells what the test says, by upstream id; the last answer stays."""

    def __init__(self, **told: list[Told]) -> None:
        self.told = told
        self.asked: list[tuple[float, str]] = []
        self.missing = False
        self.silent: set[str] = set()

    def named(self, name: str) -> Provider | None:
        if self.missing or name != "openrouter":
            return None
        return Provider("openrouter", self, demo=False)  # type: ignore[arg-type]

    async def generation(self, upstream_id: str) -> GenerationRecord | None:
        self.asked.append((asyncio.get_running_loop().time(), upstream_id))
        if upstream_id in self.silent:
            await asyncio.get_running_loop().create_future()
        answers = self.told[upstream_id]
        told = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(told, AppError):
            raise told
        return told


@dataclass
class Books:
    """A store and the changes that were told."""

    store: Any
    changes: Changes

    async def unknown(self, upstream_id: str | None = "one") -> Begun:
        """A call whose stream was cut before it told its cost."""
        begun = await begin(self.store)
        await self.store.write(end, ending(begun, cost=None, upstream_id=upstream_id, status="stopped"))
        return begun

    async def ledger(self) -> list[Row]:
        rows: list[Row] = await self.store.read(rows_of, "usage_logs")
        return rows

    @asynccontextmanager
    async def reconciling(self, provided: Provided, *delays_s: float) -> AsyncIterator[Reconciler]:
        reconciler = Reconciler(self.store, self.changes, provided, delays_s, _now)  # type: ignore[arg-type]
        await reconciler.open()
        yield reconciler
        await reconciler.close()


Keep = Callable[[Callable[[Books], Awaitable[None]]], None]
