"""Calls that are paid but answer no message: in the ledger before they are sent, settled from what the provider says.

A call is the application's, never a request's: once sent it runs to its end, whether or not anybody still waits.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias, TypeVar

from app.core.caller import current_token_id
from app.core.clock import now
from app.core.errors import AppError, Conflict, Restoring, ShuttingDown, UpstreamError, paid_perhaps
from app.core.ids import new_id
from app.db.store import Store
from app.db.types import Conn, Row
from app.repo import idempotency, ledger, sessions
from app.schemas.events import UsageFigures
from app.schemas.types import Purpose
from app.services.metrics import Metrics, Paid
from app.services.providers.providers import DEMO, Provider
from app.services.turns.bill import Bill
from app.services.turns.estimated_bill import estimated_bill
from app.services.turns.keys import Key, earlier, remember
from app.services.turns.reservation import reserve
from app.services.turns.runner import PATIENCE_S, RESTORING_S, Unsettled
from app.services.upstream.outcome import cost_picousd, counted, name_of_model, was_refused
from app.services.upstream.retry import Failed, Reason, RetryPolicy, again
from app.services.upstream.wire import UsageWire

log = logging.getLogger(__name__)


class Reply(Protocol):
    """What the ledger reads of a provider's reply."""

    @property
    def id(self) -> str | None: ...
    @property
    def model(self) -> str | None: ...
    @property
    def provider(self) -> str | None: ...
    @property
    def usage(self) -> UsageWire | None: ...


