"""Who answers: OpenRouter or a server of the owner's, the demo while no key is known, and the providers file's own."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from app.core.config import Settings
from app.core.errors import DiskFull, MissingKey, UpstreamModelNotFound
from app.core.token import delete_key, read_key, write_key
from app.schemas.settings import KeyStatus
from app.services.providers.provider_file import FileProvider, ProviderFile
from app.services.upstream.breaker import BreakerPolicy
from app.services.upstream.openrouter import OpenRouter, UpstreamTimeouts
from app.services.upstream.plain_body import plain_body

DEMO = "demo"
"""The name of the built-in provider."""


@dataclass(frozen=True, slots=True)
class Provider:
    """A configured upstream."""

    name: str
    client: OpenRouter
    demo: bool
    source: str = ""
    """Where its list of models is from: a list from elsewhere says nothing about it."""
    prefix: str = ""
    """What our names for its models have before its own."""
    plain: bool = False
    """Whether it speaks OpenAI's API and nothing of what OpenRouter adds."""
    entry: FileProvider = field(default_factory=FileProvider)
    """What the providers file says of it."""

    def slug_of(self, model: str) -> str:
        """What the console calls its model."""
        return self.prefix + model

    @property
    def default_model(self) -> str | None:
        """The model that the file names for it, as the console calls it."""
        return None if self.entry.default_model is None else self.slug_of(self.entry.default_model)


