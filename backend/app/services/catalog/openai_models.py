"""The catalogue as `/v1/models` lists it: OpenAI's model objects with all that OpenRouter tells of a model."""

from __future__ import annotations

from typing import Any

from app.core.errors import UpstreamModelNotFound
from app.core.json import decode
from app.db.store import Store
from app.db.types import Conn
from app.repo import models
from app.schemas.models import ModelFilter

MOST_MODELS = 100_000


class OpenAIModels:
    """Models on offer, in one list as clients of that API expect it."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def list(self) -> dict[str, Any]:
        """All of them, by id, with what OpenRouter's clients read of a page (API reference, section 7.1)."""
        listings = await self._store.read(models.listings, ModelFilter(), sort="id", limit=MOST_MODELS)
        data = [model_object(listing) for listing in listings]
        return {"object": "list", "data": data, "total_count": len(data), "links": {"next": None}}

    async def get(self, slug: str) -> dict[str, Any]:
        """One of them, by its slug with or without variants. Raises UpstreamModelNotFound."""
        listing = await self._store.read(_listing, slug)
        if listing is None:
            raise UpstreamModelNotFound(f"There is no model {slug[:200]!r} on offer.")
        return model_object(listing)


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


def _listing(conn: Conn, slug: str) -> str | None:
    model = models.find(conn, slug)
    return models.listing(conn, model.id) if model else None
