"""Sessions: stored conversations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, StringConstraints

from app.schemas.json_values import JsonObject
from app.schemas.page import PageQuery
from app.schemas.types import MAX_CONTENT_CHARS, Flag, JsonInput, ObjectId, PlainText, SessionType, Slug, Usd

Title = Annotated[PlainText, StringConstraints(strip_whitespace=True, max_length=200)]
Tag = Annotated[PlainText, StringConstraints(min_length=1, max_length=64)]
Tags = Annotated[list[Tag], Field(max_length=32)]
ProfileId = Annotated[int, Field(ge=1, le=2**53)]
Revision = Annotated[int, Field(ge=1, le=2**53)]


@dataclass(slots=True, kw_only=True)
class SessionTotals:
    """What a session has cost so far; ``unknown_calls`` counts calls whose cost is not known (yet)."""

    messages: int
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    cost_usd: Usd
    unknown_calls: int


@dataclass(slots=True, kw_only=True)
class Session:
    id: str
    session_type: SessionType
    title: str
    profile_id: int | None
    model: str | None
    active_leaf_id: str | None
    running_generation_id: str | None
    pinned: bool
    archived: bool
    tags: list[str]
    revision: int
    created_at: str
    updated_at: str
    totals: SessionTotals


class SessionCreate(JsonInput):
    session_type: SessionType = "chat"
    title: Title = ""
    profile_id: ProfileId | None = None
    model: Slug | None = None
    tags: Tags = Field(default_factory=list)


class SessionPut(SessionCreate):
    """The whole of what a client may set; ``revision`` is the one it has seen."""

    pinned: Flag = False
    archived: Flag = False
    revision: Revision | None = None


class SessionPatch(JsonInput):
    """Only what changes."""

    session_type: SessionType | None = None
    title: Title | None = None
    profile_id: ProfileId | None = None
    model: Slug | None = None
    tags: Tags | None = None
    pinned: Flag | None = None
    archived: Flag | None = None
    active_leaf_id: ObjectId | None = None
    revision: Revision | None = None


class SessionQuery(PageQuery):
    type: SessionType | None = None
    text: Annotated[PlainText | None, Field(max_length=200)] = None
    tag: Annotated[PlainText | None, Field(max_length=64)] = None
    archived: bool | None = None


DraftText = Annotated[PlainText, StringConstraints(max_length=MAX_CONTENT_CHARS)]
DraftParts = Annotated[
    list[JsonObject],
    Field(
        max_length=64,
        description="What waits beside the text. The page keeps pictures as `image` parts, and results of tools as "
        "`tool_result` parts with the `parent_id` that they will be posted below.",
    ),
]


class Draft(JsonInput):
    """What stands in the composer but was not sent."""

    text: DraftText = ""
    parts: DraftParts = Field(default_factory=list)


class DraftPatch(JsonInput):
    """What of a draft changed; null or absent stays as it is."""

    text: DraftText | None = None
    parts: DraftParts | None = None