@dataclass(frozen=True, slots=True)
class Route:
    """Where a model is asked for.

    ``slug`` is what the console calls it, in the catalogue and in every record; ``model`` is its name at its provider;
    ``defaults`` are the parameters that the providers file gives it.
    """

    provider: Provider
    slug: str
    model: str
    defaults: Mapping[str, Any] = field(default_factory=dict)
    takes_unlisted: bool = True
    """Whether its provider may be asked for models that it does not list."""

    def request(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """``body`` for this model, in its provider's words. Raises ValidationFailed for what that cannot take."""
        named = {**body, "model": self.model}
        return plain_body(named, self.provider.name) if self.provider.plain else named


class Providers:
    """The main provider, replaced when the key changes, and those of the file. ``close`` ends all connections.

    Args:
        start_demo: starts the built-in provider and gives its base URL; called at most once.
        file: what the owner wrote down.
        breaker: when a provider that keeps failing is left alone.
    """

    def __init__(
        self,
        settings: Settings,
        timeouts: UpstreamTimeouts,
        start_demo: Callable[[], Awaitable[str]],
        file: ProviderFile | None = None,
        breaker: BreakerPolicy | None = None,
    ) -> None:
        self._settings, self._timeouts, self._start_demo = settings, timeouts, start_demo
        self._breaker = breaker
        file = file or ProviderFile()
        self._main_entry = file.main
        self._main_takes_unlisted = file.takes_unlisted
        self._others = {name: self._other(name, entry) for name, entry in file.others.items()}
        self._default_other = file.default_provider if file.default_provider in self._others else None
        self._main: Provider | None = None
        key = settings.openrouter_management_key
        self._account = None if key is None else self._client(settings.openrouter_base_url, key)
        self._retired: list[OpenRouter] = []
        self._demo_url: str | None = None
        self._choosing = asyncio.Lock()

    async def open(self) -> None:
        """Choose the main provider by the key that is known now; the one before answers until that is done.

        When that fails there is none: a key that was forgotten is not used on.
        """
        async with self._choosing:
            before, chosen = self._main, None
            try:
                chosen = await self._chosen()
            finally:
                self._main = chosen
                if before is not None:
                    self._retired.append(before.client)

    async def _chosen(self) -> Provider | None:
        key = self._settings.openrouter_api_key or read_key(self._data_dir)
        if key is not None or self._settings.keyless_server:
            name = "custom" if self._settings.keyless_server else "openrouter"
            url = self._settings.openrouter_base_url
            return Provider(name, self._client(url, key), demo=False, source=url, entry=self._main_entry)
        if self._settings.demo != "auto":
            return None
        self._demo_url = self._demo_url or await self._start_demo()
        client = self._client(self._demo_url, None)
        return Provider(DEMO, client, demo=True, source=DEMO, entry=self._main_entry)

    async def close(self) -> None:
        account = [] if self._account is None else [self._account]
        for client in (*self._retired, *account, *(provider.client for provider in self.configured())):
            await client.aclose()

    def current(self) -> Provider:
        """The main provider. Raises MissingKey when there is none."""
        if self._main is None:
            raise MissingKey
        return self._main

    def account_client(self) -> OpenRouter:
        """Who is asked of the main provider's account: with the management key where there is one.

        Raises MissingKey for none, and for the demo, which has no account.
        """
        main = self.current()
        if main.demo:
            raise MissingKey
        return main.client if self._account is None else self._account

    def configured(self) -> list[Provider]:
        """The main provider, if there is one, and those of the file in its order."""
        return [*([self._main] if self._main else []), *self._others.values()]

    def every(self) -> list[Provider]:
        """The same as ``configured``. Raises MissingKey when there is none."""
        return self.configured() or [self.current()]

    def named(self, name: str) -> Provider | None:
        """A provider of today's by its name."""
        return next((provider for provider in self.configured() if provider.name == name), None)

    def route(self, model: str) -> Route:
        """Where a model is asked for: ``provider/model`` at a provider of the file, a bare name at the default one.

        Everything else is the main provider's. Looks nothing up but memory. Raises MissingKey without a main provider,
        UpstreamModelNotFound for a model that a provider of the file does not take.
        """
        prefix, slash, name = model.partition("/")
        if not slash and self._default_other is not None:
            prefix, name = self._default_other, model
        if prefix in self._others:
            return _route(self._others[prefix], name)
        return _route(self.current(), model, takes_unlisted=self._main_takes_unlisted)

    @property
    def default(self) -> Provider | None:
        """The provider that a bare model name goes to."""
        return self._others[self._default_other] if self._default_other else self._main

    @property
    def default_model(self) -> str | None:
        """The default provider's default model, if the file names one."""
        return self.default.default_model if self.default else self._main_entry.default_model

    @property
    def demo(self) -> bool:
        """Whether the demo answers where nobody else is named."""
        return self.default is not None and self.default.demo

    @property
    def has_demo(self) -> bool:
        """Whether the demo answers for some models."""
        return self._main is not None and self._main.demo

    @property
    def name(self) -> str:
        return self.default.name if self.default else "none"

    def key_source(self, provider: Provider) -> Literal["env", "file", "none"]:
        """Where a provider's key comes from."""
        if provider.name not in self._others:
            return "none" if provider.demo else self.key_status().source
        return "none" if provider.entry.api_key is None else "env"

    def key_status(self) -> KeyStatus:
        """Where the main provider's key comes from; never the key itself."""
        if (key := self._settings.openrouter_api_key) is not None:
            return KeyStatus(source="env", last4=key[-4:])
        if (key := read_key(self._data_dir)) is not None:
            return KeyStatus(source="file", last4=key[-4:])
        return KeyStatus(source="none", last4=None)

    async def set_key(self, key: str) -> None:
        """Store the key and use it from the next call on; calls under way keep theirs."""
        try:
            write_key(self._data_dir, key)
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise DiskFull from error
            raise
        await self.open()

    async def delete_key(self) -> None:
        """Forget the stored key; one from the environment stays."""
        delete_key(self._data_dir)
        await self.open()

    def _other(self, name: str, entry: FileProvider) -> Provider:
        timeouts = self._timeouts
        if entry.timeout is not None:
            # What is slow about a server at home is its first word: it loads the model, then reads the prompt.
            longest_silence = max(timeouts.comments_only_s, entry.timeout)
            timeouts = replace(
                timeouts, first_byte_s=entry.timeout, comments_only_s=longest_silence, total_s=entry.timeout
            )
        url = entry.base_url or ""
        client = self._client(url, entry.api_key, timeouts, name)
        return Provider(
            name,
            client,
            demo=False,
            source=url,
            prefix=f"{name}/",
            plain=entry.plain,
            entry=entry,
        )

    def _client(
        self,
        base_url: str,
        key: str | None,
        timeouts: UpstreamTimeouts | None = None,
        entry: str | None = None,
    ) -> OpenRouter:
        return OpenRouter(
            base_url=base_url,
            key=key,
            referer=self._settings.http_referer,
            title=self._settings.x_title,
            timeouts=timeouts or self._timeouts,
            breaker=self._breaker,
            name=entry or "openrouter",
            asks_for_usage=entry is not None,
            entry=entry,
        )

    @property
    def _data_dir(self) -> Path:
        return self._settings.data_dir


def _route(provider: Provider, model: str, *, takes_unlisted: bool = True) -> Route:
    entry = provider.entry
    if not model and provider.prefix:
        raise UpstreamModelNotFound(
            f"{provider.prefix!r} names a provider and no model: the model's name follows the slash.",
            details={"provider": provider.name},
        )
    if not entry.takes(model):
        raise UpstreamModelNotFound(
            f"The provider {provider.name!r} takes only the models that the providers file lists.",
            details={"provider": provider.name, "models": sorted(entry.models)},
        )
    return Route(provider, provider.slug_of(model), model, entry.defaults_of(model), takes_unlisted)
