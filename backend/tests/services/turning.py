"""Turns without a provider: starts and ends written straight to a store, and what is in it afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from app.core.clock import now
from app.core.days import day_of
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
from app.services.turns.bill import Bill
from app.services.turns.keys import Key
from app.services.turns.posting import Posted
from app.services.turns.prompt import Defaults
from app.services.turns.turn_end import Ending, end
from app.services.turns.turn_start import Begun, Plan, start_new
from app.services.upstream.wire import WireModel

DEFAULTS = Defaults(model="a/default", temperature=0.7, max_tokens=100, system_prompt="")
TABLES = (
    "models", "profiles", "sessions", "messages", "generations", "generation_events", "idempotency_keys", "usage_logs",
    "usage_sums", "settings", "token_ratios", "compactions",
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
    "first_token_ms",
)  # fmt: skip


def expected_sums(ledger: Iterable[Row], zone: str = "UTC") -> dict[tuple[Any, ...], dict[str, int]]:
    """What ``usage_sums`` should hold of the ledger's rows, by its key, made without SQL."""
    expected: dict[tuple[Any, ...], dict[str, int]] = {}
    for row in ledger:
        if row["state"] == "reserved":
            continue
        day, purpose = day_of(row["created_at"], zone), row["purpose"]
        keys = (row["model"], row["profile_id"] or 0, row["upstream_provider"] or row["provider"], purpose)
        share = {
            "calls": 1,
            "failed_calls": row["is_failed"],
            "unknown_calls": int(row["state"] == "unknown"),
            "first_token_calls": int(row["first_token_ms"] is not None),
            "speed_calls": int(row["tokens_per_second"] is not None),
            "speed": int((row["tokens_per_second"] or 0) * 1000 + 0.5),
            **{name: row[name] or 0 for name in _SUMMED},
        }
        kind = purpose if purpose == "manual" else ""
        for key in (("day", day, *keys), ("month", day[:7], *keys), ("total", day, "", 0, "", kind)):
            sums = expected.setdefault(key, dict.fromkeys(share, 0))
            for name, value in share.items():
                sums[name] += value
    return expected


def kept_sums(conn: Conn) -> dict[tuple[Any, ...], dict[str, int]]:
    """What ``usage_sums`` holds, by its key; without what calls have left for another key."""
    keys = ("grain", "period", "model", "profile_id", "provider", "purpose")
    kept = {tuple(row.pop(key) for key in keys): row for row in rows_of(conn, "usage_sums")}
    return {key: row for key, row in kept.items() if any(row.values())}


def check_sums(conn: Conn) -> None:
    """The kept sums by day and month, and the totals of each session, are those of the ledger's rows."""
    ledger = rows_of(conn, "usage_logs")
    assert kept_sums(conn) == expected_sums(ledger)

    for stored in rows_of(conn, "sessions"):
        session = sessions.get(conn, stored["id"])
        assert session is not None
        rows = [row for row in ledger if row["session_id"] == session.id and row["purpose"] != "manual"]
        totals = session.totals
        assert totals.prompt_tokens == sum(row["prompt_tokens"] or 0 for row in rows)
        assert totals.completion_tokens == sum(row["completion_tokens"] or 0 for row in rows)
        assert totals.total_tokens == sum(row["total_tokens"] or 0 for row in rows)
        assert totals.cost_usd == sum((to_usd(row["cost_picousd"] or 0) for row in rows), Decimal(0))
        assert totals.unknown_calls == sum(row["state"] == "unknown" for row in rows)
        messages = [row for row in rows_of(conn, "messages") if row["session_id"] == session.id]
        assert totals.messages == len(messages)
