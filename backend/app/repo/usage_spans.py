"""SQL that reads ``usage_sums`` over spans of the owner's days: exact figures, whatever the sums can hold.

Open calls are in no sum; they are few, and read from their rows by an index of their own.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Literal, TypeAlias

from app.core.days import Unit, next_day, period_of
from app.db.types import Conn, Row
from app.repo.sums import any_full, joined, parts_of_sum
from app.repo.usage_sums import CLOSED_BETWEEN, COUNTS, FIGURES, KEYS, KEYS_OF_ROW, KIND, SHARE_OF_ROW, SUMMED, bounds

By: TypeAlias = Literal["model", "profile", "provider", "purpose"]
KEY_OF: dict[By, str] = {"model": "model", "profile": "profile_id", "provider": "provider", "purpose": "purpose"}

_KEYS = ", ".join(KEYS)
_SUMS = f"{', '.join(f'sum({name}) AS {name}' for name in COUNTS)}, {parts_of_sum(SUMMED)}"
_OF_SPAN = "FROM usage_sums WHERE grain = :grain AND period BETWEEN :first AND :last"
_GROUPS = f"SELECT {_KEYS}, {_SUMS}, max({any_full(SUMMED)}) AS is_full {_OF_SPAN} GROUP BY {_KEYS}"
_TOTALS = f"""
    SELECT period, purpose, {", ".join(FIGURES)}, {any_full(SUMMED)} AS is_full {_OF_SPAN} ORDER BY period
"""
_ROW_GROUPS = f"""
    SELECT {_KEYS}, {_SUMS} FROM (SELECT {SHARE_OF_ROW} FROM usage_logs WHERE {CLOSED_BETWEEN}) AS share
    GROUP BY {_KEYS}
"""  # noqa: S608
_OPEN = f"""
    SELECT created_at, {KEYS_OF_ROW}, COALESCE(reserved_picousd, 0) AS reserved_picousd FROM usage_logs
    WHERE state = 'reserved'
"""  # noqa: S608
_SESSION_GROUPS = f"""
    SELECT {_KEYS}, {_SUMS} FROM (
        SELECT {SHARE_OF_ROW} FROM usage_logs WHERE session_id = :session_id AND state <> 'reserved') AS share
    GROUP BY {_KEYS}
"""  # noqa: S608
_SESSION_OPEN = f"{_OPEN} AND session_id = :session_id"
_ACTIVE_PATH = """
    path (id, parent_id, generation_id) AS (
        SELECT m.id, m.parent_id, m.generation_id FROM sessions s JOIN messages m ON m.id = s.active_leaf_id
        WHERE s.id = :session_id
        UNION ALL SELECT m.id, m.parent_id, m.generation_id FROM path p JOIN messages m ON m.id = p.parent_id)
"""
_ON_PATH = "session_id = :session_id AND generation_id IN (SELECT generation_id FROM path)"
_BRANCH_GROUPS = f"""
    WITH RECURSIVE {_ACTIVE_PATH} SELECT {_KEYS}, {_SUMS} FROM (
        SELECT {SHARE_OF_ROW} FROM usage_logs WHERE {_ON_PATH} AND state <> 'reserved') AS share
    GROUP BY {_KEYS}
"""  # noqa: S608
_BRANCH_OPEN = f"WITH RECURSIVE {_ACTIVE_PATH} {_OPEN} AND {_ON_PATH}"
_NEWEST = "SELECT max(period) AS day FROM usage_sums WHERE grain = 'total'"


def groups(conn: Conn, zone: str, first_day: str, last_day: str) -> list[Row]:
    """Figures by all ``KEYS`` together; one combination may be there more than once."""
    found: list[Row] = []
    for grain, first, last in _grains(first_day, last_day):
        found += conn.execute(_GROUPS, {"grain": grain, "first": first, "last": last}).fetchall()
    if any(row["is_full"] for row in found):
        return row_groups(conn, zone, first_day, last_day)
    return [joined(row, SUMMED) for row in found]


def totals(conn: Conn, zone: str, first_day: str, last_day: str) -> list[Row]:
    """Figures by day (``period``) and, in ``purpose``, whether they are manual; a day's may be several rows."""
    span = {"grain": "total", "first": first_day, "last": last_day}
    return _exact(conn, zone, conn.execute(_TOTALS, span).fetchall(), "day")


