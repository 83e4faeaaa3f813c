"""Asks the provider what calls of unknown cost have cost, with growing patience (API reference, section 8.1)."""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.core import clock
from app.core.errors import AppError
from app.db.store import Store
from app.repo import ledger
from app.services.changes import Changes
from app.services.late_costs import LateCost, book, tell
from app.services.providers.providers import Providers
from app.services.upstream.outcome import cost_picousd, counted
from app.services.upstream.wire import GenerationRecord

log = logging.getLogger(__name__)

DELAYS_S: Sequence[float] = (2, 5, 15, 60, 300, 3600, 86400)
"""How old a call is when it is asked for, counted from its end."""
ASKED_S = 15.0
"""How long one question may take: a provider that does not answer must not keep the others waiting."""
_SAME_S = 0.001
"""Times are stored to the millisecond; what is due within one is due now."""


@dataclass(frozen=True, slots=True)
class _Call:
    """``ended_s`` is on the loop's clock."""

    id: str
    upstream_id: str
    provider: str
    ended_s: float


class Reconciler:
    """One task that works through the calls whose cost is unknown.

    When a call was last asked for is stored, so that a restart neither begins anew nor leaves one out: what came due
    meanwhile is asked for once, at once. A record that never comes leaves the call unknown, until its owner decides.
    """

    def __init__(
        self,
        store: Store,
        changes: Changes,
        providers: Providers,
        delays_s: Sequence[float] = DELAYS_S,
        now: Callable[[], str] = clock.now,
    ) -> None:
        self._store, self._changes, self._providers = store, changes, providers
        self._delays_s, self._now = delays_s, now
        self._due: list[tuple[float, str, float, _Call]] = []
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Take up what earlier processes left unknown, then wait for more."""
        await self.take_up()
        self._task = asyncio.create_task(self._work(), name="reconcile")

    async def take_up(self) -> None:
        """Ask for everything that the store does not know, each when it is due."""
        waiting = {call_id for _, call_id, *_ in self._due}
        at, loop_s = self._now(), asyncio.get_running_loop().time()
        for row in await self._store.read(ledger.unknown):
            if row["generation_id"] in waiting:
                continue
            ended_at, asked_at = row["ended_at"], row["asked_at"]
            # A clock that has gone back makes nothing older than it is, nor due later than from now on.
            age_s = max(0.0, clock.seconds_between(ended_at, at))
            asked_s = 0.0 if asked_at is None else min(age_s, clock.seconds_between(ended_at, asked_at))
            call = _Call(row["generation_id"], row["upstream_id"], row["provider"], loop_s - age_s)
            self._later(call, asked_s)

    async def close(self) -> None:
        """Stop asking. What is unknown stays so and is taken up at the next start."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def notice(self, generation_id: str, upstream_id: str, provider: str) -> None:
        """A call has ended without its cost."""
        self._later(_Call(generation_id, upstream_id, provider, asyncio.get_running_loop().time()), 0)

    def _later(self, call: _Call, asked_s: float) -> None:
        """Ask when the call is as old as the first delay that is beyond the age at which it was last asked for."""
        delay_s = next((delay_s for delay_s in self._delays_s if delay_s > asked_s), None)
        if delay_s is not None:
            heapq.heappush(self._due, (call.ended_s + delay_s, call.id, delay_s, call))
            self._wake.set()

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            self._wake.clear()
            wait_s = self._due[0][0] - loop.time() if self._due else None
            if wait_s is None or wait_s > _SAME_S:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), wait_s)
                continue
            _, _, delay_s, call = heapq.heappop(self._due)
            try:
                told = await self._ask(call)
            except Exception:
                log.exception("cost not stored", extra={"generation_id": call.id})
                told = False
            if not told:
                self._later(call, max(delay_s, loop.time() - call.ended_s))

    async def _ask(self, call: _Call) -> bool:
        """Whether there is nothing left to ask. Only who was called is asked: nobody else knows the call."""
        asked = self._providers.named(call.provider)
        if asked is None:
            return False
        try:
            async with asyncio.timeout(ASKED_S):
                record = await asked.client.generation(call.upstream_id)
        except (AppError, TimeoutError) as error:
            code = error.code if isinstance(error, AppError) else "timeout"
            log.info("cost not told yet", extra={"generation_id": call.id, "error_code": code})
            record = None
        cost = cost_picousd(record)
        if record is None or cost is None:
            await self._store.write(ledger.set_asked, call.id, self._now())
            return False
        session_id = await self._store.write(book, call.id, late_cost(record, cost))
        if session_id is not None:
            tell(self._changes, call.id, session_id)
        return True


def late_cost(record: GenerationRecord, cost: int) -> LateCost:
    """The record's figures; a count of tokens that it does not have is None."""
    prompt, completion = counted(record.native_tokens_prompt), counted(record.native_tokens_completion)
    return LateCost(
        cost_picousd=cost,
        cost_text=record.cost_text,
        tokens={
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "total_tokens": None if prompt is None or completion is None else prompt + completion,
            "cached_tokens": counted(record.native_tokens_cached),
            "reasoning_tokens": counted(record.native_tokens_reasoning),
        },
        model=record.model,
        upstream_id=record.id,
        upstream_provider=record.provider_name,
    )
