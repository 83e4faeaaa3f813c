"""Embeddings for whoever speaks OpenAI's API to the console: passed on as they are, and paid through the ledger."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from app.core.caller import current_token_id
from app.core.errors import AppError
from app.db.store import Store
from app.db.types import Conn, Row
from app.repo import models
from app.schemas.embeddings import EmbeddingsRequest
from app.services.catalog.rows import listed_rows
from app.services.doors.openrouter_lookups import OpenRouterLookups
from app.services.providers.providers import Providers, Route
from app.services.turns.keys import Key, earlier, key_of
from app.services.turns.paid_calls import PaidCall, PaidCalls, taken
from app.services.turns.reservation import needs_prices
from app.services.turns.worst_cost import worst_embedding_picousd
from app.services.upstream.embeddings import EmbeddingsReply
from app.services.upstream.wire import decode_models

log = logging.getLogger(__name__)

MOST_KEPT_BYTES = 16 * 2**20
_KIND: Final = "embedding"


@dataclass(frozen=True, slots=True)
class Vectors:
    """The provider's reply as it came, and its id. ``replayed``: an earlier request under the same key was paid."""

    id: str | None
    body: bytes
    replayed: bool = False


class Embeddings:
    """Vectors from the provider that serves the model.

    A key is for ever, the replies to the newest keys are kept in memory up to ``MOST_KEPT_BYTES`` in all.
    """

    def __init__(self, store: Store, providers: Providers, paid_calls: PaidCalls, lookups: OpenRouterLookups) -> None:
        self._store, self._providers, self._paid_calls, self._lookups = store, providers, paid_calls, lookups
        self._running: dict[Key, asyncio.Task[EmbeddingsReply]] = {}
        self._kept: dict[Key, Vectors] = {}
        self._kept_bytes = 0

    async def create(self, request: EmbeddingsRequest, request_id: str | None = None) -> Vectors:
        """The provider's reply, or under a key that was used for the same request, the reply to that.

        Raises MissingKey, the errors of the upstream, IdempotencyMismatch, and Conflict when a repeated request was
        made whose reply is not kept.
        """
        key = key_of(request_id, _KIND, request.body())
        route = self._providers.route(request.model)
        prices = await self._prices(route)
        made = await self._store.read(earlier, key, _KIND)
        # Nothing is awaited between here and the start: of requests that come at once, one starts.
        if key is not None and (known := self._kept.get(key)) is not None:
            return known
        if key is not None and (running := self._running.get(key)) is not None:
            return replace(_vectors(await asyncio.shield(running)), replayed=True)
        if made is not None:
            raise taken(made)
        body = route.request(request.body())
        call = PaidCall(
            purpose=_KIND,
            model=route.slug,
            provider=route.provider,
            body=body,
            worst_picousd=worst_embedding_picousd(request.input, prices),
            offers={route.slug: prices},
            key=key,
        )
        task = self._paid_calls.start(call, lambda again: route.provider.client.embeddings(body, again=again))
        if key is not None:
            self._running[key] = task
            task.add_done_callback(partial(self._done, key))
        return _vectors(await asyncio.shield(task))

    async def _prices(self, route: Route) -> Row | None:
        """What the model costs, as the catalogue has it, else as the main provider's list of such models says.

        The catalogue has none of them (API reference, sections 7.1 and 8.3). The list is asked for where a budget or
        a cap needs them.
        """
        stored, is_needed = await self._store.read(_look, route.slug, current_token_id())
        if stored is not None or not is_needed or route.provider is not self._providers.current():
            return stored
        try:
            listed = decode_models(await self._lookups.told("/embeddings/models"))
        except AppError as error:
            log.warning("embedding models not listed", extra={"error_code": error.code})
            return None
        rows = listed_rows(listed, provider=route.provider.name)
        return next((row for row in rows if route.slug in (row["id"], row["canonical_slug"])), None)

    def _done(self, key: Key, task: asyncio.Task[EmbeddingsReply]) -> None:
        del self._running[key]
        if task.cancelled() or task.exception() is not None:
            return
        vectors = replace(_vectors(task.result()), replayed=True)
        self._kept[key] = vectors
        self._kept_bytes += len(vectors.body)
        while self._kept_bytes > MOST_KEPT_BYTES:
            oldest = next(iter(self._kept))
            self._kept_bytes -= len(self._kept.pop(oldest).body)


def _look(conn: Conn, slug: str, token_id: str | None) -> tuple[Row | None, bool]:
    """The model's prices, and whether anything asks for them."""
    return models.prices(conn, slug), needs_prices(conn, token_id)


def _vectors(reply: EmbeddingsReply) -> Vectors:
    return Vectors(reply.id, reply.body)
