"""SQL of ``token_ratios``: how models count tokens."""

from __future__ import annotations

from app.db.types import Conn

_GET = "SELECT ratio, samples FROM token_ratios WHERE model = :model"
_PUT = """
    INSERT INTO token_ratios (model, ratio, samples, updated_at) VALUES (:model, :ratio, :samples, :now)
    ON CONFLICT (model) DO UPDATE SET ratio = excluded.ratio, samples = excluded.samples,
        updated_at = excluded.updated_at
"""


def get(conn: Conn, model: str) -> tuple[float, int] | None:
    """The ratio of a model and how many calls it was learned from; None before the first."""
    row = conn.execute(_GET, {"model": model}).fetchone()
    return (row["ratio"], row["samples"]) if row else None


def put(conn: Conn, model: str, ratio: float, samples: int, *, now: str) -> None:
    conn.execute(_PUT, {"model": model, "ratio": ratio, "samples": samples, "now": now})
