"""A stop is asked for once or often, early or late: the text is kept and the call settles."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from emulator import Emulator
from tests.faults import audit
from tests.faults.disk import HeldWriter
from tests.harness import Console, ConsoleClient, Json, reading, soon
from tests.harness.client import exact
from tests.harness.stored import store_of

# Held back: the provider has the request and says nothing.
BEFORE_HEADERS = "[[tokens=40 hold=60000]] hello"
BEFORE_FIRST_TOKEN = "[[tokens=40 stall after=0]] hello"
MID_STREAM = "[[tokens=40 stall after=20]] hello"
# All tokens are there, the finish is not.
BEFORE_THE_FINISH = "[[tokens=40 stall after=40]] hello"


def asked(emulator: Emulator) -> bool:
    """Whether a call has arrived."""
    return any(request.path.endswith("/chat/completions") for request in emulator.requests)


async def settled_row(client: ConsoleClient, generation_id: str, states: set[str]) -> Json:
    """The ledger row of a generation once it is in one of the states; the live channel tells when to look again."""
    async with asyncio.timeout(10), client.stream("/api/events") as changes:
        async for frame in changes:
            if frame.event not in ("hello", "changed"):
                continue
            rows = [row for row in await client.every("/api/usage") if row["generation_id"] == generation_id]
            if rows and rows[0]["state"] in states:
                return rows[0]
    raise AssertionError("the live channel ended")


@pytest.mark.parametrize(
    ("question", "words"),
    [(BEFORE_HEADERS, 0), (BEFORE_FIRST_TOKEN, 0), (MID_STREAM, 20), (BEFORE_THE_FINISH, 40)],
    ids=["before headers", "before the first token", "in mid-stream", "before the finish"],
)
async def test_a_stop_keeps_the_text_and_ends_the_call(
    console: Console, emulator: Emulator, question: str, words: int
) -> None:
    """Wherever it strikes: readers get what was left and `done`, the provider is hung up on, nothing runs on."""
    client = console.client
    started = await client.start(question)
    generation_id = started["generation"]["id"]
    async with reading(client.events(generation_id)) as reader:
        if question is BEFORE_HEADERS:
            await soon(emulator.until(asked))
        else:
            await soon(emulator.until(lambda e: e.stalled == 1))
        await reader.until(lambda transcript: len(transcript.text.split()) == words)
        stopped = await client.stop(generation_id)
        transcript = await reader.ended()

    assert stopped["status"] == transcript.status == "stopped"
    assert stopped["error"] is None
    assert len(transcript.text.split()) == words
    assert "error" not in transcript.events
    message = await client.message(started["assistant_message"]["id"])
    assert (message["status"], message["content"]) == ("stopped", transcript.text)
    assert (await client.get(f"/api/sessions/{message['session_id']}"))["running_generation_id"] is None
    await soon(emulator.settled())
    for row in emulator.ledger.rows:
        assert row.status == "cancelled"
        assert row.text == transcript.text


async def test_a_stopped_call_is_unknown_until_the_provider_tells_its_cost(
    console: Console, emulator: Emulator
) -> None:
    """It is never taken for zero; the provider's own figure settles it, on the row, the message and the session."""
    client = console.client
    started = await client.start(MID_STREAM)
    generation_id = started["generation"]["id"]
    await soon(emulator.until(lambda e: e.stalled == 1))
    emulator.set_scenario("error=503", "generation")
    await client.stop(generation_id)
    row = await settled_row(client, generation_id, {"unknown"})
    assert row["cost_usd"] is None
    session = await client.get(f"/api/sessions/{row['session_id']}")
    assert (session["totals"]["unknown_calls"], session["totals"]["cost_usd"]) == (1, 0)

    emulator.set_scenario("", "generation")
    row = await settled_row(client, generation_id, {"reconciled"})
    (billed,) = emulator.ledger.rows
    assert row["cost_usd"] == billed.cost_usd > 0
    session = await client.get(f"/api/sessions/{row['session_id']}")
    assert (session["totals"]["unknown_calls"], session["totals"]["cost_usd"]) == (0, billed.cost_usd)
    message = await client.message(started["assistant_message"]["id"])
    assert message["usage"]["cost_usd"] == billed.cost_usd
    assert message["usage"]["cost_state"] == "reconciled"


