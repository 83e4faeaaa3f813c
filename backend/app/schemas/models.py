"""The model catalogue."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from app.schemas.page import PageQuery
from app.schemas.types import PlainText, Usd

Sort: TypeAlias = Literal[
    "id",
    "name",
    "newest",
    "top_weekly",
    "pricing_low_to_high",
    "pricing_high_to_low",
    "context_high_to_low",
    "context_low_to_high",
    "throughput_high_to_low",
    "latency_low_to_high",
]
RankedSort: TypeAlias = Literal["top_weekly", "throughput_high_to_low", "latency_low_to_high"]
"""Orders by figures that only the provider has."""


@dataclass(slots=True, kw_only=True)
class Pricing:
    """US dollars per 1,000,000 tokens; ``request``, ``image`` and ``web_search`` per unit.

    Null: not known or variable.
    """

    prompt: Usd | None
    completion: Usd | None
    request: Usd | None
    image: Usd | None
    cache_read: Usd | None
    cache_write: Usd | None
    reasoning: Usd | None
    cache_write_1h: Usd | None
    image_token: Usd | None
    image_output: Usd | None
    audio: Usd | None
    audio_output: Usd | None
    audio_cache: Usd | None
    web_search: Usd | None


@dataclass(slots=True, kw_only=True)
class PriceTier:
    """Prices in place of the usual ones while all its conditions hold; null there: as usual. Later tiers win.

    ``min_prompt_tokens`` is exceeded, the time of day is within ``utc_start`` to ``utc_end`` (``HHMM``).
    """

    pricing: Pricing
    min_prompt_tokens: int | None
    utc_start: str | None
    utc_end: str | None


@dataclass(slots=True, kw_only=True)
class PriceVersion:
    """What a model cost from ``since`` on, until the next version."""

    version: int
    since: str
    pricing: Pricing
    price_tiers: list[PriceTier]


@dataclass(slots=True, kw_only=True)
class Modalities:
    """What goes in and comes out; empty where the provider does not say."""

    input: list[str]
    output: list[str]


@dataclass(slots=True, kw_only=True)
class ReasoningSupport:
    """How a model's reasoning can be steered, as its provider says; null where it does not. No efforts: any."""

    mandatory: bool
    default_enabled: bool | None
    default_effort: str | None
    supported_efforts: list[str] | None
    supports_max_tokens: bool | None


@dataclass(slots=True, kw_only=True)
class Model:
    """One model; ``pricing_prompt`` and ``pricing_completion`` are US dollars per single token.

    ``usable_context`` is the smaller of the model's context and that of the endpoint tried first.
    """

    id: str
    openrouter_id: str
    canonical_slug: str | None
    name: str
    description: str
    context_length: int | None
    usable_context: int | None
    max_output_tokens: int | None
    pricing: Pricing
    pricing_prompt: Usd | None
    pricing_completion: Usd | None
    price_tiers: list[PriceTier]
    price_version: int | None
    modalities: Modalities
    is_reasoning: bool
    is_toggleable: bool
    """Its reasoning can be switched on and off."""
    reasoning: ReasoningSupport | None
    supported_parameters: list[str]
    default_parameters: dict[str, Any]
    per_request_limits: dict[str, Any] | None
    is_moderated: bool | None
    tokenizer: str | None
    family: str
    provider: str
    knowledge_cutoff: str | None
    expiration_date: str | None
    created_at: str
    removed_at: str | None


@dataclass(slots=True, kw_only=True)
class ModelFamily:
    """An author's models on offer."""

    id: str
    label: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFilter:
    """What a list of models is narrowed to; an empty one leaves every model on offer. Prices in picodollars a token."""

    words: tuple[str, ...] = ()
    families: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()
    tokenizers: tuple[str, ...] = ()
    input_modalities: tuple[str, ...] = ()
    output_modalities: tuple[str, ...] = ()
    supported_parameters: tuple[str, ...] = ()
    min_context: int | None = None
    max_context: int | None = None
    min_average_picousd: int | None = None
    max_average_picousd: int | None = None
    min_prompt_picousd: int | None = None
    max_prompt_picousd: int | None = None
    min_completion_picousd: int | None = None
    max_completion_picousd: int | None = None
    free: bool | None = None
    reasoning: bool | None = None
    toggleable_reasoning: bool | None = None
    tools: bool | None = None


