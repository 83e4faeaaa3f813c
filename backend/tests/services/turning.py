"""Turns without a provider: starts and ends written straight to a store, and what is in it afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from app.core.clock import now
from app.core.json import encode_text
from app.core.money import to_usd
from app.db.store import Store
from app.db.types import Conn, Row
from app.repo import models, sessions
from app.schemas.events import Done, Event, Text, Usage
from app.schemas.parts import Part, TextPart
from app.schemas.types import TerminalStatus
from app.services.catalog.rows import listed_rows
from app.services.providers.providers import Provider, Route
from app.services.turns.keys import Key
from app.services.turns.posting import Posted
from app.services.turns.prompt import Defaults
from app.services.turns.turn_end import Bill, Ending, end
from app.services.turns.turn_start import Begun, Plan, start_new
from app.services.upstream.wire import WireModel

DEFAULTS = Defaults(model="a/default", temperature=0.7, max_tokens=100, system_prompt="")
TABLES = (
    "models", "profiles", "sessions", "messages", "generations", "generation_events", "idempotency_keys", "usage_logs",
    "usage_days", "settings", "token_ratios", "compactions",
)  # fmt: skip


def route_at(provider: str) -> Callable[[str], Route]:
    """Every model at one provider, which is never asked."""
    served = Provider(provider, None, demo=provider == "demo")  # type: ignore[arg-type]
    return lambda model: Route(served, model, model)


def plan(
    *,
    model: str | None = "a/b",
    profile_id: int | None = None,
    key: Key | None = None,
    provider: str = "openrouter",
    **given: Any,
) -> Plan:
    return Plan(model=model, profile_id=profile_id, given=given, defaults=DEFAULTS, route=route_at(provider), key=key)


def said(text: str, parent_id: str | None = None) -> Posted:
    """A user's message of text."""
    return Posted(role="user", parts=[TextPart(text=text)], parent_id=parent_id)


async def begin(
    store: Store, text: str = "Hi", *, session_id: str | None = None, parent_id: str | None = None, **fields: Any
) -> Begun:
    """Store a user message and the start of its answer."""
    return await store.write(start_new, plan(**fields), session_id, said(text, parent_id))


def ending(
    begun: Begun,
    *,
    text: str = "Hello",
    status: TerminalStatus = "completed",
    usage: Usage | None = None,
    cost: int | None = 0,
    upstream_id: str | None = "gen-1",
    base: Iterable[Part] = (),
    last_seq: int | None = None,
) -> Ending:
    """The end of an answer that begins after its ``start``."""
    assert begun.start is not None
    done = Done(status=status, finish_reason="stop", message_id=begun.start.assistant_message_id)
    events: list[Event] = [Text(text=text), *([usage] if usage else []), done]
    return Ending(
        generation_id=begun.start.generation_id,
        session_id=begun.start.session_id,
        message_id=begun.start.assistant_message_id,
        status=status,
        finish_reason="stop",
        parts=[*base, TextPart(text=text)],
        events=events,
        last_seq=1 + len(events) if last_seq is None else last_seq,
        usage=usage,
        error=None,
        bill=Bill(cost_picousd=cost, cost_text=None if cost is None else str(to_usd(cost))),
        upstream_id=upstream_id,
        upstream_provider="P",
        latency_ms=5,
    )


async def answered(store: Store, text: str = "Hi", **fields: Any) -> Begun:
    """A whole turn."""
    begun = await begin(store, text, **fields)
    await store.write(end, ending(begun))
    return begun


def usage_of(prompt: int | None, completion: int | None, cost: int | None = None) -> Usage:
    total = None if prompt is None or completion is None else prompt + completion
    return Usage(
        prompt_tokens=prompt,
        completion_tokens=completion,
        total_tokens=total,
        cost_usd=None if cost is None else to_usd(cost),
        cost_state="unknown" if cost is None else "settled",
    )


def priced(
    model_id: str,
    *,
    prompt: int | None,
    completion: int | None,
    name: str | None = None,
    description: str = "",
    context_length: int | None = 8192,
) -> Row:
    """A catalogue row with prices in picodollars per token."""
    prices = {"prompt": prompt, "completion": completion}
    wire = WireModel(id=model_id, name=name, description=description, context_length=context_length)
    (row,) = listed_rows([wire], provider="openrouter")
    return row | {
        "prompt_picousd": prompt,
        "completion_picousd": completion,
        "average_picousd": None if prompt is None or completion is None else (prompt + completion) // 2,
        "prices": encode_text(prices),
        "family": "a",
        "created_at": now(),
    }


def put_models(conn: Conn, *rows: Row) -> None:
    models.replace_all(conn, "openrouter", rows, now=now())


def rows_of(conn: Conn, table: str) -> list[Row]:
    assert table in TABLES
    return conn.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608


def contents(conn: Conn) -> dict[str, list[Row]]:
    """Every row of the store."""
    return {table: rows_of(conn, table) for table in TABLES}


_SUMMED = (
    "prompt_tokens", "completion_tokens", "total_tokens", "cached_tokens", "reasoning_tokens", "cost_picousd",
)  # fmt: skip


def check_sums(conn: Conn) -> None:
    """The rollup by day and model, and the totals of each session, are the sums of the ledger's rows."""
    ledger = rows_of(conn, "usage_logs")
    expected: dict[tuple[str, str], dict[str, int]] = {}
    for row in ledger:
        sums = expected.setdefault(
            (row["created_at"][:10], row["model"]),
            {"calls": 0, "reserved_picousd": 0, "unknown_calls": 0, **dict.fromkeys(_SUMMED, 0)},
        )
        sums["calls"] += 1
        sums["reserved_picousd"] += (row["reserved_picousd"] or 0) if row["state"] == "reserved" else 0
        sums["unknown_calls"] += row["state"] == "unknown"
        for name in _SUMMED:
            sums[name] += row[name] or 0
    days = {(row.pop("day"), row.pop("model")): row for row in rows_of(conn, "usage_days")}
    assert days == expected

    for stored in rows_of(conn, "sessions"):
        session = sessions.get(conn, stored["id"])
        assert session is not None
        rows = [row for row in ledger if row["session_id"] == session.id]
        totals = session.totals
        assert totals.prompt_tokens == sum(row["prompt_tokens"] or 0 for row in rows)
        assert totals.completion_tokens == sum(row["completion_tokens"] or 0 for row in rows)
        assert totals.total_tokens == sum(row["total_tokens"] or 0 for row in rows)
        assert totals.cost_usd == sum((to_usd(row["cost_picousd"] or 0) for row in rows), Decimal(0))
        assert totals.unknown_calls == sum(row["state"] == "unknown" for row in rows)
        messages = [row for row in rows_of(conn, "messages") if row["session_id"] == session.id]
        assert totals.messages == len(messages)
