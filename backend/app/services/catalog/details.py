"""One model in full: the stored catalogue, and who serves it as the provider tells now."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any

import msgspec

from app.core.clock import now
from app.core.errors import AppError, NotFound, UpstreamTimeout
from app.db.store import Store
from app.db.types import Conn, Row
from app.repo import model_endpoints, model_prices, models
from app.schemas.model_detail import EndpointsProblem, ModelDetail
from app.schemas.models import Model, PriceVersion
from app.services.catalog.analysis import analyse, capabilities_of, endpoint_of
from app.services.providers.providers import Provider, Providers
from app.services.upstream.wire import WireEndpoint

log = logging.getLogger(__name__)

FRESH_S = 300.0
"""As long as the provider lets its own answer be kept (API reference, section 7.1)."""
PATIENCE_S = 5.0


@dataclass(frozen=True, slots=True)
class Told:
    """Who serves a model, in the provider's shape; None when it never said. ``problem`` is why not just now."""

    endpoints: list[WireEndpoint] | None
    fetched_at: str | None = None
    problem: AppError | None = None


class ModelDetails:
    """Reads models in full; what a provider said last is kept for when it cannot say."""

    def __init__(self, store: Store, providers: Providers) -> None:
        self._store, self._providers = store, providers

    async def get(self, slug: str) -> ModelDetail:
        """A model, on offer or not any more, by any form of its slug. Raises NotFound.

        A provider that cannot say who serves it is a part of the answer, never an error, and is waited for only
        seconds.
        """
        model, history, told = await self.found(slug)
        endpoints = None if told.endpoints is None else [endpoint_of(wire) for wire in told.endpoints]
        problem = told.problem
        known: dict[str, Any] = {field.name: getattr(model, field.name) for field in fields(Model)}
        return ModelDetail(
            **known,
            endpoints=endpoints,
            endpoints_fetched_at=told.fetched_at,
            endpoints_problem=EndpointsProblem(error_code=problem.code, message=problem.message) if problem else None,
            parameters=analyse(endpoints, model.supported_parameters),
            capabilities=capabilities_of(model),
            price_history=history,
        )

    async def found(self, slug: str) -> tuple[Model, list[PriceVersion], Told]:
        """A model, what it cost, newest first, and who serves it. Raises NotFound."""
        model, history, kept = await self._store.read(_read, slug)
        if model is None:
            raise NotFound.of("model", slug)
        return model, history, await self._told(model, kept)

    async def _told(self, model: Model, kept: Row | None) -> Told:
        if kept is not None and 0 <= _age_s(kept["fetched_at"]) < FRESH_S:
            return Told(_decoded(kept), kept["fetched_at"])
        try:
            async with asyncio.timeout(PATIENCE_S):
                endpoints = await self._fetch(model)
        except (AppError, TimeoutError) as error:
            problem = error if isinstance(error, AppError) else UpstreamTimeout()
            log.info("endpoints not told", extra={"error_code": problem.code, "model": model.id})
            return Told(_decoded(kept) if kept else None, kept["fetched_at"] if kept else None, problem)
        at = now()
        encoded = msgspec.json.encode(endpoints).decode()
        try:
            await self._store.write(model_endpoints.put, model.id, encoded, fetched_at=at)
        except AppError as error:
            log.warning("endpoints not kept", extra={"error_code": error.code, "model": model.id})
        return Told(endpoints, at)

    async def _fetch(self, model: Model) -> list[WireEndpoint]:
        provider = self._provider_of(model)
        author, _, name = model.id.removeprefix(provider.prefix).partition("/")
        return (await provider.client.endpoints(author, name)).endpoints or []

    def _provider_of(self, model: Model) -> Provider:
        found = next((provider for provider in self._providers.every() if provider.name == model.provider), None)
        if found is None:
            raise NotFound.of("provider", model.provider)
        return found


def _read(conn: Conn, slug: str) -> tuple[Model | None, list[PriceVersion], Row | None]:
    model = models.find(conn, slug)
    if model is None:
        return None, [], None
    return model, model_prices.history(conn, model.id), model_endpoints.get(conn, model.id)


def _decoded(kept: Row) -> list[WireEndpoint]:
    return msgspec.json.decode(kept["endpoints"], type=list[WireEndpoint])


def _age_s(stamped: str) -> float:
    return (datetime.now(UTC) - datetime.fromisoformat(stamped)).total_seconds()
