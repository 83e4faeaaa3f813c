"""Following a generation from any point, live and after its end."""

from __future__ import annotations

import asyncio

import pytest

from emulator import Emulator
from tests.harness import ConsoleClient, Frame, Transcript

ANSWER = "text=one%20two%20three%20four%20five"


async def _rest(client: ConsoleClient, generation_id: str, after: int) -> list[Frame]:
    async with client.events(generation_id, after=after) as stream:
        return [frame async for frame in stream]


async def test_every_seq_gives_exactly_what_is_missing(client: ConsoleClient, emulator: Emulator) -> None:
    """By query and by header; after the last there is nothing: 204."""
    emulator.set_scenario("tokens=12; rate=2000")
    whole = await client.answer("count")
    for after in range(whole.last_seq):
        rest = whole.frames[after:]
        assert await _rest(client, whole.generation_id, after) == rest
        async with client.events(whole.generation_id, last_event_id=f"{whole.generation_id}:{after}") as stream:
            assert [frame async for frame in stream] == rest
            assert stream.headers["x-attached"] == "1"
            assert stream.generation_id == whole.generation_id
    path = f"/api/generations/{whole.generation_id}/events"
    for asked in (
        {"params": {"after": whole.last_seq}},
        {"headers": {"Last-Event-ID": str(whole.cursor)}},
    ):
        reply = await client.ask("GET", path, **asked)
        assert (reply.status_code, reply.content) == (204, b"")


async def test_the_query_goes_before_the_header(client: ConsoleClient) -> None:
    """A reader that names both means the newer of its two words."""
    whole = await client.answer("Hello")
    async with client.events(whole.generation_id, last_event_id=str(whole.cursor), after=0) as stream:
        assert [frame async for frame in stream] == whole.frames


@pytest.mark.parametrize("cursor", ["x:1", "nonsense", ":", "0:0:0"])
async def test_a_foreign_cursor_gets_a_snapshot(client: ConsoleClient, cursor: str) -> None:
    """All there is in one frame, then the end."""
    whole = await client.answer("Hello")
    async with client.events(whole.generation_id, last_event_id=cursor) as stream:
        frames = [frame async for frame in stream]
    assert [frame.event for frame in frames] == ["snapshot", "done"]
    assert frames[0].data["message"]["content"] == whole.text
    assert frames[1].seq == whole.last_seq


async def test_a_seq_that_does_not_exist_gets_a_snapshot(client: ConsoleClient) -> None:
    """Somebody else's idea of how long it is harms nobody."""
    whole = await client.answer("Hello")
    frames = await _rest(client, whole.generation_id, whole.last_seq + 1)
    assert [frame.event for frame in frames] == ["snapshot", "done"]


@pytest.mark.parametrize("after", ["-1", "x", "1.5", str(2**63), "", "nan"])
async def test_a_seq_that_is_no_number_is_refused(client: ConsoleClient, after: str) -> None:
    """422 in the usual shape."""
    whole = await client.answer("Hello")
    reply = await client.ask("GET", f"/api/generations/{whole.generation_id}/events", params={"after": after})
    assert (reply.status_code, reply.json()["error_code"]) == (422, "validation_failed")


async def test_all_readers_of_a_running_answer_get_the_same_bytes(client: ConsoleClient, emulator: Emulator) -> None:
    """However late they come; one upstream call."""
    emulator.set_scenario("tokens=30; stall after=10")
    started = await client.start("count")
    path = f"/api/generations/{started['generation']['id']}/events"
    early = [asyncio.create_task(client.ask("GET", path)) for _ in range(3)]
    await emulator.until(lambda running: running.stalled == 1)
    late = [asyncio.create_task(client.ask("GET", path)) for _ in range(3)]
    emulator.release()
    replies = await asyncio.gather(*early, *late, asyncio.create_task(client.ask("GET", path)))
    assert len({reply.content for reply in replies}) == 1
    assert len(emulator.ledger.rows) == 1


async def test_a_reader_who_leaves_ends_nothing(client: ConsoleClient, emulator: Emulator) -> None:
    """The generation goes on without anybody and is complete when somebody comes back."""
    emulator.set_scenario(f"{ANSWER}; stall after=2")
    async with client.stream("/api/stream", body={"content": "count"}) as stream:
        seen = Transcript()
        async for frame in stream:
            seen.take(frame)
            if seen.text == "one two":
                break
    emulator.release()
    await emulator.settled()
    whole = await client.follow(stream.generation_id, seen)
    assert (whole.text, whole.status) == ("one two three four five", "completed")


async def test_attaching_starts_nothing(client: ConsoleClient, emulator: Emulator) -> None:
    """Not even to a failed generation."""
    emulator.set_scenario("error=503")
    failed = await client.answer("Hello")
    emulator.set_scenario("")
    again = await client.follow(failed.generation_id)
    assert again.frames == failed.frames
    assert {row["status"] for row in (await client.generation(failed.generation_id))["attempts"]} == {503}
