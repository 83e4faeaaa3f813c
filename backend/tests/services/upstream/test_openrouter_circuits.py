"""The client leaves alone what keeps failing: over the wire, with the emulator as the witness."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from app.core.errors import UpstreamBadKey, UpstreamError, UpstreamNoCredit, UpstreamUnavailable
from app.services.upstream.breaker import BreakerPolicy
from app.services.upstream.openrouter import OpenRouter
from emulator import Emulator
from tests.services.raw_provider import Exchange, RawProvider, reply
from tests.services.upstream.test_openrouter import BODY, KEY, read

POLICY = BreakerPolicy(failures=3, cool_down_s=10, account_s=10)


@dataclass
class Clock:
    now_s: float = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def provider() -> AsyncIterator[Emulator]:
    async with Emulator() as emulator:
        yield emulator


@pytest.fixture
async def openrouter(provider: Emulator, clock: Clock) -> AsyncIterator[OpenRouter]:
    openrouter = OpenRouter(base_url=provider.base_url, key=KEY, referer="", title="", breaker=POLICY, clock=clock)
    yield openrouter
    await openrouter.aclose()


async def fails(openrouter: OpenRouter, *, streamed: bool = True) -> UpstreamError:
    with pytest.raises(UpstreamError) as raised:
        await (_stream(openrouter) if streamed else openrouter.complete(BODY))
    return raised.value


async def _stream(openrouter: OpenRouter) -> None:
    async with openrouter.stream(BODY) as stream:
        await read(stream)


def calls(provider: Emulator) -> int:
    return sum(request.path.endswith("/chat/completions") for request in provider.requests)


@pytest.mark.parametrize("streamed", [True, False])
async def test_a_provider_that_is_down_is_not_called(
    provider: Emulator, openrouter: OpenRouter, clock: Clock, streamed: bool
) -> None:
    """After three failures nothing is sent, of either kind, until the time has passed; lookups go on."""
    provider.set_scenario("error=503")
    for _ in range(3):
        await fails(openrouter, streamed=streamed)
    provider.set_scenario("")
    for kind in (True, False):
        error = await fails(openrouter, streamed=kind)
        assert (type(error), error.details["reason"], error.retry_after_s) == (UpstreamUnavailable, "circuit_open", 10)
    with pytest.raises(UpstreamUnavailable):
        await openrouter.embeddings({"model": "a/b", "input": "x"})
    assert calls(provider) == 3
    assert await openrouter.list_models()
    clock.now_s += 10
    await _stream(openrouter)
    await openrouter.complete(BODY)
    assert calls(provider) == 5


async def test_a_company_that_is_down_takes_its_model_only(provider: Emulator, openrouter: OpenRouter) -> None:
    """The provider says who failed."""
    provider.set_scenario("error=502")
    for _ in range(3):
        await fails(openrouter)
    provider.set_scenario("")
    assert (await fails(openrouter)).details["reason"] == "circuit_open"
    await openrouter.complete(BODY | {"model": "anthropic/claude-haiku-4.5"})


async def test_a_refused_key_is_sent_once(provider: Emulator, openrouter: OpenRouter, clock: Clock) -> None:
    """Row 44: the next calls fail for the same reason and say that they were not sent."""
    provider.set_scenario("error=401")
    first = await fails(openrouter)
    again = await fails(openrouter)
    assert (type(first), type(again)) == (UpstreamBadKey, UpstreamBadKey)
    assert first.message in again.message
    assert "Nothing was asked now: this key is tried again in 10 s" in again.message
    assert calls(provider) == 1
    provider.set_scenario("")
    clock.now_s += 10
    await _stream(openrouter)


async def test_an_empty_account_is_asked_each_time(provider: Emulator, openrouter: OpenRouter) -> None:
    """Whoever fills it and tries again is answered at once."""
    provider.set_scenario("error=402")
    for _ in range(POLICY.failures * 2):
        assert isinstance(await fails(openrouter), UpstreamNoCredit)
    provider.set_scenario("")
    await _stream(openrouter)
    assert calls(provider) == POLICY.failures * 2 + 1


@pytest.mark.parametrize("streamed", [True, False])
async def test_a_call_that_is_made_again_counts_once(
    provider: Emulator, openrouter: OpenRouter, streamed: bool
) -> None:
    provider.set_scenario("error=503")

    async def ask(*, again: bool) -> None:
        if not streamed:
            await openrouter.complete(BODY, again=again)
            return
        async with openrouter.stream(BODY, again=again) as stream:
            await read(stream)

    for again in (False, True, True, False, True, True, False):
        with pytest.raises(UpstreamUnavailable) as failed:
            await ask(again=again)
        assert failed.value.details["status"] == 503
    with pytest.raises(UpstreamUnavailable, match="Nothing was asked: 3 calls"):
        await ask(again=False)


async def test_a_stream_that_breaks_after_its_first_word_is_no_failure(
    provider: Emulator, openrouter: OpenRouter
) -> None:
    provider.set_scenario("drop after=2 form=fin")
    for _ in range(4):
        await fails(openrouter)
    assert calls(provider) == 4


@pytest.mark.parametrize(
    "own",
    [{"provider": {"only": ["openai"]}}, {"models": ["anthropic/claude-haiku-4.5"]}, {"model": "openrouter/auto"}],
    ids=str,
)
async def test_a_call_that_chooses_who_serves_it_speaks_for_itself_alone(
    provider: Emulator, openrouter: OpenRouter, own: dict[str, object]
) -> None:
    """Its failures close nothing, and what the model's have closed is open to it."""
    body = BODY | own
    provider.set_scenario("error=502")
    for _ in range(POLICY.failures + 1):
        with pytest.raises(UpstreamUnavailable) as failed:
            await openrouter.complete(body)
        assert failed.value.details["status"] == 502
    plain = {**BODY, "model": body["model"]}
    for _ in range(POLICY.failures):
        with pytest.raises(UpstreamUnavailable) as failed:
            await openrouter.complete(plain)
        assert failed.value.details["status"] == 502
    provider.set_scenario("")
    await openrouter.complete(body)


async def test_a_company_that_refuses_the_owners_key_with_it_closes_nothing() -> None:
    """OpenRouter took its own key; the 401 is handed on."""
    refusal = {"error": {"code": 401, "message": "Provider returned error", "metadata": {"provider_name": "Azure"}}}

    async def play(exchange: Exchange) -> None:
        await exchange.send(reply(json.dumps(refusal).encode(), status="401 Unauthorized"))

    async with RawProvider(play) as raw:
        own = OpenRouter(base_url=raw.base_url, key=KEY, referer="", title="", breaker=POLICY)
        for _ in range(POLICY.failures + 1):
            error = await fails(own)
            assert (type(error), error.details.get("reason")) == (UpstreamBadKey, None)
            assert "Azure" in error.details["hint"]
        assert not own.circuits.account_is_open
        await own.aclose()
