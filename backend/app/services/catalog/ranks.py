"""Orders that only a provider can tell: popularity, throughput and latency, asked for when somebody sorts by them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass

from app.core.errors import AppError, UnsupportedSort, UpstreamError
from app.db.store import Store
from app.repo import model_ranks
from app.schemas.models import Sort
from app.services.catalog.single_flight import SingleFlight
from app.services.providers.providers import Provider, Providers
from app.services.upstream.openrouter import OpenRouter

log = logging.getLogger(__name__)

KEPT_S = 3600.0
FAILURE_KEPT_S = 60.0
PATIENCE_S = 5.0
"""How long a new order is waited for where there is an earlier one."""
WIRE_SORTS: Mapping[Sort, str] = {
    "top_weekly": "top-weekly",
    "throughput_high_to_low": "throughput-high-to-low",
    "latency_low_to_high": "latency-low-to-high",
}
"""What the provider calls them (API reference, section 7.1)."""


@dataclass(frozen=True, slots=True)
class _Told:
    """What came of asking a provider, believed until then."""

    until_s: float
    is_ranked: bool = False
    failure: AppError | None = None


class Ranks:
    """Fetches an order at most once an hour, from the first provider that has it; other providers' models come last.

    Each order is asked for by one call at a time. A failure is remembered for a minute; an earlier order serves on
    through it, and while a slow provider has not answered.
    """

    def __init__(self, store: Store, providers: Providers) -> None:
        self._store, self._providers = store, providers
        self._asking = SingleFlight[_Told]()
        # By client: a new key is a new client, and asks anew.
        self._told: dict[tuple[OpenRouter, Sort], _Told] = {}

    async def close(self) -> None:
        """Give up what is being asked."""
        await self._asking.close()

    async def ensure(self, sort: Sort) -> None:
        """Have the order at hand; sorts by what the catalogue carries need nothing.

        Raises UnsupportedSort when no provider ranks its models so, MissingKey, and upstream errors when there is no
        earlier order to fall back on.
        """
        if sort not in WIRE_SORTS:
            return
        failure: AppError | None = None
        for provider in self._providers.every():
            try:
                if await self._is_ranked(provider, sort):
                    return
            except AppError as error:
                failure = failure or error
        raise failure or UnsupportedSort

    async def _is_ranked(self, provider: Provider, sort: Sort) -> bool:
        told = self._told.get((provider.client, sort))
        if told is None or _now_s() >= told.until_s:
            has_order = await self._store.read(model_ranks.has, sort, provider.name)
            patience_s = PATIENCE_S if has_order else None
            asked = await self._asking.within(
                patience_s, (provider.name, provider.client, sort), lambda: self._ask(provider, sort)
            )
            if asked is None:
                return True
            told = asked.result()
        if told.failure is None:
            return told.is_ranked
        if await self._store.read(model_ranks.has, sort, provider.name):
            return True
        raise told.failure.with_traceback(None)

    async def _ask(self, provider: Provider, sort: Sort) -> _Told:
        try:
            ranked = await self._fetch(provider, sort)
            if ranked:
                await self._store.write(model_ranks.replace, sort, provider.name, ranked)
            told = _Told(_now_s() + KEPT_S, bool(ranked))
        except AppError as error:
            log.warning("models not ranked", extra={"error_code": error.code, "provider": provider.name})
            told = _Told(_now_s() + FAILURE_KEPT_S, failure=error)
        self._told[(provider.client, sort)] = told
        return told

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


def _now_s() -> float:
    return asyncio.get_running_loop().time()
