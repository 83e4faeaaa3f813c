"""SQL of the ledger: ``usage_logs``, one row per paid call, and ``usage_days``, its rollup."""

from __future__ import annotations

from typing import Any

from app.core.money import to_usd
from app.db.types import Conn, Row
from app.repo import access_tokens, budgets
from app.repo.sums import added, any_full, joined, parts_of_sum
from app.schemas.usage import UsageRow

_COLUMNS = """
    id, session_id, profile_id, model_id, generation_id, purpose, state, prompt_tokens, completion_tokens, total_tokens,
    cached_tokens, cache_write_tokens, reasoning_tokens, cost_picousd, reserved_picousd, price_version, model,
    COALESCE(upstream_provider, provider) AS provider, token_id, upstream_id, latency_ms, first_token_ms,
    tokens_per_second, finish_reason, decision, created_at
"""
_RESERVE = """
    INSERT INTO usage_logs (id, session_id, profile_id, model_id, generation_id, purpose, state, model, provider,
        price_version, reserved_picousd, token_id, created_at)
    VALUES (:id, :session_id, :profile_id, (SELECT id FROM models WHERE id = :catalogue_id), :generation_id, :purpose,
        'reserved', :model, :provider, (SELECT price_version FROM models WHERE id = :catalogue_id), :reserved_picousd,
        :token_id, :now)
    RETURNING EXISTS (
        SELECT 1 FROM settings WHERE name IN ('allowed_models', 'max_prompt_price', 'max_completion_price')
    ) AS has_policy, EXISTS (SELECT 1 FROM budgets) AS has_budgets
"""
_SETTLE = """
    UPDATE usage_logs SET state = :state, upstream_provider = :upstream_provider, upstream_id = :upstream_id,
        served_model = :served_model,
        prompt_tokens = :prompt_tokens, completion_tokens = :completion_tokens, total_tokens = :total_tokens,
        cached_tokens = :cached_tokens, cache_write_tokens = :cache_write_tokens, reasoning_tokens = :reasoning_tokens,
        cost_picousd = :cost_picousd, cost_text = :cost_text, latency_ms = :latency_ms,
        first_token_ms = :first_token_ms, tokens_per_second = :tokens_per_second, finish_reason = :finish_reason,
        settled_at = :now
    WHERE generation_id = :generation_id AND state = 'reserved'
    RETURNING created_at, model, session_id, profile_id, purpose, reserved_picousd, token_id,
        EXISTS (SELECT 1 FROM budgets) AS has_budgets
"""
_TOKENS = ("prompt_tokens", "completion_tokens", "total_tokens", "cached_tokens", "reasoning_tokens")
_SUMMED = (*_TOKENS, "cost_picousd")
_RECONCILABLE = f"""
    SELECT {", ".join(_TOKENS)} FROM usage_logs WHERE generation_id = :generation_id AND state = 'unknown'
"""  # noqa: S608
_RECONCILE = f"""
    UPDATE usage_logs SET state = 'reconciled', upstream_provider = COALESCE(:upstream_provider, upstream_provider),
        {", ".join(f"{name} = COALESCE(:{name}, {name})" for name in _TOKENS)}, cost_picousd = :cost_picousd,
        served_model = COALESCE(:served_model, served_model), cost_text = :cost_text, decision = :decision,
        settled_at = :now
    WHERE generation_id = :generation_id AND state = 'unknown'
    RETURNING created_at, model, session_id, profile_id, purpose, token_id, reserved_picousd, {", ".join(_TOKENS)},
        EXISTS (SELECT 1 FROM budgets) AS has_budgets
"""  # noqa: S608
_OPEN_DAY = """
    INSERT INTO usage_days (day, model, calls, reserved_picousd) VALUES (:day, :model, 1, :reserved_picousd)
    ON CONFLICT (day, model) DO UPDATE SET calls = usage_days.calls + 1,
        reserved_picousd = usage_days.reserved_picousd + excluded.reserved_picousd
"""
_ADD_TO_DAY = f"""
    UPDATE usage_days SET {", ".join(f"{name} = {added(name, f':{name}')}" for name in _SUMMED)},
        reserved_picousd = reserved_picousd - :released_picousd, unknown_calls = unknown_calls + :unknown_calls
    WHERE day = :day AND model = :model
"""  # noqa: S608
_UNKNOWN = """
    SELECT generation_id, upstream_id, provider, asked_at, COALESCE(settled_at, created_at) AS ended_at FROM usage_logs
    WHERE state = 'unknown' AND upstream_id IS NOT NULL AND generation_id IS NOT NULL ORDER BY id
"""
_SET_ASKED = "UPDATE usage_logs SET asked_at = :now WHERE generation_id = :generation_id AND state = 'unknown'"
_GET = f"SELECT {_COLUMNS} FROM usage_logs WHERE id = :id"  # noqa: S608
_ABANDONED = """
    SELECT generation_id, session_id, provider FROM usage_logs
    WHERE state = 'reserved' AND generation_id IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM generations g WHERE g.id = usage_logs.generation_id AND g.ended_at IS NULL)
    ORDER BY id
"""
# The newest rows alone, so that it costs the same whatever the ledger holds.
_WRITTEN = """
    SELECT completion_tokens FROM (
        SELECT model, completion_tokens, finish_reason FROM usage_logs ORDER BY id DESC LIMIT 3000) AS newest
    WHERE model = :model AND completion_tokens > 0 AND finish_reason IN ('stop', 'length', 'tool_calls') LIMIT 200
"""
_CALL = """
    SELECT u.*, g.status FROM usage_logs u LEFT JOIN generations g ON g.id = u.generation_id
"""
_CALL_BY_ID = f"{_CALL} WHERE u.generation_id = :id"
_CALL_BY_UPSTREAM_ID = f"{_CALL} WHERE u.upstream_id = :id ORDER BY u.id DESC LIMIT 1"
_OF_SESSION = f"SELECT {_COLUMNS} FROM usage_logs WHERE session_id = :session_id ORDER BY id DESC LIMIT :limit"  # noqa: S608
_DAY_SUMS = f"""
    COALESCE(sum(calls), 0) AS calls, {parts_of_sum(_SUMMED)}, COALESCE(sum(reserved_picousd), 0) AS reserved_picousd,
    COALESCE(sum(unknown_calls), 0) AS unknown_calls FROM usage_days WHERE day BETWEEN :from_day AND :to_day
"""
_ANY_DAY_FULL = f"""
    SELECT COALESCE(max({any_full(_SUMMED)}), 0) AS is_full FROM usage_days WHERE day BETWEEN :from_day AND :to_day
"""  # noqa: S608
_NEWEST_DAY = "SELECT max(day) AS day FROM usage_days"
_ROW_SUMS = f"""
    count(*) AS calls, {parts_of_sum(_SUMMED)},
    COALESCE(sum(CASE WHEN state = 'reserved' THEN reserved_picousd END), 0) AS reserved_picousd,
    COALESCE(sum(CASE WHEN state = 'unknown' THEN 1 ELSE 0 END), 0) AS unknown_calls FROM usage_logs
"""
_DAY_OF_ROW = "substr(created_at, 1, 10)"
_ROW_SUMS_OF_DAYS = f"{_ROW_SUMS} WHERE {_DAY_OF_ROW} BETWEEN :from_day AND :to_day"
_ROW_SUMS_OF_SESSION = f"{_ROW_SUMS} WHERE session_id = :session_id"


