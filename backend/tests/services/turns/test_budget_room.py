"""Kept sums of budgets: those of the rows, whatever happens to the rows, in any order, in any zone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.core.errors import BudgetExceeded
from app.core.money import MAX_CALL_PICOUSD, to_usd
from app.db.migrate import migrate
from app.db.sqlite import SqliteConnection, open_writer
from app.db.types import Conn
from app.repo import budgets, ledger, owner_zone
from app.services.turns import budget_room
from app.services.turns.reservation import hold_more, reserve

START = datetime(2026, 3, 27, 12, tzinfo=UTC)
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Pacific/Auckland")
KINDS: tuple[tuple[str, str | None], ...] = (
    ("all", None), ("profile", "1"), ("model", "a/b"), ("session", "s"), ("token", "t"), ("purpose", "chat"),
)  # fmt: skip
FIGURES = (
    "served_model", "is_failed",
    "upstream_provider", "upstream_id", "prompt_tokens", "completion_tokens", "total_tokens", "cached_tokens",
    "cache_write_tokens", "reasoning_tokens", "latency_ms", "first_token_ms", "tokens_per_second",
    "finish_reason", "decision", "served_model",
)  # fmt: skip


@pytest.fixture
def conn(tmp_path: Path) -> Iterator[SqliteConnection]:
    """A connection inside a transaction on an empty database."""
    path = tmp_path / "console.db"
    with closing(open_writer(path)) as conn:
        migrate(conn, path=path)
        conn.execute("BEGIN IMMEDIATE")
        yield conn
        conn.execute("ROLLBACK")


def stamp(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}.000Z"


def make(conn: Conn, budget_id: str, *, limit: int = 10**15, hard: bool = False, **fields: Any) -> None:
    values = {"id": budget_id, "name": None, "kind": "all", "subject": None, "period": "day", "warn_ppm": None}
    budgets.insert(conn, {**values, "limit_picousd": limit, "is_hard": int(hard), **fields}, now=stamp(START))


def start(conn: Conn, number: int, at: datetime, worst: int | None, **whose: Any) -> None:
    call = {"session_id": None, "profile_id": None, "purpose": "chat", "model": "a/b", "provider": "openrouter"}
    values = {"id": f"u{number:04}", "generation_id": f"g{number}", "reserved_picousd": worst, "now": stamp(at)}
    call |= {name: value for name, value in whose.items() if name != "token_id"}
    conn.execute("SAVEPOINT start")
    try:
        reserve(conn, {**call, **values}, None, {"model": "a/b"}, {str(call["model"]): None})
    except BudgetExceeded:
        conn.execute("ROLLBACK TO start")
        raise
    finally:
        conn.execute("RELEASE start")


def settle(conn: Conn, number: int, at: datetime, cost: int | None) -> None:
    state = "unknown" if cost is None else "settled"
    values = {"generation_id": f"g{number}", "state": state, "cost_picousd": cost, "cost_text": None, "now": stamp(at)}
    ledger.settle(conn, {**dict.fromkeys(FIGURES), "is_failed": 0, **values})


def reconcile(conn: Conn, number: int, at: datetime, cost: int) -> None:
    values = {"generation_id": f"g{number}", "cost_picousd": cost, "cost_text": None, "now": stamp(at)}
    ledger.reconcile(conn, {**dict.fromkeys(FIGURES), **values})


def check(conn: Conn, at: datetime) -> None:
    """What is kept is what the rows say; whatever is not kept is made of them anyway."""
    zone = owner_zone.get(conn)
    for budget in budgets.every(conn):
        room, is_made = budget_room.room_of(conn, budget, at=stamp(at), zone=zone)
        rows = budgets.sum_rows(conn, budget, starts_at=room.starts_at, ends_at=room.ends_at)
        assert (room.spent_picousd, room.held_picousd) == (rows["spent_picousd"], rows["held_picousd"]), is_made
        assert room.starts_at <= stamp(at) < room.ends_at


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["start", "start", "start", "settle", "settle", "lose", "tell", "zone", "make", "change"]),
        st.integers(0, 7),
        st.integers(0, 10**12),
        st.sampled_from([0, 0, 0, 0, 1, 30, -30]),
    ),
    min_size=8,
    max_size=25,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(STEPS)
def test_kept_sums_are_those_of_the_rows(conn: Conn, steps: list[tuple[str, int, int, int]]) -> None:
    """Calls of all kinds at times that go back and forth, costs told late or never, budgets that come and change."""
    for table in ("usage_logs", "usage_sums", "budget_sums", "budgets"):
        conn.execute(f"DELETE FROM {table}")  # noqa: S608
    owner_zone.put(conn, "UTC")
    for number, (kind, subject) in enumerate(KINDS):
        make(conn, f"b{number}", kind=kind, subject=subject, period=("day", "week", "month")[number % 3])
    at, count = START, 0
    for step, which, picousd, hours in steps:
        at += timedelta(hours=hours)
        one = which % max(count, 1)
        match step:
            case "start":
                whose = {"profile_id": 1 + which % 2, "session_id": "s" if which % 3 else None}
                model = ("a/b", "a/b:online", "a/b-2", "c/d")[which % 4]
                purpose = "chat" if which % 2 else "summary"
                start(conn, count, at, picousd if which else None, model=model, purpose=purpose, **whose)
                count += 1
            case "settle":
                settle(conn, one, at, picousd)
            case "lose":
                settle(conn, one, at, None)
            case "tell":
                reconcile(conn, one, at, picousd)
            case "zone":
                owner_zone.put(conn, ZONES[which % len(ZONES)])
            case "make":
                kind, subject = KINDS[which % len(KINDS)]
                make(conn, f"m{len(budgets.every(conn)):03}", kind=kind, subject=subject, period="week")
            case "change":
                budgets.update(conn, f"b{which % len(KINDS)}", {"period": ("month", "day")[which % 2]})
        check(conn, at)


def test_a_new_period_begins_with_nothing(conn: Conn) -> None:
    """At the owner's midnight; what was started before counts where it started, also when it is told later."""
    owner_zone.put(conn, "Europe/Berlin")
    make(conn, "b", limit=100, hard=True)
    late = datetime(2026, 3, 28, 22, 59, 59, tzinfo=UTC)
    start(conn, 1, late, 100)
    with pytest.raises(BudgetExceeded) as refused:
        start(conn, 2, late, 1)
    assert refused.value.details["resets_at"] == "2026-03-28T23:00:00.000Z"
    next_day = late + timedelta(seconds=1)
    start(conn, 3, next_day, 60)
    settle(conn, 1, next_day, 90)
    found = budgets.get(conn, "b")
    assert found is not None
    assert (found["spent_picousd"], found["held_picousd"]) == (0, 60)
    # The day that clocks go forward has 23 hours.
    assert found["ends_at"] == "2026-03-29T22:00:00.000Z"


