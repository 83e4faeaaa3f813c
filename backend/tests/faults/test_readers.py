"""Readers come, go, lag and never read; answers and other readers do not notice, and nobody sees what is not stored."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from app.db.types import Conn
from emulator import Emulator
from emulator.ledger import Row
from tests.faults.disk import HeldWriter, refuse_ticks
from tests.harness import Console, Json, Transcript, console_app, reading, soon, stuck
from tests.harness.client import MODEL
from tests.harness.stored import store_of

STANDING_STILL = "[[tokens=40; stall after=20]] hello"
STUCK_READERS = 20
# What one reader that does not read may hold: a slice of the log.
MOST_HELD_BYTES = 2**18


@pytest.fixture
async def first_half(console: Console, emulator: Emulator) -> Json:
    """An answer that stands still after 20 of its 40 tokens, which are stored."""
    started = await console.client.start(STANDING_STILL)
    async with reading(console.client.events(started["generation"]["id"])) as reader:
        await reader.until(lambda transcript: len(transcript.text.split()) == 20)
    assert emulator.stalled == 1
    return started


async def test_an_answer_goes_on_without_its_clients(console: Console, emulator: Emulator) -> None:
    """The client that started it is gone before the first half is over; the whole answer is stored and paid for."""
    body = {"content": STANDING_STILL, "model": MODEL}
    async with reading(console.client.stream("/api/stream", body=body)) as reader:
        transcript = await reader.until(lambda transcript: len(transcript.text.split()) == 20)
    emulator.release()
    whole = await console.client.follow(transcript.generation_id)
    (row,) = emulator.ledger.rows
    assert whole.status == "completed"
    assert whole.text == row.text
    assert len(row.text.split()) == 40
    assert whole.frames[: len(transcript.frames)] == transcript.frames


async def test_a_client_that_left_before_the_reply_has_started_its_answer(console: Console, emulator: Emulator) -> None:
    """It hung up right after asking: what was asked for runs, is stored, and is there when it comes back."""
    async with console.another_client() as client:
        impatient = asyncio.create_task(client.start("[[tokens=10]] hello", request_id="one-click"))
        await soon(emulator.until(lambda e: bool(e.ledger.rows)))
        impatient.cancel()
        await asyncio.gather(impatient, return_exceptions=True)
    again = await console.client.start("[[tokens=10]] hello", request_id="one-click")
    transcript = await console.client.follow(again["generation"]["id"])
    (row,) = emulator.ledger.rows
    assert transcript.text == row.text


@pytest.mark.parametrize("way", ["/api/generations/{id}/events", "/api/stream?session_id={session_id}"])
async def test_two_clients_see_each_event_once(
    console: Console, emulator: Emulator, first_half: Json, way: str
) -> None:
    """One is there from the start, one comes in the middle; `Transcript` refuses any gap or repetition."""
    path = way.format(**first_half["generation"])
    async with reading(console.client.stream(path)) as early:
        await early.until(lambda transcript: len(transcript.text.split()) == 20)
        async with reading(console.client.stream(path)) as late:
            await late.until(lambda transcript: len(transcript.text.split()) == 20)
            emulator.release()
            assert await early.ended() == await late.ended()
    assert early.transcript.status == "completed"


async def test_a_page_paints_a_message_and_attaches_behind_it(
    console: Console, emulator: Emulator, first_half: Json
) -> None:
    """The message in mid-answer holds the text up to its `last_seq`; the stream after that is exactly the rest."""
    message = await console.client.message(first_half["assistant_message"]["id"])
    assert message["status"] == "running"
    assert len(message["content"].split()) == 20
    emulator.release()
    async with console.client.events(message["generation_id"], after=message["last_seq"]) as stream:
        rest = [frame async for frame in stream]
    assert rest[0].seq == message["last_seq"] + 1
    text = message["content"] + "".join(frame.data["text"] for frame in rest if frame.event == "token")
    assert text == emulator.ledger.rows[0].text


async def test_a_tab_sees_every_answer_of_its_session_byte_for_byte(console: Console, emulator: Emulator) -> None:
    """The live channel carries the same frames as the generation's own stream, those of other sessions left out."""
    session = await console.client.create_session()
    seen: dict[str, Transcript] = {}
    async with console.client.stream("/api/events", session=session["id"]) as tab:
        frames = tab.frames()
        assert (await anext(frames)).event == "hello"
        first = await console.client.start("[[tokens=30 rate=400]] first", session_id=session["id"])
        await console.client.start("[[tokens=30 rate=400]] elsewhere")
        beside = await console.client.start(
            "[[tokens=30 rate=400]] beside", session_id=session["id"], parent_id=first["user_message"]["id"]
        )
        ids = [one["generation"]["id"] for one in (first, beside)]
        async with asyncio.timeout(10):
            while not (len(seen) == 2 and all(transcript.is_done for transcript in seen.values())):
                frame = await anext(frames)
                if frame.event != "changed":
                    seen.setdefault(frame.generation_id, Transcript()).take(frame)
        await frames.aclose()
    for generation_id in ids:
        assert await console.client.follow(generation_id) == seen[generation_id]


