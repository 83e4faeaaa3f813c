"""`POST /chat`: the request of the typed dialect, its controls grouped or flat, and its JSON reply."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from app.schemas.events import UsageFigures
from app.schemas.json_values import JsonObject
from app.schemas.parameters import Key, MaxTokens, Parameters, SamplingGroup
from app.schemas.routing import MaxPrice, MaxUsd, ProviderSlugs, Sort, SortKey
from app.schemas.types import Content, JsonInput, ObjectId, PlainText, RequestId, Slug, Usd

_SAME = (
    ("providers", "order"),
    ("sort", "sort"),
    ("max_price", "max_price"),
    ("require_parameters", "require_parameters"),
)

ToolCallId = Annotated[PlainText, Field(min_length=1, max_length=256)]
Arguments = Annotated[PlainText, Field(max_length=1_000_000)]
Text = Annotated[PlainText, Field(max_length=1_000_000)]


class HistoryToolCall(JsonInput):
    """A call as the `tool_call` event gave it; OpenAI's `{id, type, function}` is accepted too."""

    id: ToolCallId
    name: Key
    arguments: Arguments = "{}"
    index: Annotated[int | None, Field(ge=0, le=1000, description="Not used; the order of the list counts.")] = None

    @model_validator(mode="before")
    @classmethod
    def _flat(cls, data: Any) -> Any:
        if isinstance(data, dict) and isinstance(data.get("function"), dict) and data.get("type") == "function":
            return {name: value for name, value in data.items() if name not in ("type", "function")} | data["function"]
        return data


class HistoryMessage(JsonInput):
    """An earlier entry of the conversation. `model` is another word for `assistant`."""

    role: Literal["user", "model", "assistant", "system", "tool"]
    content: Annotated[
        Text | Annotated[list[JsonObject], Field(min_length=1, max_length=256)] | None,
        Field(description="Text, or parts as OpenRouter takes them."),
    ] = None
    name: Key | None = None
    tool_calls: Annotated[list[HistoryToolCall] | None, Field(max_length=128)] = None
    tool_call_id: ToolCallId | None = None
    reasoning: Text | None = None
    reasoning_details: Annotated[list[JsonObject] | None, Field(max_length=10_000)] = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        answers = self.role in ("model", "assistant")
        if (self.role == "tool") != (self.tool_call_id is not None):
            raise ValueError("tool_call_id belongs to the role tool, and only there")
        if not answers and (self.tool_calls or self.reasoning or self.reasoning_details):
            raise ValueError("tool_calls and reasoning belong to the role assistant")
        if self.content is None and not self.tool_calls:
            raise ValueError("content is needed, unless there are tool_calls")
        return self


class ChatQuery(BaseModel, extra="forbid"):
    stream: Annotated[bool | None, Field(description="`false`: one JSON body in place of the frames.")] = None


class RoutingFields(JsonInput):
    """Who may serve the call, and for how much."""

    sort: SortKey | Sort | None = None
    providers: Annotated[ProviderSlugs | None, Field(description="Tried first, in this order.")] = None
    fallbacks: Annotated[list[Slug] | None, Field(max_length=3, description="Models to try after the first.")] = None
    max_price: Annotated[
        MaxUsd | MaxPrice | None,
        Field(description="US dollars per million tokens; a number bounds prompt and completion alike."),
    ] = None
    require_parameters: Annotated[bool | None, Field(description="Only who takes every parameter of the call.")] = None


