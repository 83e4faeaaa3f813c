"""The catalogue for clients of the typed dialect: models as their provider lists them, found by its query names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, cast

import msgspec

from app.core.errors import NotFound
from app.core.json import decode
from app.db.store import Store
from app.db.types import Conn
from app.repo import models
from app.schemas.models import ModelFilter, least_picousd, most_picousd
from app.schemas.plain_models import (
    Entry,
    FiltersApplied,
    ParameterGroups,
    PlainDetail,
    PlainFamilies,
    PlainFound,
    PlainModels,
    PlainQuery,
)
from app.services.catalog.analysis import analyse, endpoint_of
from app.services.catalog.catalog import Catalog
from app.services.catalog.families import family_called
from app.services.catalog.known_families import refuse_unknown_families
from app.services.catalog.single_flight import SingleFlight

MOST_MODELS = 100_000
PAGE = 50
PARAMETERS = ParameterGroups(
    routing=["sort", "providers", "max_price", "fallbacks", "require_parameters"],
    behavior=[
        *("temperature", "top_p", "top_k", "frequency_penalty", "presence_penalty", "repetition_penalty"),
        *("min_p", "top_a", "seed"),
    ],
    output=["max_tokens", "stop", "logit_bias", "logprobs", "top_logprobs", "response_format", "verbosity"],
    function_calling=["tools", "tool_choice", "parallel_tool_calls"],
    reasoning=["reasoning_effort", "reasoning_max_tokens", "hide_reasoning", "disable_reasoning"],
    note="Models and their providers differ in what they take; require_parameters leaves out those that do not.",
)
_NOT_A_PARAMETER = "hide_reasoning"
"""A control of the dialect that its pages list among a model's parameters."""


@dataclass(frozen=True, slots=True)
class _Page:
    listings: list[str]
    total: int


class PlainCatalog:
    """Reads for `/models`. The first of them waits for a list where there is none yet; after that nobody is asked."""

    def __init__(self, store: Store, catalog: Catalog) -> None:
        self._store, self._catalog = store, catalog
        self._first = SingleFlight[int]()

    async def close(self) -> None:
        """Give up waiting for a first list."""
        await self._first.close()

    async def everything(self, query: PlainQuery) -> PlainModels:
        """Every model on offer that meets every filter, in one list unless a page of it is asked for.

        Raises MissingKey and upstream errors while there is no list, ValidationFailed for a family that is none, and
        as ``Ranks.ensure``.
        """
        page = await self._page(query, query.limit or MOST_MODELS)
        return PlainModels(
            models=_as_they_came(page.listings),
            supported_parameters=PARAMETERS,
            total_count=page.total,
            filters_applied=_applied(query, query.limit),
            sort_applied=query.sort,
        )

    async def families(self) -> PlainFamilies:
        """The authors of the models on offer. Raises MissingKey and upstream errors while there is no list."""
        await self._filled()
        return PlainFamilies(families=(await self._catalog.families()).items)

    async def search(self, query: PlainQuery) -> PlainFound:
        """A page of what meets every filter. Raises as ``everything``."""
        limit = query.limit or PAGE
        page = await self._page(query, limit)
        return PlainFound(
            models=_as_they_came(page.listings),
            total_count=page.total,
            filters_applied=_applied(query, limit),
            sort_applied=query.sort,
        )

    async def detail(self, slug: str) -> PlainDetail:
        """One model on offer, by any form of its slug, and who serves it. Raises NotFound, and as ``families``."""
        await self._filled()
        model, _, told = await self._catalog.details.found(slug)
        listing = await self._store.read(models.listing, model.id)
        if listing is None:
            raise NotFound.of("model", slug)
        entry: Entry = decode(listing)
        endpoints = None if told.endpoints is None else [endpoint_of(wire) for wire in told.endpoints]
        found = analyse(endpoints, model.supported_parameters)
        return PlainDetail(
            id=model.id,
            name=model.name,
            description=model.description,
            context_length=model.context_length,
            pricing=_object(entry.get("pricing")),
            architecture=_object(entry.get("architecture")),
            supported_parameters=model.supported_parameters,
            created=created if isinstance(created := entry.get("created"), int) else None,
            provider_name=model.provider,
            endpoints=None if told.endpoints is None else cast("list[Entry]", told.endpoints),
            provider_parameter_union=found.union,
            provider_parameter_intersection=found.intersection,
            provider_parameter_details=found.by_provider,
        )

    async def _page(self, query: PlainQuery, limit: int) -> _Page:
        await self._filled()
        await self._catalog.ranks.ensure(query.sort)
        return await self._store.read(_search, query, limit)

    async def _filled(self) -> None:
        if not await self._store.read(models.has_list):
            await self._first.of("list", self._catalog.sync)


def _search(conn: Conn, query: PlainQuery, limit: int) -> _Page:
    refuse_unknown_families(conn, query.families)
    wanted = _filter_of(query)
    listings = models.listings(conn, wanted, sort=query.sort, limit=limit, offset=query.offset)
    return _Page(listings, models.count(conn, wanted))


def _filter_of(query: PlainQuery) -> ModelFilter:
    applied = _applied(query, query.limit)
    return ModelFilter(
        words=tuple((query.search_term or "").casefold().split()),
        families=tuple(family_called(name) for name in query.families or ()),
        input_modalities=tuple(query.input_modalities or ()),
        output_modalities=tuple(query.output_modalities or ()),
        supported_parameters=tuple(applied.supported_parameters or ()),
        min_context=query.min_context_length,
        max_context=query.max_context_length,
        min_average_picousd=least_picousd(query.min_price),
        max_average_picousd=most_picousd(query.max_price),
        free=query.free_only or None,
        toggleable_reasoning=applied.toggleable_reasoning or None,
    )


def _applied(query: PlainQuery, limit: int | None) -> FiltersApplied:
    wanted = query.supported_parameters
    return FiltersApplied(
        search_term=query.search_term,
        families=query.families,
        input_modalities=query.input_modalities,
        output_modalities=query.output_modalities,
        min_context_length=query.min_context_length,
        max_context_length=query.max_context_length,
        min_price=query.min_price,
        max_price=query.max_price,
        free_only=query.free_only,
        supported_parameters=None if wanted is None else [name for name in wanted if name != _NOT_A_PARAMETER],
        toggleable_reasoning=query.toggleable_reasoning or bool(query.toggable_reasoning),
        toggable_reasoning=query.toggable_reasoning,
        limit=limit,
        offset=query.offset,
    )


def _as_they_came(listings: Iterable[str]) -> list[Entry]:
    """JSON text as it is, for the encoder."""
    return [cast("Entry", msgspec.Raw(listing.encode())) for listing in listings]


def _object(value: Any) -> Entry:
    return value if isinstance(value, dict) else {}
