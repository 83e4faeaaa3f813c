"""The live channel: what a tab gets, and that nothing of it is left when the tab is gone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import pytest

from app.core.errors import NotFound, StoreBusy
from app.core.sse_decoder import ServerSentEvent, SseDecoder
from app.db.store import Store
from app.schemas.events import Done, Start, Text
from app.services.changes import KEPT, Changes
from app.services.turns.frames import LogReader
from app.services.turns.live import Live, LiveReader
from app.services.turns.replay import Replays
from app.services.turns.runs import Run, Runs
from tests.services.turning import answered

DONE = Done(status="completed", finish_reason="stop", message_id="m")


def frames(data: bytes) -> list[tuple[str, str]]:
    """Each frame's id and event."""
    return [(frame.id, frame.event) for frame in SseDecoder().feed(data)]


def changed(data: bytes) -> list[dict[str, Any]]:
    read: list[ServerSentEvent] = SseDecoder().feed(data)
    return [msgspec.json.decode(frame.data) for frame in read if frame.event == "changed"]


def test_a_reader_gets_the_changes_since_its_position() -> None:
    """Each reader those after its own position, in order, with all their fields."""
    changes = Changes()
    changes.listen(print)
    first = changes.position
    changes.publish("session", "s", session_id="s", revision=3)
    second = changes.position
    changes.publish("profile", 7, op="delete")
    one = {"kind": "session", "id": "s", "session_id": "s", "op": "put", "revision": 3}
    two = {"kind": "profile", "id": "7", "session_id": None, "op": "delete", "revision": None}
    assert changed(changes.since(first) or b"") == [one, two]
    assert changed(changes.since(second) or b"") == [two]
    assert changes.since(changes.position) == b""


def test_a_reader_that_falls_behind_is_told() -> None:
    """The last frame that is kept can be had, the one before cannot."""
    changes = Changes()
    changes.listen(lambda: None)
    for number in range(KEPT + 10):
        changes.publish("message", number)
    kept = changes.since(10)
    assert kept is not None
    assert [change["id"] for change in changed(kept)][:: KEPT - 1] == ["10", str(KEPT + 9)]
    assert changes.since(9) is None


def test_listeners_are_called_until_they_leave() -> None:
    changes, heard = Changes(), list[int]()

    def leave() -> None:
        heard.append(changes.position)
        changes.unlisten(leave)

    changes.listen(leave)
    changes.publish("settings", "settings")
    changes.publish("settings", "settings")
    assert len(heard) == 1
    changes.unlisten(leave)


class Listened(Changes):
    """Changes whose listeners are counted."""

    def __init__(self) -> None:
        super().__init__()
        self.heard_by: list[Callable[[], None]] = []

    def listen(self, wake: Callable[[], None]) -> None:
        super().listen(wake)
        self.heard_by.append(wake)

    def unlisten(self, wake: Callable[[], None]) -> None:
        super().unlisten(wake)
        if wake in self.heard_by:
            self.heard_by.remove(wake)


class Answers:
    """Stands for the replays: readers by generation id, or what goes wrong."""

    def __init__(self, found: Mapping[str, LogReader | Exception | None] | None = None) -> None:
        self.found = found or {}
        self.meanwhile: Callable[[], None] = lambda: None

    async def attach(self, generation_id: str, after: int | None) -> LogReader | None:
        self.meanwhile()
        outcome = self.found[generation_id]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


class Tab:
    """A console's running parts and one open channel."""

    def __init__(self, found: Mapping[str, LogReader | Exception | None] | None = None) -> None:
        self.runs, self.changes, self.answers = Runs(), Listened(), Answers(found)
        self.live = Live(self.runs, self.changes, self.answers)  # type: ignore[arg-type]
        self.woken = 0

    async def open(self, *session_ids: str, cursors: Mapping[str, int] | None = None) -> LiveReader:
        channel = await self.live.open(session_ids, cursors or {})
        channel.attach(self.wake)
        return channel

    def wake(self) -> None:
        self.woken += 1

    def begin(self, generation_id: str, session_id: str = "s") -> Run:
        """A run as ``Turns`` starts it."""
        run = Run(generation_id)
        self.runs.add(run)
        run.begin(
            Start(
                generation_id=generation_id,
                session_id=session_id,
                user_message_id="u",
                assistant_message_id="m",
                model="a",
            ),
            [],
        )
        self.runs.announce(run)
        return run

    def say(self, run: Run, text: str) -> None:
        run.add([Text(text=text)])
        tick = run.take()
        assert tick is not None
        run.publish(tick)

    def end(self, run: Run) -> None:
        run.add([DONE])
        run.publish(run.take_last())
        run.close()
        self.runs.remove(run)

    def assert_nothing_listens(self) -> None:
        assert self.changes.heard_by == []
        assert not self.runs._listeners
        for run in self.runs.all():
            assert not run.log()._listeners


async def test_hello_comes_first_and_names_the_process() -> None:
    tab = Tab()
    channel = await tab.open("s")
    (hello,) = SseDecoder().feed(channel.take())
    assert hello.event == "hello"
    assert hello.id == ""
    epoch = msgspec.json.decode(hello.data)["epoch"]
    assert epoch == msgspec.json.decode(SseDecoder().feed((await tab.open("s")).take())[0].data)["epoch"]
    tab.live.renew()
    assert channel.ended
    assert epoch != msgspec.json.decode(SseDecoder().feed((await tab.open("s")).take())[0].data)["epoch"]
    assert channel.take() == b""
    channel.detach(tab.wake)


