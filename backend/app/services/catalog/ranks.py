"""Orders that only a provider can tell: popularity, throughput and latency, asked for when somebody sorts by them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping

from app.core.errors import AppError, UnsupportedSort, UpstreamError
from app.db.store import Store
from app.repo import model_ranks
from app.schemas.models import Sort
from app.services.providers.providers import Provider, Providers

log = logging.getLogger(__name__)

KEPT_S = 3600.0
WIRE_SORTS: Mapping[Sort, str] = {
    "top_weekly": "top-weekly",
    "throughput_high_to_low": "throughput-high-to-low",
    "latency_low_to_high": "latency-low-to-high",
}
"""What the provider calls them (API reference, section 7.1)."""


class Ranks:
    """Fetches an order at most once an hour, from the first provider that has it; other providers' models come last."""

    def __init__(self, store: Store, providers: Providers) -> None:
        self._store, self._providers = store, providers
        self._lock = asyncio.Lock()
        self._told: dict[tuple[str, str, Sort], tuple[float, bool]] = {}

    async def ensure(self, sort: Sort) -> None:
        """Have the order at hand; sorts by what the catalogue carries need nothing.

        Raises UnsupportedSort when no provider ranks its models so, MissingKey, and upstream errors when there is no
        earlier order to fall back on.
        """
        if sort not in WIRE_SORTS:
            return
        failure: AppError | None = None
        async with self._lock:
            for provider in self._providers.every():
                try:
                    if await self._is_ranked(provider, sort):
                        return
                except AppError as error:
                    failure = failure or error
        raise failure or UnsupportedSort

    async def _is_ranked(self, provider: Provider, sort: Sort) -> bool:
        key, now_s = (provider.name, provider.source, sort), asyncio.get_running_loop().time()
        told_at, is_ranked = self._told.get(key, (float("-inf"), False))
        if now_s - told_at < KEPT_S:
            return is_ranked
        try:
            ranked = await self._fetch(provider, sort)
        except AppError as error:
            log.warning("models not ranked", extra={"error_code": error.code, "provider": provider.name})
            if await self._store.read(model_ranks.has, sort, provider.name):
                return True
            raise
        if ranked:
            await self._store.write(model_ranks.replace, sort, provider.name, ranked)
        self._told[key] = now_s, bool(ranked)
        return bool(ranked)

    async def _fetch(self, provider: Provider, sort: Sort) -> list[str]:
        """The provider's order; empty from one that does not know the sort, and so lists its models as ever."""
        try:
            ranked = [model.id for model in await provider.client.list_models(WIRE_SORTS[sort])]
        except UpstreamError as error:
            if type(error) is UpstreamError:  # it refuses the parameter
                return []
            raise
        usual = [model.id for model in await provider.client.list_models()]
        return [] if ranked == usual else [provider.prefix + model_id for model_id in ranked]
