"""The live channel: one stream per tab, with the frames of every watched session and all changes of the store."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from app import __version__
from emulator import Emulator
from tests.harness import ConsoleClient, Frame

Json = dict[str, Any]
ANSWER = "text=one%20two%20three%20four%20five"


class Tab:
    """An open channel, read on in the background; ``until`` waits for a frame that has not been waited for yet."""

    def __init__(self, frames: AsyncIterator[Frame]) -> None:
        self.seen: list[Frame] = []
        self._frames = frames

    async def until(self, event: str, **data: Any) -> Frame:
        """Read on to the next frame of a kind whose data has these values."""
        async with asyncio.timeout(10):
            async for frame in self._frames:
                self.seen.append(frame)
                if frame.event == event and data.items() <= frame.data.items():
                    return frame
        raise AssertionError(f"the channel ended without {event} {data}")

    def of(self, generation_id: str) -> list[Frame]:
        # Frames without an id keep the last one: that is how the format is read.
        own = [frame for frame in self.seen if frame.event not in ("hello", "changed")]
        return [frame for frame in own if frame.generation_id == generation_id]


@asynccontextmanager
async def _tab(client: ConsoleClient, **params: Any) -> AsyncIterator[Tab]:
    async with client.stream("/api/events", **params) as stream:
        frames = aiter(stream)
        yield Tab(frames)


async def test_it_begins_with_hello(client: ConsoleClient) -> None:
    """Without an id; the epoch names the process and is the same for every channel."""
    epochs = set()
    for _ in range(2):
        async with _tab(client) as tab:
            hello = await tab.until("hello")
            assert (tab.seen, hello.seq) == ([hello], 0)
            assert hello.data["version"] == __version__
            epochs.add(hello.data["epoch"])
            assert hello.data.keys() == {"epoch", "version"}
    assert len(epochs) == 1


async def test_a_new_answer_of_a_watched_session_appears(client: ConsoleClient, emulator: Emulator) -> None:
    """Byte for byte what its own stream sends, although the channel was open before it began."""
    session_id = (await client.create_session())["id"]
    async with _tab(client, session=session_id) as tab:
        await tab.until("hello")
        reply = await client.ask("POST", "/api/stream", json={"session_id": session_id, "content": "Hello"})
        await tab.until("done")
        generation_id = reply.headers["x-generation-id"]
        assert b"".join(_encoded(frame) for frame in tab.of(generation_id)) == _without_comments(reply.content)
        again = await client.ask("POST", "/api/stream", json={"session_id": session_id, "content": "And now?"})
        await tab.until("done")
        assert b"".join(_encoded(frame) for frame in tab.of(again.headers["x-generation-id"])) == again.content


async def test_answers_of_other_sessions_do_not(client: ConsoleClient) -> None:
    """Only what is watched is sent; that something happened elsewhere is told by `changed`."""
    watched = (await client.create_session())["id"]
    async with _tab(client, session=watched) as tab:
        other = await client.answer("elsewhere")
        await tab.until("changed", kind="message", id=other.data_of("done")["message_id"])
        await client.answer("here", session_id=watched)
        await tab.until("done")
        assert tab.of(other.generation_id) == []


async def test_a_running_answer_starts_at_seq_1_without_a_cursor(client: ConsoleClient, emulator: Emulator) -> None:
    """And after the cursor with one."""
    emulator.set_scenario(f"{ANSWER}; stall after=3")
    started = await client.start("count")
    generation_id, session_id = started["generation"]["id"], started["session"]["id"]
    async with client.events(generation_id) as stream:
        text = ""
        async for frame in stream:
            text += frame.data["text"] if frame.event == "token" else ""
            if text == "one two three":
                break
        cursor = frame
    async with (
        _tab(client, session=session_id) as fresh,
        _tab(client, session=session_id, after=cursor.cursor) as returning,
    ):
        await fresh.until("hello")
        await returning.until("hello")
        emulator.release()
        await fresh.until("done")
        await returning.until("done")
    whole = (await client.follow(generation_id)).frames
    assert fresh.of(generation_id) == whole
    assert returning.of(generation_id) == whole[cursor.seq :]


async def test_a_finished_answer_is_sent_only_if_a_cursor_names_it(client: ConsoleClient) -> None:
    """A page that has it is not sent it again; one that missed the end gets the end, whatever it watches."""
    done = await client.answer("Hello")
    session_id = done.data_of("start")["session_id"]
    async with _tab(client, session=session_id) as tab:
        await client.answer("more", session_id=session_id)
        await tab.until("done")
        assert tab.of(done.generation_id) == []
    middle = done.frames[1]
    for watched in ({"session": session_id}, {}):
        async with _tab(client, after=middle.cursor, **watched) as tab:
            await tab.until("done")
            assert tab.of(done.generation_id) == done.frames[middle.seq :]


async def test_a_cursor_at_the_end_or_of_nothing_is_passed_over(client: ConsoleClient) -> None:
    """Nothing is missing, or the lists tell that it is gone; the channel is open all the same."""
    done = await client.answer("Hello")
    async with _tab(client, after=[str(done.cursor), "gone:4"]) as tab:
        session = await client.create_session()
        await tab.until("changed", kind="session", id=session["id"])
        assert tab.of(done.generation_id) == []


async def test_a_seq_that_does_not_exist_gets_a_snapshot(client: ConsoleClient) -> None:
    """The page replaces what it holds."""
    done = await client.answer("Hello")
    async with _tab(client, after=f"{done.generation_id}:{done.last_seq + 5}") as tab:
        await tab.until("done")
    assert [frame.event for frame in tab.of(done.generation_id)] == ["snapshot", "done"]


async def test_every_change_of_the_store_is_told(client: ConsoleClient) -> None:
    """To every tab, whatever it watches: kind, id, what happened, and the revision where there is one."""
    async with _tab(client) as tab:
        await tab.until("hello")
        session = await client.create_session()
        created = await tab.until("changed", kind="session", id=session["id"], op="put")
        assert created.data["revision"] == 1
        assert created.seq == 0
        await client.ask("PATCH", f"/api/sessions/{session['id']}", json={"title": "x"})
        assert (await tab.until("changed", kind="session", id=session["id"])).data["revision"] == 2
        message = await client.post_message(session["id"], "hello")
        await tab.until("changed", kind="message", id=message["id"], session_id=session["id"])
        await client.delete(f"/api/sessions/{session['id']}")
        await tab.until("changed", kind="session", id=session["id"], op="delete")
        await client.ask("PATCH", "/api/settings", json={"theme": "dark"})
        await tab.until("changed", kind="settings")
        profile = await client.post("/api/profiles", {"name": "p"})
        await tab.until("changed", kind="profile", id=str(profile["id"]))
        await client.post("/api/models/sync")
        await tab.until("changed", kind="model")


async def test_the_end_of_an_answer_is_told_after_its_done(client: ConsoleClient) -> None:
    """So a page that refetches finds the finished message."""
    session_id = (await client.create_session())["id"]
    async with _tab(client, session=session_id) as tab:
        started = await client.start("Hello", session_id=session_id)
        await tab.until("done")
        await tab.until("changed", kind="message", id=started["assistant_message"]["id"])
        assert (await client.message(started["assistant_message"]["id"]))["status"] == "completed"


async def test_sixteen_sessions_and_cursors_fit(client: ConsoleClient) -> None:
    """One more of either is refused."""
    ids = [(await client.create_session())["id"] for _ in range(17)]
    cursors = [f"{one}:1" for one in ids]
    async with _tab(client, session=ids[:16], after=cursors[:16]) as tab:
        await tab.until("hello")
    for params in ({"session": ids}, {"after": cursors}):
        reply = await client.ask("GET", "/api/events", params=params)
        assert (reply.status_code, reply.json()["error_code"]) == (422, "validation_failed")


@pytest.mark.parametrize(
    "params", [{"after": "x"}, {"after": "x:"}, {"after": "x:-1"}, {"after": ":1"}, {"sessions": "x"}, {"session": ""}]
)
async def test_what_is_no_cursor_is_refused(client: ConsoleClient, params: dict[str, str]) -> None:
    """422 before the stream begins."""
    reply = await client.ask("GET", "/api/events", params=params)
    assert (reply.status_code, reply.json()["error_code"]) == (422, "validation_failed")


def _encoded(frame: Frame) -> bytes:
    """A frame's bytes, as the format fixes them."""
    return b"id: %b\nevent: %b\ndata: %b\n\n" % (frame.cursor.encode(), frame.event.encode(), frame.raw)


def _without_comments(stream: bytes) -> bytes:
    return re.sub(rb"^:.*\n\n", b"", stream, flags=re.MULTILINE)