async def test_a_stop_is_stored_before_it_acts(console: Console, emulator: Emulator) -> None:
    """While the disk is busy the provider goes on: a process that died now would not forget an act it had begun."""
    started = await console.client.start(MID_STREAM)
    generation_id = started["generation"]["id"]
    await soon(emulator.until(lambda e: e.stalled == 1))
    run = console.services.turns._runs.get(generation_id)
    assert run is not None
    assert run.reading is not None
    async with reading(console.client.events(generation_id)) as reader:
        await reader.until(lambda transcript: len(transcript.text.split()) == 20)
    async with HeldWriter().held(console):
        stop = asyncio.create_task(console.client.stop(generation_id))
        # Round trips, so that the stop has arrived.
        for _ in range(3):
            assert (await console.client.generation(generation_id))["status"] == "running"
        assert not run.reading.done()
        assert emulator.ledger.rows[0].status == "open"
    assert (await stop)["status"] == "stopped"
    with store_of(console.services.settings.data_dir) as conn:
        assert audit.ids(conn, "SELECT stop_requested_at IS NOT NULL FROM generations") == {1}


async def test_stopping_again_changes_nothing(console: Console, emulator: Emulator) -> None:
    """At the same time or later, each stop is answered with the same ended generation."""
    client = console.client
    emulator.set_scenario("error=503", "generation")  # or its cost would come in between
    generation_id = (await client.start(MID_STREAM))["generation"]["id"]
    await soon(emulator.until(lambda e: e.stalled == 1))
    at_once = await asyncio.gather(*(client.stop(generation_id) for _ in range(5)))
    later = await client.stop(generation_id)
    assert later["status"] == "stopped"
    assert all(stopped == later for stopped in at_once)
    transcript = await client.follow(generation_id)
    assert transcript.events[-1:] == ["done"]
    assert transcript.last_seq == later["last_seq"]


async def test_a_stop_after_the_end_changes_nothing(console: Console) -> None:
    """A completed answer stays completed, its cost settled."""
    transcript = await console.client.answer("[[tokens=10]] hello")
    stopped = await console.client.stop(transcript.generation_id)
    assert stopped["status"] == "completed"
    assert await console.client.follow(transcript.generation_id) == transcript
    (row,) = await console.client.every("/api/usage")
    assert row["state"] == "settled"


async def test_a_stop_and_the_end_may_race(console: Console, emulator: Emulator) -> None:
    """Whoever comes first: one terminal state, told alike by the reply, the stream and the store."""
    client = console.client
    started = await asyncio.gather(*(client.start(f"[[tokens=40 stall after=40]] hello {n}") for n in range(12)))
    ids = [one["generation"]["id"] for one in started]
    await soon(emulator.until(lambda e: e.stalled == len(ids)))
    stops = [asyncio.create_task(client.stop(one)) for one in ids]
    emulator.release()
    stopped = await asyncio.gather(*stops)
    for generation in stopped:
        transcript = await client.follow(generation["id"])
        message = await client.message(generation["message_id"])
        assert generation["status"] == transcript.status == message["status"]
        assert generation["status"] in ("stopped", "completed")
        assert message["content"] == transcript.text
        assert len(transcript.text.split()) == 40


@pytest.mark.parametrize("action", ["stop", "continue"])
async def test_an_unknown_generation_is_404(console: Console, action: str) -> None:
    """Stopping or continuing what never was is told as such."""
    response = await console.client.ask("POST", f"/api/generations/nothing/{action}", json={})
    assert response.status_code == 404
    assert exact(response)["error_code"] == "not_found"


async def test_deleting_a_session_in_mid_answer_settles_its_call_and_touches_no_other(
    console: Console, emulator: Emulator
) -> None:
    """The answer ends for its reader, session and messages are gone, the ledger row stays and gets its cost."""
    client = console.client
    doomed = await client.start(f"{MID_STREAM} doomed")
    spared = await client.start(f"{MID_STREAM} spared")
    await soon(emulator.until(lambda e: e.stalled == 2))
    session_id = doomed["session"]["id"]
    async with reading(client.events(doomed["generation"]["id"])) as reader:
        await reader.until(lambda transcript: bool(transcript.text))
        await client.delete(f"/api/sessions/{session_id}")
        assert (await reader.ended()).status == "stopped"

    for path in (
        f"/api/sessions/{session_id}",
        f"/api/messages/{doomed['assistant_message']['id']}",
        f"/api/generations/{doomed['generation']['id']}",
        f"/api/generations/{doomed['generation']['id']}/events",
    ):
        assert (await client.ask("GET", path)).status_code == 404, path
    row = await settled_row(client, doomed["generation"]["id"], {"reconciled"})
    assert row["session_id"] == session_id

    emulator.release()
    transcript = await client.follow(spared["generation"]["id"])
    assert transcript.status == "completed"
    billed = {row.id: row.cost_usd for row in emulator.ledger.rows}
    rows = await client.every("/api/usage")
    assert {row["upstream_id"]: row["cost_usd"] for row in rows} == billed
    assert (await client.get("/api/usage/summary"))["totals"]["cost_usd"] == sum(billed.values(), Decimal(0))
    totals = (await client.get(f"/api/usage/sessions/{session_id}"))["totals"]
    assert totals["cost_usd"] == row["cost_usd"] > 0