def reserve(conn: Conn, values: dict[str, Any]) -> Row:
    """Open the row of a call that is about to be made: ``has_policy`` and ``has_budgets``, what may forbid it.

    ``catalogue_id`` is where the catalogue has the model, when it is not under its own name.
    """
    opened = conn.execute(_RESERVE, {"catalogue_id": values["model"], "token_id": None, **values}).fetchone()
    conn.execute(
        _OPEN_DAY,
        {"day": values["now"][:10], "model": values["model"], "reserved_picousd": values["reserved_picousd"] or 0},
    )
    return opened or {}


def settle(conn: Conn, values: dict[str, Any]) -> bool:
    """Close an open row as ``settled`` or ``unknown``; False for a row that is not open, which is left alone."""
    row = conn.execute(_SETTLE, values).fetchone()
    if row is None:
        return False
    _add_to_day(conn, row, values, released=row["reserved_picousd"] or 0, unknown=int(values["state"] == "unknown"))
    if values["state"] != "unknown":
        _charge(conn, row, values["cost_picousd"])
    return True


def reconcile(conn: Conn, values: dict[str, Any]) -> tuple[str, dict[str, int]] | None:
    """Give an unknown row its cost, and the tokens that are given: None leaves a count as it is.

    ``decision`` says how the owner decided, None that the provider told. Its session's id and the tokens it gained over
    what was counted before; None when there was nothing to do.
    """
    before = conn.execute(_RECONCILABLE, values).fetchone()
    row = conn.execute(_RECONCILE, values).fetchone()
    if before is None or row is None:
        return None
    gained = {name: (row[name] or 0) - (before[name] or 0) for name in _TOKENS}
    _add_to_day(conn, row, {**gained, "cost_picousd": values["cost_picousd"]}, released=0, unknown=-1)
    _charge(conn, row, values["cost_picousd"])
    return row["session_id"] or "", gained


def unknown(conn: Conn) -> list[Row]:
    """Rows whose cost the provider can be asked for, when they ended and when it was last asked, None never."""
    return conn.execute(_UNKNOWN).fetchall()


def set_asked(conn: Conn, generation_id: str, now: str) -> None:
    """The provider was asked, and did not tell."""
    conn.execute(_SET_ASKED, {"generation_id": generation_id, "now": now})


def get(conn: Conn, row_id: str) -> UsageRow | None:
    row = conn.execute(_GET, {"id": row_id}).fetchone()
    return _usage_row(row) if row else None


