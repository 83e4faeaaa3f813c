"""The ledger as clients read it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import BaseModel, Field, model_validator

from app.schemas.page import PageQuery
from app.schemas.types import CostState, Flag, JsonInput, ObjectId, Purpose, Slug, Usd

DecisionKind: TypeAlias = Literal["cost", "write_off"]
Day = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]


@dataclass(slots=True, kw_only=True)
class UsageRow:
    """One paid call. ``cost_usd`` is null until it is known; ``state`` says which."""

    id: str
    session_id: str | None
    profile_id: int | None
    model_id: str | None
    generation_id: str | None
    purpose: Purpose
    state: CostState
    prompt_tokens: int | None
    completion_tokens: int | None
    total_tokens: int | None
    cached_tokens: int | None
    cache_write_tokens: int | None
    reasoning_tokens: int | None
    cost_usd: Usd | None
    reserved_usd: Usd | None
    price_version: int | None
    """Of the model's prices that the reservation was made at."""
    model: str
    provider: str | None
    token_id: str | None
    """The named token that asked; null for the owner."""
    upstream_id: str | None
    latency_ms: int | None
    first_token_ms: int | None
    tokens_per_second: float | None
    finish_reason: str | None
    decision: DecisionKind | None
    """How the owner settled what the provider did not tell; null where nobody had to."""
    created_at: str


@dataclass(slots=True, kw_only=True)
class UsageTotals:
    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    cost_usd: Usd
    reserved_usd: Usd
    unknown_calls: int = 0


@dataclass(slots=True, kw_only=True)
class ModelUsage(UsageTotals):
    model: str


@dataclass(slots=True, kw_only=True)
class DayUsage(UsageTotals):
    day: str


@dataclass(slots=True, kw_only=True)
class UsageSummary:
    """Sums over whole UTC days, both ends included."""

    from_day: Annotated[str, Field(serialization_alias="from")]
    to_day: Annotated[str, Field(serialization_alias="to")]
    tz: str
    totals: UsageTotals
    by_model: list[ModelUsage]
    by_day: list[DayUsage]

    def body(self) -> dict[str, Any]:
        """The wire form, whose first two names are reserved words here."""
        return {
            "from": self.from_day,
            "to": self.to_day,
            "tz": self.tz,
            "totals": self.totals,
            "by_model": self.by_model,
            "by_day": self.by_day,
        }


@dataclass(slots=True, kw_only=True)
class SessionUsage:
    session_id: str
    totals: UsageTotals
    by_model: list[ModelUsage]
    items: list[UsageRow]


class SummaryQuery(BaseModel, extra="forbid"):
    """Whole UTC days, both ends included."""

    from_day: Annotated[Day | None, Field(alias="from")] = None
    to_day: Annotated[Day | None, Field(alias="to")] = None


class UsageQuery(PageQuery):
    session_id: ObjectId | None = None
    model: Slug | None = None


class Decision(JsonInput):
    """The owner's word on a call whose cost nobody knows: what it cost, or that it is written off at 0."""

    cost_usd: Annotated[
        Decimal | None,
        Field(strict=False, ge=0, le=1000, decimal_places=12, description="US dollars that the call has cost."),
    ] = None
    write_off: Annotated[Flag | None, Field(description="True books the call at 0.")] = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.cost_usd is None) == (not self.write_off):
            raise ValueError("say either cost_usd or write_off: true")
        return self
