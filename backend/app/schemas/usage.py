"""The ledger as clients read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import AwareDatetime, Field, model_validator

from app.core.days import Unit
from app.schemas.sessions import SessionTotals
from app.schemas.types import CostState, Flag, JsonInput, Name, ObjectId, PlainDecimal, Purpose, SessionType, Slug, Usd
from app.schemas.usage_queries import By, Source

DecisionKind: TypeAlias = Literal["cost", "write_off"]


@dataclass(slots=True, kw_only=True)
class UsageRow:
    """One paid call, with all that its event told. ``cost_usd`` is null until it is known; ``state`` says which."""

    id: str
    session_id: str | None
    profile_id: int | None
    model_id: str | None
    generation_id: str | None
    purpose: Purpose
    state: CostState
    cost_state: CostState
    """The same, under the name that events give it."""
    source: Source
    """``manual`` rows were entered by the owner: no call, and in no sum of calls."""
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
    is_failed: bool
    """Ended neither with its answer nor by the owner's wish."""
    created_at: str


@dataclass(slots=True, kw_only=True)
class UsageTotals:
    """Sums of calls. ``error_rate`` is the share of failed ones among those that have ended; means are null of none.

    What the owner entered by hand is in ``manual_cost_usd`` and nowhere else.
    """

    calls: int
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    cached_tokens: int
    reasoning_tokens: int
    cost_usd: Usd
    reserved_usd: Usd
    unknown_calls: int
    failed_calls: int
    error_rate: float | None
    first_token_ms: int | None
    tokens_per_second: float | None
    manual_cost_usd: Usd


@dataclass(slots=True, kw_only=True)
class ModelUsage(UsageTotals):
    model: str


@dataclass(slots=True, kw_only=True)
class ProfileUsage(UsageTotals):
    profile_id: int | None
    name: str | None
    """Null for calls without a profile, and for a profile that is gone."""


@dataclass(slots=True, kw_only=True)
class ProviderUsage(UsageTotals):
    provider: str
    """Who has served the calls."""


@dataclass(slots=True, kw_only=True)
class PurposeUsage(UsageTotals):
    purpose: Purpose


@dataclass(slots=True, kw_only=True)
class DayUsage(UsageTotals):
    day: str


FromDay = Annotated[str, Field(serialization_alias="from")]
ToDay = Annotated[str, Field(serialization_alias="to")]


@dataclass(slots=True, kw_only=True)
class UsageSpan:
    """Whole days of the owner's, both ends included."""

    from_day: FromDay
    to_day: ToDay
    tz: str

    def body(self) -> dict[str, Any]:
        """The wire form, whose first two names are reserved words here."""
        named = {"from_day": "from", "to_day": "to"}
        return {named.get(name, name): getattr(self, name) for name in self.__dataclass_fields__}


@dataclass(slots=True, kw_only=True)
class UsageSummary(UsageSpan):
    """Sums over whole days; breakdowns have the dearest first."""

    totals: UsageTotals
    by_model: list[ModelUsage]
    by_profile: list[ProfileUsage]
    by_provider: list[ProviderUsage]
    by_purpose: list[PurposeUsage]
    by_day: list[DayUsage]


@dataclass(slots=True, kw_only=True)
class ModelsUsage(UsageSpan):
    """The dearest first."""

    items: list[ModelUsage]


@dataclass(slots=True, kw_only=True)
class UsageStats(UsageSpan):
    """Sums and what they come to for one call."""

    totals: UsageTotals
    active_days: int
    models: int
    average_cost_usd: Usd | None
    """Per call that has ended, to the picodollar."""
    average_tokens: int | None


@dataclass(slots=True, kw_only=True)
class PeriodPart(UsageTotals):
    key: str | int | None
    """The model, the profile's id (null for none), the provider or the purpose."""


@dataclass(slots=True, kw_only=True)
class PeriodUsage(UsageTotals):
    start: str
    """Its first day, or the first that was asked for."""
    parts: list[PeriodPart] | None
    """The dearest first; null unless ``by`` was given."""


@dataclass(slots=True, kw_only=True)
class UsageTimeline(UsageSpan):
    """Every day, week or month of a span in order, those without a call too."""

    unit: Unit
    by: By | None
    items: list[PeriodUsage]


@dataclass(slots=True, kw_only=True)
class SessionUsage:
    """What a session has cost.

    ``branch`` sums the calls that wrote the messages of its active path: other versions and titles are not in it. Null
    for a session that is gone.
    """

    session_id: str
    totals: UsageTotals
    branch: UsageTotals | None
    by_model: list[ModelUsage]
    items: list[UsageRow]


@dataclass(slots=True, kw_only=True)
class SessionCost:
    """What a session has cost so far."""

    session_id: str
    session_type: SessionType
    title: str
    model: Slug | None
    created_at: str
    updated_at: str
    totals: SessionTotals


class ManualUsage(JsonInput):
    """What was spent elsewhere. Without ``cost_usd`` it is estimated at the catalogue's prices."""

    model: Annotated[Slug, Field(description="`model_id` is accepted too.")]
    prompt_tokens: Annotated[int, Field(ge=0, le=10**9)]
    completion_tokens: Annotated[int, Field(ge=0, le=10**9)]
    cached_tokens: Annotated[int | None, Field(ge=0, le=10**9, description="Part of the prompt.")] = None
    reasoning_tokens: Annotated[int | None, Field(ge=0, le=10**9, description="Part of the completion.")] = None
    cost_usd: Annotated[
        PlainDecimal | None,
        Field(ge=0, le=1000, decimal_places=12, description="US dollars that it has cost."),
    ] = None
    provider: Name | None = None
    session_id: ObjectId | None = None
    profile_id: Annotated[int | None, Field(ge=1, lt=2**53)] = None
    created_at: Annotated[AwareDatetime | None, Field(strict=False, description="When; now unless said otherwise.")] = (
        None
    )

    @model_validator(mode="before")
    @classmethod
    def _model_id(cls, data: Any) -> Any:
        if isinstance(data, dict) and "model_id" in data and "model" not in data:
            return {"model" if name == "model_id" else name: value for name, value in data.items()}
        return data


class Decision(JsonInput):
    """The owner's word on a call whose cost nobody knows: what it cost, or that it is written off at 0."""

    cost_usd: Annotated[
        PlainDecimal | None,
        Field(ge=0, le=1000, decimal_places=12, description="US dollars that the call has cost."),
    ] = None
    write_off: Annotated[Flag | None, Field(description="True books the call at 0.")] = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.cost_usd is None) == (not self.write_off):
            raise ValueError("say either cost_usd or write_off: true")
        return self
