"""The cost of a call that was told after its end: booked once, in the ledger and wherever the call is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.core.clock import now
from app.core.json import encode_text
from app.core.money import to_usd
from app.db.types import Conn
from app.repo import generations, ledger, messages, sessions
from app.schemas.events import UsageFigures
from app.schemas.usage import DecisionKind
from app.services.changes import Changes
from app.services.upstream.outcome import name_of_model

NO_TOKENS: Mapping[str, int | None] = dict.fromkeys(
    ("prompt_tokens", "completion_tokens", "total_tokens", "cached_tokens", "reasoning_tokens")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LateCost:
    """What became known of a call. A token count of None leaves what was known; ``decision`` None: by the provider."""

    cost_picousd: int
    cost_text: str | None
    tokens: Mapping[str, int | None] = field(default_factory=lambda: NO_TOKENS)
    model: str | None = None
    upstream_id: str | None = None
    upstream_provider: str | None = None
    decision: DecisionKind | None = None


def book(conn: Conn, call_id: str, late: LateCost) -> str | None:
    """Book it, unless the cost is known by then; the call's session, empty for none. None: nothing was booked."""
    at = now()
    booked = ledger.reconcile(
        conn,
        {
            **late.tokens,
            "generation_id": call_id,
            "upstream_provider": late.upstream_provider,
            "served_model": name_of_model(late.model),
            "cost_picousd": late.cost_picousd,
            "cost_text": late.cost_text,
            "decision": late.decision,
            "now": at,
        },
    )
    if booked is None:
        return None
    session_id, gained = booked
    tokens = {name: gained[name] for name in ("prompt_tokens", "completion_tokens", "total_tokens")}
    sessions.count_usage(conn, session_id, now=at, **tokens, cost_picousd=late.cost_picousd, unknown_calls=-1)
    _show(conn, call_id, late)
    return session_id


def _show(conn: Conn, call_id: str, late: LateCost) -> None:
    """In the figures of its generation and its message, if it has any."""
    generation = generations.get(conn, call_id)
    if generation is None:
        return
    known = generation.usage or UsageFigures(model=late.model or generation.model, provider=late.upstream_provider)
    for name, value in late.tokens.items():
        if value is not None:
            setattr(known, name, value)
    known.cost_usd, known.cost_state = to_usd(late.cost_picousd), "reconciled"
    known.upstream_id = late.upstream_id or known.upstream_id
    usage = encode_text(known)
    generations.set_usage(conn, call_id, usage)
    messages.set_usage(conn, generation.message_id, usage)


def tell(changes: Changes, call_id: str, session_id: str) -> None:
    """Let the pages that show the call, if there is anything to show, ask for it again."""
    if session_id:
        changes.publish("generation", call_id, session_id=session_id)
        changes.publish("session", session_id, session_id=session_id)
