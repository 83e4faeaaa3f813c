"""SQL of ``idempotency_keys``: which request made what. ``request_id`` there is the id as its caller's alone."""

from __future__ import annotations

from app.db.types import Conn, Row

_GET = "SELECT body_hash, resource_type, resource_id FROM idempotency_keys WHERE request_id = :stored_id"
_INSERT = """
    INSERT INTO idempotency_keys (request_id, body_hash, resource_type, resource_id, created_at)
    VALUES (:stored_id, :body_hash, :resource_type, :resource_id, :now)
"""
_DELETE = "DELETE FROM idempotency_keys WHERE request_id = :stored_id"


def get(conn: Conn, stored_id: str) -> Row | None:
    return conn.execute(_GET, {"stored_id": stored_id}).fetchone()


def insert(conn: Conn, *, stored_id: str, body_hash: str, resource_type: str, resource_id: str, now: str) -> None:
    conn.execute(
        _INSERT,
        {
            "stored_id": stored_id,
            "body_hash": body_hash,
            "resource_type": resource_type,
            "resource_id": resource_id,
            "now": now,
        },
    )


def delete(conn: Conn, stored_id: str) -> None:
    conn.execute(_DELETE, {"stored_id": stored_id})