def held_bytes(console: Console) -> int:
    """What the server keeps for its connections beyond what the kernel took."""
    connections = console.server.server_state.connections
    return sum(connection.transport.get_write_buffer_size() for connection in connections)


def long_question() -> str:
    """A question whose echo is almost 1 MB in a hundred-odd tokens: words far apart, in blanks of three bytes each.

    We guess it far longer, so it takes a model that reads a million tokens.
    """
    return "[[echo; rate=400]] " + ("\u3000" * 4_000).join(f"word{n}" for n in range(80))


async def test_readers_that_never_read_hold_little_and_slow_nobody(data: Path, emulator: Emulator) -> None:
    """Many ask for a long answer, some when it begins and some when it is all there; one that reads gets all of it."""
    async with (
        console_app(data, upstream=emulator.base_url, send_buffer_bytes=2**16) as console,
        AsyncExitStack() as stack,
    ):
        started = await console.client.start(long_question(), model="google/gemini-2.5-flash")
        path = f"/api/generations/{started['generation']['id']}/events"
        for _ in range(STUCK_READERS // 2):
            await stack.enter_async_context(stuck(console.url, path))
        transcript = await console.client.follow(started["generation"]["id"])
        assert transcript.status == "completed"
        assert transcript.text == emulator.ledger.rows[0].text
        assert len(transcript.text.encode()) > 900_000
        for _ in range(STUCK_READERS // 2):
            await stack.enter_async_context(stuck(console.url, path))
        assert await console.client.follow(started["generation"]["id"]) == transcript
        assert 0 < held_bytes(console) < STUCK_READERS * MOST_HELD_BYTES


async def test_a_client_that_disconnects_at_every_frame_leaves_nothing(console: Console, emulator: Emulator) -> None:
    """After hundreds of broken streams no listener and no stream task is left, and the answer is whole."""
    started = await console.client.start("[[tokens=300 rate=1500]] hello")
    run = console.services.turns._runs.get(started["generation"]["id"])
    assert run is not None

    async def flaky() -> None:
        transcript = Transcript()
        while not transcript.is_done:
            async with console.client.events(run.id, last_event_id=transcript.cursor) as stream:
                async for frame in stream:
                    transcript.take(frame)
                    break
        assert transcript.text == emulator.ledger.rows[0].text

    await asyncio.gather(*(flaky() for _ in range(5)))
    left = [task for task in asyncio.all_tasks() if "EventStream" in repr(task.get_coro())]
    assert left == []
    assert run.log()._listeners == set()


async def rows_of(emulator: Emulator, count: int) -> list[Row]:
    """The calls the provider has taken, once there are so many."""
    await soon(emulator.until(lambda e: len(e.ledger.rows) == count))
    return emulator.ledger.rows


async def test_nobody_sees_what_is_not_committed(console: Console, emulator: Emulator) -> None:
    """While the disk is busy no reader gets a frame, though the provider goes on and on; then all of it."""
    client = console.client
    generation_id = (await client.start("[[tokens=150 rate=150]] hello"))["generation"]["id"]
    (row,) = await rows_of(emulator, 1)
    async with reading(client.events(generation_id)) as reader:
        await reader.until(lambda transcript: bool(transcript.text))
        async with HeldWriter().held(console):
            # A round trip, so that what was committed before has come.
            await client.generation(generation_id)
            seen, produced = reader.transcript.last_seq, len(row.text)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(reader.until(lambda transcript: transcript.last_seq > seen), 0.4)
            assert len(row.text) > produced
            async with reading(client.events(generation_id)) as late:
                await late.until(lambda transcript: transcript.last_seq == seen)
                assert (await client.generation(generation_id))["last_seq"] == seen
                assert late.transcript == reader.transcript
        transcript = await reader.ended()
    assert transcript.status == "completed"
    assert transcript.text == row.text


async def test_done_is_not_said_before_the_end_is_committed(
    console: Console, emulator: Emulator, first_half: Json
) -> None:
    """The provider has ended, the disk is busy: neither the rest nor `done` is told until it is stored."""
    client, generation_id = console.client, first_half["generation"]["id"]
    run = console.services.turns._runs.get(generation_id)
    assert run is not None
    async with reading(client.events(generation_id)) as reader:
        await reader.until(lambda transcript: len(transcript.text.split()) == 20)
        async with HeldWriter().held(console):
            emulator.release()
            await soon(emulator.settled())
            assert run.reading is not None
            await soon(asyncio.wait([run.reading]))
            async with reading(client.events(generation_id)) as late:
                await late.until(lambda transcript: len(transcript.text.split()) == 20)
                # A round trip, so that whatever was on its way has come.
                assert (await client.generation(generation_id))["status"] == "running"
                assert len(late.transcript.text.split()) == len(reader.transcript.text.split()) == 20
        transcript = await reader.ended()
    assert transcript.status == "completed"
    assert transcript.text == emulator.ledger.rows[0].text


async def test_an_end_that_overtakes_a_refused_tick_waits_for_it(
    console: Console, emulator: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    """The disk was full for some words only: readers get them, late and in order, and `done` after them."""
    started = await console.client.start("[[tokens=60; rate=200]] hello")
    generation_id = started["generation"]["id"]
    async with reading(console.client.events(generation_id)) as reader:
        await reader.until(lambda transcript: bool(transcript.text))
        with caplog.at_level("ERROR", "app.services.turns.journal"):
            await console.services.store.write(refuse_ticks, for_s=0.3)
            transcript = await reader.ended()
    assert caplog.records, "no tick was refused"
    assert transcript.status == "completed"
    assert transcript.text == emulator.ledger.rows[0].text
    assert await console.client.follow(generation_id) == transcript


async def test_a_journal_with_a_gap_is_not_replayed(console: Console, emulator: Emulator) -> None:
    """A process that died between an end and a refused tick left one: readers get the message instead."""
    transcript = await console.client.answer("[[tokens=40; stall after=20 ms=30]] hello")
    await console.services.store.write(forget_one_tick, transcript.generation_id)
    async with console.client.events(transcript.generation_id) as stream:
        frames = [frame async for frame in stream]
    assert [frame.event for frame in frames] == ["start", "token", "usage", "done"]
    assert frames[1].data["text"] == transcript.text
    assert frames[-1] == transcript.frames[-1]
    async with console.client.events(transcript.generation_id, after=2) as stream:
        frames = [frame async for frame in stream]
    assert [frame.event for frame in frames] == ["snapshot", "done"]
    assert frames[0].data["message"]["content"] == transcript.text


def forget_one_tick(conn: Conn, generation_id: str) -> None:
    conn.execute(
        "DELETE FROM generation_events WHERE generation_id = :id AND last_seq = (SELECT min(last_seq)"
        " FROM generation_events WHERE generation_id = :id AND last_seq > 1)",
        {"id": generation_id},
    )


async def test_each_frame_is_on_disk_when_it_is_seen(console: Console, emulator: Emulator) -> None:
    """Whoever gets a frame finds it in the file, through another connection, at that moment."""
    started = await console.client.start("[[tokens=60 rate=300]] hello")
    generation_id = started["generation"]["id"]
    seen = 0
    async with console.client.events(generation_id) as stream:
        async for frame in stream:
            with store_of(console.services.settings.data_dir) as conn:
                (last_seq,) = conn.execute(
                    "SELECT max(last_seq) FROM generation_events WHERE generation_id = ?", (generation_id,)
                ).fetchone()
                (ended_at,) = conn.execute("SELECT ended_at FROM generations WHERE id = ?", (generation_id,)).fetchone()
            assert last_seq >= frame.seq
            assert frame.event != "done" or ended_at is not None
            seen += 1
    assert seen > 3
    assert emulator.ledger.rows[0].status == "completed"


async def test_a_broken_provider_reaches_readers_as_a_typed_error(console: Console, emulator: Emulator) -> None:
    """The text so far, then `error`, then `done`, live and in every replay."""
    transcript = await console.client.answer("[[tokens=20; reset after=10]] hello")
    assert transcript.events[-2:] == ["error", "done"]
    assert transcript.text == emulator.ledger.rows[0].text
    assert transcript.data_of("error")["error_code"] == "upstream_truncated"
    assert transcript.status == "truncated"
    assert await console.client.follow(transcript.generation_id) == transcript
