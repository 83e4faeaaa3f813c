"""The model objects of `/v1/models`, and what their list is narrowed by."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self, TypeAlias
from urllib.parse import urlencode

from pydantic import BaseModel, Field, StringConstraints, model_validator

from app.schemas.models import (
    AllOfThese,
    ContextTokens,
    Figure,
    InputModalities,
    PricePerMillion,
    SearchWords,
    Tokens,
    refuse_empty_range,
)

ListedSort: TypeAlias = Literal[
    "newest",
    "top-weekly",
    "most-popular",
    "pricing-low-to-high",
    "pricing-high-to-low",
    "context-high-to-low",
    "throughput-high-to-low",
    "latency-low-to-high",
    "intelligence-high-to-low",
    "coding-high-to-low",
    "agentic-high-to-low",
    "design-arena-elo-high-to-low",
]
Word = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[\w/.~:-]+$")]
Days = Annotated[int, Field(ge=0, le=100_000)]

_RANGES = tuple(
    (f"min_{name}", f"max_{name}")
    for name in (
        *("price", "output_price", "age_days", "intelligence_index", "coding_index", "agentic_index"),
        "tool_success_rate",
    )
)


class ModelsQuery(BaseModel, extra="ignore"):
    """OpenRouter's filters (API reference, section 7.1). Names that it does not know are ignored, as there.

    Lists are comma separated or repeated; prices are US dollars per 1,000,000 tokens.
    """

    q: SearchWords = None
    context: Annotated[ContextTokens | None, Field(description="Tokens of context, at least.")] = None
    supported_parameters: AllOfThese = None
    input_modalities: InputModalities = None
    output_modalities: Annotated[Tokens | None, Field(description="`text`, `embeddings` ...; or `all`.")] = None
    model_authors: Annotated[Tokens | None, Field(description="Any of these.")] = None
    arch: Annotated[Tokens | None, Field(description="Any of these tokenizers: `GPT`, `Claude` ...")] = None
    min_price: Annotated[PricePerMillion | None, Field(description="Of the prompt, at least.")] = None
    max_price: Annotated[PricePerMillion | None, Field(description="Of the prompt, at most.")] = None
    min_output_price: Annotated[PricePerMillion | None, Field(description="Of the answer, at least.")] = None
    max_output_price: Annotated[PricePerMillion | None, Field(description="Of the answer, at most.")] = None

    category: Annotated[Word | None, Field(description="`programming`, `marketing/seo` ...")] = None
    providers: Annotated[Tokens | None, Field(description="Served by any of these companies.")] = None
    distillable: bool | None = None
    zdr: Annotated[bool | None, Field(description="Served by somebody who keeps nothing.")] = None
    region: Word | None = None
    min_age_days: Days | None = None
    max_age_days: Days | None = None
    min_intelligence_index: Figure | None = None
    max_intelligence_index: Figure | None = None
    min_coding_index: Figure | None = None
    max_coding_index: Figure | None = None
    min_agentic_index: Figure | None = None
    max_agentic_index: Figure | None = None
    min_tool_success_rate: Figure | None = None
    max_tool_success_rate: Figure | None = None

    @model_validator(mode="before")
    @classmethod
    def _given(cls, data: Any) -> Any:
        """An empty field is none, as clients write those that they leave out."""
        return {name: value for name, value in data.items() if value != ""} if isinstance(data, dict) else data

    @model_validator(mode="after")
    def _possible(self) -> Self:
        refuse_empty_range(self, *_RANGES)
        return self

    @property
    def is_for_provider(self) -> bool:
        """Whether only the provider can tell: our catalogue has neither its figures nor what answers without text."""
        return self.output_modalities not in (None, ["text"]) or any(
            getattr(self, name) is not None for name in _PROVIDERS_OWN
        )

    def under(self, path: str, **changed: int | None) -> str:
        """The address of ``path`` with the fields that were given, some of them changed; None leaves one out."""
        given = self.model_dump(exclude_none=True) | changed
        query = urlencode({name: _written(value) for name, value in given.items() if value is not None})
        return f"{path}?{query}" if query else path


_PROVIDERS_OWN = tuple(
    name
    for name in ModelsQuery.model_fields
    if name.endswith(("_index", "_rate", "_days")) or name in ("category", "providers", "distillable", "zdr", "region")
)


class ListedModelsQuery(ModelsQuery):
    """The same for a list, in an order, and for a page of it. Without ``limit`` and ``offset`` it is whole."""

    sort: Annotated[ListedSort | None, Field(description="By id if none is named.")] = None
    offset: Annotated[int | None, Field(ge=0, le=1_000_000)] = None
    limit: Annotated[int | None, Field(ge=1, le=1000, description="500 if only `offset` is given.")] = None


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return ",".join(value) if isinstance(value, list) else str(value)


class OpenAIModel(BaseModel, extra="allow"):
    """A model; beside these fields stand those of OpenRouter's catalogue, prices in USD per token as text."""

    id: str
    object: Literal["model"]
    created: int = Field(description="Unix seconds, 0 if not known.")
    owned_by: str


class OpenAIModelPages(BaseModel):
    """Where the list goes on."""

    next: str | None


class OpenAIModelList(BaseModel):
    object: Literal["list"]
    data: list[OpenAIModel]
    total_count: int
    links: OpenAIModelPages


class OneModel(BaseModel):
    """A model as the provider lists it."""

    data: dict[str, Any]
