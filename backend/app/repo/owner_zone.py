"""SQL of ``owner_zone``: the zone of the owner's days, in the store, so that a transaction and its sums agree on it."""

from __future__ import annotations

from app.db.types import Conn

_GET = "SELECT zone FROM owner_zone"
_PUT = "UPDATE owner_zone SET zone = :zone"


def get(conn: Conn) -> str:
    """An IANA name that ``core.days`` takes."""
    row = conn.execute(_GET).fetchone()
    return str(row["zone"]) if row else "UTC"


def put(conn: Conn, zone: str) -> None:
    conn.execute(_PUT, {"zone": zone})
