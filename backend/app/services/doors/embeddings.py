"""Embeddings for whoever speaks OpenAI's API to the console: passed on as they are, and paid through the ledger."""

from __future__ import annotations

from app.core.money import price_of
from app.db.store import Store
from app.repo import models
from app.schemas.embeddings import EmbeddingsRequest
from app.services.context.tokens import text_tokens
from app.services.providers.providers import Providers
from app.services.turns.paid_calls import PaidCall, PaidCalls
from app.services.upstream.embeddings import EmbeddingsReply


class Embeddings:
    """Vectors from the provider that serves the model."""

    def __init__(self, store: Store, providers: Providers, paid_calls: PaidCalls) -> None:
        self._store, self._providers, self._paid_calls = store, providers, paid_calls

    async def create(self, request: EmbeddingsRequest) -> EmbeddingsReply:
        """The provider's reply; ``body`` is what it sent. Raises MissingKey and the errors of the upstream."""
        route = self._providers.route(request.model)
        body = request.body() | {"model": route.model}
        prices = await self._store.read(models.prices, route.slug)
        price = prices["prompt_picousd"] if prices else None
        call = PaidCall(
            purpose="embedding",
            model=route.slug,
            provider=route.provider,
            worst_picousd=None if price is None else price_of(most_tokens(request.input), price),
        )
        return await self._paid_calls.make(call, lambda: route.provider.client.embeddings(body))


def most_tokens(value: object) -> int:
    """A high guess of the tokens of an input: token ids as they are, text by its bytes."""
    if isinstance(value, str):
        return text_tokens(value)
    if isinstance(value, dict):
        return sum(most_tokens(item) for item in value.values())
    return sum(most_tokens(item) for item in value) if isinstance(value, list) else 1
