"""The catalogue as `/v1/models` lists it: OpenAI's model objects with all that OpenRouter tells of a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from app.core.errors import UpstreamModelNotFound
from app.core.json import decode
from app.core.slugs import parse_slug
from app.db.store import Store
from app.db.types import Conn
from app.repo import models
from app.schemas.models import ModelFilter, Sort, least_picousd, most_picousd
from app.schemas.openai_models import ListedModelsQuery, ListedSort, ModelsQuery
from app.schemas.openrouter_lookups import Count, CountReply
from app.services.catalog.families import family_called
from app.services.catalog.ranks import Ranks
from app.services.catalog.rows import listing_of
from app.services.doors.openrouter_lookups import OpenRouterLookups
from app.services.upstream.wire import decode_models

MOST_MODELS = 100_000
PAGE = 500
_SORTS: Final[Mapping[ListedSort | None, Sort]] = {
    None: "id",
    "newest": "newest",
    "top-weekly": "top_weekly",
    "pricing-low-to-high": "pricing_low_to_high",
    "pricing-high-to-low": "pricing_high_to_low",
    "context-high-to-low": "context_high_to_low",
    "throughput-high-to-low": "throughput_high_to_low",
    "latency-low-to-high": "latency_low_to_high",
}
"""Orders of our own; all others are the provider's."""


class OpenAIModels:
    """Models on offer as clients of that API expect them.

    They are those of our catalogue. Where a query asks for what only the main provider knows, it is asked, and its
    models alone are told.
    """

    def __init__(self, store: Store, ranks: Ranks, lookups: OpenRouterLookups) -> None:
        self._store, self._ranks, self._lookups = store, ranks, lookups

    async def list(self, query: ListedModelsQuery, path: str) -> dict[str, Any]:
        """Those that meet every filter, and what OpenRouter's clients read of a page (API reference, section 7.1).

        Args:
            path: of the list, for the link to its next page.

        Raises as ``Ranks.ensure``, and as ``OpenRouterLookups.told`` where the provider is asked.
        """
        listings = await self._listings(query)
        offset, limit = query.offset or 0, query.limit or (PAGE if query.offset is not None else MOST_MODELS)
        following = None
        if offset + limit < len(listings):
            following = query.under(path, offset=offset + limit, limit=limit)
        return {
            "object": "list",
            "data": [model_object(listing) for listing in listings[offset : offset + limit]],
            "total_count": len(listings),
            "links": {"next": following},
        }

    async def count(self, query: ModelsQuery) -> CountReply:
        """How many the list has under the same filters. Raises as ``list``."""
        if query.is_for_provider:
            return CountReply(data=Count(count=len(await self._told(query))))
        return CountReply(data=Count(count=await self._store.read(models.count, _filter_of(query))))

    async def get(self, slug: str) -> dict[str, Any]:
        """One of them, by its slug with or without variants. Raises UpstreamModelNotFound."""
        return model_object(await self._one(slug))

    async def entry(self, slug: str) -> bytes:
        """One of them as the provider lists it: ``{data: entry}``, JSON.

        Raises UpstreamModelNotFound; MissingKey and upstream errors for an alias, which is the provider's to resolve.
        """
        if parse_slug(slug).is_alias:
            author, _, name = slug.partition("/")
            return await self._lookups.model(author, name)
        return b'{"data":%s}' % (await self._one(slug)).encode()

    async def _one(self, slug: str) -> str:
        listing = await self._store.read(_listing, slug)
        if listing is None:
            raise UpstreamModelNotFound(f"There is no model {slug[:200]!r} on offer.")
        return listing

    async def _listings(self, query: ListedModelsQuery) -> Sequence[str]:
        sort = _SORTS.get(query.sort)
        if sort is None or query.is_for_provider:
            return await self._told(query)
        await self._ranks.ensure(sort)
        return await self._store.read(models.listings, _filter_of(query), sort=sort, limit=MOST_MODELS)

    async def _told(self, query: ModelsQuery) -> Sequence[str]:
        """The provider's own list under these filters, whole."""
        told = decode_models(await self._lookups.told(query.under("/models", offset=None, limit=None)))
        return [listing_of(model, model.id) for model in told if model.id]


def model_object(listing: str) -> dict[str, Any]:
    """A provider's entry with the fields that OpenAI's clients read in front."""
    entry: dict[str, Any] = decode(listing)
    created = entry.get("created")
    return {
        "id": entry["id"],
        "object": "model",
        "created": created if isinstance(created, int) else 0,
        "owned_by": str(entry["id"]).partition("/")[0].lstrip("~"),
        **{name: value for name, value in entry.items() if name not in ("id", "object", "created", "owned_by")},
    }


def _filter_of(query: ModelsQuery) -> ModelFilter:
    return ModelFilter(
        words=tuple((query.q or "").casefold().split()),
        families=tuple(family_called(name) for name in query.model_authors or ()),
        tokenizers=tuple(query.arch or ()),
        input_modalities=tuple(query.input_modalities or ()),
        output_modalities=tuple(query.output_modalities or ()),
        supported_parameters=tuple(query.supported_parameters or ()),
        min_context=query.context,
        min_prompt_picousd=least_picousd(query.min_price),
        max_prompt_picousd=most_picousd(query.max_price),
        min_completion_picousd=least_picousd(query.min_output_price),
        max_completion_picousd=most_picousd(query.max_output_price),
    )


def _listing(conn: Conn, slug: str) -> str | None:
    model = models.find(conn, slug)
    return models.listing(conn, model.id) if model else None
