"""The OpenAI door before servers of the owner's own."""

from __future__ import annotations

from pathlib import Path

from emulator import Emulator
from tests.contract.openai_client import body, complete, stream
from tests.harness import console_app
from tests.services.raw_provider import Exchange, RawProvider, reply


async def test_a_server_that_names_nobody_is_named_itself(data: Path, emulator: Emulator) -> None:
    """At the OpenAI door, in each chunk and in a whole reply."""
    choice = b'{"index":0,"delta":{"content":"Hi"},"finish_reason":"stop"}'
    said = b'data: {"id":"x","choices":[%b]}\n\ndata: [DONE]\n\n' % choice

    async def play(exchange: Exchange) -> None:
        chat = b"/chat/completions " in exchange.head
        await exchange.send(reply(said, content_type="text/event-stream") if chat else reply(b'{"data":[]}'))

    async with RawProvider(play) as server:
        data.mkdir(parents=True)
        (data / "providers.toml").write_text(f'[providers.lab]\nbase_url = "{server.base_url}"\n')
        async with console_app(data, upstream=emulator.base_url) as console:
            asked = body(model="lab/any")
            assert (await complete(console.client, asked))["provider"] == "lab"
            streamed = await stream(console.client, asked)
            assert {chunk["provider"] for chunk in streamed.chunks} == {"lab"}
