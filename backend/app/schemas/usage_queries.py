"""What may be asked of the ledger."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import BaseModel, BeforeValidator, Field, model_validator

from app.core.days import Unit
from app.schemas.page import PageQuery
from app.schemas.types import CostState, Name, ObjectId, Purpose, Slug, TimeZone

Day = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]
By: TypeAlias = Literal["model", "profile", "provider", "purpose"]
Source: TypeAlias = Literal["call", "manual"]
FileFormat: TypeAlias = Literal["csv", "jsonl"]
_FIRST_CONSOLE = {"start_date": "from", "end_date": "to", "granularity": "unit"}


def _plain_digits(text: Any) -> Any:
    """Refuse the digits of other scripts, which Decimal takes."""
    if isinstance(text, str) and not text.isascii():
        raise ValueError("must be a number")
    return text


AmountUsd = Annotated[
    Decimal,
    BeforeValidator(_plain_digits),
    Field(ge=0, le=1_000_000, max_digits=30, decimal_places=24, allow_inf_nan=False),
]


class SpanQuery(BaseModel, extra="forbid"):
    """Whole days of the owner's, both ends included. ``start_date`` and ``end_date`` are accepted for both ends too."""

    from_day: Annotated[Day | None, Field(alias="from")] = None
    to_day: Annotated[Day | None, Field(alias="to")] = None
    tz: Annotated[TimeZone | None, Field(description="The owner's zone; another one is refused.")] = None

    @model_validator(mode="before")
    @classmethod
    def _names_of_the_first_console(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        # With both spellings the old one is left in place, where it is an unknown field.
        return {_renamed(name, data): value for name, value in data.items()}


class TimelineQuery(SpanQuery):
    """``granularity`` is accepted for ``unit`` too."""

    unit: Unit = "day"
    by: By | None = None


class RowsQuery(BaseModel, extra="forbid"):
    """Which rows of the ledger."""

    session_id: ObjectId | None = None
    model: Slug | None = None
    profile_id: Annotated[int | None, Field(ge=1, lt=2**53)] = None
    provider: Annotated[Name | None, Field(description="Who has served the call.")] = None
    purpose: Purpose | None = None
    state: CostState | None = None
    source: Source | None = None
    from_day: Annotated[Day | None, Field(alias="from", description="First of the owner's days.")] = None
    to_day: Annotated[Day | None, Field(alias="to", description="Last of the owner's days.")] = None
    min_cost: AmountUsd | None = None
    max_cost: AmountUsd | None = None

    def picousd(self) -> tuple[int | None, int | None]:
        """The least and the most cost in whole picodollars; no cost lies between two of them."""
        least = None if self.min_cost is None else int((self.min_cost * 10**12).to_integral_value(ROUND_CEILING))
        most = None if self.max_cost is None else int((self.max_cost * 10**12).to_integral_value(ROUND_FLOOR))
        return least, most


class UsageQuery(PageQuery, RowsQuery):
    """One page of them; as a file, all of them."""

    format: Literal["json"] | FileFormat = "json"

    @model_validator(mode="after")
    def _files_have_no_pages(self) -> Self:
        if self.format != "json" and (paged := sorted(PageQuery.model_fields.keys() & self.model_fields_set)):
            raise ValueError(f"a file holds all rows: {', '.join(paged)} goes with format=json")
        return self


class ExportQuery(RowsQuery):
    """All of them, as a file."""

    format: FileFormat = "csv"


def _renamed(name: str, given: dict[str, Any]) -> str:
    ours = _FIRST_CONSOLE.get(name)
    return name if ours is None or ours in given else ours
