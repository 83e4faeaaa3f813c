"""The OpenAI door: requests in OpenAI's and OpenRouter's shape, checked, and passed on as they came."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, NotRequired, Self

from pydantic import (
    ConfigDict,
    Field,
    PrivateAttr,
    StringConstraints,
    ValidationError,
    model_validator,
    with_config,
)
from typing_extensions import TypedDict

from app.schemas.json_values import bounded_json
from app.schemas.parameters import NAMES, Parameters
from app.schemas.types import JsonInput, Slug

DEEPEST = 64
MOST_VALUES = 100_000
"""Several times what a long conversation holds; each costs time that others wait for."""
MOST_MESSAGES = 10_000
_OURS = frozenset({"model", "messages", "stream", "stream_options", "n"})
# Dictionaries, not models: only looked at, and a tenth of the time. What is not named here passes.
_open = with_config(ConfigDict(extra="allow"))
# A value that we do not know may be newer than we are: the provider judges it.
_NEWER = frozenset({"extra_forbidden", "literal_error", "union_tag_invalid", "union_tag_not_found"})


@_open
class ContentPart(TypedDict):
    """Text, an image, a file, audio or video (API reference, section 2.3)."""

    type: str


@_open
class FunctionCall(TypedDict):
    name: str
    arguments: NotRequired[str | None]


@_open
class CalledTool(TypedDict):
    id: NotRequired[str | None]
    function: NotRequired[FunctionCall | None]


@_open
class ChatMessage(TypedDict):
    """A message (API reference, section 2.2)."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: NotRequired[str | Annotated[list[ContentPart], Field(max_length=10_000, fail_fast=True)] | None]
    tool_calls: NotRequired[Annotated[list[CalledTool] | None, Field(max_length=128)]]
    tool_call_id: NotRequired[str | None]


class StreamOptions(JsonInput, extra="allow"):
    include_usage: Annotated[
        bool | None, Field(description="Usage in a chunk of its own; else it comes with the last one.")
    ] = None


class ChatCompletionRequest(JsonInput, extra="allow"):
    """A chat request. Every parameter of OpenRouter is checked as `/api` checks it; all other fields pass unchanged."""

    model: Annotated[Slug | None, Field(description="The settings' default model if none is named.")] = None
    messages: Annotated[list[ChatMessage], Field(min_length=1, max_length=MOST_MESSAGES, fail_fast=True)]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    n: Annotated[int | None, Field(ge=1, le=1, description="One answer at a time.")] = None
    tools: list[dict[str, Any]] | None = None
    tool_choice: Annotated[str, StringConstraints(max_length=64)] | dict[str, Any] | None = None
    response_format: dict[str, Any] | None = None
    reasoning: dict[str, Any] | None = None
    provider: dict[str, Any] | None = None
    plugins: list[dict[str, Any]] | None = None
    models: list[str] | None = None

    _sent: dict[str, Any] = PrivateAttr(default_factory=dict)

    @model_validator(mode="wrap")
    @classmethod
    def _kept(cls, data: Any, handler: Callable[[Any], Self]) -> Self:
        if isinstance(data, dict):
            bounded_json(data, deepest=DEEPEST, most_values=MOST_VALUES)
        request = handler(data)
        if isinstance(data, dict):
            _check(data)
            request._sent = data
        return request

    @property
    def sent_messages(self) -> list[dict[str, Any]]:
        """The messages as they came."""
        messages: list[dict[str, Any]] = self._sent["messages"]
        return messages

    @property
    def parameters(self) -> dict[str, Any]:
        """Every other field as it came, without those that only say how the reply is to be sent."""
        return {name: value for name, value in self._sent.items() if name not in _OURS}

    @property
    def usage_apart(self) -> bool:
        """Whether usage is wanted in a chunk of its own."""
        return self.stream_options is not None and bool(self.stream_options.include_usage)


def _check(sent: Mapping[str, Any]) -> None:
    """Raise ValidationError for a known parameter that cannot be right."""
    known = {name: value for name, value in sent.items() if name in NAMES and value is not None}
    if known.get("user") == "":
        del known["user"]  # what clients send that know of no user
    try:
        Parameters.model_validate(known)
    except ValidationError as error:
        newer = {problem["loc"][0] for problem in error.errors() if problem["loc"] and problem["type"] in _NEWER}
        if not newer:
            raise
        Parameters.model_validate({name: value for name, value in known.items() if name not in newer})