def call(conn: Conn, call_id: str) -> Row | None:
    """The row of a call by our id of it, or by the provider's; ``status`` is its generation's, None if it has none."""
    found = conn.execute(_CALL_BY_ID, {"id": call_id}).fetchone()
    return found or conn.execute(_CALL_BY_UPSTREAM_ID, {"id": call_id}).fetchone()


def abandoned(conn: Conn) -> list[Row]:
    """Open rows that no unfinished generation owns: calls whose process ended before they did."""
    return conn.execute(_ABANDONED).fetchall()


def written(conn: Conn, model: str) -> list[int]:
    """The tokens of a model's newest whole answers, up to 200 of them among the newest 3,000 calls."""
    return [int(row["completion_tokens"]) for row in conn.execute(_WRITTEN, {"model": model}).fetchall()]


def list_page(
    conn: Conn, *, limit: int, before: str | None, session_id: str | None, model: str | None
) -> list[UsageRow]:
    """Newest first."""
    where, values = _filters(session_id=session_id, model=model)
    if before is not None:
        where.append("id < :before")
        values["before"] = before
    sql = f"SELECT {_COLUMNS} FROM usage_logs WHERE {' AND '.join(where)} ORDER BY id DESC LIMIT :limit"  # noqa: S608
    return [_usage_row(row) for row in conn.execute(sql, {**values, "limit": limit}).fetchall()]


def count(conn: Conn, *, session_id: str | None, model: str | None) -> int:
    where, values = _filters(session_id=session_id, model=model)
    row = conn.execute(f"SELECT count(*) AS n FROM usage_logs WHERE {' AND '.join(where)}", values).fetchone()  # noqa: S608
    return int(row["n"]) if row else 0


def of_session(conn: Conn, session_id: str, *, limit: int) -> list[UsageRow]:
    rows = conn.execute(_OF_SESSION, {"session_id": session_id, "limit": limit}).fetchall()
    return [_usage_row(row) for row in rows]


def newest_day(conn: Conn) -> str | None:
    """The last day that has a call."""
    row = conn.execute(_NEWEST_DAY).fetchone()
    return row["day"] if row else None


def sum_days(conn: Conn, from_day: str, to_day: str) -> tuple[Row, list[Row], list[Row]]:
    """Sums over days: in all, by model (the dearest first), by day; from the rollup while it can hold them."""
    span = {"from_day": from_day, "to_day": to_day}
    full = conn.execute(_ANY_DAY_FULL, span).fetchone()
    sums, day = (_ROW_SUMS_OF_DAYS, _DAY_OF_ROW) if full and full["is_full"] else (_DAY_SUMS, "day")
    (total,) = _sum(conn, f"SELECT {sums}", span)
    by_day = _sum(conn, f"SELECT {day} AS day, {sums} GROUP BY {day} ORDER BY 1", span)
    return total, _sum_by_model(conn, sums, span), by_day


def sum_session(conn: Conn, session_id: str) -> tuple[Row, list[Row]]:
    """Sums over one session's rows: in all, by model."""
    key = {"session_id": session_id}
    (total,) = _sum(conn, f"SELECT {_ROW_SUMS_OF_SESSION}", key)
    return total, _sum_by_model(conn, _ROW_SUMS_OF_SESSION, key)


def _sum_by_model(conn: Conn, sums: str, values: dict[str, str]) -> list[Row]:
    rows = _sum(conn, f"SELECT model, {sums} GROUP BY model", values)
    return sorted(rows, key=lambda row: (-row["cost_picousd"], row["model"]))


def _sum(conn: Conn, sql: str, values: dict[str, str]) -> list[Row]:
    return [joined(row, _SUMMED) for row in conn.execute(sql, values).fetchall()]


def _filters(*, session_id: str | None, model: str | None) -> tuple[list[str], dict[str, Any]]:
    where, values = ["1 = 1"], dict[str, Any]()
    if session_id is not None:
        where.append("session_id = :session_id")
        values["session_id"] = session_id
    if model is not None:
        where.append("model = :model")
        values["model"] = model
    return where, values


def _charge(conn: Conn, row: Row, cost_picousd: int | None) -> None:
    """What is known now, for whoever pays for it; until then all that was held for the call stays held."""
    charged = {"released_picousd": row["reserved_picousd"] or 0, "cost_picousd": cost_picousd or 0}
    if row["token_id"] is not None:
        access_tokens.charge(conn, row["token_id"], **charged)
    if row["has_budgets"]:
        budgets.charge(conn, row, **charged)


def _add_to_day(conn: Conn, row: Row, values: dict[str, Any], *, released: int, unknown: int) -> None:
    conn.execute(
        _ADD_TO_DAY,
        {
            **{name: values[name] or 0 for name in _SUMMED},
            "released_picousd": released,
            "unknown_calls": unknown,
            "day": row["created_at"][:10],
            "model": row["model"],
        },
    )


def _usage_row(row: Row) -> UsageRow:
    cost, reserved = row.pop("cost_picousd"), row.pop("reserved_picousd")
    return UsageRow(
        **row,
        cost_usd=None if cost is None else to_usd(cost),
        reserved_usd=None if reserved is None else to_usd(reserved),
    )
