"""Messages: stored entries of a session; immutable once complete."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Self

from pydantic import Field, model_validator

from app.schemas.events import UsageFigures
from app.schemas.page import PageQuery
from app.schemas.parts import Part, TextPart, ToolResultPart
from app.schemas.parts_in import PartsIn, ToolCallId, ToolResultPartIn
from app.schemas.types import Content, Flag, GenerationStatus, JsonInput, ObjectId, RequestId, Role


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
    """While its generation runs, ``content`` is all text up to event ``last_seq``: paint it, then attach after that.

    ``pinned``: its turn is never left out of what a model is sent.
    """

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
    pinned: bool
    created_at: str
    completed_at: str | None


class Contents(JsonInput):
    """``content`` or ``parts``, exactly one of them. Parts are text and media, or nothing but results of tools."""

    content: Content | None = None
    parts: PartsIn | None = None

    @model_validator(mode="after")
    def _one_of(self) -> Self:
        if (self.content is None) == (self.parts is None):
            raise ValueError("give exactly one of content and parts")
        return self

    @model_validator(mode="after")
    def _results_apart(self) -> Self:
        results = [isinstance(part, ToolResultPartIn) for part in self.parts or ()]
        if any(results) and not all(results):
            raise ValueError("results of tools go in a message of their own")
        return self

    @property
    def holds_results(self) -> bool:
        """Whether these are results of tools."""
        return any(isinstance(part, ToolResultPartIn) for part in self.parts or ())

    def stored_parts(self) -> list[Part]:
        """The parts as a message keeps them."""
        if self.parts is None:
            return [TextPart(text=self.content or "")]
        return [part.stored() for part in self.parts]


class Placed(JsonInput):
    """Where a new message goes."""

    parent_id: Annotated[
        ObjectId | None, Field(description="Absent: the end of the active path. null: the root, beside the first one.")
    ] = None

    @property
    def at_root(self) -> bool:
        """Whether ``null`` was given, which is not the same as nothing."""
        return self.parent_id is None and "parent_id" in self.model_fields_set


class MessageCreate(Contents, Placed):
    """A result of a tool is ``parts`` of type ``tool_result``, or ``content`` with ``tool_call_id``."""

    session_id: ObjectId
    role: Role = "user"
    tool_call_id: ToolCallId | None = None
    request_id: RequestId | None = None

    @model_validator(mode="after")
    def _fits_role(self) -> Self:
        is_result = self.holds_results or (self.content is not None and self.tool_call_id is not None)
        if (self.role == "tool") != is_result or (self.parts is not None and self.tool_call_id is not None):
            raise ValueError(
                "tool_result parts, or content and tool_call_id, make a tool message, and nothing else does"
            )
        if self.role in ("system", "assistant") and any(part.type != "text" for part in self.parts or ()):
            raise ValueError(f"a message of role {self.role} holds text only")
        return self

    def stored_parts(self) -> list[Part]:
        """The parts as a message keeps them."""
        if self.tool_call_id is not None:
            return [ToolResultPart(tool_call_id=self.tool_call_id, content=self.content or "")]
        return super().stored_parts()


class MessagePatch(JsonInput):
    """What may change of a message: nothing that was said."""

    pinned: Flag


class MessageQuery(PageQuery):
    all: Annotated[bool, Field(description="The whole tree instead of the active path.")] = False
