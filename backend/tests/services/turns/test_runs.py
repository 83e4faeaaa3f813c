"""What readers of a run see, whatever happens in whatever order: a prefix of what the upstream said, once, in order."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from app.schemas.events import (
    Annotation,
    Done,
    Event,
    Reasoning,
    Start,
    Text,
    ToolCallDelta,
    decode_events,
    encode_events,
)
from app.schemas.parts import TextPart
from app.services.turns.frames import Encoder, Facts, FrameLog, LogReader, console
from app.services.turns.runs import Run, Runs, Tick
from app.services.upstream.accumulator import fold
from tests.core.properties import SOME
from tests.services.console_frames import read_frames, shown


def start(session_id: str = "s") -> Start:
    return Start(generation_id="g", session_id=session_id, user_message_id="u", assistant_message_id="m", model="a/b")


def begun() -> Run:
    run = Run("g")
    run.begin(start(), [])
    return run


DONE = Done(status="completed", finish_reason="stop", message_id="m")
WORDS = st.text("ab\né", min_size=1, max_size=3)


@dataclass
class Reader:
    source: LogReader
    after: int
    data: bytearray = field(default_factory=bytearray)

    def read(self) -> None:
        self.data += self.source.take()

    @property
    def frames(self) -> list[tuple[str, int, Event]]:
        return read_frames(bytes(self.data))


class RunMachine(RuleBasedStateMachine):
    """One run between its upstream, the journal and readers that come and go."""

    def __init__(self) -> None:
        super().__init__()
        self.run = begun()
        self.said: list[Event] = []
        self.stored: list[Event] = [start()]
        self.taken: list[Tick] = []
        self.committed: set[int] = set()
        self.readers: list[Reader] = []

    @property
    def published(self) -> list[Event]:
        """What is stored without a gap."""
        count = 1
        while count + 1 in self.committed:
            count += 1
        return self.stored[:count]

    @precondition(lambda self: not self.run.ending)
    @rule(words=st.lists(WORDS, min_size=1, max_size=3))
    def the_upstream_says(self, words: list[str]) -> None:
        self.say([Text(text=word) for word in words])

    @precondition(lambda self: not self.run.ending)
    @rule(word=WORDS, details=st.none() | st.just([{"data": "x"}]))
    def the_upstream_thinks(self, word: str, details: list[dict[str, Any]] | None) -> None:
        self.say([Reasoning(text=word, details=details)])

    @precondition(lambda self: not self.run.ending)
    @rule()
    def the_upstream_says_something_else(self) -> None:
        self.say([Annotation(annotation={"n": 1}), ToolCallDelta(id="c", name="f", arguments="{", index=0)])

    def say(self, events: list[Event]) -> None:
        self.said += decode_events(encode_events(events))
        self.run.add(events)

    @precondition(lambda self: not self.run.ending)
    @rule()
    def the_journal_takes_a_tick(self) -> None:
        tick = self.run.take()
        if tick is not None:
            self.note(tick)

    def note(self, tick: Tick) -> None:
        assert tick.first_seq == len(self.stored) + 1
        self.stored += decode_events(encode_events(tick.events))
        self.taken.append(tick)
        assert tick.last_seq == len(self.stored) == self.run.assigned_seq

    @precondition(lambda self: self.taken)
    @rule(data=st.data())
    def a_commit_is_reported(self, data: st.DataObject) -> None:
        """In any order."""
        tick = self.taken.pop(data.draw(st.integers(0, len(self.taken) - 1)))
        self.committed.update(range(tick.first_seq, tick.last_seq + 1))
        self.run.publish(tick)

    @rule(data=st.data())
    def a_reader_attaches(self, data: st.DataObject) -> None:
        """After any seq that was ever given out."""
        after = data.draw(st.integers(0, self.run.assigned_seq))
        self.readers.append(Reader(LogReader(self.run.log(), after=after), after))

    @precondition(lambda self: self.readers)
    @rule(data=st.data())
    def a_reader_reads(self, data: st.DataObject) -> None:
        data.draw(st.sampled_from(self.readers)).read()

    @precondition(lambda self: self.readers)
    @rule(data=st.data())
    def a_reader_leaves(self, data: st.DataObject) -> None:
        self.readers.remove(data.draw(st.sampled_from(self.readers)))

    @precondition(lambda self: not self.run.ending)
    @rule()
    def the_upstream_ends(self) -> None:
        self.said.append(DONE)
        self.run.add([DONE])
        self.note(self.run.take_last())

    @precondition(lambda self: self.run.ending and not self.taken and not self.run.closed)
    @rule()
    def the_end_is_stored(self) -> None:
        self.run.close()

    @invariant()
    def readers_see_what_is_stored_once_and_in_order(self) -> None:
        published = [shown(event) for event in self.published]
        for reader in self.readers:
            expected = [("g", seq, event) for seq, event in enumerate(published, 1) if seq > reader.after]
            seen = reader.frames
            assert seen == expected[: len(seen)]
            log = FrameLog(console(Facts("g")), self.published)
            offset = log.offset_after(reader.after)
            assert not reader.data if offset is None else log.since(offset).startswith(reader.data)

    @invariant()
    def a_late_reader_sees_the_same_bytes(self) -> None:
        """The log is encoded from its first reader on; when that comes makes no difference."""
        if self.readers:
            assert self.run.log().since(0) == FrameLog(console(Facts("g")), self.published).since(0)

    @invariant()
    def the_message_holds_all_that_was_taken(self) -> None:
        assert self.run.accumulator.last_seq == self.run.assigned_seq
        assert self.run.accumulator.content() == fold(self.stored).content()
        said = "".join(event.text for event in self.said if isinstance(event, Text))
        assert said.startswith(self.run.accumulator.content())

    def teardown(self) -> None:
        """Everything ends: every reader that is left has all of it."""
        if not self.run.ending:
            self.the_upstream_ends()
        for tick in self.taken:
            self.run.publish(tick)
        self.run.close()
        for reader in self.readers:
            reader.read()
            assert reader.source.ended
            assert [event for _, _, event in reader.frames] == [shown(event) for event in self.stored[reader.after :]]
        assert fold(self.stored).parts() == fold([start(), *self.said]).parts()


RunMachine.TestCase.settings = settings(SOME, stateful_step_count=25)
TestRunMachine = RunMachine.TestCase


def test_what_is_pending_or_taken_is_not_visible() -> None:
    """Only a commit publishes."""
    run = begun()
    reader = LogReader(run.log(), after=1)
    run.add([Text(text="secret")])
    assert reader.take() == b""
    tick = run.take()
    assert tick is not None
    assert reader.take() == b""
    run.publish(tick)
    assert b"secret" in reader.take()


def test_adjacent_deltas_of_a_tick_are_one_event() -> None:
    run = begun()
    run.add([Text(text="a"), Text(text="b"), Reasoning(text="c", details=[{"n": 1}])])
    run.add([Reasoning(text="d"), Reasoning(text="", details=[{"n": 2}]), Text(text="e")])
    tick = run.take()
    assert tick is not None
    assert tick.events == [Text(text="ab"), Reasoning(text="cd", details=[{"n": 1}, {"n": 2}]), Text(text="e")]
    assert (tick.first_seq, tick.last_seq) == (2, 4)
    assert run.take() is None


def test_text_with_something_beside_it_stays_an_event_of_its_own() -> None:
    """Which words its probabilities or images belong to must not be lost."""
    run = begun()
    logprobs: dict[str, Any] = {"logprobs": {"content": []}}
    run.add([Text(text="a"), Text(text="b", extra=logprobs), Text(text="c"), Text(text="d")])
    tick = run.take()
    assert tick is not None
    assert tick.events == [Text(text="a"), Text(text="b", extra=logprobs), Text(text="cd")]


def test_dialects_have_logs_of_their_own() -> None:
    """Each is encoded by its own encoder, whenever its first reader comes, and ends with the run."""

    def counted(facts: Facts) -> Encoder:
        return lambda seq, event: f"{facts.model} {seq} {event.type}\n".encode()

    run = begun()
    early = LogReader(run.log(counted), after=0)
    run.add([Text(text="a")])
    tick = run.take()
    assert tick is not None
    run.publish(tick)
    assert early.take() == LogReader(run.log(counted), after=0).take() == b"a/b 1 start\na/b 2 text\n"
    assert read_frames(LogReader(run.log(), after=1).take()) == [("g", 2, Text(text="a"))]
    assert run.log(counted) is run.log(counted) is not run.log()
    run.close()
    assert early.ended


def test_what_waits_is_counted() -> None:
    """Characters pending until a tick takes them, and in all."""
    run = begun()
    run.add([Text(text="abc"), Reasoning(text="de")])
    assert (run.pending_chars, run.total_chars) == (5, 5)
    run.take()
    assert (run.pending_chars, run.total_chars) == (0, 5)
    run.add([Annotation(annotation={})])
    assert run.pending_chars > 0
    run.take()
    run.add([Text(text="", extra={"images": ["x" * 1000]})])
    assert 333 < run.pending_chars < 400


@pytest.mark.parametrize(
    "event",
    [
        Text(text="x" * 1000),
        Text(text="ü" * 1000),
        Text(text="", extra={"images": ["x" * 4000]}),
        Reasoning(text="", details=[{"data": "x" * 1000}]),
        ToolCallDelta(id="c", name="f", arguments="x" * 1000, index=0),
        Annotation(annotation={"url_citation": {"content": "x" * 1000}}),
    ],
    ids=lambda event: event.type,
)
def test_nothing_that_an_event_holds_goes_uncounted(event: Event) -> None:
    """Else a provider could fill the memory with what is not text."""
    run = begun()
    run.add([event])
    assert run.total_chars >= 1000


def test_the_last_tick_is_one_whenever_it_is_taken() -> None:
    """What was pending first, then what closes; nothing is given two seqs."""
    run = begun()
    run.add([Text(text="a")])
    assert run.take_last().events == [Text(text="a")]
    tick = run.take_last([DONE])
    assert (tick.events, tick.first_seq, tick.last_seq, run.assigned_seq) == ([Text(text="a"), DONE], 2, 3, 3)
    assert begun().take_last([DONE]).last_seq == 2


def test_marks_are_written_once() -> None:
    run = begun()
    run.marks.accepted = True
    assert run.take_marks().accepted
    assert not run.take_marks().accepted


async def test_who_waits_for_room_goes_on_at_the_next_publication() -> None:
    """All who wait share one wait; the next one is a new one."""
    run = begun()
    first, second = run.drained(), run.drained()
    assert first is second
    run.add([Text(text="a")])
    tick = run.take()
    assert tick is not None
    assert not first.done()
    run.publish(tick)
    await asyncio.wait_for(first, 1)
    assert not run.drained().done()


def test_a_reader_that_comes_before_the_beginning_sees_it() -> None:
    """The run is known before its start is committed."""
    run, woken = Run("g"), list[int]()
    reader = LogReader(run.log(), after=0)
    reader.attach(lambda: woken.append(1))
    assert run.session_id is None
    assert reader.take() == b""
    run.begin(start(), [TextPart(text="old")])
    assert run.session_id == "s"
    assert woken == [1]
    assert [event for _, _, event in read_frames(reader.take())] == [start()]
    assert run.accumulator.content() == "old"


def test_a_closed_run_s_log_is_closed_for_its_first_reader_too() -> None:
    run = begun()
    run.close()
    assert run.over.is_set()
    assert LogReader(run.log(), after=run.assigned_seq).ended


def test_runs_are_found_announced_and_forgotten() -> None:
    """Listeners hear of starts until they leave, and may leave while they are told."""
    runs, heard = Runs(), list[str]()

    def listener(run: Run) -> None:
        heard.append(run.id)
        runs.unlisten(listener)

    run = begun()
    runs.listen(listener)
    runs.add(run)
    assert runs.get("g") is run
    assert runs.all() == [run]
    runs.announce(run)
    runs.announce(run)
    assert heard == ["g"]
    runs.remove(run)
    runs.remove(run)
    assert runs.get("g") is None
    assert runs.all() == []
