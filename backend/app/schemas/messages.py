"""Messages: stored entries of a session; immutable once complete."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Self

from pydantic import BaseModel, Field, model_validator

from app.schemas.events import UsageFigures
from app.schemas.page import PageQuery
from app.schemas.parts import Part
from app.schemas.types import Content, GenerationStatus, ObjectId, PlainText, RequestId, Role


@dataclass(slots=True, kw_only=True)
class StoredError:
    """Why a generation ended early."""

    error_code: str
    message: str
    retryable: bool
    hint: str
    request_id: str | None = None
    retry_after_ms: int | None = None


@dataclass(slots=True, kw_only=True)
class Message:
    """While its generation runs, ``content`` is all text up to event ``last_seq``: paint it, then attach after that."""

    id: str
    session_id: str
    parent_id: str | None
    role: Role
    content: str
    parts: list[Part]
    status: GenerationStatus
    model: str | None
    generation_id: str | None
    last_seq: int
    finish_reason: str | None
    error: StoredError | None
    usage: UsageFigures | None
    siblings: list[str]
    created_at: str
    completed_at: str | None


class TextPartIn(BaseModel, extra="forbid"):
    """A text part as clients send it."""

    type: Annotated[str, Field(pattern="^text$")] = "text"
    text: Content


class Contents(BaseModel, extra="forbid"):
    """``content`` or ``parts``, exactly one of them."""

    content: Content | None = None
    parts: Annotated[list[TextPartIn], Field(min_length=1, max_length=64)] | None = None

    @model_validator(mode="after")
    def _one_of(self) -> Self:
        if (self.content is None) == (self.parts is None):
            raise ValueError("give exactly one of content and parts")
        return self

    @property
    def text(self) -> str:
        """All text joined."""
        return self.content if self.content is not None else "".join(part.text for part in self.parts or ())


class MessageCreate(Contents):
    session_id: ObjectId
    role: Role = "user"
    parent_id: ObjectId | None = None
    request_id: RequestId | None = None


class MessageQuery(PageQuery):
    all: Annotated[bool, Field(description="The whole tree instead of the active path.")] = False


__all__ = ["Contents", "Message", "MessageCreate", "MessageQuery", "PlainText", "StoredError", "TextPartIn"]
