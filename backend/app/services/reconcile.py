"""Asks the provider what calls of unknown cost have cost, with growing patience (API reference, section 8.1)."""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import logging
from collections.abc import Sequence

from app.core.clock import now
from app.core.errors import AppError
from app.core.json import encode_text
from app.core.money import to_usd
from app.db.store import Store
from app.db.types import Conn
from app.repo import generations, ledger, messages, sessions
from app.schemas.events import UsageFigures
from app.services.changes import Changes
from app.services.providers.providers import Providers
from app.services.upstream.outcome import cost_picousd, counted
from app.services.upstream.wire import GenerationRecord

log = logging.getLogger(__name__)

DELAYS_S: Sequence[float] = (2, 5, 15, 60, 300, 3600, 86400)


class Reconciler:
    """One task that works through the calls whose cost is unknown. A record that never comes leaves them unknown."""

    def __init__(
        self, store: Store, changes: Changes, providers: Providers, delays_s: Sequence[float] = DELAYS_S
    ) -> None:
        self._store, self._changes, self._providers, self._delays_s = store, changes, providers, delays_s
        self._due: list[tuple[float, int, str, str, str]] = []
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Take up what earlier processes left unknown, then wait for more."""
        await self.take_up()
        self._task = asyncio.create_task(self._work(), name="reconcile")

    async def take_up(self) -> None:
        """Ask for everything that the store does not know."""
        waiting = {generation_id for _, _, generation_id, *_ in self._due}
        for row in await self._store.read(ledger.unknown):
            if row["generation_id"] not in waiting:
                self.notice(row["generation_id"], row["upstream_id"], row["provider"])

    async def close(self) -> None:
        """Stop asking. What is unknown stays so and is taken up at the next start."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def notice(self, generation_id: str, upstream_id: str, provider: str) -> None:
        """A call has ended without its cost."""
        self._later(0, generation_id, upstream_id, provider)

    def _later(self, attempt: int, generation_id: str, upstream_id: str, provider: str) -> None:
        if attempt < len(self._delays_s):
            due_at = asyncio.get_running_loop().time() + self._delays_s[attempt]
            heapq.heappush(self._due, (due_at, attempt, generation_id, upstream_id, provider))
            self._wake.set()

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            self._wake.clear()
            wait_s = self._due[0][0] - loop.time() if self._due else None
            if wait_s is None or wait_s > 0:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), wait_s)
                continue
            _, attempt, generation_id, upstream_id, provider = heapq.heappop(self._due)
            try:
                told = await self._ask(generation_id, upstream_id, provider)
            except Exception:
                log.exception("cost not stored", extra={"generation_id": generation_id})
                told = False
            if not told:
                self._later(attempt + 1, generation_id, upstream_id, provider)

    async def _ask(self, generation_id: str, upstream_id: str, provider: str) -> bool:
        """Whether there is nothing left to ask. Only who was called is asked: nobody else knows the call."""
        asked = self._providers.named(provider)
        if asked is None:
            return False
        try:
            record = await asked.client.generation(upstream_id)
            cost = cost_picousd(record)
            if record is None or cost is None:
                return False
            session_id = await self._store.write(_reconcile, generation_id, record, cost)
        except AppError as error:
            log.info("cost not told yet", extra={"generation_id": generation_id, "error_code": error.code})
            return False
        if session_id:
            self._changes.publish("generation", generation_id, session_id=session_id)
            self._changes.publish("session", session_id, session_id=session_id)
        return True


def _reconcile(conn: Conn, generation_id: str, record: GenerationRecord, cost: int) -> str | None:
    at = now()
    figures = _figures(record)
    reconciled = ledger.reconcile(
        conn,
        {
            **figures,
            "generation_id": generation_id,
            "upstream_provider": record.provider_name,
            "cost_picousd": cost,
            "cost_text": record.cost_text,
            "now": at,
        },
    )
    if reconciled is None:
        return None
    session_id, gained = reconciled
    tokens = {name: gained[name] for name in ("prompt_tokens", "completion_tokens", "total_tokens")}
    sessions.count_usage(conn, session_id, now=at, **tokens, cost_picousd=cost, unknown_calls=-1)
    generation = generations.get(conn, generation_id)
    if generation is not None:
        known = generation.usage or UsageFigures(model=record.model, provider=record.provider_name)
        for name, value in figures.items():
            if value is not None:
                setattr(known, name, value)
        known.cost_usd, known.cost_state, known.upstream_id = to_usd(cost), "reconciled", record.id
        usage = encode_text(known)
        generations.set_usage(conn, generation_id, usage)
        messages.set_usage(conn, generation.message_id, usage)
    return session_id


def _figures(record: GenerationRecord) -> dict[str, int | None]:
    """The tokens as the record has them; None leaves what the stream had told."""
    prompt, completion = counted(record.native_tokens_prompt), counted(record.native_tokens_completion)
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": None if prompt is None or completion is None else prompt + completion,
        "cached_tokens": counted(record.native_tokens_cached),
        "reasoning_tokens": counted(record.native_tokens_reasoning),
    }