def test_the_clock_may_go_back(conn: Conn) -> None:
    """Then the day that runs is the earlier one again, with all that was spent in it."""
    owner_zone.put(conn, "UTC")
    make(conn, "b", limit=100, hard=True)
    start(conn, 1, START, 60)
    start(conn, 2, START + timedelta(days=1), 100)
    with pytest.raises(BudgetExceeded):
        start(conn, 3, START, 41)
    start(conn, 4, START, 40)


def test_sums_beyond_what_a_column_holds(conn: Conn) -> None:
    """They stop at their end, and what is shown and decided is made from the rows."""
    owner_zone.put(conn, "UTC")
    make(conn, "soft")
    calls = 4_700
    for number in range(calls):
        start(conn, number, START, MAX_CALL_PICOUSD)
    check(conn, START)
    for number in range(200):
        settle(conn, number, START, 1)
    check(conn, START)
    (room,) = budget_room.rooms(conn, budgets.every(conn), at=stamp(START))
    assert (room.spent_picousd, room.held_picousd) == (200, (calls - 200) * MAX_CALL_PICOUSD)


def test_a_call_that_costs_nothing_always_fits(conn: Conn) -> None:
    owner_zone.put(conn, "UTC")
    make(conn, "b", limit=0, hard=True)
    start(conn, 1, START, 0)
    with pytest.raises(BudgetExceeded):
        start(conn, 2, START, 1)
    with pytest.raises(BudgetExceeded, match="nobody can tell"):
        start(conn, 3, START, None)


