"""`POST /v1/embeddings`: OpenAI's request as OpenRouter widens it (API reference, section 8.3)."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from app.schemas.json_values import JsonObject, bounded_json
from app.schemas.types import MAX_CONTENT_CHARS, JsonInput, PlainText, Slug, storable

MOST_INPUTS = 2048
MOST_TOKENS = 200_000

_SHAPE = {
    "description": "A text, token ids, or a list of either; or a list of `{content: [parts]}`.",
    "anyOf": [
        {"type": "string", "minLength": 1},
        {"type": "array", "minItems": 1, "maxItems": MOST_INPUTS, "items": {"type": "string"}},
        {"type": "array", "minItems": 1, "maxItems": MOST_TOKENS, "items": {"type": "integer"}},
        {"type": "array", "minItems": 1, "maxItems": MOST_INPUTS, "items": {"type": "array"}},
        {"type": "array", "minItems": 1, "maxItems": MOST_INPUTS, "items": {"type": "object"}},
    ],
}


class EmbeddingsRequest(JsonInput):
    """What is to be embedded. Fields that are not named here go to the provider as they are."""

    model_config = ConfigDict(extra="allow", protected_namespaces=())

    model: Slug
    input: Annotated[Any, Field(json_schema_extra=_SHAPE)]
    dimensions: Annotated[int | None, Field(ge=1, le=65_536)] = None
    encoding_format: Literal["float", "base64"] | None = None
    input_type: Annotated[PlainText | None, Field(max_length=100)] = None
    user: Annotated[PlainText | None, Field(max_length=512)] = None
    provider: JsonObject | None = None

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        bounded_json(self.model_extra or {})
        return self

    @field_validator("input")
    @classmethod
    def _one_shape(cls, value: Any) -> Any:
        """One field with one error, where a union of types would complain once for each."""
        items = value if isinstance(value, list) else [value]
        kinds = {type(item) for item in items}
        if len(kinds) != 1 or (kinds != {str} and value is not items):
            raise ValueError("must be a text, a list of texts, or token ids")
        if len(items) > (MOST_TOKENS if kinds == {int} else MOST_INPUTS):
            raise ValueError("has too many entries")
        for item in items:
            _check(item)
        return value

    def body(self) -> dict[str, Any]:
        """The provider's request: what the client sent, and nothing else."""
        return self.model_dump(exclude_unset=True)


def _check(item: Any) -> None:
    if isinstance(item, str):
        if not 1 <= len(item) <= MAX_CONTENT_CHARS:
            raise ValueError(f"must have 1 to {MAX_CONTENT_CHARS:,} characters")
        storable(item)
    elif isinstance(item, list):
        if not item or len(item) > MOST_TOKENS or any(type(token) is not int for token in item):
            raise ValueError("must hold lists of token ids")
        for token in item:
            _check(token)
    elif type(item) is int:
        if not 0 <= item < 2**31:
            raise ValueError("holds a number that is no token id")
    elif not isinstance(item, dict) or not isinstance(item.get("content"), list):
        raise ValueError("must be a text, a list of texts, or token ids")
    else:
        bounded_json(item)


class Embedding(BaseModel, extra="allow"):
    """One vector: numbers, or base64 of little-endian 32-bit floats."""

    object: str
    embedding: list[float] | str
    index: int | None = None


class EmbeddingsList(BaseModel, extra="allow"):
    """The provider's reply, passed on as it came."""

    object: str
    data: list[Embedding]
    model: str | None = None
    id: str | None = None
    usage: dict[str, Any] | None = None
