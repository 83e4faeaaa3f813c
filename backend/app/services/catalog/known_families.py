"""Families that somebody filters by: one that is none finds nothing, and looks like an empty catalogue."""

from __future__ import annotations

from collections.abc import Iterable

from app.core.errors import ValidationFailed
from app.db.types import Conn
from app.repo import models
from app.services.catalog.families import ALIASES, LABELS, family_called
from app.services.catalog.known_models import close_matches


def refuse_unknown_families(conn: Conn, names: Iterable[str] | None) -> None:
    """Raises ValidationFailed with close matches for a name that neither people use nor a model on offer has.

    Nothing is refused while there is no list to go by.
    """
    offered = {row["family"] for row in models.families(conn)} if names else set[str]()
    known = offered | LABELS.keys()
    for name in names or () if offered else ():
        if family_called(name) not in known:
            matches = close_matches(name, sorted(known | ALIASES.keys()))
            message = f"There is no family {name!r}."
            raise ValidationFailed(
                f"{message} Did you mean {matches[0]!r}?" if matches else message,
                details={"parameter": "families", "close_matches": matches},
            )
