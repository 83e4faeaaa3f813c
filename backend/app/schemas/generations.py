"""Generations: attempts to produce one assistant message, and what starts them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.schemas.events import UsageFigures
from app.schemas.messages import Contents, Message, StoredError
from app.schemas.sessions import ProfileId, Session
from app.schemas.types import GenerationStatus, ObjectId, PlainText, RequestId, Slug

Stop = Annotated[PlainText, Field(min_length=1, max_length=500)]
Effort = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]


class Parameters(BaseModel, extra="forbid"):
    """Sampling and limits, as OpenRouter names and bounds them (API reference, section 2.1)."""

    temperature: Annotated[float | None, Field(allow_inf_nan=False, ge=0, le=2)] = None
    max_tokens: Annotated[int | None, Field(ge=1, le=1_000_000)] = None
    top_p: Annotated[float | None, Field(allow_inf_nan=False, gt=0, le=1)] = None
    top_k: Annotated[int | None, Field(ge=0, le=1_000_000)] = None
    min_p: Annotated[float | None, Field(allow_inf_nan=False, ge=0, le=1)] = None
    top_a: Annotated[float | None, Field(allow_inf_nan=False, ge=0, le=1)] = None
    frequency_penalty: Annotated[float | None, Field(allow_inf_nan=False, ge=-2, le=2)] = None
    presence_penalty: Annotated[float | None, Field(allow_inf_nan=False, ge=-2, le=2)] = None
    repetition_penalty: Annotated[float | None, Field(allow_inf_nan=False, gt=0, le=2)] = None
    seed: Annotated[int | None, Field(ge=-(2**53), le=2**53)] = None
    stop: Annotated[list[Stop] | None, Field(max_length=4)] = None
    reasoning_effort: Effort | None = None

    def given(self) -> dict[str, Any]:
        """Only the parameters that were set."""
        return {name: getattr(self, name) for name in Parameters.model_fields if getattr(self, name) is not None}


class Choice(Parameters):
    """Who is to answer, and how."""

    model_config = ConfigDict(extra="forbid", protected_namespaces=())

    model: Annotated[Slug | None, Field(description="`model_id` is accepted too.")] = None
    profile_id: ProfileId | None = None

    @model_validator(mode="before")
    @classmethod
    def _model_id(cls, data: Any) -> Any:
        if isinstance(data, dict) and "model_id" in data and "model" not in data:
            return {"model" if name == "model_id" else name: value for name, value in data.items()}
        return data


class Regenerate(Choice):
    request_id: RequestId | None = None


class GenerationCreate(Contents, Choice):
    """A user message and the answer to it; without ``session_id`` a session is made."""

    session_id: ObjectId | None = None
    parent_id: ObjectId | None = None
    request_id: RequestId | None = None


class StreamQuery(Choice):
    session_id: ObjectId
    message_id: ObjectId | None = None


class AfterQuery(BaseModel, extra="forbid"):
    after: Annotated[int | None, Field(ge=0, le=2**53)] = None


@dataclass(slots=True, kw_only=True)
class Attempt:
    """One call to the provider."""

    at: str
    status: int | None
    error_code: str | None
    waited_ms: int


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
