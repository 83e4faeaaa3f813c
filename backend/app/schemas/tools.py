"""Tools that a model may call, and the forms its answer may be asked in (API reference, sections 2.4 and 2.5)."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Discriminator, Field, StringConstraints, Tag

from app.schemas.json_values import JsonObject
from app.schemas.types import Flag, JsonInput, PlainText

MOST_TOOLS = 128
WEB_SEARCH = "openrouter:web_search"

FunctionName = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.-]+$")]
SchemaName = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]
Description = Annotated[PlainText, StringConstraints(max_length=20_000)]
ServerToolType = Annotated[
    str, StringConstraints(max_length=64, pattern=r"^(openrouter:[a-z0-9_]+|web_search[a-z0-9_]*)$")
]


class CacheControl(JsonInput):
    """A breakpoint of the provider's prompt cache (section 2.3)."""

    type: Literal["ephemeral"] = "ephemeral"
    ttl: Literal["5m", "1h"] | None = None


class FunctionDefinition(JsonInput):
    """A function; ``parameters`` is the JSON schema of its arguments."""

    name: FunctionName
    description: Description | None = None
    parameters: JsonObject | None = None
    strict: Flag | None = None


class FunctionTool(JsonInput):
    """A function of the client's, called by name; the client answers the call."""

    type: Literal["function"]
    function: FunctionDefinition
    cache_control: CacheControl | None = None
    eager_input_streaming: Flag | None = None


class ServerTool(JsonInput):
    """A tool that OpenRouter runs itself, such as ``openrouter:web_search``."""

    type: ServerToolType
    parameters: JsonObject | None = None


class FunctionChoice(JsonInput):
    name: FunctionName


class NamedTool(JsonInput):
    """This function, and no other."""

    type: Literal["function"]
    function: FunctionChoice


class NamedServerTool(JsonInput):
    type: ServerToolType


def _kind(value: Any) -> str:
    kind = value.get("type") if isinstance(value, dict) else getattr(value, "type", None)
    return "function" if kind == "function" else "server"


Tool: TypeAlias = Annotated[
    Annotated[FunctionTool, Tag("function")] | Annotated[ServerTool, Tag("server")], Discriminator(_kind)
]
ToolChoice: TypeAlias = Literal["none", "auto", "required"] | NamedTool | NamedServerTool
Tools: TypeAlias = Annotated[list[Tool], Field(max_length=MOST_TOOLS)]


class PlainFormat(JsonInput):
    type: Literal["text", "json_object", "python"]


class NamedSchema(JsonInput, serialize_by_alias=True):
    """A JSON schema that the answer must satisfy."""

    name: SchemaName
    description: Description | None = None
    strict: Flag | None = None
    json_schema: Annotated[JsonObject, Field(alias="schema")]


class SchemaFormat(JsonInput):
    type: Literal["json_schema"]
    json_schema: NamedSchema


class GrammarFormat(JsonInput):
    type: Literal["grammar"]
    grammar: Annotated[PlainText, StringConstraints(min_length=1, max_length=100_000)]


ResponseFormat: TypeAlias = Annotated[PlainFormat | SchemaFormat | GrammarFormat, Field(discriminator="type")]


def unique_functions(tools: list[Tool]) -> list[Tool]:
    """Refuse two functions of one name: a call could not tell them apart."""
    names = [tool.function.name for tool in tools if isinstance(tool, FunctionTool)]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise ValueError(f"two functions are named {min(twice)!r}")
    return tools
