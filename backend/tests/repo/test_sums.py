"""Sums at and beyond what a column holds: exact, whoever makes them."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from app.core.money import MAX_CALL_PICOUSD, to_usd
from app.db.types import Conn
from app.repo import access_tokens, ledger, sessions, usage_spans
from app.repo.sums import MAX_SUM, added, joined, kept_sum, parts_of_sum

NOW = "2026-01-02T03:04:05.678Z"
MODEL = "openai/gpt-4o"
FIGURES = (
    "upstream_provider", "upstream_id", "prompt_tokens", "completion_tokens", "total_tokens", "cached_tokens",
    "cache_write_tokens", "reasoning_tokens", "cost_text", "latency_ms", "first_token_ms", "tokens_per_second",
    "finish_reason",
)  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, MAX_CALL_PICOUSD), max_size=8), st.integers(0, 5_000))
@example([MAX_CALL_PICOUSD], 4_600)
@example([MAX_CALL_PICOUSD - 1], 4_600)
@example([], 0)
def test_sums_of_rows(conn: Conn, few: list[int], dear: int) -> None:
    """In parts they are exact at any size; as they are kept they stop at the end and nowhere else."""
    conn.execute("CREATE TEMP TABLE IF NOT EXISTS spent (x INTEGER)")
    conn.execute("DELETE FROM spent")
    for value in few:
        conn.execute("INSERT INTO spent VALUES (:x)", {"x": value})
    conn.execute(
        "INSERT INTO spent WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :n)"
        " SELECT :x FROM n WHERE i <= :n",
        {"n": dear, "x": MAX_CALL_PICOUSD},
    )
    exact = sum(few) + dear * MAX_CALL_PICOUSD
    row = conn.execute(f"SELECT {parts_of_sum(['x'])}, {kept_sum('x')} AS kept FROM spent").fetchone()  # noqa: S608
    assert row is not None
    kept = row.pop("kept")
    assert joined(row, ["x"]) == {"x": exact}
    assert kept == exact if exact < MAX_SUM else kept >= MAX_SUM


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, MAX_SUM), st.integers(-(10**12), MAX_CALL_PICOUSD))
@example(MAX_SUM, -1)
@example(MAX_SUM - 1, 1)
def test_what_is_added_to_a_kept_sum(conn: Conn, kept: int, more: int) -> None:
    """A sum at the end stays there: it says that the rows have to be asked."""
    row = conn.execute(f"SELECT {added('x', ':more')} AS x FROM (SELECT :kept AS x)", {"kept": kept, "more": more})  # noqa: S608
    exact = kept + more
    assert row.fetchone() == {"x": MAX_SUM if kept == MAX_SUM else min(exact, MAX_SUM)}


def pay(conn: Conn, number: int, token_id: str, session_id: str) -> None:
    """A call of a thousand dollars, from its reservation to its end."""
    call: dict[str, Any] = {"generation_id": f"g{number}", "now": NOW, "reserved_picousd": MAX_CALL_PICOUSD}
    names = {"id": f"u{number:05}", "profile_id": None, "purpose": "chat", "model": MODEL, "provider": "openrouter"}
    ledger.reserve(conn, {**call, **names, "session_id": session_id, "token_id": token_id})
    tokens = dict.fromkeys(("prompt_tokens", "completion_tokens", "total_tokens"), 1)
    told = {"state": "settled", "cost_picousd": MAX_CALL_PICOUSD, "is_failed": 0, "served_model": None}
    ended = {**dict.fromkeys(FIGURES), **tokens, **told}
    assert ledger.settle(conn, {**call, **ended})
    sessions.count_usage(conn, session_id, now=NOW, **tokens, cost_picousd=MAX_CALL_PICOUSD, unknown_calls=0)


def test_calls_beyond_what_a_column_holds_are_paid_and_told(conn: Conn) -> None:
    """By day, by session and by token: nothing stops and nothing is off by a picodollar."""
    sessions.insert(conn, session_id="s", session_type="chat", title="", profile_id=None, model=None, tags=[], now=NOW)
    token = {"id": "t", "name": "a program", "hash": "h", "scopes": ["chat"], "budget_picousd": None, "now": NOW}
    access_tokens.insert(conn, token)
    calls = 9_300
    for number in range(calls):
        pay(conn, number, "t", "s")
    spent = calls * MAX_CALL_PICOUSD
    assert spent > 2**63
    day = ("UTC", NOW[:10], NOW[:10])
    month = ("UTC", "2026-01-01", "2026-01-31")
    found = [
        usage_spans.groups(conn, *day),
        usage_spans.groups(conn, *month),
        usage_spans.totals(conn, *day),
        usage_spans.by_period(conn, *day, "day", "model"),
        usage_spans.by_period(conn, *month, "month", "model"),
        usage_spans.session_groups(conn, "s")[0],
    ]
    assert [[(row["calls"], row["cost_picousd"]) for row in rows] for rows in found] == [[(calls, spent)]] * len(found)
    assert usage_spans.open_calls(conn) == []
    session = sessions.get(conn, "s")
    assert session is not None
    assert (session.totals.cost_usd, session.totals.total_tokens) == (to_usd(spent), calls)
    assert access_tokens.list_page(conn, limit=1, before=None)[0].spent_usd == to_usd(spent)
