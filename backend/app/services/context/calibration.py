"""What the calls of a model have taught about its tokens, kept in the store."""

from __future__ import annotations

from app.core.slugs import parse_slug
from app.db.types import Conn
from app.repo import token_ratios
from app.services.context.estimate import Calibration, first_guess, learned, teaches


def calibration_of(conn: Conn, slug: str, family: str | None) -> Calibration:
    """How a model counts, whatever the variant or preset."""
    known = token_ratios.get(conn, _key(slug))
    return Calibration(*known) if known else first_guess(family)


def learn(conn: Conn, slug: str, before: Calibration, *, estimated: float, actual: int, now: str) -> None:
    """Take the figures of a call into account; ``before`` is where to begin if there were none yet."""
    if not teaches(estimated, actual):
        return
    known = token_ratios.get(conn, _key(slug))
    after = learned(Calibration(*known) if known else before, estimated=estimated, actual=actual)
    token_ratios.put(conn, _key(slug), after.ratio, after.samples, now=now)


def _key(slug: str) -> str:
    parsed = parse_slug(slug)
    return parsed.base or slug
