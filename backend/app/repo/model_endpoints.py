"""SQL of ``model_endpoints``, who serves a model as last told."""

from __future__ import annotations

from app.db.types import Conn, Row

_GET = "SELECT endpoints, fetched_at FROM model_endpoints WHERE model_id = :model_id"
_PUT = """
    INSERT INTO model_endpoints (model_id, endpoints, fetched_at) VALUES (:model_id, :endpoints, :fetched_at)
    ON CONFLICT (model_id) DO UPDATE SET endpoints = excluded.endpoints, fetched_at = excluded.fetched_at
"""


def get(conn: Conn, model_id: str) -> Row | None:
    """``endpoints`` (JSON in the provider's shape) and ``fetched_at``; None when nobody has told yet."""
    return conn.execute(_GET, {"model_id": model_id}).fetchone()


def put(conn: Conn, model_id: str, endpoints: str, *, fetched_at: str) -> None:
    conn.execute(_PUT, {"model_id": model_id, "endpoints": endpoints, "fetched_at": fetched_at})
