"""SQL of ``model_ranks``, the providers' own orders by figures that their lists do not carry."""

from __future__ import annotations

from collections.abc import Sequence

from app.db.types import Conn
from app.schemas.models import Sort

_FORGET = "DELETE FROM model_ranks WHERE sort = :sort AND provider = :provider"
_PUT = """
    INSERT INTO model_ranks (sort, model_id, provider, position) VALUES (:sort, :model_id, :provider, :position)
    ON CONFLICT (sort, model_id) DO UPDATE SET provider = excluded.provider, position = excluded.position
"""
_HAS = "SELECT 1 AS found FROM model_ranks WHERE sort = :sort AND provider = :provider LIMIT 1"


def replace(conn: Conn, sort: Sort, provider: str, model_ids: Sequence[str]) -> None:
    """Take a provider's order, best first."""
    conn.execute(_FORGET, {"sort": sort, "provider": provider})
    conn.executemany(
        _PUT,
        [
            {"sort": sort, "model_id": model_id, "provider": provider, "position": position}
            for position, model_id in enumerate(model_ids)
        ],
    )


def has(conn: Conn, sort: Sort, provider: str) -> bool:
    """Whether an order of this provider is stored."""
    return conn.execute(_HAS, {"sort": sort, "provider": provider}).fetchone() is not None
