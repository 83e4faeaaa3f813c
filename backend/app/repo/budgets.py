"""SQL of ``budgets``, and of ``budget_sums``: what was spent and is held in one period of each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.core.slugs import parse_slug
from app.db.types import Conn, Row
from app.repo.sums import MAX_SUM, added, joined, parts_of_sum

_COLUMNS = "id, name, kind, subject, period, limit_picousd, warn_ppm, is_hard, revision, created_at"
_WITH_SUMS = f"""
    SELECT {_COLUMNS}, zone, starts_at, ends_at, spent_picousd, held_picousd
    FROM budgets LEFT JOIN budget_sums ON budget_id = id
"""  # noqa: S608
_APPLIES = """
    (kind = 'all' OR (kind = 'profile' AND subject = :profile) OR (kind = 'model' AND subject = :model)
        OR (kind = 'session' AND subject = :session) OR (kind = 'token' AND subject = :token)
        OR (kind = 'purpose' AND subject = :purpose))
"""
_ALL = f"{_WITH_SUMS} ORDER BY id"
_GET = f"{_WITH_SUMS} WHERE id = :id"
_OF_CALL = f"{_WITH_SUMS} WHERE {_APPLIES} ORDER BY id"
_ANY_HARD = f"SELECT 1 AS found FROM budgets WHERE is_hard = 1 AND {_APPLIES} LIMIT 1"  # noqa: S608
_HARD_OF_MODELS = "SELECT id, subject FROM budgets WHERE is_hard = 1 AND kind = 'model' ORDER BY id"
_INSERT = """
    INSERT INTO budgets (id, name, kind, subject, period, limit_picousd, warn_ppm, is_hard, created_at)
    VALUES (:id, :name, :kind, :subject, :period, :limit_picousd, :warn_ppm, :is_hard, :now)
"""
_SETTABLE = ("name", "kind", "subject", "period", "limit_picousd", "warn_ppm", "is_hard")
_TWIN = """
    SELECT b.id, b.name FROM budgets b JOIN budgets new ON new.id = :id AND b.id <> new.id AND b.kind = new.kind
        AND b.period = new.period AND b.is_hard = new.is_hard AND COALESCE(b.subject, '') = COALESCE(new.subject, '')
    ORDER BY b.id LIMIT 1
"""
_DELETE = "DELETE FROM budgets WHERE id = :id RETURNING id"
_COUNT = "SELECT count(*) AS n FROM budgets"
_PUT_SUMS = """
    INSERT INTO budget_sums (budget_id, zone, starts_at, ends_at, spent_picousd, held_picousd)
    VALUES (:id, :zone, :starts_at, :ends_at, :spent_picousd, :held_picousd)
    ON CONFLICT (budget_id) DO UPDATE SET zone = excluded.zone, starts_at = excluded.starts_at,
        ends_at = excluded.ends_at, spent_picousd = excluded.spent_picousd, held_picousd = excluded.held_picousd
"""
_FORGET_SUMS = "DELETE FROM budget_sums WHERE budget_id = :id"
_HOLD = f"UPDATE budget_sums SET held_picousd = {added('held_picousd', ':picousd')} WHERE budget_id = :id"  # noqa: S608
# A sum that stands at its end says nothing that could be added to: it is made from the rows when it is needed.
_CHARGE = f"""
    UPDATE budget_sums SET spent_picousd = {added("spent_picousd", ":cost_picousd")},
        held_picousd = held_picousd - :released_picousd
    WHERE starts_at <= :created_at AND :created_at < ends_at AND held_picousd < {MAX_SUM}
        AND budget_id IN (SELECT id FROM budgets WHERE {_APPLIES})
"""  # noqa: S608
_SUMS = ("spent_picousd", "held_picousd")
_OF_ROWS = """
    SELECT {model} AS model, {sums} FROM (
        SELECT COALESCE(model_id, model) AS model,
            CASE WHEN state IN ('reserved', 'unknown') THEN 0 ELSE cost_picousd END AS spent_picousd,
            CASE WHEN state IN ('reserved', 'unknown') THEN reserved_picousd ELSE 0 END AS held_picousd
        FROM usage_logs
        WHERE created_at >= :starts_at AND created_at < :ends_at AND id <> :but AND purpose <> 'manual' AND {whose}
    ) AS calls GROUP BY 1
