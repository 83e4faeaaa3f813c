"""What the main provider's account says: its credits, and how its book differs from ours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, Field

from app.schemas.types import Usd
from app.schemas.usage import UsageRow
from app.schemas.usage_queries import Day

DriftVerdict: TypeAlias = Literal["same", "differs", "ours_only", "theirs_only", "shared"]
NotCompared: TypeAlias = Literal["not_told_yet", "too_old", "management_key_needed", "no_account"]


@dataclass(slots=True, kw_only=True)
class CreditsReport:
    """Of the whole account, in US dollars; ``at`` is when the provider said so, a minute ago at most."""

    total_credits_usd: Usd
    total_usage_usd: Usd
    remaining_usd: Usd
    at: str


@dataclass(slots=True, kw_only=True)
class DriftDay:
    """One model on one UTC day, in both books.

    ``same``: equal but for the provider's rounding. ``theirs_only``: no call of ours, so another program's. ``shared``:
    the provider counts more calls and a higher cost than ours, so that other programs asked that model, too.
    ``differs`` and ``ours_only`` are what has to be looked into. ``theirs_usd`` is null where the provider has no such
    line. ``our_calls`` are those that the provider gave an id; of ``unknown_calls`` the cost is not in ``ours_usd``.
    """

    day: str
    model: str
    verdict: DriftVerdict
    ours_usd: Usd
    theirs_usd: Usd | None
    difference_usd: Usd
    """Theirs less ours; negative where the provider has less."""
    our_calls: int
    their_calls: int
    unknown_calls: int
    rows: list[UsageRow]
    """Our calls of that line, unless it is ``same``: first those whose cost is not the provider's first word."""


@dataclass(slots=True, kw_only=True)
class DriftGap:
    """Days that could not be compared, and why."""

    reason: NotCompared
    message: str
    from_day: Annotated[str, Field(serialization_alias="from")]
    to_day: Annotated[str, Field(serialization_alias="to")]


@dataclass(slots=True, kw_only=True)
class Drift:
    """Our book against the provider's, by UTC day, which is the provider's, and model; the newest day first."""

    from_day: Annotated[str, Field(serialization_alias="from")]
    to_day: Annotated[str, Field(serialization_alias="to")]
    rounding_usd: Usd
    """Up to which two figures count as equal: half of the last digit that the provider wrote."""
    days: list[DriftDay]
    not_compared: list[DriftGap]

    def body(self) -> dict[str, Any]:
        """The wire form, two of whose names are reserved words here."""
        gaps = [
            {"reason": gap.reason, "message": gap.message, "from": gap.from_day, "to": gap.to_day}
            for gap in self.not_compared
        ]
        return {
            "from": self.from_day,
            "to": self.to_day,
            "rounding_usd": self.rounding_usd,
            "days": self.days,
            "not_compared": gaps,
        }


class DriftQuery(BaseModel, extra="forbid"):
    """Whole UTC days, both ends included; by default all that the provider tells, its last 30."""

    from_day: Annotated[Day | None, Field(alias="from")] = None
    to_day: Annotated[Day | None, Field(alias="to")] = None
