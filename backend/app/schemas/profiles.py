"""Profiles: reusable settings of a conversation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, Field, StringConstraints

from app.schemas.parameters import MaxTokens, Parameters, PresetSlug, ReasoningOptions
from app.schemas.sessions import Revision
from app.schemas.tools import Tools, unique_functions
from app.schemas.types import Flag, JsonInput, Name, PlainText, Slug

ProfileName = Annotated[Name, StringConstraints(max_length=120)]
SystemPrompt = Annotated[PlainText, StringConstraints(max_length=200_000)]
Temperature = Annotated[float, Field(ge=0, le=2, allow_inf_nan=False)]

ELSEWHERE: Mapping[str, str] = {
    "temperature": "temperature",
    "max_tokens": "max_tokens",
    "max_completion_tokens": "max_tokens",
    "reasoning": "reasoning",
    "reasoning_effort": "reasoning",
    "include_reasoning": "reasoning",
    "tools": "tools",
    "preset": "openrouter_preset",
}
"""Parameters that a profile holds in a field of its own."""


def _beside_fields(params: Parameters) -> Parameters:
    """Refuse a value that has a field of its own: there would be two of it."""
    for name in params.given():
        if name in ELSEWHERE:
            raise ValueError(f"{name} belongs in the profile's own field {ELSEWHERE[name]}")
    return params


ProfileParameters = Annotated[
    Parameters,
    AfterValidator(_beside_fields),
    Field(description="All parameters that the profile has no field of its own for."),
]
ProfileTools = Annotated[Tools, AfterValidator(unique_functions)]


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


class ProfileCreate(JsonInput):
    name: ProfileName
    system_prompt: SystemPrompt = ""
    temperature: Temperature = 0.7
    max_tokens: MaxTokens = 2048
    openrouter_preset: PresetSlug | None = None
    model: Slug | None = None
    reasoning: ReasoningOptions | None = None
    params: ProfileParameters = Field(default_factory=Parameters)
    tools: ProfileTools = Field(default_factory=list)
    is_default: Flag = False


class ProfileImport(ProfileCreate, extra="ignore"):
    """A profile as a file holds it: what `GET` answered, ids and times passed over."""


class ProfilePut(ProfileCreate):
    """The whole profile; ``revision`` is the one the client has seen."""

    revision: Revision | None = None


class ProfilePatch(JsonInput):
    name: ProfileName | None = None
    system_prompt: SystemPrompt | None = None
    temperature: Temperature | None = None
    max_tokens: MaxTokens | None = None
    openrouter_preset: PresetSlug | None = None
    model: Slug | None = None
    reasoning: ReasoningOptions | None = None
    params: ProfileParameters | None = None
    tools: ProfileTools | None = None
    is_default: Flag | None = None
    revision: Revision | None = None
