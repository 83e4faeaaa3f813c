"""The last transaction of a turn: parts, finish reason, ledger, counters and terminal event, once or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.core.clock import now
from app.core.json import encode_text
from app.core.money import to_usd
from app.db.types import Conn
from app.repo import generations, idempotency, journal, ledger, messages, sessions
from app.schemas.events import Error, Event, Usage, encode_events
from app.schemas.generations import Attempt
from app.schemas.parts import Part, content_of
from app.schemas.types import FAILED, TerminalStatus
from app.services.context.calibration import learn
from app.services.context.context import Fit
from app.services.turns.bill import Bill
from app.services.turns.chain import link_after
from app.services.turns.estimated_bill import estimated_bill
from app.services.upstream.outcome import name_of_model

_TOKENS = ("prompt_tokens", "completion_tokens", "total_tokens", "cached_tokens", "reasoning_tokens")


@dataclass(slots=True, kw_only=True)
class Ending:
    """A generation's end; ``events`` are the last ones to be stored, ``done`` included, up to ``last_seq``.

    ``attempts`` None leaves those that are stored, ``fit`` None what is stored of the context. ``session_id`` None: a
    call whose text is not stored; only its generation and ledger rows end. ``freed_key``: the stored id of the
    idempotency key of a call that was refused.
    """

    generation_id: str
    session_id: str | None
    message_id: str
    status: TerminalStatus
    finish_reason: str | None
    parts: list[Part]
    events: list[Event]
    last_seq: int
    usage: Usage | None
    error: Error | None
    bill: Bill
    upstream_id: str | None = None
    upstream_provider: str | None = None
    latency_ms: int | None = None
    first_token_ms: int | None = None
    first_token_at: str | None = None
    attempts: list[Attempt] | None = None
    fit: Fit | None = None
    freed_key: str | None = None
    estimated_for: str | None = None
    """The model whose prices make the bill where the provider tells none; None for a provider that can be asked."""


def end(conn: Conn, ending: Ending) -> int | None:
    """Write it. The session's new revision.

    None when there is no session, or the generation has ended before or is gone with it.
    """
    at = now()
    if ending.estimated_for is not None and ending.usage is not None:
        _estimate(conn, ending, ending.estimated_for, ending.usage, at)
    # First, because the bill stands even when the session was deleted meanwhile; settled rows are left alone.
    ledger.settle(conn, _ledger_values(ending, at))
    if ending.freed_key is not None:
        idempotency.delete(conn, ending.freed_key)
    usage = encode_text(ending.usage) if ending.usage else None
    error = encode_text(ending.error) if ending.error else None
    if not generations.end(
        conn,
        ending.generation_id,
        {
            "status": ending.status,
            "last_seq": ending.last_seq,
            "attempts": None if ending.attempts is None else encode_text(ending.attempts),
            "context": encode_text(ending.fit.use) if ending.fit else None,
            "upstream_id": ending.upstream_id,
            "first_token_at": ending.first_token_at,
            "usage": usage,
            "error": error,
            "now": at,
        },
    ):
        return None
    if ending.session_id is None:
        return None
    _learn(conn, ending, at)
    parent_chain = messages.finish(
        conn,
        ending.message_id,
        {
            "content": content_of(ending.parts),
            "parts": encode_text(ending.parts),
            "status": ending.status,
            "finish_reason": ending.finish_reason,
            "error": error,
            "usage": usage,
            "completed_at": at,
        },
    )
    if parent_chain is not None:
        messages.set_chain(conn, ending.message_id, link_after(parent_chain, "assistant", ending.parts))
    journal.append(conn, [(ending.generation_id, ending.last_seq, encode_events(ending.events))])
    tokens = {name: getattr(ending.usage, name, None) or 0 for name in _TOKENS[:3]}
    return sessions.count_usage(
        conn,
        ending.session_id,
        now=at,
        **tokens,
        cost_picousd=ending.bill.cost_picousd or 0,
        unknown_calls=int(ending.bill.cost_picousd is None),
    )


def _estimate(conn: Conn, ending: Ending, model: str, usage: Usage, at: str) -> None:
    """In the usage event too, which nobody sees before this is stored."""
    ending.bill = estimated_bill(conn, model, usage, ending.bill, at=at)
    if ending.bill.cost_picousd is not None:
        usage.cost_usd, usage.cost_state = to_usd(ending.bill.cost_picousd), ending.bill.state


def _learn(conn: Conn, ending: Ending, at: str) -> None:
    """How many tokens the provider counted in what was sent teaches us to guess better."""
    fit, usage = ending.fit, ending.usage
    if fit is None or fit.counts_for is None or usage is None or usage.prompt_tokens is None:
        return
    learn(
        conn,
        fit.counts_for,
        fit.room.calibration,
        estimated=fit.weight.text,
        actual=usage.prompt_tokens - fit.weight.media,
        now=at,
    )


def _ledger_values(ending: Ending, at: str) -> dict[str, Any]:
    usage, bill = ending.usage, ending.bill
    return {
        **{name: getattr(usage, name, None) for name in _TOKENS},
        "generation_id": ending.generation_id,
        "state": bill.state,
        "upstream_provider": ending.upstream_provider,
        "upstream_id": ending.upstream_id,
        "served_model": name_of_model(usage.model) if usage else None,
        "cache_write_tokens": bill.cache_write_tokens,
        "cost_picousd": bill.cost_picousd,
        "cost_text": bill.cost_text,
        "latency_ms": ending.latency_ms,
        "first_token_ms": ending.first_token_ms,
        "tokens_per_second": usage.tokens_per_second if usage else None,
        "finish_reason": ending.finish_reason,
        "is_failed": int(ending.status in FAILED),
        "now": at,
    }
