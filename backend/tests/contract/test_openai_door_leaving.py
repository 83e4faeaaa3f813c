"""Clients of the OpenAI door that leave, come back or are stopped: who pays for what, and what they are told."""

from __future__ import annotations

import asyncio

from app.repo import journal
from emulator import Emulator
from tests.contract.openai_client import Json, ask, body, complete, opened, sent, stream
from tests.harness import Console, ConsoleClient
from tests.services.turning import rows_of

ANSWER = "text=one%20two%20three%20four%20five"
UNSTORED = {"X-Console-Store": "false"}


async def test_who_leaves_a_stream_stops_it(console: Console, emulator: Emulator) -> None:
    """That is how these clients cancel; the provider is let go, and what it costs is asked for."""
    emulator.set_scenario(f"{ANSWER}; stall after=3")
    async with opened(console.client, body()) as chunks:
        text = ""
        async for chunk in chunks:
            text += chunk["choices"][0]["delta"].get("content") or ""
            if text == "one two three":
                break
    await emulator.until(lambda it: it.ledger.rows[0].status == "cancelled")
    assert (await ended(console))["status"] == "stopped"


async def test_who_leaves_before_the_first_word_stops_it_too(console: Console, emulator: Emulator) -> None:
    """No status has been sent by then."""
    emulator.set_scenario("hold")
    call = asyncio.create_task(ask(console.client, body(stream=True)))
    await emulator.until(lambda it: len(sent(it)) == 1)
    call.cancel()
    await asyncio.gather(call, return_exceptions=True)
    assert (await ended(console))["status"] == "stopped"


async def ended(console: Console) -> Json:
    """The one generation, once it has ended."""
    (row,) = await console.services.store.read(rows_of, "generations")
    await console.client.ask("GET", f"/api/generations/{row['id']}/events")
    return await console.client.generation(row["id"])


async def test_who_leaves_a_whole_reply_stops_nothing(console: Console, emulator: Emulator) -> None:
    """API reference, section 4.8: such calls are never cancelled, and are paid in full."""
    emulator.set_scenario(f"{ANSWER}; stall after=3")
    call = asyncio.create_task(ask(console.client, body()))
    await emulator.until(lambda it: it.stalled == 1)
    call.cancel()
    await asyncio.gather(call, return_exceptions=True)
    emulator.release()
    assert (await ended(console))["status"] == "completed"


async def test_a_stop_in_the_console_is_told(client: ConsoleClient, emulator: Emulator) -> None:
    """Text that ends early must not look whole."""
    emulator.set_scenario(f"{ANSWER}; stall after=3")
    call = asyncio.create_task(stream(client, body()))
    await emulator.until(lambda it: it.stalled == 1)
    (row,) = (await client.get("/api/usage"))["items"]
    await client.stop(row["generation_id"])
    assert (await call).chunks[-1]["error"]["metadata"]["error_type"] == "stopped"


async def test_the_same_key_is_paid_once(client: ConsoleClient, emulator: Emulator) -> None:
    """The same reply again while it is under way, and after; another body is refused."""
    emulator.set_scenario(f"{ANSWER}; stall after=3")
    key = {"Idempotency-Key": "k-1"}
    first = asyncio.create_task(stream(client, body(), **key))
    await emulator.until(lambda it: it.stalled == 1)
    second = asyncio.create_task(ask(client, body(stream=True), **key))
    emulator.release()
    read, again = await first, await second
    assert again.headers["idempotent-replayed"] == "true"
    assert again.content.count(b"data:") == len(read.chunks) + 1
    assert len(emulator.ledger.rows) == 1
    other = await ask(client, body("other"), **key)
    assert (other.status_code, other.json()["error"]["code"]) == (422, "idempotency_mismatch")


async def test_who_has_a_key_may_leave_and_come_back(console: Console, emulator: Emulator) -> None:
    """Leaving a keyed stream stops nothing: the key says that the reply will be wanted."""
    emulator.set_scenario(f"{ANSWER}; stall after=3")
    async with opened(console.client, body(), **{"Idempotency-Key": "k-1"}) as chunks:
        await anext(chunks)
        await emulator.until(lambda it: it.stalled == 1)
    emulator.release()
    assert (await ended(console))["status"] == "completed"


async def test_a_reply_that_was_not_stored_is_not_paid_again(client: ConsoleClient, emulator: Emulator) -> None:
    """Its text is gone, and saying so costs nothing."""
    key = {"Idempotency-Key": "k-1", **UNSTORED}
    await complete(client, body(), **key)
    response = await ask(client, body(), **key)
    assert (response.status_code, response.json()["error"]["code"]) == (409, "conflict")
    assert len(emulator.ledger.rows) == 1


async def test_a_key_is_good_after_the_journal_is_gone(console: Console, emulator: Emulator) -> None:
    """The reply is then told from the stored message: the same text, calls, usage and model."""
    tool = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}}}
    emulator.set_scenario("tool_calls=2")
    key, request = {"Idempotency-Key": "k-1"}, body(tools=[tool])
    first = await complete(console.client, request, **key)
    await console.services.store.write(journal.prune, ended_before="9999")
    again = await complete(console.client, request, **key)
    assert again["choices"][0]["message"] == first["choices"][0]["message"]
    assert (again["id"], again["model"], again["created"]) == (first["id"], first["model"], first["created"])
    for name in ("prompt_tokens", "completion_tokens", "cost"):
        assert again["usage"][name] == first["usage"][name]
    assert len(emulator.ledger.rows) == 1
