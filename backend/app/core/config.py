"""Every setting of the product, from the environment, ``.env`` and flags; ``docs/settings.md`` is made from it.

Order, first wins: flag, ``CONSOLE_*``, the plain names, their aliases, ``.env``, the settings page, the default.
An empty variable counts as not set, and so does a key that is only a placeholder, so that a copied ``env.example``
starts as it is.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import AliasChoices, Field, field_validator
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from app.core.days import is_zone

BACKEND = Path(__file__).resolve().parents[2]
REPOSITORY = BACKEND.parent
OPENROUTER_URL = "https://openrouter.ai/api/v1"
_PLACEHOLDER_KEY = re.compile(r"(?i)^(sk-or-(v1-)?)?(x+|\.+|your[-_ ].*|changeme|<.*>)$")

Names = Annotated[tuple[str, ...], NoDecode]


def _names(*names: str) -> Any:
    return AliasChoices(*names)


def _rate(default: str, name: str, what: str) -> Any:
    return Field(
        default,
        pattern=r"^(off|[1-9][0-9]{0,6}/(s|min|h))$",
        validation_alias=name,
        description=f"Most {what} of one client or named token, as `600/min` (`s`, `min`, `h`); `off` for no limit.",
    )


class _EnvFile(DotEnvSettingsSource):
    """The ``.env`` files. The data folder that one names is the same from wherever it is read."""

    def __call__(self) -> dict[str, Any]:
        values = super().__call__()
        return {name: str(BACKEND / value) if name == "CONSOLE_DATA" else value for name, value in values.items()}


class Settings(BaseSettings):
    """What the process was told. Immutable; the data folder is absolute, other relative paths are under it."""

    model_config = SettingsConfigDict(
        env_file=(REPOSITORY / ".env", BACKEND / ".env"),
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        populate_by_name=True,
    )

    host: str = Field("127.0.0.1", validation_alias=_names("CONSOLE_HOST", "HOST"), description="Address to bind.")
    port: int = Field(
        8000, ge=0, le=65535, validation_alias=_names("CONSOLE_PORT", "PORT"), description="Port to bind."
    )
    data_dir: Path = Field(
        BACKEND / "data",
        validation_alias="CONSOLE_DATA",
        description="Folder of the store, the key and the token; a relative one is taken from the folder you are in, "
        "in `.env` from `backend`.",
    )
    db_path: Path = Field(
        Path("console.db"),
        validation_alias=_names("CONSOLE_DB_PATH", "DB_PATH"),
        description="The SQLite file.",
    )
    backups_dir: Path | None = Field(
        None,
        validation_alias="CONSOLE_BACKUPS",
        description="Folder of the backups; if not set, `backups` beside `backend`, or in a data folder of your own.",
    )
    backup_every: Literal["off", "day", "week"] = Field(
        "day",
        validation_alias="CONSOLE_BACKUP_EVERY",
        description="How often a backup is made by itself: `day`, `week` or `off`.",
    )
    backup_keep_daily: int = Field(
        7,
        ge=0,
        le=366,
        validation_alias="CONSOLE_BACKUP_KEEP_DAILY",
        description="Days that keep their newest scheduled backup.",
    )
    backup_keep_weekly: int = Field(
        4,
        ge=0,
        le=520,
        validation_alias="CONSOLE_BACKUP_KEEP_WEEKLY",
        description="Weeks, before those days, that keep their newest scheduled backup.",
    )
    time_zone: str = Field(
        "auto",
        validation_alias="CONSOLE_TIME_ZONE",
        description="Zone of the owner's days, by its IANA name, as `Europe/Berlin`; `auto`: the settings page's, "
        "else the machine's.",
    )
    app_title: str = Field(
        "LLM Console",
        validation_alias=_names("CONSOLE_APP_TITLE", "APP_TITLE"),
        description="Name shown on the page.",
    )
    app_origins: Names = Field(
        (),
        validation_alias=_names("CONSOLE_APP_ORIGINS", "APP_ORIGINS"),
        description="Foreign page origins, comma separated; each needs the token.",
    )
    hosts: Names = Field(
        (),
        validation_alias="CONSOLE_HOSTS",
        description="Host names answered to besides loopback, comma separated.",
    )
    auth: Literal["auto", "token"] = Field(
        "auto", validation_alias="CONSOLE_AUTH", description="`auto`: no token on loopback; `token`: always."
    )
    token: str | None = Field(
        None,
        min_length=16,
        validation_alias="CONSOLE_TOKEN",
        description="The token itself; made in the data folder if not given.",
    )
    rate_read: str = _rate("60000/min", "CONSOLE_RATE_READ", "reads")
    rate_write: str = _rate("60000/min", "CONSOLE_RATE_WRITE", "writes")
    rate_spend: str = _rate("6000/min", "CONSOLE_RATE_SPEND", "paid calls")
    rate_destructive: str = _rate("6000/min", "CONSOLE_RATE_DESTRUCTIVE", "removals")
    demo: Literal["auto", "off"] = Field(
        "auto",
        validation_alias="CONSOLE_DEMO",
        description="`auto`: built-in demo provider while no key is known; `off`: a missing key is an error.",
    )
    providers_file: Path | None = Field(
        None,
        validation_alias="CONSOLE_PROVIDERS",
        description="Servers beside OpenRouter (TOML, JSON or YAML); `providers.*` in the data folder if not set.",
    )
    openrouter_api_key: str | None = Field(
        None,
        repr=False,
        validation_alias=_names("CONSOLE_OPENROUTER_API_KEY", "OPENROUTER_API_KEY"),
        description="Provider key; never stored in the database.",
    )
    openrouter_management_key: str | None = Field(
        None,
        repr=False,
        validation_alias=_names("CONSOLE_OPENROUTER_MANAGEMENT_KEY", "OPENROUTER_MANAGEMENT_KEY"),
        description="OpenRouter's key for the account's credits and activity, which it tells no other key; used for "
        "nothing else, never stored.",
    )
    openrouter_base_url: str = Field(
        OPENROUTER_URL,
        validation_alias=_names("CONSOLE_OPENROUTER_BASE_URL", "OPENROUTER_BASE_URL"),
        description="Provider base URL.",
    )
    http_referer: str = Field(
        "http://localhost:8000",
        validation_alias=_names("CONSOLE_HTTP_REFERER", "OPENROUTER_HTTP_REFERER", "HTTP_REFERER"),
        description="Sent upstream as `HTTP-Referer`.",
    )
    x_title: str = Field(
        "LLM Console",
        validation_alias=_names("CONSOLE_X_TITLE", "OPENROUTER_X_TITLE", "X_TITLE"),
        description="Sent upstream as `X-OpenRouter-Title` and `X-Title`.",
    )
    model_name: str = Field(
        "openai/gpt-4o-mini",
        validation_alias=_names("CONSOLE_MODEL_NAME", "MODEL_NAME"),
        description="Model used when nothing else names one.",
    )
    api_timeout_s: float = Field(
        1800,
        gt=0,
        le=86400,
        validation_alias=_names("CONSOLE_API_TIMEOUT", "API_TIMEOUT"),
        description="Longest time one answer may take, seconds.",
    )
    connect_timeout_s: float = Field(
        10, gt=0, le=600, validation_alias="CONSOLE_CONNECT_TIMEOUT", description="Time to reach a provider, seconds."
    )
    first_byte_timeout_s: float = Field(
        120,
        gt=0,
        le=86400,
        validation_alias="CONSOLE_FIRST_BYTE_TIMEOUT",
        description="Time until a provider begins to answer, seconds.",
    )
    idle_timeout_s: float = Field(
        60,
        gt=0,
        le=86400,
        validation_alias="CONSOLE_IDLE_TIMEOUT",
        description="Longest silence in the middle of an answer, seconds; five times that with signs of life alone.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO",
        validation_alias=_names("CONSOLE_LOG_LEVEL", "LOG_LEVEL"),
        description="Least severe level that is logged.",
    )
    log_file: Path | None = Field(
        None,
        validation_alias=_names("CONSOLE_LOG_FILE", "LOG_FILE"),
        description="Log file, rotated at 10 MB, five kept; standard error if not set.",
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Flags, the environment, ``.env``."""
        return init_settings, env_settings, _EnvFile(settings_cls, getattr(dotenv_settings, "env_file", None))

    @field_validator("app_origins", "hosts", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip().rstrip("/") for part in value.split(",") if part.strip())
        return value

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value != "auto" and not is_zone(value):
            raise ValueError("it is no time zone that this machine knows, as Europe/Berlin")
        return value

    @field_validator("data_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        # Children run in a folder of their own.
        return value.absolute()

    @field_validator("openrouter_api_key", "openrouter_management_key")
    @classmethod
    def _no_placeholder(cls, value: str | None) -> str | None:
        return None if value is None or is_placeholder(value) else value.strip()

    @field_validator("openrouter_base_url")
    @classmethod
    def _plain_address(cls, value: str) -> str:
        try:
            url = urlsplit(value.strip())
            plain = url.scheme in ("http", "https") and url.hostname and url.port != 0
        except ValueError:
            plain = False
        if not plain or url.username or url.password or url.query or url.fragment:
            raise ValueError("a base URL is http:// or https://, a host and a path, without user, query or fragment")
        return value.strip().rstrip("/")

    def under_data(self, path: Path) -> Path:
        """``path``, taken from the data folder when it is relative."""
        return self.data_dir / path

    @property
    def store_path(self) -> Path:
        """The SQLite file."""
        return self.under_data(self.db_path)

    @property
    def backups_path(self) -> Path:
        """The folder of the backups."""
        if self.backups_dir is not None:
            return self.under_data(self.backups_dir)
        is_default = self.data_dir.resolve() == BACKEND / "data"
        return REPOSITORY / "backups" if is_default else self.under_data(Path("backups"))

    @property
    def keyless_server(self) -> bool:
        """A base URL of the owner's own was given, which may need no key."""
        return self.openrouter_base_url != OPENROUTER_URL


def environment() -> dict[str, str]:
    """The variables of the process, over those of the ``.env`` files; empty ones count as not set."""
    merged: dict[str, str | None] = {}
    files = Settings.model_config.get("env_file") or ()
    for file in (files,) if isinstance(files, str | Path) else files:
        merged |= dotenv_values(file)
    return {name: value for name, value in (merged | dict(os.environ)).items() if value}


def is_placeholder(key: str) -> bool:
    """Whether a key is blank or the kind of text that examples print in its place."""
    return not key.strip() or bool(_PLACEHOLDER_KEY.match(key.strip()))
