"""SQL that reads the rows of the ledger, newest first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from app.core.days import day_of
from app.core.money import to_usd
from app.db.types import Conn, Row
from app.repo.usage_sums import END_OF_TIME, KEYS, MANUAL, bounds
from app.schemas.usage import UsageRow

_COLUMNS = """
    id, session_id, profile_id, model_id, generation_id, purpose, state, prompt_tokens, completion_tokens, total_tokens,
    cached_tokens, cache_write_tokens, reasoning_tokens, cost_picousd, reserved_picousd, price_version, model,
    COALESCE(upstream_provider, provider) AS provider, token_id, upstream_id, latency_ms, first_token_ms,
    tokens_per_second, finish_reason, is_failed, decision, created_at
"""
_GET = f"SELECT {_COLUMNS} FROM usage_logs WHERE id = :id"  # noqa: S608
_OF_SESSION = f"""
    SELECT {_COLUMNS} FROM usage_logs WHERE session_id = :session_id ORDER BY id DESC LIMIT :limit
"""  # noqa: S608
_OPEN_SINCE = "SELECT created_at FROM usage_logs WHERE state = 'reserved'"
_HAS_MODEL = """
    SELECT EXISTS (SELECT 1 FROM usage_sums WHERE grain = 'month' AND model = :id)
        OR EXISTS (SELECT 1 FROM usage_logs WHERE state = 'reserved' AND model = :id)
        OR EXISTS (SELECT 1 FROM models WHERE id = :id) AS known
"""
_HAS_PROFILE = """
    SELECT EXISTS (SELECT 1 FROM profiles WHERE id = :id)
        OR EXISTS (SELECT 1 FROM usage_sums WHERE grain = 'month' AND profile_id = :id)
        OR EXISTS (SELECT 1 FROM usage_logs WHERE state = 'reserved' AND profile_id = :id) AS known
"""
_HAS_SESSION = """
    SELECT EXISTS (SELECT 1 FROM sessions WHERE id = :id)
        OR EXISTS (SELECT 1 FROM usage_logs WHERE session_id = :id) AS known
"""
_HAS = {"model": _HAS_MODEL, "profile_id": _HAS_PROFILE, "session_id": _HAS_SESSION}


@dataclass(frozen=True, slots=True, kw_only=True)
class RowFilter:
    """Which rows; None leaves a field open. ``start`` is the first instant, ``end`` the first after the last."""

    session_id: str | None = None
    model: str | None = None
    profile_id: int | None = None
    provider: str | None = None
    purpose: str | None = None
    state: str | None = None
    source: str | None = None
    start: str | None = None
    end: str | None = None
    min_picousd: int | None = None
    max_picousd: int | None = None


_CONDITIONS = {
    "session_id": "session_id = :session_id",
    "model": "model = :model",
    "profile_id": "profile_id = :profile_id",
    "provider": "COALESCE(upstream_provider, provider) = :provider",
    "purpose": "purpose = :purpose",
    "state": "state = :state",
    "start": "created_at >= :start",
    "end": "created_at < :end",
    "min_picousd": "cost_picousd >= :min_picousd",
    "max_picousd": "cost_picousd <= :max_picousd",
}
_SOURCES = {"call": f"purpose <> '{MANUAL}'", "manual": f"purpose = '{MANUAL}'"}


def get(conn: Conn, row_id: str) -> UsageRow | None:
    row = conn.execute(_GET, {"id": row_id}).fetchone()
    return _usage_row(row) if row else None


def list_page(
    conn: Conn, wanted: RowFilter, zone: str, *, limit: int, before: tuple[str, str] | None
) -> list[UsageRow]:
    """The newest first; ``before`` is (created_at, id) of the last one seen.

    The newest is what was made last, whatever the clock said; only where days or keys of the sums are asked for, rows
    are in the order of their times, which days are made of.
    What is asked by a key of the sums is looked for only on the days that have it: a rare one is found as fast as any.
    """
    keys = {name: value for name in KEYS if (value := getattr(wanted, name)) is not None}
    if not keys or wanted.session_id is not None:
        return _page(conn, wanted, limit=limit, before=before)
    end = min(filter(None, (wanted.end, before and f"{before[0]}~")), default=END_OF_TIME)
    found: list[UsageRow] = []
    for day in _days_with(conn, keys, zone):
        first, after = bounds(day, day, zone)
        if first >= end or (wanted.start is not None and after <= wanted.start):
            continue
        within = replace(wanted, start=max(first, wanted.start or first), end=min(after, wanted.end or after))
        found += _page(conn, within, limit=limit - len(found), before=before)
        if len(found) == limit:
            break
    return found


def _days_with(conn: Conn, keys: Mapping[str, str | int], zone: str) -> list[str]:
    """The owner's days that may have a row with these keys, the newest first; calls under way are in no sum."""
    conditions = " AND ".join(f"{name} = :{name}" for name in keys)
    sql = f"SELECT DISTINCT period FROM usage_sums WHERE grain = 'day' AND {conditions}"  # noqa: S608
    days = {row["period"] for row in conn.execute(sql, keys).fetchall()}
    days |= {day_of(row["created_at"], zone) for row in conn.execute(_OPEN_SINCE).fetchall()}
    return sorted(days, reverse=True)