"""
_WHOSE = {
    "all": "1 = 1",
    # Variants are told from names by Python.
    "model": """(COALESCE(model_id, model) = :subject
        OR substr(COALESCE(model_id, model), 1, length(:subject) + 1) IN (:subject || ':', :subject || '@'))""",
    "profile": "profile_id = CAST(:subject AS INTEGER)",
    "session": "session_id = :subject",
    "token": "token_id = :subject",
    "purpose": "purpose = :subject",
}


def base_model(slug: str) -> str:
    """What variants and presets of a model have in common, which is what its budget is of."""
    return parse_slug(slug).base or slug


def call_of(row: Mapping[str, Any]) -> dict[str, str | None]:
    """Whose call a row of the ledger is, as budgets ask: a model is its row of the catalogue, whatever it is called."""
    profile_id = row["profile_id"]
    return {
        "profile": None if profile_id is None else str(profile_id),
        "model": base_model(row["model_id"] or row["model"]),
        "session": row["session_id"],
        "token": row["token_id"],
        "purpose": row["purpose"],
    }


def every(conn: Conn) -> list[Row]:
    """In the order they were made, each with its kept sums, which may be of another period or null."""
    return conn.execute(_ALL).fetchall()


def get(conn: Conn, budget_id: str) -> Row | None:
    return conn.execute(_GET, {"id": budget_id}).fetchone()


def of_call(conn: Conn, call: Mapping[str, str | None]) -> list[Row]:
    """Those that a call of ``call_of`` counts in, as ``every`` has them."""
    return conn.execute(_OF_CALL, call).fetchall()


def any_hard(conn: Conn, call: Mapping[str, str | None]) -> bool:
    """Whether a call of ``call_of`` counts in one that refuses."""
    return conn.execute(_ANY_HARD, call).fetchone() is not None


def hard_of_models(conn: Conn) -> list[Row]:
    """``id`` and ``subject`` of every hard budget of a model."""
    return conn.execute(_HARD_OF_MODELS).fetchall()


def count(conn: Conn) -> int:
    row = conn.execute(_COUNT).fetchone()
    return int(row["n"]) if row else 0


def insert(conn: Conn, values: Mapping[str, Any], *, now: str) -> None:
    conn.execute(_INSERT, {**values, "now": now})


def update(conn: Conn, budget_id: str, changes: Mapping[str, Any]) -> None:
    """Set the named columns, step the revision, and forget the sums, which may be of other calls now."""
    values = {name: changes[name] for name in _SETTABLE if name in changes}
    assignments = "".join(f"{name} = :{name}, " for name in values)
    conn.execute(f"UPDATE budgets SET {assignments}revision = revision + 1 WHERE id = :id", {**values, "id": budget_id})  # noqa: S608
    conn.execute(_FORGET_SUMS, {"id": budget_id})


def twin(conn: Conn, budget_id: str) -> Row | None:
    """``id`` and ``name`` of another budget of the same calls and period, as hard or as soft as this one."""
    return conn.execute(_TWIN, {"id": budget_id}).fetchone()


def delete(conn: Conn, budget_id: str) -> bool:
    """Whether there was one."""
    return conn.execute(_DELETE, {"id": budget_id}).fetchone() is not None


def put_sums(conn: Conn, budget_id: str, sums: Mapping[str, Any]) -> None:
    """Keep the sums of a period: ``zone``, ``starts_at``, ``ends_at``, ``spent_picousd``, ``held_picousd``."""
    kept = {name: min(sums[name], MAX_SUM) for name in _SUMS}
    conn.execute(_PUT_SUMS, {**sums, **kept, "id": budget_id})


def hold(conn: Conn, budget_id: str, picousd: int) -> None:
    """Set money of a budget aside."""
    conn.execute(_HOLD, {"id": budget_id, "picousd": picousd})


def charge(conn: Conn, row: Row, *, released_picousd: int, cost_picousd: int) -> None:
    """Count what a call has cost in the budgets whose kept period it started in, and give back what was held for it."""
    charged = {"created_at": row["created_at"], "released_picousd": released_picousd, "cost_picousd": cost_picousd}
    conn.execute(_CHARGE, {**call_of(row), **charged})


def sum_rows(conn: Conn, budget: Row, *, starts_at: str, ends_at: str, but: str = "") -> dict[str, int]:
    """``spent_picousd`` and ``held_picousd`` of a budget's calls of a period, from their rows, however large.

    Args:
        but: the id of a row that is left out.
    """
    # Grouping takes longer than adding up.
    model = "model" if budget["kind"] == "model" else "''"
    sql = _OF_ROWS.format(model=model, sums=parts_of_sum(_SUMS), whose=_WHOSE[budget["kind"]])
    values = {"starts_at": starts_at, "ends_at": ends_at, "but": but}
    if ":subject" in sql:
        values["subject"] = budget["subject"]
    rows = [joined(row, _SUMS) for row in conn.execute(sql, values).fetchall()]
    if budget["kind"] == "model":
        rows = [row for row in rows if base_model(row["model"]) == budget["subject"]]
    return {name: sum(row[name] for row in rows) for name in _SUMS}


def is_full(row: Row) -> bool:
    """Whether a kept sum stands at its end."""
    return any(row[name] >= MAX_SUM for name in _SUMS)