def test_more_is_held_as_far_as_there_is_room(conn: Conn) -> None:
    """Of the tightest hard budget, in all that the call counts in; what is over by now needs nothing."""
    owner_zone.put(conn, "UTC")
    make(conn, "a", limit=100, hard=True)
    make(conn, "b", limit=70, hard=True, kind="purpose", subject="chat")
    make(conn, "c", limit=10)
    start(conn, 1, START, 40)
    assert hold_more(conn, "g1", 10, 20) == 20
    assert hold_more(conn, "g1", 10, 20) == 10
    check(conn, START)
    with pytest.raises(BudgetExceeded) as refused:
        hold_more(conn, "g1", 1, 20)
    assert refused.value.details["budget_id"] == "b"
    settle(conn, 1, START, 55)
    check(conn, START)
    assert hold_more(conn, "g1", 10, 20) == 20
    assert hold_more(conn, "none", 10, 20) == 20
    check(conn, START)


def test_an_answer_that_outlasts_its_period_is_held_to_it(conn: Conn) -> None:
    """Its cost counts in the day it started in, also once another day's sums are kept."""
    owner_zone.put(conn, "UTC")
    make(conn, "a", limit=100, hard=True)
    start(conn, 1, START, 40)
    start(conn, 2, START + timedelta(days=1), 30)
    assert hold_more(conn, "g1", 10, 20) == 20
    assert hold_more(conn, "g1", 10, 600) == 40
    with pytest.raises(BudgetExceeded) as refused:
        hold_more(conn, "g1", 1, 20)
    assert refused.value.details["reserved_usd"] == to_usd(100)
    check(conn, START + timedelta(days=1))
    assert hold_more(conn, "g2", 10, 600) == 70


def test_another_zone_gives_no_answer_more_room(conn: Conn) -> None:
    """Sums of the zone before are of no use: they are made anew, and kept."""
    owner_zone.put(conn, "UTC")
    make(conn, "a", limit=100, hard=True)
    start(conn, 1, START, 40)
    owner_zone.put(conn, "Asia/Kathmandu")
    assert hold_more(conn, "g1", 10, 20) == 20
    assert budgets.every(conn)[0]["zone"] == "Asia/Kathmandu"
    check(conn, START)
    assert hold_more(conn, "g1", 10, 600) == 40
    with pytest.raises(BudgetExceeded):
        hold_more(conn, "g1", 1, 20)
    check(conn, START)


def test_no_call_holds_more_than_a_column_can(conn: Conn) -> None:
    """However much its budgets have left."""
    owner_zone.put(conn, "UTC")
    make(conn, "a", limit=MAX_CALL_PICOUSD * 3, hard=True)
    start(conn, 1, START, MAX_CALL_PICOUSD - 10)
    assert hold_more(conn, "g1", 5, 20) == 10
    with pytest.raises(BudgetExceeded):
        hold_more(conn, "g1", 1, 20)


def test_what_was_entered_by_hand_is_no_call(conn: Conn) -> None:
    """It was paid elsewhere."""
    owner_zone.put(conn, "UTC")
    make(conn, "a", limit=100, hard=True)
    conn.execute(
        "INSERT INTO usage_logs (id, purpose, state, model, provider, cost_picousd, created_at)"
        " VALUES ('m', 'manual', 'settled', 'a/b', 'elsewhere', 99, :at)",
        {"at": stamp(START)},
    )
    start(conn, 1, START, 100)
    check(conn, START)


def test_what_is_kept_is_not_made_again(conn: Conn) -> None:
    """A look at a budget costs the same whatever the ledger holds, also before its first call."""
    owner_zone.put(conn, "UTC")
    start(conn, 1, START, 40)
    make(conn, "a")
    for is_made in (True, False):
        (budget,) = budgets.every(conn)
        assert budget_room.is_kept(budget, at=stamp(START), zone="UTC") is not is_made
        (room,) = budget_room.keep(conn, [budget], at=stamp(START))
        assert room.held_picousd == 40
    owner_zone.put(conn, "Asia/Kathmandu")
    assert not budget_room.is_kept(budgets.every(conn)[0], at=stamp(START), zone="Asia/Kathmandu")
    check(conn, START)
