"""SQL that holds the kept sums of the ledger against its rows, every one of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple, TypeAlias

from app.db.types import Conn, Row
from app.repo.sums import MAX_SUM, joined, kept_sum, parts_of_sum
from app.repo.usage_spans import row_groups
from app.repo.usage_sums import FIGURES, KEYS, MANUAL, days_with_rows

Key: TypeAlias = tuple[str | int, ...]
Sums: TypeAlias = dict[Key, dict[str, int]]


class Wrong(NamedTuple):
    """A figure that is not what the rows add up to; ``where`` is a session, or a grain with its period and keys."""

    where: str
    figure: str
    kept: int
    counted: int


_KEPT = f"SELECT {', '.join(KEYS)}, {', '.join(FIGURES)} FROM usage_sums WHERE grain = :grain AND period = :period"  # noqa: S608
_PERIODS = "SELECT DISTINCT grain, period FROM usage_sums ORDER BY grain, period"
_SESSION_FIGURES = ("prompt_tokens", "completion_tokens", "total_tokens", "cost_picousd")
_COUNT_SESSIONS = f"""
    UPDATE sessions SET
        message_count = (SELECT count(*) FROM messages m WHERE m.session_id = sessions.id),
        ({", ".join(_SESSION_FIGURES)}, unknown_calls) = (
            SELECT {", ".join(map(kept_sum, _SESSION_FIGURES))},
                COALESCE(sum(CASE WHEN state = 'unknown' THEN 1 ELSE 0 END), 0)
            FROM usage_logs u WHERE u.session_id = sessions.id AND u.purpose <> '{MANUAL}')
"""  # noqa: S608
_PARTS = [f"{name}_{part}" for name in _SESSION_FIGURES for part in ("high", "low")]
_SESSIONS = f"""
    SELECT s.id, {", ".join(f"s.{name} AS kept_{name}" for name in _SESSION_FIGURES)},
        s.unknown_calls AS kept_unknown_calls, COALESCE(u.unknown_calls, 0) AS unknown_calls,
        {", ".join(f"COALESCE(u.{part}, 0) AS {part}" for part in _PARTS)}
    FROM sessions s LEFT JOIN (
        SELECT session_id, {parts_of_sum(_SESSION_FIGURES)},
            sum(CASE WHEN state = 'unknown' THEN 1 ELSE 0 END) AS unknown_calls
        FROM usage_logs WHERE purpose <> '{MANUAL}' GROUP BY session_id) AS u ON u.session_id = s.id
    ORDER BY s.id
"""  # noqa: S608


def wrong_sums(conn: Conn, zone: str) -> Iterator[Wrong]:
    """The kept sums of days, months and totals that are wrong, by the days of a zone."""
    seen: set[tuple[str, str]] = set()
    month, month_sums = "", Sums()
    for day, _, _ in days_with_rows(conn, zone):
        if day[:7] != month:
            yield from _compared(conn, "month", month, month_sums)
            month, month_sums = day[:7], {}
        rows = row_groups(conn, zone, day, day)
        yield from _compared(conn, "day", day, _added({}, rows))
        totals = ({**row, "model": "", "profile_id": 0, "provider": "", "purpose": _kind(row)} for row in rows)
        yield from _compared(conn, "total", day, _added({}, totals))
        _added(month_sums, rows)
        seen |= {("day", day), ("total", day), ("month", month)}
    yield from _compared(conn, "month", month, month_sums)
    for row in conn.execute(_PERIODS).fetchall():
        if (row["grain"], row["period"]) not in seen:
            yield from _compared(conn, row["grain"], row["period"], {})


def wrong_sessions(conn: Conn) -> Iterator[Wrong]:
    """The totals of sessions that are wrong."""
    for row in conn.execute(_SESSIONS).fetchall():
        counted = joined(row, _SESSION_FIGURES)
        for name in (*_SESSION_FIGURES, "unknown_calls"):
            kept, right = int(row[f"kept_{name}"]), min(int(counted[name]), MAX_SUM)
            if kept != right:
                yield Wrong(f"session {row['id']}", name, kept, right)


def count_sessions_anew(conn: Conn) -> None:
    """Make every session's counts and totals from its messages and its rows of the ledger."""
    conn.execute(_COUNT_SESSIONS)


def _compared(conn: Conn, grain: str, period: str, counted: Mapping[Key, Mapping[str, int]]) -> Iterator[Wrong]:
    kept = _added({}, conn.execute(_KEPT, {"grain": grain, "period": period}).fetchall())
    nothing = dict.fromkeys(FIGURES, 0)
    for key in sorted(kept.keys() | counted.keys(), key=str):
        for name in FIGURES:
            told, right = kept.get(key, nothing)[name], min(counted.get(key, nothing)[name], MAX_SUM)
            if told != right:
                where = " ".join(str(part) for part in (grain, period, *key) if part not in ("", 0))
                yield Wrong(where, name, told, right)


def _added(sums: Sums, rows: Iterable[Row]) -> Sums:
    for row in rows:
        one = sums.setdefault(tuple(row[name] for name in KEYS), dict.fromkeys(FIGURES, 0))
        for name in FIGURES:
            one[name] += row[name]
    return sums


def _kind(row: Row) -> str:
    return MANUAL if row["purpose"] == MANUAL else ""
