"""What the provider refuses, and what can be looked up: the client against the emulator, call by call."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal

import pytest

from app.core.errors import (
    UpstreamBadKey,
    UpstreamError,
    UpstreamModelNotFound,
    UpstreamNoCredit,
    UpstreamRateLimited,
    UpstreamTimeout,
    UpstreamUnavailable,
)
from app.services.upstream.openrouter import OpenRouter
from emulator import Emulator
from tests.services.upstream.test_openrouter import BODY, client


@pytest.fixture
async def provider() -> AsyncIterator[Emulator]:
    async with Emulator() as emulator:
        yield emulator


@pytest.fixture
async def openrouter(provider: Emulator) -> AsyncIterator[OpenRouter]:
    openrouter = client(provider)
    yield openrouter
    await openrouter.aclose()


@pytest.mark.parametrize(
    ("scenario", "expected", "wait_s"),
    [
        ("error=400", UpstreamError, None),
        ("error=401", UpstreamBadKey, None),
        ("error=402", UpstreamNoCredit, None),
        ("error=404", UpstreamModelNotFound, None),
        ("error=408", UpstreamTimeout, None),
        ("error=429 retry_after=7", UpstreamRateLimited, 7),
        ("error=429", UpstreamRateLimited, None),
        ("error=500", UpstreamUnavailable, None),
        ("error=502", UpstreamUnavailable, None),
        ("error=502 html", UpstreamUnavailable, None),
        ("error=524 html", UpstreamTimeout, None),
        ("error=529", UpstreamUnavailable, None),
        ("hangup", UpstreamUnavailable, None),
    ],
)
@pytest.mark.parametrize("streamed", [True, False], ids=["stream", "complete"])
async def test_refusals_are_typed(
    provider: Emulator,
    openrouter: OpenRouter,
    scenario: str,
    expected: type[UpstreamError],
    wait_s: float | None,
    streamed: bool,
) -> None:
    """On entering the stream, or from the call; nothing is charged, and no page is shown."""
    provider.set_scenario(scenario)

    async def call() -> None:
        if not streamed:
            await openrouter.complete(BODY)
        async with openrouter.stream(BODY):
            pytest.fail("entered a refused stream")

    with pytest.raises(UpstreamError) as refused:
        await call()
    error = refused.value
    assert type(error) is expected
    assert error.retry_after_s == wait_s
    assert "<" not in error.message + repr(error.details)
    assert provider.ledger.total_usd == 0


async def test_the_platforms_own_rate_limit_says_when_to_come_back(provider: Emulator, openrouter: OpenRouter) -> None:
    """Row 45: from X-RateLimit-Reset, in milliseconds."""
    provider.set_scenario("error=429 platform")
    with pytest.raises(UpstreamRateLimited) as refused:
        await openrouter.complete(BODY)
    assert refused.value.retry_after_s is not None
    assert 0 < refused.value.retry_after_s <= 86400


async def test_a_bad_key_is_told_from_a_missing_model(provider: Emulator) -> None:
    """And neither call reaches the book."""
    keyless = client(provider, key=None)
    with pytest.raises(UpstreamBadKey):
        await keyless.complete(BODY)
    await keyless.aclose()
    openrouter = client(provider)
    with pytest.raises(UpstreamModelNotFound):
        await openrouter.complete(BODY | {"model": "no/such-model"})
    await openrouter.aclose()
    assert provider.ledger.rows == []


async def test_the_catalogue_and_who_serves_a_model(provider: Emulator, openrouter: OpenRouter) -> None:
    """Prices arrive as the provider's own text."""
    models = {model.id: model for model in await openrouter.list_models()}
    assert len(models) > 5
    assert any(model.price_text("prompt") == "-1" for model in models.values())
    assert Decimal(models["openai/gpt-4o-mini"].price_text("prompt") or "") > 0
    found = await openrouter.endpoints("openai", "gpt-4o-mini")
    assert found.endpoints
    assert found.endpoints[0].provider_name
    for author, slug in (("no", "such"), ("..", "key"), ("", "x"), ("a/b", "../../key")):
        with pytest.raises(UpstreamModelNotFound):
            await openrouter.endpoints(author, slug)


async def test_the_record_of_a_call_is_none_until_it_is_known(provider: Emulator, openrouter: OpenRouter) -> None:
    """Row 47: the first look-up misses."""
    completion = await openrouter.complete(BODY)
    assert completion.id is not None
    assert await openrouter.generation(completion.id) is None
    record = await openrouter.generation(completion.id)
    assert record is not None
    assert record.id == completion.id
    assert Decimal(record.cost_text or "") == provider.ledger.total_usd


async def test_lookups_are_typed_too(provider: Emulator, openrouter: OpenRouter) -> None:
    """A refused catalogue is no empty catalogue."""
    provider.set_scenario("error=503", "models")
    with pytest.raises(UpstreamUnavailable):
        await openrouter.list_models()
    provider.set_scenario("error=404", "models")
    with pytest.raises(UpstreamError) as refused:
        await openrouter.list_models()
    assert type(refused.value) is UpstreamError
