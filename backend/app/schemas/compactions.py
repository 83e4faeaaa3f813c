"""Summaries that stand for the older turns of a conversation in what a model is sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import ConfigDict, Field

from app.schemas.types import JsonInput, RequestId, Slug, Usd


class CompactionCreate(JsonInput):
    """The newest ``keep_turns`` turns stay as they are; ``model`` writes the summary, the session's if not given."""

    model_config = ConfigDict(extra="forbid", protected_namespaces=())

    model: Slug | None = None
    keep_turns: Annotated[int, Field(ge=1, le=1000)] = 4
    request_id: RequestId | None = None


@dataclass(slots=True, kw_only=True)
class Compaction:
    """A summary of the ``message_count`` messages up to ``through_message_id``.

    It is sent in their place wherever that message is on the path, pinned turns excepted; the messages themselves stay
    as they are. ``cost_usd`` is null while it is not known.
    """

    id: str
    session_id: str
    through_message_id: str
    message_count: int
    summary: str
    model: str
    provider: str
    prompt_tokens: int | None
    completion_tokens: int | None
    cost_usd: Usd | None
    created_at: str
