"""What clients of OpenRouter look up beside answers: from our own store where it knows, else from the provider.

The provider's replies are passed on as they came, so that its own clients find every field in them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from app.core.errors import MissingKey, NotFound, UpstreamError, UpstreamModelNotFound
from app.core.money import to_usd
from app.db.store import Store
from app.db.types import Conn, Row
from app.repo import ledger
from app.schemas.openai_models import ModelsQuery
from app.schemas.openrouter_lookups import PaidCallRecord, PaidCallReply
from app.services.catalog.known_models import known_route
from app.services.catalog.single_flight import SingleFlight
from app.services.providers.providers import Providers, Route
from app.services.upstream.openrouter import OpenRouter
from app.services.upstream.target import model_path

ACCOUNT_KEPT_S = 15.0
"""Figures of an account change with every call."""
LIST_KEPT_S = 300.0
"""As long as the provider lets its lists be kept (API reference, section 7.1)."""
MOST_KEPT = 64
MOST_KEPT_BYTES = 8 * 2**20
"""Of all together. The list of all models has about one megabyte."""

_Key = tuple[OpenRouter, str]


@dataclass(frozen=True, slots=True)
class _Told:
    until_s: float
    reply: bytes


class OpenRouterLookups:
    """Reads for the doors. What a provider told is kept for a moment, and asked for once by many."""

    def __init__(self, store: Store, providers: Providers) -> None:
        self._store, self._providers = store, providers
        self._asking = SingleFlight[bytes]()
        self._told: dict[_Key, _Told] = {}

    async def close(self) -> None:
        """Give up what is being asked."""
        await self._asking.close()

    async def endpoints(self, slug: str) -> bytes:
        """Who serves a model. Raises UpstreamModelNotFound, MissingKey, upstream errors."""
        route: Route = await self._store.read(known_route, self._providers.route, slug)
        author, _, name = route.model.partition("/")
        client = route.provider.client
        return await self._kept(
            (client, f"endpoints {route.model}"), LIST_KEPT_S, lambda: client.endpoints_reply(author, name)
        )

    async def model(self, author: str, name: str) -> bytes:
        """A model of the main provider's. Raises UpstreamModelNotFound, MissingKey, upstream errors."""
        client = self._providers.current().client
        path = model_path(author, name)
        return await self._kept((client, path), LIST_KEPT_S, lambda: client.look_up(path))

    async def told(self, path: str) -> bytes:
        """A list of the main provider's, by its path and query. Raises MissingKey, upstream errors."""
        return await self._main_tells(path, LIST_KEPT_S)

    async def companies(self) -> bytes:
        """Who serves models at the main provider. Raises as ``told``."""
        return await self.told("/providers")

    async def keeping_nothing(self) -> bytes:
        """Who serves models there and keeps nothing of what is said. Raises as ``told``."""
        return await self.told("/endpoints/zdr")

    async def embedding_models(self, query: ModelsQuery) -> bytes:
        """Models there that make vectors. Raises as ``told``."""
        return await self.told(query.under("/embeddings/models"))

    async def image_models(self, query: ModelsQuery) -> bytes:
        """Models there that draw. Raises as ``told``."""
        return await self.told(query.under("/images/models"))

    async def user_models(self, query: ModelsQuery) -> bytes:
        """Models there as far as its account allows them. Raises as ``told``."""
        self._refuse_demo()
        return await self.told(query.under("/models/user"))

    async def key(self) -> bytes:
        """What the main provider's key may spend and has spent. Raises MissingKey, upstream errors."""
        self._refuse_demo()
        return await self._main_tells("/key", ACCOUNT_KEPT_S)

    async def credits(self) -> bytes:
        """What its account has bought and spent. Raises MissingKey, upstream errors."""
        self._refuse_demo()
        return await self._main_tells("/credits", ACCOUNT_KEPT_S)

    async def call(self, call_id: str) -> PaidCallReply:
        """A paid call by our id or the provider's.

        Raises NotFound for an unknown one, one that has not ended, and as long as its cost is not known: OpenRouter
        does not know a call either before it is booked.
        """
        row = await self._store.read(_call, call_id)
        return PaidCallReply(data=_record(call_id, row))

    def _refuse_demo(self) -> None:
        """The demo has no account; its figures would be invented."""
        if self._providers.current().demo:
            raise MissingKey

    async def _main_tells(self, path: str, kept_s: float) -> bytes:
        client = self._providers.current().client
        try:
            return await self._kept((client, path), kept_s, lambda: client.look_up(path))
        except UpstreamModelNotFound as error:
            raise UpstreamError("The provider does not tell that.", details=error.details) from error

    async def _kept(self, key: _Key, kept_s: float, ask: Callable[[], Coroutine[Any, Any, bytes]]) -> bytes:
        told = self._told.get(key)
        if told is not None and _now_s() < told.until_s:
            return told.reply
        reply = await self._asking.of(key, ask)
        self._told.pop(key, None)
        if len(reply) <= MOST_KEPT_BYTES:
            self._told[key] = _Told(_now_s() + kept_s, reply)
        while len(self._told) > MOST_KEPT or sum(len(told.reply) for told in self._told.values()) > MOST_KEPT_BYTES:
            del self._told[next(iter(self._told))]
        return reply


def _call(conn: Conn, call_id: str) -> Row:
    row = ledger.call(conn, call_id)
    if row is None:
        raise NotFound.of("generation", call_id)
    if row["cost_picousd"] is None:
        said = "has not ended" if row["state"] == "reserved" else "has a cost that nobody knows yet"
        raise NotFound(f"The generation {call_id!r} {said}.", resource_type="generation", resource_id=call_id)
    return row


def _record(call_id: str, row: Row) -> PaidCallRecord:
    cost = to_usd(row["cost_picousd"])
    return PaidCallRecord(
        id=call_id,
        upstream_id=row["upstream_id"],
        model=row["model"],
        provider_name=row["upstream_provider"] or row["provider"],
        created_at=row["created_at"],
        api_type="embeddings" if row["purpose"] == "embedding" else "completions",
        finish_reason=row["finish_reason"],
        cancelled=None if row["status"] is None else row["status"] == "stopped",
        latency=row["latency_ms"],
        tokens_prompt=row["prompt_tokens"],
        tokens_completion=row["completion_tokens"],
        native_tokens_prompt=row["prompt_tokens"],
        native_tokens_completion=row["completion_tokens"],
        native_tokens_cached=row["cached_tokens"],
        native_tokens_reasoning=row["reasoning_tokens"],
        usage=cost,
        total_cost=cost,
    )


def _now_s() -> float:
    return asyncio.get_running_loop().time()
