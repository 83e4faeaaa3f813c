"""SQL of ``usage_sums``: the ledger's closed calls, added up by the owner's days and months.

A call is added once, when it is closed, and what changes later is added as a difference: all sums that it is in are one
statement. A sum that stands at its end (``sums.MAX_SUM``) is not told; what it should be is added up from the rows.
"""

from __future__ import annotations

from collections.abc import Iterator

from app.core.days import day_of, next_day, starts_at
from app.db.types import Conn, Row
from app.repo.sums import added, kept_sum

KEYS = ("model", "profile_id", "provider", "purpose")
"""What sums are kept by. ``profile_id`` is 0 for calls without one, ``provider`` who has served the call."""
MANUAL = "manual"
"""The purpose of what the owner entered by hand: no call of ours, and in no sum of calls."""

_KEYS_OF_ROW = {
    "model": "model",
    "profile_id": "COALESCE(profile_id, 0)",
    "provider": "COALESCE(upstream_provider, provider)",
    "purpose": "purpose",
}
_COUNTS_OF_ROW = {
    "calls": "1",
    "failed_calls": "is_failed",
    "unknown_calls": "CASE WHEN state = 'unknown' THEN 1 ELSE 0 END",
    "first_token_calls": "CASE WHEN first_token_ms IS NULL THEN 0 ELSE 1 END",
    "speed_calls": "CASE WHEN tokens_per_second IS NULL THEN 0 ELSE 1 END",
}
_SUMMED_OF_ROW = {
    "prompt_tokens": "COALESCE(prompt_tokens, 0)",
    "completion_tokens": "COALESCE(completion_tokens, 0)",
    "total_tokens": "COALESCE(total_tokens, 0)",
    "cached_tokens": "COALESCE(cached_tokens, 0)",
    "reasoning_tokens": "COALESCE(reasoning_tokens, 0)",
    "cost_picousd": "COALESCE(cost_picousd, 0)",
    "first_token_ms": "COALESCE(first_token_ms, 0)",
    # In whole thousandths of a token per second: sums of these do not depend on the order of their parts.
    "speed": "CAST(round(COALESCE(tokens_per_second, 0) * 1000) AS INTEGER)",
}
COUNTS, SUMMED = tuple(_COUNTS_OF_ROW), tuple(_SUMMED_OF_ROW)
FIGURES = (*COUNTS, *SUMMED)

KEYS_OF_ROW = ", ".join(f"{sql} AS {name}" for name, sql in _KEYS_OF_ROW.items())
SHARE_OF_ROW = f"""
    {KEYS_OF_ROW}, {", ".join(f"{sql} AS {name}" for name, sql in (_COUNTS_OF_ROW | _SUMMED_OF_ROW).items())}
"""
"""What a row of the ledger is worth to the sums, as columns: the keys and ``FIGURES``."""
CLOSED_BETWEEN = "state <> 'reserved' AND created_at >= :start AND created_at < :end"
KIND = f"CASE WHEN purpose = '{MANUAL}' THEN '{MANUAL}' ELSE '' END"
END_OF_TIME = "A"
"""After every stamp: what the calendar's last day ends with."""

_COLUMNS = f"grain, period, {', '.join(KEYS)}, {', '.join(FIGURES)}"
_VALUES = ", ".join(f":{name}" for name in FIGURES)
_POST = f"""
    INSERT INTO usage_sums ({_COLUMNS}) VALUES
        ('day', :day, :model, :profile_id, :provider, :purpose, {_VALUES}),
        ('month', :month, :model, :profile_id, :provider, :purpose, {_VALUES}),
        ('total', :day, '', 0, '', :kind, {_VALUES})
    ON CONFLICT (grain, period, {", ".join(KEYS)}) DO UPDATE SET
        {", ".join(f"{name} = usage_sums.{name} + excluded.{name}" for name in COUNTS)},
        {", ".join(f"{name} = {added(f'usage_sums.{name}', f'excluded.{name}')}" for name in SUMMED)}
"""  # noqa: S608
_CLEAR = "DELETE FROM usage_sums"
_FIRST_FROM = "SELECT min(created_at) AS at FROM usage_logs WHERE created_at >= :start"
_KEPT = ", ".join([*(f"sum({name})" for name in COUNTS), *(kept_sum(name) for name in SUMMED)])
_COUNT_DAY = f"""
    INSERT INTO usage_sums ({_COLUMNS})
    SELECT 'day', :day, {", ".join(KEYS)}, {_KEPT}
    FROM (SELECT {SHARE_OF_ROW} FROM usage_logs WHERE {CLOSED_BETWEEN}) AS share GROUP BY {", ".join(KEYS)}
"""  # noqa: S608
_COUNT_MONTHS = f"""
    INSERT INTO usage_sums ({_COLUMNS})
    SELECT 'month', substr(period, 1, 7), {", ".join(KEYS)}, {_KEPT}
    FROM usage_sums WHERE grain = 'day' GROUP BY substr(period, 1, 7), {", ".join(KEYS)}
"""  # noqa: S608
_COUNT_TOTALS = f"""
    INSERT INTO usage_sums ({_COLUMNS})
    SELECT 'total', period, '', 0, '', {KIND}, {_KEPT} FROM usage_sums WHERE grain = 'day' GROUP BY period, {KIND}
"""  # noqa: S608


def post(conn: Conn, zone: str, created_at: str, share: Row, before: Row | None = None) -> None:
    """Add a row's share (``SHARE_OF_ROW``), less what it was ``before``, to the sums of the day it was opened on."""
    if before is not None and any(before[name] != share[name] for name in KEYS):
        post(conn, zone, created_at, before | {name: -before[name] for name in FIGURES})
    elif before is not None:
        share = share | {name: share[name] - before[name] for name in FIGURES}
    day = day_of(created_at, zone)
    kind = MANUAL if share["purpose"] == MANUAL else ""
    conn.execute(_POST, {**share, "day": day, "month": day[:7], "kind": kind})


def count_anew(conn: Conn, zone: str) -> None:
    """Make every sum from the rows, by the days of a zone."""
    conn.execute(_CLEAR)
    for day, start, end in days_with_rows(conn, zone):
        conn.execute(_COUNT_DAY, {"day": day, "start": start, "end": end})
    conn.execute(_COUNT_MONTHS)
    conn.execute(_COUNT_TOTALS)


def days_with_rows(conn: Conn, zone: str) -> Iterator[tuple[str, str, str]]:
    """The owner's days that have a row of the ledger, each with its first instant and that of the next."""
    start = ""
    while (row := conn.execute(_FIRST_FROM, {"start": start}).fetchone()) and row["at"] is not None:
        day = day_of(row["at"], zone)
        start, end = bounds(day, day, zone)
        yield day, start, end
        start = end


def bounds(first_day: str, last_day: str, zone: str) -> tuple[str, str]:
    """The first instant of a span of days, and the first after it."""
    following = next_day(last_day)
    return starts_at(first_day, zone), END_OF_TIME if following == last_day else starts_at(following, zone)