def by_period(conn: Conn, zone: str, first_day: str, last_day: str, unit: Unit, by: By) -> list[Row]:
    """Figures by the first day of a period (``period``), one of the keys, and whether they are manual."""
    key = KEY_OF[by]
    sql = f"""
        SELECT period, {key}, {_SUMS}, max({any_full(SUMMED)}) AS is_full, {KIND} AS kind {_OF_SPAN}
        GROUP BY period, {key}, {KIND}
    """
    spans = _grains(first_day, last_day) if unit == "month" else [("day", first_day, last_day)]
    found: list[Row] = []
    for grain, first, last in spans:
        rows = conn.execute(sql, {"grain": grain, "first": first, "last": last}).fetchall()
        for row in rows:
            joined(row, SUMMED)["purpose"] = row["kind"] or row.get("purpose", "")
        found += _exact(conn, zone, rows, "month" if grain == "month" else "day")
    if unit == "day":
        return found
    return [row | {"period": period_of(row["period"], unit)[0]} for row in found]


def open_calls(conn: Conn) -> list[Row]:
    """Calls under way: when they were opened, their keys and what is reserved for them."""
    return conn.execute(_OPEN).fetchall()


def session_groups(conn: Conn, session_id: str) -> tuple[list[Row], list[Row]]:
    """Of one session, from its rows: figures as of ``groups``, and its ``open_calls``."""
    key = {"session_id": session_id}
    closed = [joined(row, SUMMED) for row in conn.execute(_SESSION_GROUPS, key).fetchall()]
    return closed, conn.execute(_SESSION_OPEN, key).fetchall()


def branch_groups(conn: Conn, session_id: str) -> tuple[list[Row], list[Row]]:
    """As ``session_groups``, of the calls alone that wrote a message of its active path."""
    key = {"session_id": session_id}
    closed = [joined(row, SUMMED) for row in conn.execute(_BRANCH_GROUPS, key).fetchall()]
    return closed, conn.execute(_BRANCH_OPEN, key).fetchall()


def newest(conn: Conn) -> tuple[str | None, str | None]:
    """The last day that has a closed call, and when the last open one was opened."""
    closed = conn.execute(_NEWEST).fetchone()
    return (closed["day"] if closed else None), max((row["created_at"] for row in open_calls(conn)), default=None)


def row_groups(conn: Conn, zone: str, first_day: str, last_day: str) -> list[Row]:
    """As ``groups``, from the ledger's rows."""
    start, end = bounds(first_day, last_day, zone)
    return [joined(row, SUMMED) for row in conn.execute(_ROW_GROUPS, {"start": start, "end": end}).fetchall()]


def _exact(conn: Conn, zone: str, rows: list[Row], unit: Unit) -> list[Row]:
    """The rows, with all of a period that has a sum at its end made from the ledger."""
    full = sorted({row["period"] for row in rows if row["is_full"]})
    if not full and unit == "day":
        return rows
    found = [row | {"period": _first_day(row["period"])} for row in rows if row["period"] not in full]
    for period in full:
        day = _first_day(period)
        found += [row | {"period": day} for row in row_groups(conn, zone, *period_of(day, unit))]
    return found


def _first_day(period: str) -> str:
    return f"{period}-01" if len(period) == len("2026-01") else period


def _grains(first_day: str, last_day: str) -> list[tuple[str, str, str]]:
    """A span as whole months, and the days before and after them."""
    first, last = period_of(first_day, "month"), period_of(last_day, "month")
    begins, ends = first_day == first[0], last_day == last[1]
    if first == last:
        return [("month", first_day[:7], last_day[:7]) if begins and ends else ("day", first_day, last_day)]
    first_month = first_day if begins else next_day(first[1])
    last_month = last_day if ends else (date.fromisoformat(last[0]) - timedelta(days=1)).isoformat()
    spans = [] if begins else [("day", first_day, first[1])]
    if first_month <= last_month:
        spans.append(("month", first_month[:7], last_month[:7]))
    return spans if ends else [*spans, ("day", last[0], last_day)]
