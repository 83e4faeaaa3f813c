"""The model catalogue: served from the store, taken from the provider at every start, with a new key and when asked."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

from app.core.clock import now, stamp
from app.core.errors import AppError, NotFound, UpstreamGarbage
from app.core.json import encode_text
from app.core.money import parse_usd
from app.db.store import Store
from app.db.types import Conn
from app.repo import models
from app.schemas.models import Model, ModelQuery, SyncStep
from app.schemas.page import Slice
from app.services.changes import Changes
from app.services.cursors import decode_cursor, encode_cursor
from app.services.outcome import counted
from app.services.providers import Providers
from app.services.upstream_wire import WireModel

log = logging.getLogger(__name__)

LATEST_S = 253_402_300_799
"""The last second of the year 9999: what a time of ours can say."""

_PRICES = {
    "prompt_picousd": "prompt",
    "completion_picousd": "completion",
    "request_picousd": "request",
    "image_picousd": "image",
    "cache_read_picousd": "input_cache_read",
    "cache_write_picousd": "input_cache_write",
    "reasoning_picousd": "internal_reasoning",
}


class Catalog:
    """The rules of the catalogue."""

    def __init__(self, store: Store, changes: Changes, providers: Providers) -> None:
        self._store, self._changes, self._providers = store, changes, providers
        self._task: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Fetch the list in the background, so that the page has models; a failure is logged and left.

        Called again when the provider has changed, which ends a fetch from the old one.
        """
        if self._task is not None:
            self._task.cancel()
        self._task = asyncio.create_task(self._first_sync(), name="first catalogue sync")

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def sync(self) -> int:
        """Replace the provider's models by its current list; how many there are. Raises as ``sync_steps``."""
        return [step.models or 0 async for step in self.sync_steps()][-1]

    async def sync_steps(self) -> AsyncIterator[SyncStep]:
        """The same, telling each step before it is taken; closing the iterator early leaves the catalogue as it was.

        Raises MissingKey and upstream errors, with nothing changed.
        """
        provider = self._providers.current()
        yield SyncStep(phase="fetching")
        listed = await provider.client.list_models()
        rows = [_row(model, provider.name) for model in listed if model.id]
        if not rows:
            raise UpstreamGarbage("The provider listed no models; the stored list stays.")
        yield SyncStep(phase="storing", models=len(rows))
        await self._store.write(models.replace_all, provider.name, rows, now=now())
        self._changes.publish("model", "*")
        log.info("models synced", extra={"synced": len(rows), "provider": provider.name})
        yield SyncStep(phase="done", models=len(rows))

    async def list(self, query: ModelQuery) -> Slice[Model]:
        """Models on offer, by id."""
        return await self._store.read(_list, query)

    async def get(self, model_id: str) -> Model:
        """Raises NotFound."""
        model = await self._store.read(models.get, model_id)
        if model is None:
            raise NotFound.of("model", model_id)
        return model

    async def _first_sync(self) -> None:
        try:
            await self.sync()
        except AppError as error:
            log.warning("models not synced", extra={"error_code": error.code})


def _list(conn: Conn, query: ModelQuery) -> Slice[Model]:
    filters: dict[str, Any] = {
        "text": query.text,
        "reasoning": query.reasoning,
        "free": query.free,
        "min_context": query.min_context,
    }
    after = str(decode_cursor("models", query.cursor, str)[0]) if query.cursor else None
    found = models.list_page(conn, limit=query.limit + 1, after=after, **filters)
    items = found[: query.limit]
    return Slice(
        items=items,
        next_cursor=encode_cursor("models", items[-1].id) if len(found) > query.limit else None,
        total=models.count(conn, **filters) if query.count else None,
    )


def _row(model: WireModel, provider: str) -> dict[str, Any]:
    parameters = model.supported_parameters or []
    architecture, top = model.architecture, model.top_provider
    return {
        **{column: _price(model, name) for column, name in _PRICES.items()},
        "id": model.id,
        "name": model.name or model.id,
        "description": model.description or "",
        "context_length": counted(model.context_length),
        "max_output_tokens": counted(top.max_completion_tokens) if top else None,
        "input_modalities": encode_text((architecture and architecture.input_modalities) or ["text"]),
        "output_modalities": encode_text((architecture and architecture.output_modalities) or ["text"]),
        "supported_parameters": encode_text(parameters),
        "is_reasoning": int(model.reasoning is not None or "reasoning" in parameters),
        "family": model.id.partition("/")[0].lstrip("~"),
        "provider": provider,
        "created_at": stamp(min(max(model.created or 0, 0), LATEST_S) * 1_000_000_000),
    }


def _price(model: WireModel, name: str) -> int | None:
    """Picodollars per unit; None when not given or variable (``"-1"``)."""
    text = model.price_text(name)
    return parse_usd(text) if text is not None else None