R = TypeVar("R", bound=Reply)
Send: TypeAlias = Callable[[bool], Awaitable[R]]
"""Makes a call, and is told whether it is made again after a failure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidCall:
    """What is asked of whom with which ``body``; ``worst_picousd`` is what it can cost at most, None not known.

    ``offers`` are the prices of each model that may answer, by its slug. ``key`` is remembered in the transaction that
    opens the row, and forgotten when the provider surely took no call.
    """

    purpose: Purpose
    model: str
    provider: Provider
    body: Mapping[str, Any]
    worst_picousd: int | None
    offers: Mapping[str, Row | None]
    session_id: str | None = None
    profile_id: int | None = None
    key: Key | None = None
    call_id: str = field(default_factory=new_id)
    token_id: str | None = field(default_factory=current_token_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Broken:
    """What is known of a call that an error ended: by its id the provider may still tell what it cost."""

    id: str | None
    model: str | None = None
    provider: str | None = None
    usage: UsageWire | None = None


class PaidCalls:
    """Opens, makes and settles calls. ``close`` ends those under way; their cost is then unknown."""

    def __init__(
        self,
        store: Store,
        unsettled: Unsettled,
        retries: RetryPolicy | None = None,
        metrics: Metrics | None = None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._store, self._unsettled = store, unsettled
        self._retries, self._metrics, self._jitter = retries or RetryPolicy(), metrics or Metrics(), jitter
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closing = self._held = False

    async def make(self, call: PaidCall, send: Send[R]) -> R:
        """The reply to a call, which goes on when its caller leaves. Raises as ``start`` and its task do."""
        return await asyncio.shield(self.start(call, send))

    def start(self, call: PaidCall, send: Send[R]) -> asyncio.Task[R]:
        """A call as a task of its own. Raises ShuttingDown, or Restoring while nothing may start.

        The task raises the store's errors before anything is sent, Conflict or IdempotencyMismatch for a key that is
        taken, and what ``send`` raises.
        """
        if self._closing:
            raise ShuttingDown
        if self._held:
            raise Restoring(retry_after_s=RESTORING_S)
        task = asyncio.create_task(self._make(call, send), name=f"paid call {call.purpose}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def close(self) -> None:
        """Nothing starts any more; what is under way is given up and settled as unknown."""
        self._closing = True
        await self._give_up()

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """No call is under way as long as this lasts: those there were have ended, or are given up as `close` does."""
        self._held = True
        try:
            if self._tasks:
                await asyncio.wait(self._tasks, timeout=PATIENCE_S)
            await self._give_up()
            yield
        finally:
            self._held = False

    async def _give_up(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _make(self, call: PaidCall, send: Send[R]) -> R:
        call_id = call.call_id
        await self._store.write(_reserve, call_id, call)
        started_ns = time.monotonic_ns()
        try:
            reply = await self._send(call, send)
        except asyncio.CancelledError:
            await self._settle(call_id, call, None, Bill(cost_picousd=None), started_ns)
            raise paid_perhaps(Restoring(retry_after_s=RESTORING_S) if self._held else ShuttingDown()) from None
        except Exception as error:
            broken = _Broken(id=error.details.get("upstream_id") if isinstance(error, AppError) else None)
            if isinstance(error, AppError) and was_refused(error.of_unstored()):
                await self._settle(call_id, call, broken, _free(), started_ns, free_key=True)
            else:
                await self._settle(call_id, call, broken, Bill(cost_picousd=None), started_ns)
                if isinstance(error, AppError):
                    paid_perhaps(error)
            raise
        await self._settle(call_id, call, reply, _bill(call, reply.usage), started_ns)
        return reply

    async def _send(self, call: PaidCall, send: Send[R]) -> R:
        """The reply, asked for again as an answer is that has not begun."""
        provider = call.provider.name
        policy = self._retries.with_retries(call.provider.entry.max_retries)
        number, waited_s, earlier = 1, 0.0, frozenset[Reason]()
        while True:
            try:
                return await send(number > 1)
            except UpstreamError as error:
                self._metrics.failed(provider, error)
                failed = Failed(error=error, body={}, number=number, waited_s=waited_s, earlier=earlier)
                retry = again(failed, policy, jitter=self._jitter())
                if retry is None or retry.max_tokens is not None:
                    raise
            number, waited_s, earlier = number + 1, waited_s + retry.wait_s, earlier | {retry.reason}
            self._metrics.retried(provider, retry.reason, retry.wait_s)
            log.warning("asking the provider again", extra={"purpose": call.purpose, "provider": provider})
            await asyncio.sleep(retry.wait_s)

    async def _settle(
        self,
        call_id: str,
        call: PaidCall,
        reply: Reply | None,
        bill: Bill,
        started_ns: int,
        *,
        free_key: bool = False,
    ) -> None:
        """Close the row. One that the disk refuses stays open, and the next start calls it unknown."""
        bill = _free() if call.provider.demo else bill
        latency_ms = (time.monotonic_ns() - started_ns) // 1_000_000
        upstream_id = reply.id if reply else None
        try:
            bill = await self._store.write(_close, call_id, call, reply, bill, latency_ms, free_key=free_key)
        except Exception:
            log.exception("a paid call could not be settled", extra={"call_id": call_id, "purpose": call.purpose})
            return
        self._metrics.paid(
            Paid(
                provider=call.provider.name,
                model=call.model,
                usage=_figures(reply.usage if reply else None),
                cost_picousd=bill.cost_picousd,
            )
        )
        log.info(
            "call ended",
            extra={
                "call_id": call_id,
                "purpose": call.purpose,
                "model": call.model,
                "provider": (reply.provider if reply else None) or call.provider.name,
                "latency_ms": latency_ms,
                "cost_usd": bill.cost_text,
                "upstream_id": upstream_id,
            },
        )
        if bill.cost_picousd is None and upstream_id is not None:
            self._unsettled(call_id, upstream_id, call.provider.name)


def settle_abandoned(conn: Conn) -> int:
    """Close the open rows whose process is gone and that no unfinished generation owns; how many there were.

    Their cost is unknown, except that the demo is free.
    """
    abandoned = ledger.abandoned(conn)
    for row in abandoned:
        bill = _free() if row["provider"] == DEMO else Bill(cost_picousd=None)
        _settle(conn, row["session_id"], _closing(row["generation_id"], None, bill))
    return len(abandoned)


def _reserve(conn: Conn, call_id: str, call: PaidCall) -> None:
    if (made := earlier(conn, call.key, call.purpose)) is not None:
        raise taken(made)
    at = now()
    remember(conn, call.key, call.purpose, call_id, at)
    listed = call.offers.get(call.model)
    reserve(
        conn,
        {
            "id": new_id(),
            "session_id": call.session_id,
            "profile_id": call.profile_id,
            "generation_id": call_id,
            "purpose": call.purpose,
            "model": call.model,
            "catalogue_id": listed["id"] if listed else call.model,
            "provider": call.provider.name,
            "reserved_picousd": call.worst_picousd,
            "now": at,
        },
        call.token_id,
        call.body,
        call.offers,
    )


def taken(call_id: str) -> Conflict:
    """What a repeated key gets whose call was made and whose reply is not at hand."""
    return paid_perhaps(
        Conflict(
            "That request was sent, and its reply is not kept.",
            details={"generation_id": call_id, "hint": "Use a new key to send, and pay, it again."},
        )
    )


def _close(
    conn: Conn, call_id: str, call: PaidCall, reply: Reply | None, bill: Bill, latency_ms: int, *, free_key: bool
) -> Bill:
    """The bill that was booked."""
    if free_key and call.key is not None:
        idempotency.delete(conn, call.key.stored_id)
    # The demo takes other models' names; nobody else has served it.
    served_by = call.provider.name if call.provider.demo or reply is None else reply.provider or call.provider.name
    if call.provider.plain and reply is not None:
        bill = estimated_bill(conn, call.model, _figures(reply.usage), bill, at=now())
    _settle(conn, call.session_id, _closing(call_id, reply, bill, served_by=served_by, latency_ms=latency_ms))
    return bill


def _settle(conn: Conn, session_id: str | None, values: dict[str, Any]) -> None:
    """Close an open row, and count it in the totals of its session."""
    if ledger.settle(conn, values) and session_id is not None:
        tokens = {name: values[name] or 0 for name in ("prompt_tokens", "completion_tokens", "total_tokens")}
        cost = values["cost_picousd"]
        unknown = int(cost is None)
        sessions.count_usage(
            conn, session_id, now=values["now"], **tokens, cost_picousd=cost or 0, unknown_calls=unknown
        )


def _closing(
    call_id: str, reply: Reply | None, bill: Bill, *, served_by: str | None = None, latency_ms: int | None = None
) -> dict[str, Any]:
    figures = _figures(reply.usage if reply else None)
    return {
        "prompt_tokens": figures.prompt_tokens,
        "completion_tokens": figures.completion_tokens,
        "total_tokens": figures.total_tokens,
        "cached_tokens": figures.cached_tokens,
        "reasoning_tokens": figures.reasoning_tokens,
        "cache_write_tokens": bill.cache_write_tokens,
        "generation_id": call_id,
        "state": bill.state,
        "upstream_provider": served_by,
        "upstream_id": reply.id if reply else None,
        "served_model": name_of_model(reply.model) if reply else None,
        "cost_picousd": bill.cost_picousd,
        "cost_text": bill.cost_text,
        "latency_ms": latency_ms,
        "first_token_ms": None,
        "tokens_per_second": None,
        "finish_reason": None,
        "is_failed": int(reply is None or isinstance(reply, _Broken)),
        "now": now(),
    }


def _figures(usage: UsageWire | None) -> UsageFigures:
    if usage is None:
        return UsageFigures()
    return UsageFigures(
        prompt_tokens=counted(usage.prompt_tokens),
        completion_tokens=counted(usage.completion_tokens),
        total_tokens=counted(usage.total_tokens),
        cached_tokens=counted(usage.cached_tokens),
        reasoning_tokens=counted(usage.reasoning_tokens),
    )


def _bill(call: PaidCall, usage: UsageWire | None) -> Bill:
    """The provider's figure; unknown, never zero, when it told none."""
    if usage is None:
        return Bill(cost_picousd=None)
    return Bill(
        cost_picousd=cost_picousd(usage),
        cost_text=usage.cost_text,
        cache_write_tokens=counted(usage.cache_write_tokens),
    )


def _free() -> Bill:
    return Bill(cost_picousd=0, cost_text="0")