async def test_a_tab_sees_what_runs_and_what_begins_in_its_sessions() -> None:
    """From seq 1, byte for byte as the run's own stream; other sessions stay unseen."""
    tab = Tab()
    earlier, elsewhere = tab.begin("g1"), tab.begin("g2", "other")
    channel = await tab.open("s")
    later = tab.begin("g3")
    assert tab.woken
    for run in (earlier, elsewhere, later):
        tab.say(run, run.id)
    seen = frames(channel.take())[1:]
    assert sorted(seen) == [("g1:1", "start"), ("g1:2", "token"), ("g3:1", "start"), ("g3:2", "token")]
    channel.detach(tab.wake)
    tab.assert_nothing_listens()


async def test_each_generation_is_sent_whole_and_once() -> None:
    tab = Tab()
    run = tab.begin("g1")
    channel = await tab.open("s")
    data = channel.take()
    tab.say(run, "a")
    data += channel.take()
    tab.say(run, "b")
    tab.end(run)
    data += channel.take() + channel.take()
    seen = [frame for frame in frames(data) if frame[0]]
    assert seen == [("g1:1", "start"), ("g1:2", "token"), ("g1:3", "token"), ("g1:4", "done")]
    assert run.log().since(0) in data
    assert not run.log()._listeners
    channel.detach(tab.wake)


async def test_an_end_does_not_cut_what_is_still_to_be_sent() -> None:
    """However much there is when it comes."""
    tab = Tab()
    channel = await tab.open("s")
    run = tab.begin("g1")
    for _ in range(5):
        tab.say(run, "x" * 100_000)
    tab.end(run)
    seen: list[tuple[str, str]] = []
    while data := channel.take():
        seen += frames(data)
    assert seen[1:] == [("g1:1", "start"), *((f"g1:{seq}", "token") for seq in range(2, 7)), ("g1:7", "done")]
    channel.detach(tab.wake)


async def test_a_cursor_goes_on_where_it_stands() -> None:
    """A generation that a cursor names is sent from there alone; one that is gone or fully known is passed over."""
    tab = Tab()
    run = tab.begin("g1")
    tab.say(run, "a")
    tab.answers.found = {"g1": LogReader(run.log(), after=1), "gone": NotFound.of("generation", "gone"), "known": None}
    channel = await tab.open("s", cursors={"g1": 1, "gone": 3, "known": 9})
    assert [frame for frame in frames(channel.take()) if frame[0]] == [("g1:2", "token")]
    channel.detach(tab.wake)
    tab.assert_nothing_listens()


async def test_what_changes_while_a_channel_opens_is_seen() -> None:
    """The page has fetched its lists before: a change after that must not be lost."""
    tab = Tab({"g": None})
    tab.answers.meanwhile = lambda: tab.changes.publish("session", "s")
    channel = await tab.live.open([], {"g": 1})
    tab.changes.publish("message", "m")
    channel.attach(tab.wake)
    assert [change["kind"] for change in changed(channel.take())] == ["session", "message"]
    channel.detach(tab.wake)


async def test_a_channel_that_cannot_be_opened_leaves_nothing() -> None:
    tab = Tab({"g": StoreBusy()})
    with pytest.raises(StoreBusy):
        await tab.live.open(["s"], {"g": 1})
    tab.assert_nothing_listens()
    assert not tab.live._open


async def test_changes_wake_the_tab() -> None:
    tab = Tab()
    channel = await tab.open()
    channel.take()
    tab.changes.publish("model", "*")
    assert tab.woken == 1
    assert changed(channel.take())[0]["kind"] == "model"
    channel.detach(tab.wake)


async def test_a_tab_that_falls_behind_is_ended() -> None:
    """It reopens the channel and refetches."""
    tab = Tab()
    channel = await tab.open("s")
    channel.take()
    for _ in range(KEPT):
        tab.changes.publish("message", "m")
    assert len(changed(channel.take())) == KEPT
    assert not channel.ended
    for _ in range(KEPT + 1):
        tab.changes.publish("message", "m")
    assert channel.take() == b""
    assert channel.ended
    channel.detach(tab.wake)
    tab.assert_nothing_listens()


async def test_channels_are_closed_with_the_process() -> None:
    """Each is woken to see its end, and forgotten when it is let go."""
    tab = Tab()
    first, second = await tab.open("s"), await tab.open()
    woken = tab.woken
    tab.live.close()
    assert first.ended
    assert second.ended
    assert tab.woken > woken
    for channel in (first, second):
        channel.detach(tab.wake)
    assert not tab.live._open
    tab.assert_nothing_listens()


async def test_a_channel_closed_before_its_stream_began_ends_at_once() -> None:
    tab = Tab()
    channel = await tab.live.open(["s"], {})
    tab.live.close()
    channel.attach(tab.wake)
    assert channel.ended
    channel.detach(tab.wake)


async def test_an_ended_generation_is_sent_from_the_store(store: Store) -> None:
    """Only because a cursor names it."""
    begun = await answered(store)
    assert begun.start is not None
    generation_id, session_id = begun.start.generation_id, begun.start.session_id
    runs = Runs()
    live = Live(runs, Changes(), Replays(store, runs))
    channel = await live.open([session_id], {generation_id: 2})
    assert [frame for frame in frames(channel.take()) if frame[0]] == [(f"{generation_id}:3", "done")]
    unnamed = await live.open([session_id], {})
    assert [event for _, event in frames(unnamed.take())] == ["hello"]
    for each in (channel, unnamed):
        each.detach(lambda: None)
