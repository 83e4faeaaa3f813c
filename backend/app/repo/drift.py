"""SQL of the ledger as its provider counts: by UTC day and model, of the calls that it knows."""

from __future__ import annotations

from typing import Any

from app.db.types import Conn, Row
from app.repo import usage_rows
from app.repo.sums import joined, parts_of_sum
from app.schemas.usage import UsageRow

_COSTS = ("cost_picousd",)
_IN_SPAN = """
    created_at >= :since AND created_at < :before AND provider = :provider AND upstream_id IS NOT NULL
    AND generation_id IS NOT NULL AND state <> 'reserved'
"""
_SUMS = f"""
    SELECT substr(created_at, 1, 10) AS day, model, served_model, count(*) AS calls,
        sum(CASE WHEN state = 'unknown' THEN 1 ELSE 0 END) AS unknown_calls, {parts_of_sum(_COSTS)}
    FROM usage_logs WHERE {_IN_SPAN} GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""  # noqa: S608
# What the stream itself told is the least likely to be wrong.
_IDS = f"""
    SELECT id FROM usage_logs WHERE {_IN_SPAN} AND model = :model AND COALESCE(served_model, '') = :served_model
    ORDER BY CASE WHEN state = 'settled' THEN 1 ELSE 0 END, id DESC LIMIT :limit
"""  # noqa: S608


def sums(conn: Conn, provider: str, since: str, before: str) -> list[Row]:
    """Day, model asked for, model that answered (None not known), calls, unknown ones, their cost; times as stored."""
    span = {"provider": provider, "since": since, "before": before}
    return [joined(row, _COSTS) for row in conn.execute(_SUMS, span).fetchall()]


def rows(
    conn: Conn, provider: str, since: str, before: str, model: str, served_model: str | None, limit: int
) -> list[UsageRow]:
    """The calls of one line of ``sums``, first those whose cost the stream did not tell."""
    values: dict[str, Any] = {"provider": provider, "since": since, "before": before, "model": model, "limit": limit}
    found = conn.execute(_IDS, {**values, "served_model": served_model or ""}).fetchall()
    return [row for found_id in found if (row := usage_rows.get(conn, found_id["id"])) is not None]
