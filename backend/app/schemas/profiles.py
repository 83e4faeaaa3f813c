"""Profiles: reusable settings of a conversation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, Field, StringConstraints

from app.schemas.generations import Effort, Parameters
from app.schemas.sessions import Revision
from app.schemas.types import Name, PlainText, Slug

ProfileName = Annotated[Name, StringConstraints(max_length=120)]
SystemPrompt = Annotated[PlainText, StringConstraints(max_length=200_000)]
Temperature = Annotated[float, Field(ge=0, le=2, allow_inf_nan=False)]
MaxTokens = Annotated[int, Field(ge=1, le=1_000_000)]
PresetSlug = Annotated[str, StringConstraints(min_length=1, max_length=120, pattern=r"^[A-Za-z0-9._-]+$")]


class ReasoningSettings(BaseModel, extra="forbid"):
    """How hard the model may think; unset leaves it to the model."""

    effort: Effort | None = None


@dataclass(slots=True, kw_only=True)
class Profile:
    id: int
    name: str
    system_prompt: str
    temperature: float
    max_tokens: int
    openrouter_preset: str | None
    model: str | None
    reasoning: dict[str, Any] | None
    params: dict[str, Any]
    tools: list[dict[str, Any]]
    is_default: bool
    revision: int
    created_at: str
    updated_at: str


class ProfileCreate(BaseModel, extra="forbid"):
    name: ProfileName
    system_prompt: SystemPrompt = ""
    temperature: Temperature = 0.7
    max_tokens: MaxTokens = 2048
    openrouter_preset: PresetSlug | None = None
    model: Slug | None = None
    reasoning: ReasoningSettings | None = None
    params: Parameters = Field(default_factory=Parameters)
    is_default: bool = False


class ProfileImport(ProfileCreate, extra="ignore"):
    """A profile as a file holds it: what `GET` answered, ids and times passed over."""


class ProfilePut(ProfileCreate):
    """The whole profile; ``revision`` is the one the client has seen."""

    revision: Revision | None = None


class ProfilePatch(BaseModel, extra="forbid"):
    name: ProfileName | None = None
    system_prompt: SystemPrompt | None = None
    temperature: Temperature | None = None
    max_tokens: MaxTokens | None = None
    openrouter_preset: PresetSlug | None = None
    model: Slug | None = None
    reasoning: ReasoningSettings | None = None
    params: Parameters | None = None
    is_default: bool | None = None
    revision: Revision | None = None
