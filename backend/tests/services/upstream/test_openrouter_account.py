"""What else the provider is asked: embeddings, the key's figures, the account's."""

from __future__ import annotations

import gzip
import json
from decimal import Decimal
from typing import Any

import pytest

from app.core.errors import UpstreamBadKey, UpstreamError, UpstreamGarbage, UpstreamNoCredit
from app.services.upstream.openrouter import OpenRouter
from emulator import Emulator
from tests.services.raw_provider import RawProvider, reply, script
from tests.services.upstream.test_openrouter import client as emulated
from tests.services.upstream.test_openrouter_hostile import client, refused

ASKED: dict[str, Any] = {"model": "a/e", "input": ["one", "two"], "encoding_format": "float"}
# Written as no encoder of ours would write it, to show that it is passed on as it is.
VECTORS = b'[ {"object":"embedding","embedding":[0.10,-2e-3],"index":0}, {"embedding":"AACAPw=="} ]'


async def _embed(body: bytes, extra: str = "") -> Any:
    async with RawProvider(script(reply(body, extra=extra))) as provider:
        openrouter = client(provider.base_url)
        try:
            return await openrouter.embeddings(ASKED)
        finally:
            await openrouter.aclose()
            assert provider.requests[0].head.startswith(b"POST /api/v1/embeddings ")
            assert json.loads(provider.requests[0].body) == ASKED


async def test_vectors_stay_as_the_provider_wrote_them() -> None:
    """Usage is read, with the exact cost; ids come from the headers where the body has none."""
    body = b'{"object":"list","model":"a/e-2","data":%b,"usage":{"prompt_tokens":4,"total_tokens":4,"cost":1.2e-7}}'
    found = await _embed(b"\n   \n" + body % VECTORS, "X-Generation-Id: gen-e\r\nX-Provider-Name: P\r\n")
    assert bytes(found.data) == VECTORS
    assert found.body == body % VECTORS
    assert (found.id, found.model, found.provider) == ("gen-e", "a/e-2", "P")
    assert found.usage is not None
    assert (found.usage.prompt_tokens, found.usage.completion_tokens) == (4, None)
    assert Decimal(found.usage.cost_text or "") == Decimal("0.00000012")


@pytest.mark.parametrize("body", [b'{"data":[]}', b'{"data":null}', b"{}", b"[]", b"", b'{"data":[1', b'{"data":{}}'])
async def test_a_reply_without_vectors_is_garbage(body: bytes) -> None:
    with pytest.raises(UpstreamGarbage):
        await _embed(body)


async def test_errors_of_embeddings_are_typed() -> None:
    """Under status 200 too; compressed replies are refused."""
    with pytest.raises(UpstreamNoCredit):
        await _embed(b'{"error":{"code":402,"message":"Insufficient credits"}}')
    with pytest.raises(UpstreamGarbage):
        await _embed(gzip.compress(b'{"data":[{"embedding":[1]}]}'), "Content-Encoding: gzip\r\n")


async def test_the_keys_and_the_accounts_figures() -> None:
    """As text, exact."""
    async with Emulator() as provider:
        openrouter = emulated(provider)
        key = await openrouter.key_info()
        assert key.usd_text("usage") == "0"
        assert Decimal(key.usd_text("limit") or "") == 1000
        assert key.limit_reset is None
        assert key.is_free_tier is False
        account = await openrouter.credits()
        assert Decimal(account.total_credits_text or "") == 1000
        assert account.total_usage_text == "0"
        await openrouter.aclose()


async def test_a_provider_without_accounts_says_so_and_not_that_a_model_is_missing() -> None:
    """Servers other than OpenRouter have no such paths."""
    async with RawProvider(script(reply(b'{"error":"not found"}', status="404 Not Found"))) as provider:
        openrouter = client(provider.base_url)
        for call in (openrouter.key_info, openrouter.credits):
            assert type(await refused(call)) is UpstreamError
        await openrouter.aclose()


async def test_a_key_nobody_knows() -> None:
    async with Emulator() as provider:
        openrouter: OpenRouter = emulated(provider, key=None)
        assert type(await refused(openrouter.key_info)) is UpstreamBadKey
        await openrouter.aclose()
