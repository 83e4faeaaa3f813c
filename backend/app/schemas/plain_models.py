"""The catalogue as the typed dialect spells it: `/models`, with models as their provider lists them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import BaseModel, Field, model_validator

from app.schemas.models import (
    AllOfThese,
    Families,
    InputModalities,
    LeastContext,
    LeastPrice,
    ModelFamily,
    MostContext,
    MostPrice,
    SearchWords,
    refuse_empty_range,
)
from app.schemas.types import Usd

PlainSort: TypeAlias = Literal[
    "newest",
    "top_weekly",
    "pricing_low_to_high",
    "pricing_high_to_low",
    "context_high_to_low",
    "context_low_to_high",
    "throughput_high_to_low",
    "latency_low_to_high",
]
Entry: TypeAlias = dict[str, Any]
"""A provider's own words, in OpenRouter's shape (API reference, section 7)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterGroups:
    """What `/chat` takes, by what it is for. Which of it a model takes is its own ``supported_parameters``."""

    routing: list[str]
    behavior: list[str]
    output: list[str]
    function_calling: list[str]
    reasoning: list[str]
    note: str


class PlainQuery(BaseModel, extra="forbid"):
    """Filters, all of which a model has to meet; lists are comma separated or repeated."""

    search_term: SearchWords = None
    families: Families = None
    input_modalities: InputModalities = None
    output_modalities: AllOfThese = None
    min_context_length: LeastContext = None
    max_context_length: MostContext = None
    min_price: LeastPrice = None
    max_price: MostPrice = None
    free_only: Annotated[bool, Field(description="Only models whose prompt and completion cost nothing.")] = False
    supported_parameters: AllOfThese = None
    toggleable_reasoning: Annotated[bool, Field(description="Only models whose reasoning can be switched.")] = False
    toggable_reasoning: Annotated[bool | None, Field(description="Another spelling of the same.")] = None
    sort: Annotated[PlainSort, Field(description="What is not known comes last.")] = "newest"
    limit: Annotated[int | None, Field(ge=1, le=200, description="50 in a search; the whole list has no bound.")] = None
    offset: Annotated[int, Field(ge=0, le=1_000_000)] = 0

    @model_validator(mode="after")
    def _possible(self) -> Self:
        refuse_empty_range(self, ("min_context_length", "max_context_length"), ("min_price", "max_price"))
        return self


@dataclass(slots=True, kw_only=True)
class PlainModels:
    """Models on offer, what they were narrowed to, and the parameters that `/chat` takes, by what they are for."""

    models: list[Entry]
    supported_parameters: ParameterGroups
    total_count: int
    filters_applied: FiltersApplied
    sort_applied: PlainSort


@dataclass(slots=True, kw_only=True)
class PlainFamilies:
    families: list[ModelFamily]


@dataclass(slots=True, kw_only=True)
class FiltersApplied:
    """The filters as they were understood."""

    search_term: str | None
    families: list[str] | None
    input_modalities: list[str] | None
    output_modalities: list[str] | None
    min_context_length: int | None
    max_context_length: int | None
    min_price: Usd | None
    max_price: Usd | None
    free_only: bool
    supported_parameters: list[str] | None
    toggleable_reasoning: bool
    toggable_reasoning: bool | None
    limit: int | None
    offset: int


@dataclass(slots=True, kw_only=True)
class PlainFound:
    """One page of what matches, and how many there are."""

    models: list[Entry]
    total_count: int
    filters_applied: FiltersApplied
    sort_applied: PlainSort


@dataclass(slots=True, kw_only=True)
class PlainDetail:
    """A model with its analysis. ``endpoints`` is null where the provider cannot say who serves it.

    ``provider_name`` is the configured provider; without endpoints the union is the model's own list.
    """

    id: str
    name: str
    description: str
    context_length: int | None
    pricing: Entry
    architecture: Entry
    supported_parameters: list[str]
    created: int | None
    provider_name: str
    endpoints: list[Entry] | None
    provider_parameter_union: list[str]
    provider_parameter_intersection: list[str] | None
    provider_parameter_details: dict[str, list[str]]