class TypedChat(RoutingFields, Parameters):
    """A message, what was said before it, and any parameter: in `sampling{}` and `routing{}`, or flat.

    With `session_id` the turn is stored in that session, which then is the history; without a message it answers what
    waits there, such as a tool's result.
    """

    model_config = ConfigDict(extra="forbid", protected_namespaces=())

    model: Annotated[Slug | None, Field(description="The session's or the settings' model if none is named.")] = None
    message: Annotated[Content | None, Field(description="Needed unless `history` ends with a tool's result.")] = None
    history: Annotated[list[HistoryMessage], Field(max_length=10_000)] = Field(default_factory=list)
    sampling: SamplingGroup | None = None
    routing: RoutingFields | None = None
    reasoning_max_tokens: Annotated[MaxTokens | None, Field(description="A budget in place of an effort.")] = None
    hide_reasoning: Annotated[bool | None, Field(description="Think, but do not send the thoughts.")] = None
    disable_reasoning: Annotated[bool | None, Field(description="Do not think; wins over every other wish.")] = None
    stream: Annotated[bool | None, Field(description="As the query field, which wins.")] = None
    session_id: ObjectId | None = None
    request_id: RequestId | None = None

    @field_validator("history", mode="before")
    @classmethod
    def _no_history(cls, value: Any) -> Any:
        return [] if value is None else value

    @model_validator(mode="after")
    def _answerable(self) -> Self:
        if self.session_id is not None:
            if self.history:
                raise ValueError("a stored session is its own history; leave history out")
        elif self.message is None and not (self.history and self.history[-1].role == "tool"):
            raise ValueError("message is needed, unless history ends with a tool's result")
        return self

    @model_validator(mode="after")
    def _said_once(self) -> Self:
        """What is given grouped and flat, or in OpenRouter's own words beside, must agree."""
        for group, model in ((self.sampling, SamplingGroup), (self.routing, RoutingFields)):
            for name in model.model_fields if group else ():
                flat, nested = getattr(self, name), getattr(group, name)
                if flat is not None and nested is not None and flat != nested:
                    raise ValueError(f"{name} is given twice and differs")
        wishes = self.wishes()
        for ours, theirs in _SAME:
            if getattr(wishes, ours) is not None and self.provider and getattr(self.provider, theirs) is not None:
                raise ValueError(f"{ours} and provider.{theirs} are one thing; give one of them")
        if wishes.fallbacks is not None and self.models is not None:
            raise ValueError("fallbacks and models are one thing; give one of them")
        return self

    @model_validator(mode="after")
    def _one_way_to_think(self) -> Self:
        if self.disable_reasoning:
            return self
        if self.reasoning_max_tokens is not None and (
            self.reasoning_effort is not None
            or (self.reasoning and (self.reasoning.effort or self.reasoning.max_tokens is not None))
        ):
            raise ValueError("give an effort or reasoning_max_tokens, not both")
        return self

    def streams(self, query: ChatQuery) -> bool:
        """Whether the reply is a stream, which it is unless somebody says otherwise."""
        return query.stream if query.stream is not None else self.stream is not False

    def wishes(self) -> RoutingFields:
        """The routing as it was asked for, grouped or flat."""
        group = self.routing or RoutingFields()
        return RoutingFields.model_construct(
            **{
                name: getattr(group, name) if getattr(self, name) is None else getattr(self, name)
                for name in RoutingFields.model_fields
            }
        )


@dataclass(slots=True, kw_only=True)
class RoutingUsed:
    """The routing as it was asked for, and what was sent to the provider in its place."""

    sort: Any = None
    providers: list[str] | None = None
    fallbacks: list[str] | None = None
    max_price: Any = None
    require_parameters: bool | None = None
    applied: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class TypedUsage(UsageFigures):
    """The console's figures, and what clients of this dialect read beside them. Null: the provider did not say.

    ``cost`` and ``duration_ms`` are ``cost_usd`` and ``latency_ms`` under this dialect's names; the cost's parts are
    the upstream provider's. Event counts are those of the frames sent.
    """

    requested_model: str
    actual_model: str | None
    native_finish_reason: str | None
    duration_ms: int | None
    cost: Usd | None
    prompt_cost: Usd | None
    completion_cost: Usd | None
    upstream_cost: Usd | None
    is_byok: bool | None
    cache_write_tokens: int | None
    audio_tokens: int | None
    image_tokens: int | None
    content_events: int
    reasoning_events: int
    tool_call_events: int
    annotation_events: int
    routing: RoutingUsed


class TypedToolCall(BaseModel):
    """A whole call; ``arguments`` is JSON text."""

    id: str
    name: str
    arguments: str
    index: int


class TypedReply(BaseModel):
    """A whole answer; the optional fields are there when the answer has them."""

    content: str
    usage: TypedUsage
    reasoning: str | None = None
    tool_calls: list[TypedToolCall] | None = None
    annotations: list[dict[str, Any]] | None = None
