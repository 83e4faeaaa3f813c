"""What the settings page shows and changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field, SecretStr

from app.schemas.backups import BackupEvery
from app.schemas.parameters import MaxTokens
from app.schemas.profiles import SystemPrompt, Temperature
from app.schemas.types import JsonInput, PlainDecimal, Slug, TimeZone, Usd

Theme = Literal["system", "light", "dark"]
SendKey = Literal["enter", "mod_enter"]
AllowedModels = Annotated[
    list[Slug],
    Field(
        max_length=500,
        description="Models that may be asked, `*` for any text (`anthropic/*`, `*:free`). Empty: all of them.",
    ),
]
PriceLimit = Annotated[
    PlainDecimal,
    Field(ge=0, le=1_000_000, decimal_places=6, description="US dollars per million tokens; null: none."),
]


@dataclass(slots=True, kw_only=True)
class KeyStatus:
    """Where the provider key comes from, and its last four characters; never the key."""

    source: Literal["env", "file", "none"]
    last4: str | None


@dataclass(slots=True, kw_only=True)
class AppSettings:
    """``model`` to ``system_prompt`` apply where neither the request nor its profile says otherwise.

    ``allowed_models`` and the prices bound every paid call, whoever asks.
    """

    app_title: str
    base_url: str
    demo: bool
    key: KeyStatus
    model: str
    temperature: float
    max_tokens: int
    system_prompt: str
    theme: Theme
    send_key: SendKey
    time_zone: TimeZone
    """Of the owner's days; not the environment's ``auto`` but what it has come to."""
    backup_every: BackupEvery
    backup_keep_daily: int
    backup_keep_weekly: int
    allowed_models: list[str]
    max_prompt_price: Usd | None
    max_completion_price: Usd | None


class SettingsPatch(JsonInput):
    model: Slug | None = None
    temperature: Temperature | None = None
    max_tokens: MaxTokens | None = None
    system_prompt: SystemPrompt | None = None
    theme: Theme | None = None
    send_key: SendKey | None = None
    time_zone: TimeZone | None = None
    backup_every: BackupEvery | None = None
    backup_keep_daily: Annotated[int | None, Field(ge=0, le=366)] = None
    backup_keep_weekly: Annotated[int | None, Field(ge=0, le=520)] = None
    allowed_models: AllowedModels | None = None
    max_prompt_price: PriceLimit | None = None
    max_completion_price: PriceLimit | None = None


class KeyPut(JsonInput):
    key: Annotated[SecretStr, Field(min_length=8, max_length=512)]
