"""SQL of ``access_tokens``. A revoked one stays, for the rows of the ledger that name it."""

from __future__ import annotations

from typing import Any

from app.core.json import decode, encode_text
from app.core.money import to_usd
from app.db.types import Conn, Row
from app.repo.sums import MAX_SUM, added, joined, parts_of_sum
from app.schemas.access_tokens import AccessToken

_COLUMNS = """
    id, name, scopes, budget_picousd, spent_picousd, held_picousd, created_at, last_used_at, revoked_at
"""
_INSERT = f"""
    INSERT INTO access_tokens (id, name, hash, scopes, budget_picousd, created_at)
    VALUES (:id, :name, :hash, :scopes, :budget_picousd, :now) RETURNING {_COLUMNS}
"""  # noqa: S608
_PAGE = f"""
    SELECT {_COLUMNS} FROM access_tokens WHERE :before IS NULL OR id < :before ORDER BY id DESC LIMIT :limit
"""  # noqa: S608
_COUNT = "SELECT count(*) AS n FROM access_tokens"
_LIVE = "SELECT id, hash, scopes FROM access_tokens WHERE revoked_at IS NULL"
_REVOKE = "UPDATE access_tokens SET revoked_at = COALESCE(revoked_at, :now) WHERE id = :id RETURNING id"
_USED = "UPDATE access_tokens SET last_used_at = :at WHERE id = :id"
_BUDGET = "SELECT budget_picousd, spent_picousd, held_picousd, revoked_at FROM access_tokens WHERE id = :id"
_HOLD = """
    UPDATE access_tokens SET held_picousd = held_picousd + :picousd
    WHERE id = :id AND budget_picousd IS NOT NULL AND :picousd <= budget_picousd - spent_picousd - held_picousd
    RETURNING id
"""
# Nothing is held of a token without a budget.
_CHARGE = f"""
    UPDATE access_tokens SET spent_picousd = {added("spent_picousd", ":cost_picousd")},
        held_picousd = held_picousd - CASE WHEN budget_picousd IS NULL THEN 0 ELSE :released_picousd END
    WHERE id = :id
"""  # noqa: S608
_SPENT = f"SELECT {parts_of_sum(['cost_picousd'])} FROM usage_logs WHERE token_id = :id"  # noqa: S608


def insert(conn: Conn, values: dict[str, Any]) -> AccessToken:
    row = conn.execute(_INSERT, {**values, "scopes": encode_text(values["scopes"])}).fetchone()
    if row is None:
        raise AssertionError("INSERT … RETURNING answered no row")
    return _token(conn, row)


def list_page(conn: Conn, *, limit: int, before: str | None) -> list[AccessToken]:
    """Newest first, revoked ones too."""
    return [_token(conn, row) for row in conn.execute(_PAGE, {"limit": limit, "before": before}).fetchall()]


def count(conn: Conn) -> int:
    row = conn.execute(_COUNT).fetchone()
    return int(row["n"]) if row else 0


def live(conn: Conn) -> list[Row]:
    """``id``, ``hash`` and ``scopes`` (a list) of every token that is good."""
    return [{**row, "scopes": decode(row["scopes"])} for row in conn.execute(_LIVE).fetchall()]


def revoke(conn: Conn, token_id: str, *, now: str) -> bool:
    """False for one that never was; one that is revoked stays as it is."""
    return conn.execute(_REVOKE, {"id": token_id, "now": now}).fetchone() is not None


def set_used(conn: Conn, used: dict[str, str]) -> None:
    """When tokens were last used, by id."""
    for token_id, at in used.items():
        conn.execute(_USED, {"id": token_id, "at": at})


def budget(conn: Conn, token_id: str) -> Row | None:
    """``budget_picousd``, ``spent_picousd``, ``held_picousd`` and ``revoked_at`` of a token."""
    return conn.execute(_BUDGET, {"id": token_id}).fetchone()


def hold(conn: Conn, token_id: str, picousd: int) -> bool:
    """Set money of its budget aside; False when there is not so much left."""
    return conn.execute(_HOLD, {"id": token_id, "picousd": picousd}).fetchone() is not None


def charge(conn: Conn, token_id: str, *, released_picousd: int, cost_picousd: int) -> None:
    """Count what a call has cost, and give back what was held for it."""
    conn.execute(_CHARGE, {"id": token_id, "released_picousd": released_picousd, "cost_picousd": cost_picousd})


def _token(conn: Conn, row: Row) -> AccessToken:
    budget_picousd, spent_picousd = row["budget_picousd"], row["spent_picousd"]
    if spent_picousd >= MAX_SUM:
        paid = conn.execute(_SPENT, {"id": row["id"]}).fetchone()
        spent_picousd = joined(paid, ["cost_picousd"])["cost_picousd"] if paid else 0
    return AccessToken(
        id=row["id"],
        name=row["name"],
        scopes=decode(row["scopes"]),
        budget_usd=None if budget_picousd is None else to_usd(budget_picousd),
        spent_usd=to_usd(spent_picousd),
        reserved_usd=to_usd(row["held_picousd"]),
        created_at=row["created_at"],
        last_used_at=row["last_used_at"],
        revoked_at=row["revoked_at"],
    )
