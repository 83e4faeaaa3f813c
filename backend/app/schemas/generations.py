"""Generations: attempts to produce one assistant message, and what starts them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.schemas.context import ContextUse
from app.schemas.events import UsageFigures
from app.schemas.messages import Contents, Message, Placed, StoredError
from app.schemas.parameters import Parameters, QueryParameters
from app.schemas.sessions import ProfileId, Session
from app.schemas.types import GenerationStatus, ObjectId, RequestId, Slug


class Answerer(BaseModel):
    """Who is to answer."""

    model_config = ConfigDict(extra="forbid", protected_namespaces=())

    model: Annotated[Slug | None, Field(description="`model_id` is accepted too.")] = None
    profile_id: ProfileId | None = None

    @model_validator(mode="before")
    @classmethod
    def _model_id(cls, data: Any) -> Any:
        if isinstance(data, dict) and "model_id" in data and "model" not in data:
            return {"model" if name == "model_id" else name: value for name, value in data.items()}
        return data


class Choice(Answerer, Parameters):
    """Who is to answer, and how."""


class Regenerate(Choice):
    request_id: RequestId | None = None


class GenerationCreate(Contents, Placed, Choice):
    """A new message and the answer to it; without ``session_id`` a session is made.

    With neither ``content`` nor ``parts`` the stored message ``parent_id`` is answered, or the newest of the active
    path that waits for an answer: a user message, or the last result of the tools that an answer called.
    """

    session_id: ObjectId | None = None
    request_id: RequestId | None = None

    @model_validator(mode="after")
    def _one_of(self) -> Self:
        if self.content is not None and self.parts is not None:
            raise ValueError("give content or parts, not both")
        if self.session_id is None and (self.answers_stored or self.holds_results):
            raise ValueError("give content or parts, or the session_id of what is to be answered")
        return self

    @property
    def answers_stored(self) -> bool:
        """Whether no message is to be made first."""
        return self.content is None and self.parts is None


class StreamQuery(Answerer, QueryParameters):
    session_id: ObjectId
    message_id: ObjectId | None = None


class AfterQuery(BaseModel, extra="forbid"):
    after: Annotated[int | None, Field(ge=0, le=2**53)] = None


@dataclass(slots=True, kw_only=True)
class Attempt:
    """One call to the provider, made ``waited_ms`` after the one before it had failed.

    ``status`` is the HTTP status, null when none came; ``max_tokens`` is set when fewer were allowed than asked for.
    """

    at: str
    status: int | None
    error_code: str | None
    waited_ms: int
    max_tokens: int | None = None


@dataclass(slots=True, kw_only=True)
class Generation:
    id: str
    session_id: str | None
    user_message_id: str | None
    message_id: str
    request_id: str | None
    status: GenerationStatus
    model: str
    provider: str
    params: dict[str, Any]
    last_seq: int
    attempts: list[Attempt]
    context: ContextUse | None
    usage: UsageFigures | None
    error: StoredError | None
    created_at: str
    first_token_at: str | None
    ended_at: str | None


@dataclass(slots=True, kw_only=True)
class Started:
    """What starting a generation made."""

    generation: Generation
    session: Session
    user_message: Message
    assistant_message: Message
