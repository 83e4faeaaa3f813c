"""The providers that the console is configured for; their keys are never part of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(slots=True, kw_only=True)
class ProviderModel:
    """``id`` is what a request names as its model."""

    id: str
    name: str


@dataclass(slots=True, kw_only=True)
class ProviderInfo:
    """One provider. ``default``: models that name no provider are asked of it. ``key``: where its key comes from."""

    name: str
    label: str
    default: bool
    demo: bool
    key: Literal["env", "file", "none"]
    default_model: str | None
    supports_custom_model: bool
    models: list[ProviderModel]


@dataclass(slots=True, kw_only=True)
class ProviderList:
    items: list[ProviderInfo]


@dataclass(slots=True, kw_only=True)
class ProviderConfig:
    """The same in the names that other programs' generator files use."""

    id: str
    name: str
    supportsCustomModel: bool  # noqa: N815  # as its clients spell it
    models: list[ProviderModel]


@dataclass(slots=True, kw_only=True)
class ModelsConfig:
    providers: list[ProviderConfig]
    defaultProvider: str | None  # noqa: N815