def _split(value: object) -> object:
    """``a,b`` and repeated fields alike."""
    if isinstance(value, str):
        value = [value]
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return [part.strip() for item in value for part in item.split(",") if part.strip()]
    return value


def _ascii(value: object) -> object:
    """Digits of other scripts are numbers to Python, but not to anybody who wrote a price."""
    if isinstance(value, str) and not value.isascii():
        raise ValueError("must be a number")
    return value


Tokens: TypeAlias = Annotated[
    list[Annotated[str, StringConstraints(max_length=100, pattern=r"^[\w.~:/-]+$")]],
    BeforeValidator(_split),
    Field(max_length=50),
]
Figure: TypeAlias = Annotated[Decimal, BeforeValidator(_ascii), Field(ge=0, le=1_000_000)]
PricePerMillion: TypeAlias = Figure
ContextTokens: TypeAlias = Annotated[int, Field(ge=0, le=2**53)]

_PRICE_UNIT = "US dollars per 1,000,000 tokens, the mean of the prompt and the completion price"

# The filters of both spellings of the list.
SearchWords: TypeAlias = Annotated[
    PlainText | None, Field(max_length=200, description="Words of id, name or description.")
]
Families: TypeAlias = Annotated[
    Tokens | None, Field(description="Any of these authors, or of what they are called: `claude`.")
]
InputModalities: TypeAlias = Annotated[Tokens | None, Field(description="All of these: `text`, `image`, `file` ...")]
AllOfThese: TypeAlias = Annotated[Tokens | None, Field(description="All of these.")]
LeastContext: TypeAlias = Annotated[ContextTokens | None, Field(description="Tokens of context, at least.")]
MostContext: TypeAlias = Annotated[ContextTokens | None, Field(description="Tokens of context, at most.")]
LeastPrice: TypeAlias = Annotated[PricePerMillion | None, Field(description=f"At least this: {_PRICE_UNIT}.")]
MostPrice: TypeAlias = Annotated[PricePerMillion | None, Field(description=f"At most this: {_PRICE_UNIT}.")]


def refuse_empty_range(query: Any, *names: tuple[str, str]) -> None:
    """Raise ValueError for a bound from above that is below the one from below: nothing can lie between them."""
    for least, most in names:
        low, high = getattr(query, least), getattr(query, most)
        if low is not None and high is not None and high < low:
            raise ValueError(f"{most} is below {least}")


def least_picousd(per_million: Decimal | None) -> int | None:
    """The smallest price of a token that is not below a price per million."""
    return None if per_million is None else int((per_million * 10**6).to_integral_value(ROUND_CEILING))


def most_picousd(per_million: Decimal | None) -> int | None:
    """The largest price of a token that is not above a price per million."""
    return None if per_million is None else int((per_million * 10**6).to_integral_value(ROUND_FLOOR))


class ModelQuery(PageQuery):
    """Filters of the list, all of which a model has to meet; lists of words are comma separated or repeated."""

    text: SearchWords = None
    families: Families = None
    provider: Annotated[Tokens | None, Field(description="Any of these configured providers.")] = None
    input_modalities: InputModalities = None
    output_modalities: AllOfThese = None
    supported_parameters: AllOfThese = None
    min_context: LeastContext = None
    max_context: MostContext = None
    min_price: LeastPrice = None
    max_price: MostPrice = None
    free: Annotated[bool | None, Field(description="Whether prompt and completion cost nothing.")] = None
    reasoning: Annotated[bool | None, Field(description="Whether the model reasons.")] = None
    toggleable_reasoning: Annotated[
        bool | None, Field(description="Whether its reasoning can be switched on and off.")
    ] = None
    tools: Annotated[bool | None, Field(description="Whether it takes tools.")] = None
    sort: Annotated[
        Sort, Field(description="What is not known comes last; popularity, throughput and latency are the provider's.")
    ] = "id"

    @model_validator(mode="after")
    def _possible(self) -> Self:
        refuse_empty_range(self, ("min_context", "max_context"), ("min_price", "max_price"))
        return self

    @property
    def price_bounds(self) -> tuple[int | None, int | None]:
        """The price filters in picodollars per token."""
        return least_picousd(self.min_price), most_picousd(self.max_price)


@dataclass(slots=True, kw_only=True)
class SyncStep:
    """How far a sync is; ``models`` counts what the providers listed so far."""

    phase: Literal["fetching", "storing", "done"]
    models: int | None = None


@dataclass(slots=True, kw_only=True)
class Synced:
    """How many models the providers listed."""

    synced: int
