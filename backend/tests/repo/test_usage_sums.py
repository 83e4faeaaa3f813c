"""Kept sums are those of the rows, however calls end, in whatever zone days are counted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.core.days import day_of
from app.db.types import Conn, Row
from app.repo import ledger, owner_zone, usage_rows, usage_spans
from app.repo.usage_sums import FIGURES, MANUAL, count_anew
from tests.core.properties import FEW
from tests.services.turning import expected_sums, kept_sums, rows_of

ON_ONE_STORE = settings(FEW, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
ZONES = st.sampled_from(["UTC", "Asia/Kathmandu", "America/St_Johns", "Pacific/Chatham"])
NOT_TOLD = (
    "upstream_id", "cache_write_tokens", "cost_text", "latency_ms", "finish_reason", "total_tokens", "cached_tokens",
    "reasoning_tokens", "served_model",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Call:
    """What is asked, and what becomes of it: it stays open or ends; its cost is known then, later or never."""

    at: str
    model: str
    profile_id: int | None
    purpose: str
    provider: str | None
    end: str
    cost: int
    tokens: int | None
    speed: float | None
    failed: int
    provider_later: str | None


CALLS = st.builds(
    Call,
    at=st.sampled_from(["2026-01-31T23:59:59.999Z", "2026-02-01T00:00:00.000Z", "2026-02-01T18:14:00.000Z"])
    | st.datetimes(datetime(2025, 12, 1), datetime(2026, 4, 1)).map(lambda at: f"{at:%Y-%m-%dT%H:%M:%S}.000Z"),  # noqa: DTZ001
    model=st.sampled_from(["a/b", "c/d"]),
    profile_id=st.sampled_from([None, 1, 2]),
    purpose=st.sampled_from(["chat", "title", MANUAL]),
    provider=st.sampled_from([None, "P", "Q"]),
    end=st.sampled_from(["open", "settled", "unknown", "reconciled"]),
    cost=st.integers(0, 10**15),
    tokens=st.none() | st.integers(0, 10**6),
    speed=st.none() | st.floats(0, 1000).map(lambda speed: round(speed, 1)),
    failed=st.integers(0, 1),
    provider_later=st.sampled_from([None, "P", "R"]),
)


def empty(conn: Conn, zone: str) -> None:
    conn.execute("DELETE FROM usage_logs")
    conn.execute("DELETE FROM usage_sums")
    owner_zone.put(conn, zone)


def make(conn: Conn, number: int, call: Call) -> None:
    """Write a call as the product does."""
    key = {"generation_id": f"g{number}"}
    opened = {"id": f"u{number:05}", "session_id": None, "profile_id": call.profile_id, "purpose": call.purpose}
    opened |= {"model": call.model, "provider": "openrouter", "reserved_picousd": 7, "now": call.at}
    ledger.reserve(conn, key | opened)
    if call.end == "open":
        return
    told: dict[str, Any] = {"prompt_tokens": call.tokens, "completion_tokens": call.tokens, "is_failed": call.failed}
    told |= {"first_token_ms": call.tokens, "tokens_per_second": call.speed, "upstream_provider": call.provider}
    settled = call.end == "settled"
    state = {"state": "settled" if settled else "unknown", "cost_picousd": call.cost if settled else None}
    assert ledger.settle(conn, {**dict.fromkeys(NOT_TOLD), **told, **state, **key, "now": "later"})
    if call.end == "reconciled":
        told = {"prompt_tokens": 5, "total_tokens": 9, "reasoning_tokens": 1, "upstream_provider": call.provider_later}
        values = {**dict.fromkeys((*NOT_TOLD, "completion_tokens", "decision")), **told, **key, "now": "later"}
        assert ledger.reconcile(conn, {**values, "cost_picousd": call.cost})


def figures_of(rows: list[Row]) -> dict[str, int]:
    return {name: sum(row[name] for row in rows if row["purpose"] != MANUAL) for name in FIGURES}


@ON_ONE_STORE
@given(st.lists(CALLS, max_size=12), ZONES, ZONES)
def test_sums_are_those_of_the_rows(conn: Conn, calls: list[Call], zone: str, other: str) -> None:
    """Kept by the writer, and counted anew, in another zone too."""
    empty(conn, zone)
    for number, call in enumerate(calls):
        make(conn, number, call)
    rows = rows_of(conn, "usage_logs")
    assert kept_sums(conn) == expected_sums(rows, zone)
    for counted in (zone, other):
        count_anew(conn, counted)
        assert kept_sums(conn) == expected_sums(rows, counted)


@ON_ONE_STORE
@given(
    st.lists(CALLS, min_size=1, max_size=12), ZONES, st.dates(date(2025, 11, 28), date(2026, 4, 3)), st.integers(0, 90)
)
def test_a_span_has_the_calls_of_its_days(conn: Conn, calls: list[Call], zone: str, first: date, days: int) -> None:
    """Through whole months, by every key, by day, and from the rows alone."""
    empty(conn, zone)
    for number, call in enumerate(calls):
        make(conn, number, call)
    span = (first.isoformat(), (first + timedelta(days)).isoformat())
    within = [row for row in rows_of(conn, "usage_logs") if span[0] <= day_of(row["created_at"], zone) <= span[1]]
    totals = [row | {"purpose": key[5]} for key, row in expected_sums(within, zone).items() if key[0] == "total"]
    wanted = figures_of(totals)
    assert figures_of(usage_spans.groups(conn, zone, *span)) == wanted
    assert figures_of(usage_spans.totals(conn, zone, *span)) == wanted
    assert figures_of(usage_spans.row_groups(conn, zone, *span)) == wanted
    assert figures_of(usage_spans.by_period(conn, zone, *span, "day", "provider")) == wanted
    assert figures_of(usage_spans.by_period(conn, zone, *span, "month", "purpose")) == wanted
    assert figures_of(usage_spans.by_period(conn, zone, *span, "week", "profile")) == wanted
    assert len(usage_spans.open_calls(conn)) == sum(call.end == "open" for call in calls)


FIRST, LAST = "0001-01-01", "9999-12-31"


@pytest.mark.parametrize(("first", "last"), [(FIRST, LAST), (LAST, LAST), (FIRST, FIRST), ("9999-11-02", LAST)])
def test_spans_reach_the_ends_of_the_calendar(conn: Conn, first: str, last: str) -> None:
    """Without a step beyond them."""
    empty(conn, "Asia/Tokyo")
    for number, at in enumerate((f"{FIRST}T00:00:00.000Z", f"{LAST}T23:59:59.999Z")):
        make(conn, number, Call(at, "a/b", None, "chat", None, "settled", 1, None, None, 0, None))
    wanted = (first == FIRST) + (last == LAST)
    for _ in range(2):
        for found in (usage_spans.groups, usage_spans.totals, usage_spans.row_groups):
            assert sum(row["calls"] for row in found(conn, "Asia/Tokyo", first, last)) == wanted
        count_anew(conn, "Asia/Tokyo")


@ON_ONE_STORE
@given(
    st.lists(CALLS, max_size=14),
    ZONES,
    st.fixed_dictionaries(
        {},
        optional={
            "model": st.sampled_from(["a/b", "c/d", "none"]),
            "profile_id": st.sampled_from([1, 2, 3]),
            "provider": st.sampled_from(["P", "openrouter", "none"]),
            "purpose": st.sampled_from(["chat", MANUAL]),
            "state": st.sampled_from(["settled", "reserved", "unknown"]),
            "start": st.sampled_from(["2026-01-15T00:00:00.000Z", "2026-02-01T00:00:00.000Z"]),
            "end": st.sampled_from(["2026-02-01T18:14:00.000Z", "2026-03-01T00:00:00.000Z"]),
            "min_picousd": st.just(10**14),
        },
    ),
    st.integers(1, 4),
)
def test_pages_of_rows_are_those_that_match(
    conn: Conn, calls: list[Call], zone: str, asked: dict[str, Any], limit: int
) -> None:
    """Each once, the newest first, whatever is asked for and wherever days begin."""
    empty(conn, zone)
    for number, call in enumerate(calls):
        make(conn, number, call)
    wanted = usage_rows.RowFilter(**asked)
    pages, before = [], None
    while page := usage_rows.list_page(conn, wanted, zone, limit=limit, before=before):
        pages += [row.id for row in page]
        before = (page[-1].created_at, page[-1].id)
    by_time = asked.keys() & {"model", "profile_id", "provider", "purpose", "start", "end"}
    rows = sorted(rows_of(conn, "usage_logs"), key=_newest if by_time else _made_last)
    assert pages == [row["id"] for row in rows if _matches(row, asked)]
    assert usage_rows.count(conn, wanted) == len(pages)


def _made_last(row: Row) -> int:
    return -int(row["id"][1:])


def _newest(row: Row) -> tuple[float, int]:
    return -datetime.fromisoformat(row["created_at"]).timestamp(), -int(row["id"][1:])


def _matches(row: Row, asked: dict[str, Any]) -> bool:
    served = row | {"provider": row["upstream_provider"] or row["provider"]}
    given = {name: value for name, value in asked.items() if name in served}
    return (
        all(served[name] == value for name, value in given.items())
        and asked.get("start", "") <= row["created_at"] < asked.get("end", "A")
        and ("min_picousd" not in asked or (row["cost_picousd"] or 0) >= asked["min_picousd"])
    )
