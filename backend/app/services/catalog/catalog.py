"""The model catalogue: served from the store, refreshed from the providers in the background and when asked."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from typing import Any

from app.core.clock import now
from app.core.errors import AppError, UpstreamError, UpstreamGarbage
from app.db.store import Store
from app.db.types import Conn
from app.repo import models
from app.repo.model_filters import SORTS
from app.schemas.model_detail import ModelDetail
from app.schemas.models import Model, ModelFamily, ModelFilter, ModelQuery, SyncStep
from app.schemas.page import Slice
from app.services.catalog.details import ModelDetails
from app.services.catalog.families import family_called, label_of
from app.services.catalog.known_families import refuse_unknown_families
from app.services.catalog.ranks import Ranks
from app.services.catalog.rows import listed_rows
from app.services.changes import Changes
from app.services.cursors import decode_cursor, encode_cursor
from app.services.providers.provider_models import described
from app.services.providers.providers import Provider, Providers
from app.services.upstream.wire import WireModel

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Refresh:
    """How often the lists are taken again, seconds; each wait varies by a share of itself, so that no two agree."""

    every_s: float = 3600.0
    first_retry_s: float = 15.0
    least_between_s: float = 60.0
    jitter: Callable[[], float] = lambda: random.uniform(0.9, 1.1)  # noqa: S311 - spreads load, guards nothing

    def after(self, failures: int) -> float:
        """How long to wait after so many failures in a row: each doubles it, up to the usual time."""
        wait_s = self.every_s if not failures else min(self.first_retry_s * 2.0 ** min(failures - 1, 30), self.every_s)
        return wait_s * self.jitter()


class Catalog:
    """The rules of the catalogue."""

    def __init__(self, store: Store, changes: Changes, providers: Providers, refresh: Refresh) -> None:
        self._store, self._changes, self._providers = store, changes, providers
        self._refresh = refresh
        self.ranks = Ranks(store, providers)
        self.details = ModelDetails(store, providers)
        self._wanted = asyncio.Event()
        self._last_try = float("-inf")
        self._task: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Offer the models of the providers there are now, and keep their lists fresh in the background.

        Called again when a provider has changed, which ends what was under way.
        """
        if self._task is not None:
            self._task.cancel()
        self._task = asyncio.create_task(self._keep_fresh(), name="catalogue refresh")

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self.ranks.close()

    def refresh_soon(self) -> None:
        """Take the lists again in the background, because something is missing; at most once a minute."""
        if _now_s() - self._last_try >= self._refresh.least_between_s:
            self._wanted.set()

    async def sync(self) -> int:
        """Replace the models of every provider by its current list; how many there are. Raises as ``sync_steps``."""
        return [step.models or 0 async for step in self.sync_steps()][-1]

    async def sync_steps(self) -> AsyncIterator[SyncStep]:
        """The same, telling each step before it is taken; closing the iterator early leaves the rest as it was.

        A provider that fails keeps the models it had, and the others are taken all the same; the first failure is
        raised at the end. Raises MissingKey without any provider, and upstream errors.
        """
        self._last_try = _now_s()
        total, failure = 0, None
        for provider in self._providers.every():
            yield SyncStep(phase="fetching", models=total or None)
            try:
                listed = await self._listed(provider)
                rows = listed_rows(listed, provider=provider.name, prefix=provider.prefix)
                if not rows and not provider.plain:
                    raise UpstreamGarbage("The provider listed no models; the stored list stays.")
            except AppError as error:
                log.warning("models not synced", extra={"error_code": error.code, "provider": provider.name})
                failure = failure or error
                continue
            total += len(rows)
            yield SyncStep(phase="storing", models=total)
            await self._store.write(models.replace_all, provider.name, rows, now=now(), source=provider.source)
            self._changes.publish("model", "*")
            log.info("models synced", extra={"synced": len(rows), "provider": provider.name})
        if failure is not None:
            raise failure
        yield SyncStep(phase="done", models=total)

    async def _listed(self, provider: Provider) -> Iterable[WireModel]:
        """What a provider offers. A server beside OpenRouter may have no list, or be off: the file's word stands."""
        try:
            live = await provider.client.list_models()
        except UpstreamError as error:
            has_no_list = error.details.get("status") == 404
            if not provider.plain or not (has_no_list or not provider.entry.takes_any_model):
                raise
            live = []
        return described(live, provider.entry, whole=bool(provider.prefix))

    async def list(self, query: ModelQuery) -> Slice[Model]:
        """Models on offer that meet every filter, in the order asked for.

        Raises as ``Ranks.ensure``, BadCursor, and ValidationFailed for a family that is none.
        """
        await self.ranks.ensure(query.sort)
        return await self._store.read(_list, query)

    async def families(self) -> Slice[ModelFamily]:
        """The authors of the models on offer, by id, all at once."""
        rows = await self._store.read(models.families)
        found = [ModelFamily(id=row["family"], label=label_of(row["family"]), count=row["n"]) for row in rows]
        return Slice(items=found, next_cursor=None)

    async def get(self, slug: str) -> ModelDetail:
        """Raises NotFound."""
        return await self.details.get(slug)

    async def _keep_fresh(self) -> None:
        failures, offered = 0, False
        while True:
            try:
                if not offered:
                    sources = {provider.name: provider.source for provider in self._providers.every()}
                    await self._store.write(models.offer_only, sources)
                    offered = True
                await self.sync()
                failures = 0
            except AppError as error:
                failures += 1
                log.warning("catalogue not refreshed", extra={"error_code": error.code, "failures": failures})
            except Exception:
                failures += 1
                log.exception("catalogue not refreshed")
            self._wanted.clear()
            try:
                async with asyncio.timeout(self._refresh.after(failures)):
                    await self._wanted.wait()
            except TimeoutError:
                pass


def filter_of(query: ModelQuery) -> ModelFilter:
    """A query's filters as the store takes them."""
    least, most = query.price_bounds
    return ModelFilter(
        words=tuple((query.text or "").casefold().split()),
        families=tuple(family_called(name) for name in query.families or ()),
        providers=tuple(query.provider or ()),
        input_modalities=tuple(query.input_modalities or ()),
        output_modalities=tuple(query.output_modalities or ()),
        supported_parameters=tuple(query.supported_parameters or ()),
        min_context=query.min_context,
        max_context=query.max_context,
        min_average_picousd=least,
        max_average_picousd=most,
        free=query.free,
        reasoning=query.reasoning,
        toggleable_reasoning=query.toggleable_reasoning,
        tools=query.tools,
    )


def _list(conn: Conn, query: ModelQuery) -> Slice[Model]:
    refuse_unknown_families(conn, query.families)
    wanted, list_name = filter_of(query), f"models {query.sort}"
    after: tuple[Any, str] | None = None
    if query.cursor:
        key, model_id = decode_cursor(list_name, query.cursor, SORTS[query.sort].kind, str)
        after = key, model_id
    found = models.list_page(conn, wanted, sort=query.sort, limit=query.limit + 1, after=after)
    page = found[: query.limit]
    return Slice(
        items=[model for _, model in page],
        next_cursor=encode_cursor(list_name, page[-1][0], page[-1][1].id) if len(found) > query.limit else None,
        total=models.count(conn, wanted) if query.count else None,
    )


def _now_s() -> float:
    return asyncio.get_running_loop().time()
