"""Every parameter sent through the OpenAI door arrives at the provider as it was written, and nothing is added."""

from __future__ import annotations

from emulator import Emulator
from tests.contract.test_parameters import EVERY, MODEL
from tests.harness import ConsoleClient, Json

QUESTION = [{"role": "user", "content": "Hello"}]


async def test_each_parameter_arrives_as_it_was_written(client: ConsoleClient, emulator: Emulator) -> None:
    """In its place and its form: this door speaks the provider's own language, and translates nothing."""
    await client.post("/api/models/sync")
    for given, _ in [({}, {}), *EVERY]:
        request: Json = {"model": MODEL, "messages": QUESTION, **given}
        seen = len(emulator.requests)
        await client.http.post("/v1/chat/completions", json=request, headers={"X-Console-Store": "false"})
        # Some the emulator refuses, and of those one kind is asked again: each time with the same body.
        bodies = [record.body for record in list(emulator.requests)[seen:]]
        assert bodies == [{**request, "stream": True}] * max(1, len(bodies)), given
