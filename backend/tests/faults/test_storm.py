"""One click is one paid call, however often its clients come back, and all of them read the same."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from contextlib import AbstractAsyncContextManager

import pytest

from emulator import Emulator
from tests.faults.figures import Figures
from tests.harness import Console, ConsoleClient, Json, Transcript, soon
from tests.harness.client import MODEL, EventStream, exact
from tests.harness.scale import Scale

AT_ONCE = 50
WORDS = 400


class Flaky:
    """A client that drops its connection at random points of the answer and comes back with its cursor."""

    def __init__(self, client: ConsoleClient, generation: Json, reconnects: int, draw: random.Random) -> None:
        self._client, self._generation, self._reconnects, self._draw = client, generation, reconnects, draw
        self.transcript = Transcript()

    async def read_all(self) -> Transcript:
        """Read to ``done`` over one connection more than it reconnects."""
        drops = sorted(self._draw.randrange(WORDS) for _ in range(self._reconnects))
        for words in (*drops, None):
            async with self._open() as stream:
                assert stream.generation_id == self._generation["id"]
                assert stream.headers["x-attached"] == "1"
                await self._read(stream, words)
        return self.transcript

    def _open(self) -> AbstractAsyncContextManager[EventStream]:
        cursor = self.transcript.cursor
        if self._draw.random() < 0.5:
            return self._client.events(self._generation["id"], last_event_id=cursor)
        return self._client.stream("/api/stream", last_event_id=cursor, session_id=self._generation["session_id"])

    async def _read(self, stream: EventStream, words: int | None) -> None:
        """Read until so much of the answer is there, which may be at once; to the end if None."""
        if words is not None and len(self.transcript.text.split()) >= words:
            return
        async for frame in stream:
            self.transcript.take(frame)
            if words is not None and len(self.transcript.text.split()) >= words:
                return


async def test_a_reconnect_storm_is_one_call_and_one_text(
    console: Console, emulator: Emulator, draw: random.Random, scale: Scale, figures: Figures
) -> None:
    """Clients that each come back again and again get each event once, in order, and the same bytes."""
    count, reconnects = scale.of((20, 10), (100, 20))
    started = await console.client.start(f"[[tokens={WORDS} rate=300]] tell me")
    clients = [Flaky(console.client, started["generation"], reconnects, draw) for _ in range(count)]
    transcripts = await asyncio.gather(*(client.read_all() for client in clients))

    (row,) = emulator.ledger.rows
    assert [request.path for request in emulator.requests].count("/api/v1/chat/completions") == 1
    assert row.status == "completed"
    for transcript in transcripts:
        assert transcript == transcripts[0]
        assert transcript.text == row.text
        assert transcript.status == "completed"
    message = await console.client.message(started["assistant_message"]["id"])
    assert message["content"] == row.text
    figures.tell(
        "A reconnect storm", f"{count} clients x {reconnects} reconnects", "1 call upstream, the same text for all"
    )


async def test_parallel_posts_under_one_key_are_one_generation(console: Console, emulator: Emulator) -> None:
    """One is 201, the others are the same reply as 200; an answer that has ended is not started again either."""
    body = {"content": "[[tokens=30]] hello", "model": MODEL, "request_id": "one-click"}
    ask = console.client.ask
    responses = await asyncio.gather(*(ask("POST", "/api/generations", json=body) for _ in range(AT_ONCE)))
    assert Counter(response.status_code for response in responses) == {201: 1, 200: AT_ONCE - 1}
    assert Counter(response.headers.get("idempotent-replayed") for response in responses)["true"] == AT_ONCE - 1
    (generation_id,) = {exact(response)["generation"]["id"] for response in responses}
    assert len({exact(response)["session"]["id"] for response in responses}) == 1

    transcript = await console.client.follow(generation_id)
    later = await ask("POST", "/api/generations", json=body)
    assert later.status_code == 200
    assert exact(later)["generation"]["id"] == generation_id
    assert exact(later)["assistant_message"]["content"] == transcript.text
    assert len(emulator.ledger.rows) == 1
    assert len(await console.client.every("/api/sessions")) == 1


async def test_parallel_streams_under_one_key_are_one_generation(console: Console, emulator: Emulator) -> None:
    """Each POST that stores and streams gets the whole answer; the key may come by header too."""
    body = {"content": "[[tokens=30 rate=300]] hello", "model": MODEL}

    async def answer(number: int) -> Transcript:
        transcript = Transcript()
        headers = {"Idempotency-Key": "one-click"} if number % 2 else {}
        keyed = body if number % 2 else {**body, "request_id": "one-click"}
        async with console.client.http.stream("POST", "/api/stream", json=keyed, headers=headers) as response:
            assert response.status_code == 200
            async for frame in EventStream(response):
                transcript.take(frame)
        return transcript

    transcripts = await asyncio.gather(*(answer(number) for number in range(AT_ONCE)))
    (row,) = emulator.ledger.rows
    assert all(transcript == transcripts[0] for transcript in transcripts)
    assert transcripts[0].text == row.text
    assert transcripts[0].status == "completed"


@pytest.mark.parametrize("change", [{"content": "another"}, {"temperature": 0.1}, {"model": "openai/gpt-4o"}])
async def test_another_body_under_a_used_key_is_refused(console: Console, emulator: Emulator, change: Json) -> None:
    """It is told with its code, and starts and stores nothing."""
    body = {"content": "[[tokens=3]] hello", "model": MODEL, "request_id": "one-click"}
    first = await console.client.post("/api/generations", body)
    await console.client.follow(first["generation"]["id"])
    for path in ("/api/generations", "/api/stream"):
        refused = await console.client.ask("POST", path, json={**body, **change})
        assert refused.status_code == 422
        assert exact(refused)["error_code"] == "idempotency_mismatch"
    assert len(emulator.ledger.rows) == 1
    assert len(await console.client.every("/api/usage")) == 1


async def test_concurrent_gets_start_exactly_one_answer(console: Console, emulator: Emulator) -> None:
    """A GET is safe to repeat: one starts the answer, the others attach to it, and so does every later one."""
    session = await console.client.create_session()
    await console.client.post_message(session["id"], "[[tokens=30 rate=300]] hello")

    async def answer() -> tuple[bool, Transcript]:
        transcript = Transcript()
        async with console.client.stream("/api/stream", session_id=session["id"], model=MODEL) as stream:
            async for frame in stream:
                transcript.take(frame)
        return "x-attached" not in stream.headers, transcript

    answers = await asyncio.gather(*(answer() for _ in range(AT_ONCE)))
    late = await answer()
    (row,) = emulator.ledger.rows
    assert [started for started, _ in answers].count(True) == 1
    assert not late[0]
    for _, transcript in [*answers, late]:
        assert transcript == answers[0][1]
        assert transcript.text == row.text


async def test_a_cursor_at_the_end_gets_204_and_starts_nothing(console: Console, emulator: Emulator) -> None:
    """So an EventSource that reconnects for ever is told to stop."""
    transcript = await console.client.answer("[[tokens=3]] hello")
    session_id = transcript.data_of("start")["session_id"]
    headers = {"Last-Event-ID": transcript.cursor or ""}
    for path in (f"/api/stream?session_id={session_id}", f"/api/generations/{transcript.generation_id}/events"):
        response = await console.client.ask("GET", path, headers=headers)
        assert response.status_code == 204
        assert response.content == b""
    assert len(emulator.ledger.rows) == 1


@pytest.mark.parametrize("cursor", ["nonsense", "0:0", "somebody-else:3", "{id}:999999", "{id}:-1", ":"])
@pytest.mark.parametrize("ended", [True, False], ids=["ended", "running"])
async def test_a_cursor_that_means_nothing_gets_a_snapshot(
    console: Console, emulator: Emulator, cursor: str, ended: bool
) -> None:
    """The client's view is replaced by the stored one, and what follows is in order."""
    pace = "" if ended else " stall after=5"
    started = await console.client.start(f"[[tokens=10{pace}]] hello")
    generation = started["generation"]
    if ended:
        await console.client.follow(generation["id"])
    else:
        await soon(emulator.until(lambda e: e.stalled == 1))
    for path in (f"/api/stream?session_id={generation['session_id']}", f"/api/generations/{generation['id']}/events"):
        async with console.client.stream(path, last_event_id=cursor.format(id=generation["id"])) as stream:
            frames = aiter(stream)
            snapshot = await anext(frames)
            emulator.release()
            rest = [frame async for frame in frames]
        assert snapshot.event == "snapshot"
        assert snapshot.seq == snapshot.data["last_seq"]
        text = snapshot.data["message"]["content"] + "".join(f.data["text"] for f in rest if f.event == "token")
        assert text == emulator.ledger.rows[0].text
        assert rest[-1].event == "done"
        if not ended:
            assert [frame.seq for frame in rest] == list(range(snapshot.seq + 1, rest[-1].seq + 1))
            break
    assert len(emulator.ledger.rows) == 1
