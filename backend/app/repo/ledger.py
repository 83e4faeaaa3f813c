"""SQL of the ledger: ``usage_logs``, one row per paid call, from its reservation to its cost."""

from __future__ import annotations

from typing import Any

from app.db.types import Conn, Row
from app.repo import access_tokens, budgets
from app.repo.usage_sums import SHARE_OF_ROW, post

_CLOSED = f"""
    created_at, session_id, token_id, model_id, reserved_picousd, {SHARE_OF_ROW}, (SELECT zone FROM owner_zone) AS zone,
    EXISTS (SELECT 1 FROM budgets) AS has_budgets
"""  # noqa: S608
_RESERVE = """
    INSERT INTO usage_logs (id, session_id, profile_id, model_id, generation_id, purpose, state, model, provider,
        price_version, reserved_picousd, token_id, created_at)
    VALUES (:id, :session_id, :profile_id, (SELECT id FROM models WHERE id = :catalogue_id), :generation_id, :purpose,
        'reserved', :model, :provider, (SELECT price_version FROM models WHERE id = :catalogue_id), :reserved_picousd,
        :token_id, :now)
    RETURNING model_id, EXISTS (
        SELECT 1 FROM settings WHERE name IN ('allowed_models', 'max_prompt_price', 'max_completion_price')
    ) AS has_policy, EXISTS (SELECT 1 FROM budgets) AS has_budgets
"""
_RESERVE_MORE = "UPDATE usage_logs SET reserved_picousd = COALESCE(reserved_picousd, 0) + :picousd WHERE id = :id"
_SETTLE = f"""
    UPDATE usage_logs SET state = :state, upstream_provider = :upstream_provider, upstream_id = :upstream_id,
        served_model = :served_model,
        prompt_tokens = :prompt_tokens, completion_tokens = :completion_tokens, total_tokens = :total_tokens,
        cached_tokens = :cached_tokens, cache_write_tokens = :cache_write_tokens, reasoning_tokens = :reasoning_tokens,
        cost_picousd = :cost_picousd, cost_text = :cost_text, latency_ms = :latency_ms,
        first_token_ms = :first_token_ms, tokens_per_second = :tokens_per_second, finish_reason = :finish_reason,
        is_failed = :is_failed, settled_at = :now
    WHERE generation_id = :generation_id AND state = 'reserved'
    RETURNING {_CLOSED}
"""  # noqa: S608
_ENTER = f"""
    INSERT INTO usage_logs (id, session_id, profile_id, model_id, purpose, state, model, provider, prompt_tokens,
        completion_tokens, total_tokens, cached_tokens, reasoning_tokens, cost_picousd, cost_text, created_at,
        settled_at)
    VALUES (:id, :session_id, :profile_id, (SELECT id FROM models WHERE id = :model), :purpose, :state, :model,
        :provider, :prompt_tokens, :completion_tokens, :total_tokens, :cached_tokens, :reasoning_tokens, :cost_picousd,
        :cost_text, :created_at, :now)
    RETURNING {_CLOSED}
"""  # noqa: S608
_TOKENS = ("prompt_tokens", "completion_tokens", "total_tokens", "cached_tokens", "reasoning_tokens")
_RECONCILABLE = f"""
    SELECT {SHARE_OF_ROW} FROM usage_logs WHERE generation_id = :generation_id AND state = 'unknown'
"""  # noqa: S608
_RECONCILE = f"""
    UPDATE usage_logs SET state = 'reconciled', upstream_provider = COALESCE(:upstream_provider, upstream_provider),
        {", ".join(f"{name} = COALESCE(:{name}, {name})" for name in _TOKENS)}, cost_picousd = :cost_picousd,
        served_model = COALESCE(:served_model, served_model), cost_text = :cost_text, decision = :decision,
        settled_at = :now
    WHERE generation_id = :generation_id AND state = 'unknown'
    RETURNING {_CLOSED}
"""  # noqa: S608
_UNKNOWN = """
    SELECT generation_id, upstream_id, provider, asked_at, COALESCE(settled_at, created_at) AS ended_at FROM usage_logs
    WHERE state = 'unknown' AND upstream_id IS NOT NULL AND generation_id IS NOT NULL ORDER BY id
"""
_SET_ASKED = "UPDATE usage_logs SET asked_at = :now WHERE generation_id = :generation_id AND state = 'unknown'"
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


def reserve(conn: Conn, values: dict[str, Any]) -> Row:
    """Open the row of a call that is about to be made: its ``model_id``, ``has_policy`` and ``has_budgets``, what may
    forbid it.

    ``catalogue_id`` is where the catalogue has the model, when it is not under its own name.
    """
    opened = conn.execute(_RESERVE, {"catalogue_id": values["model"], "token_id": None, **values}).fetchone()
    return opened or {}


def reserve_more(conn: Conn, row: Row, picousd: int) -> None:
    """Add to what is reserved for a call under way, a row of ``call``."""
    conn.execute(_RESERVE_MORE, {"id": row["id"], "picousd": picousd})


def settle(conn: Conn, values: dict[str, Any]) -> bool:
    """Close an open row as ``settled`` or ``unknown``; False for a row that is not open, which is left alone."""
    row = conn.execute(_SETTLE, values).fetchone()
    if row is None:
        return False
    post(conn, row["zone"], row["created_at"], row)
    if values["state"] != "unknown":
        _charge(conn, row, values["cost_picousd"])
    return True


def enter(conn: Conn, values: dict[str, Any]) -> None:
    """Add a row that was no call: it is closed from the start, and nobody is charged for it."""
    row = conn.execute(_ENTER, values).fetchone() or {}
    post(conn, row["zone"], row["created_at"], row)


def reconcile(conn: Conn, values: dict[str, Any]) -> tuple[str, dict[str, int]] | None:
    """Give an unknown row its cost, and the tokens that are given: None leaves a count as it is.

    ``decision`` says how the owner decided, None that the provider told. Its session's id and the tokens it gained over
    what was counted before; None when there was nothing to do.
    """
    before = conn.execute(_RECONCILABLE, values).fetchone()
    row = conn.execute(_RECONCILE, values).fetchone()
    if before is None or row is None:
        return None
    post(conn, row["zone"], row["created_at"], row, before)
    _charge(conn, row, values["cost_picousd"])
    return row["session_id"] or "", {name: row[name] - before[name] for name in _TOKENS}


def unknown(conn: Conn) -> list[Row]:
    """Rows whose cost the provider can be asked for, when they ended and when it was last asked, None never."""
    return conn.execute(_UNKNOWN).fetchall()


def set_asked(conn: Conn, generation_id: str, now: str) -> None:
    """The provider was asked, and did not tell."""
    conn.execute(_SET_ASKED, {"generation_id": generation_id, "now": now})


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


def _charge(conn: Conn, row: Row, cost_picousd: int | None) -> None:
    """What is known now, for whoever pays for it; until then all that was held for the call stays held."""
    charged = {"released_picousd": row["reserved_picousd"] or 0, "cost_picousd": cost_picousd or 0}
    if row["token_id"] is not None:
        access_tokens.charge(conn, row["token_id"], **charged)
    if row["has_budgets"]:
        budgets.charge(conn, row | {"profile_id": row["profile_id"] or None}, **charged)
