"""Who answers: OpenRouter or a server of the owner's, or the built-in demo while no key is known."""

from __future__ import annotations

import errno
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from app.core.config import Settings
from app.core.errors import DiskFull, MissingKey
from app.core.token import delete_key, read_key, write_key
from app.schemas.settings import KeyStatus
from app.services.openrouter import OpenRouter, UpstreamTimeouts

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


class Providers:
    """The current provider, replaced when the key changes. ``close`` ends all its connections.

    Args:
        start_demo: starts the built-in provider and gives its base URL; called at most once.
    """

    def __init__(
        self, settings: Settings, timeouts: UpstreamTimeouts, start_demo: Callable[[], Awaitable[str]]
    ) -> None:
        self._settings, self._timeouts, self._start_demo = settings, timeouts, start_demo
        self._current: Provider | None = None
        self._retired: list[OpenRouter] = []
        self._demo_url: str | None = None

    async def open(self) -> None:
        """Choose the provider by the key that is known now."""
        key = self._settings.openrouter_api_key or read_key(self._data_dir)
        if key is not None or self._settings.keyless_server:
            name = "custom" if self._settings.keyless_server else "openrouter"
            self._current = Provider(
                name, self._client(url := self._settings.openrouter_base_url, key), demo=False, source=url
            )
        elif self._settings.demo == "auto":
            self._demo_url = self._demo_url or await self._start_demo()
            self._current = Provider(DEMO, self._client(self._demo_url, None), demo=True, source=DEMO)

    async def close(self) -> None:
        for client in [*self._retired, *([self._current.client] if self._current else [])]:
            await client.aclose()

    def current(self) -> Provider:
        """Raises MissingKey when there is none."""
        if self._current is None:
            raise MissingKey
        return self._current

    def every(self) -> list[Provider]:
        """All that can be asked. Raises MissingKey when there is none."""
        return [self.current()]

    @property
    def demo(self) -> bool:
        return self._current is not None and self._current.demo

    @property
    def name(self) -> str:
        return self._current.name if self._current else "none"

    def key_status(self) -> KeyStatus:
        """Where the key comes from; never the key itself."""
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
        await self._reopen()

    async def delete_key(self) -> None:
        """Forget the stored key; one from the environment stays."""
        delete_key(self._data_dir)
        await self._reopen()

    async def _reopen(self) -> None:
        if self._current is not None:
            self._retired.append(self._current.client)
            self._current = None
        await self.open()

    def _client(self, base_url: str, key: str | None) -> OpenRouter:
        return OpenRouter(
            base_url=base_url,
            key=key,
            referer=self._settings.http_referer,
            title=self._settings.x_title,
            timeouts=self._timeouts,
        )

    @property
    def _data_dir(self) -> Path:
        return self._settings.data_dir