def _page(conn: Conn, wanted: RowFilter, *, limit: int, before: tuple[str, str] | None) -> list[UsageRow]:
    where, values = _where(wanted)
    by_time = wanted.start is not None or wanted.end is not None
    if before is not None:
        where += " AND (created_at, id) < (:before_at, :before_id)" if by_time else " AND id < :before_id"
        values |= {"before_at": before[0], "before_id": before[1]} if by_time else {"before_id": before[1]}
    order = "created_at DESC, id DESC" if by_time else "id DESC"
    sql = f"SELECT {_COLUMNS} FROM usage_logs WHERE {where} ORDER BY {order} LIMIT :limit"  # noqa: S608
    return [_usage_row(row) for row in conn.execute(sql, {**values, "limit": limit}).fetchall()]


def count(conn: Conn, wanted: RowFilter) -> int:
    where, values = _where(wanted)
    row = conn.execute(f"SELECT count(*) AS n FROM usage_logs WHERE {where}", values).fetchone()  # noqa: S608
    return int(row["n"]) if row else 0


def of_session(conn: Conn, session_id: str, *, limit: int) -> list[UsageRow]:
    rows = conn.execute(_OF_SESSION, {"session_id": session_id, "limit": limit}).fetchall()
    return [_usage_row(row) for row in rows]


def unheard_of(conn: Conn, wanted: RowFilter) -> tuple[str, str | int] | None:
    """A field of a filter and the id in it that neither the ledger nor its own table has ever heard of."""
    for name, sql in _HAS.items():
        value = getattr(wanted, name)
        row = None if value is None else conn.execute(sql, {"id": value}).fetchone()
        if row and not row["known"]:
            return name.removesuffix("_id"), value
    return None


def _where(wanted: RowFilter) -> tuple[str, dict[str, Any]]:
    given = {one.name: value for one in fields(wanted) if (value := getattr(wanted, one.name)) is not None}
    source = given.pop("source", None)
    conditions = [_CONDITIONS[name] for name in given]
    if source is not None:
        conditions.append(_SOURCES[source])
    return " AND ".join(conditions or ["1 = 1"]), given


def _usage_row(row: Row) -> UsageRow:
    cost, reserved = row.pop("cost_picousd"), row.pop("reserved_picousd")
    return UsageRow(
        **{**row, "is_failed": bool(row["is_failed"])},
        cost_state=row["state"],
        source="manual" if row["purpose"] == MANUAL else "call",
        cost_usd=None if cost is None else to_usd(cost),
        reserved_usd=None if reserved is None else to_usd(reserved),
    )
