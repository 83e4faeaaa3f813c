"""Live runs: the execution of generations in this process. Nothing here is stored and nothing here waits."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from app.core.errors import AppError
from app.core.json import encode
from app.schemas.events import Annotation, Event, Reasoning, Start, Text, ToolCallDelta
from app.schemas.generations import Attempt
from app.schemas.parts import Part
from app.services.turns.frames import Dialect, Facts, FrameLog, console
from app.services.upstream.accumulator import Accumulator

_LEAST = 256


@dataclass(slots=True)
class Tick:
    """Events taken for one commit; published once that commit is done."""

    run: Run
    first_seq: int
    events: list[Event]

    @property
    def last_seq(self) -> int:
        return self.first_seq + len(self.events) - 1


@dataclass(slots=True)
class Marks:
    """What else a tick writes about its generation."""

    accepted: bool = False
    attempts: list[Attempt] | None = None
    first_token_at: str | None = None


class Run:
    """One generation being produced.

    Events go through three states: *pending* (arrived), *taken* (in a commit), *published* (stored, so readers may
    have them). Adjacent pending deltas of one kind merge, which is how a busy system batches by itself.
    """

    def __init__(self, generation_id: str) -> None:
        self.id = generation_id
        self.facts = Facts(generation_id, created_s=int(time.time()))
        self.start: Start | None = None
        self.accumulator = Accumulator()
        self.upstream_id: str | None = None
        self.marks = Marks()
        self.started_ms = _now_ms()
        self.first_token_ms: int | None = None
        self.first_token_at: str | None = None
        self.stop_requested = False
        self.interrupted = False
        self.failure: AppError | None = None
        self.accepted = False
        self.reading: asyncio.Task[None] | None = None
        self.broken: Exception | None = None
        self.last_tick: Tick | None = None
        self.ending = False
        self.over = asyncio.Event()
        self.pending_chars = 0
        self.total_chars = 0
        self._drained: asyncio.Future[None] | None = None
        self._pending: list[Event] = []
        self._taken_seq = 1
        self._committed: dict[int, Tick] = {}
        self._published: list[Event] = []
        self._logs: dict[Dialect, FrameLog] = {}
        self.closed = False

    @classmethod
    def over_with(cls, generation_id: str, events: Sequence[Event], failure: AppError | None) -> Run:
        """A run that ended earlier, made of its stored events, for readers that read runs."""
        run = cls(generation_id)
        if events and isinstance(events[0], Start):
            run.start, run.facts.model = events[0], events[0].model
        run.failure = failure
        run._published = list(events)
        run.close()
        return run

    def begin(self, start: Start, base: Iterable[Part]) -> None:
        """Its start is stored as seq 1: publish it."""
        self.start = start
        self.facts.model = start.model
        self.accumulator = Accumulator(base)
        self.accumulator.apply(start)
        self._published.append(start)
        for log in self._logs.values():
            log.append([start])
            log.notify()

    @property
    def session_id(self) -> str | None:
        """Its session; None before it has begun, and for a call whose text is not stored."""
        return (self.start.session_id or None) if self.start else None

    @property
    def stored(self) -> bool:
        """Whether its events belong in the store; the others live in memory only."""
        return self.session_id is not None

    @property
    def published(self) -> Sequence[Event]:
        """The events that readers may have, ``start`` first."""
        return self._published

    def learn(self, model: str | None, provider: str | None) -> None:
        """The provider has named the model that answers, and who serves it; who was known before stays."""
        self.facts.model = model or self.facts.model
        self.facts.provider = self.facts.provider or provider

    @property
    def assigned_seq(self) -> int:
        """The newest seq given to an event, published or not."""
        return self._taken_seq

    @property
    def published_seq(self) -> int:
        """The newest seq that readers may have."""
        return len(self._published)

    @property
    def elapsed_ms(self) -> int:
        return _now_ms() - self.started_ms

    def add(self, events: Iterable[Event]) -> None:
        """Take events that arrived; text that follows text becomes one event."""
        pending = self._pending
        for event in events:
            size = _size(event)
            self.pending_chars += size
            self.total_chars += size
            last = pending[-1] if pending else None
            if last is None or type(last) is not type(event):
                pending.append(event)
            elif isinstance(event, Text) and isinstance(last, Text) and event.extra is None and last.extra is None:
                last.text += event.text
            elif isinstance(event, Reasoning) and isinstance(last, Reasoning):
                last.text += event.text
                if event.details:
                    last.details = [*(last.details or ()), *event.details]
            else:
                pending.append(event)

    def take(self) -> Tick | None:
        """The pending events as a tick with their seqs; None when nothing is pending."""
        if not self._pending:
            return None
        tick = Tick(self, self._taken_seq + 1, self._pending)
        self._pending, self.pending_chars = [], 0
        self._taken_seq += len(tick.events)
        now_ms = _now_ms()
        for at, event in enumerate(tick.events):
            try:
                self.accumulator.apply(event, now_ms)
            except Exception as error:  # noqa: BLE001 - the answer ends with it
                self.break_off(error)
                tick.events[at] = Text(text="")  # what cannot be folded now cannot be after a crash
        return tick

    def take_last(self, closing: Iterable[Event] = ()) -> Tick:
        """All that is left as the last tick: the end's transaction writes it, not the journal.

        ``closing`` events are its last ones. Asked for again, it is the same tick, with more of them.
        """
        self.ending = True
        tick = self.last_tick
        if tick is None:
            tick = self.last_tick = self.take() or Tick(self, self._taken_seq + 1, [])
        tick.events += closing
        self._taken_seq = tick.last_seq
        return tick

    def break_off(self, error: Exception) -> None:
        """Something went wrong here that nothing foresaw: read no more; the runner ends it as failed."""
        self.broken = self.broken or error
        if self.reading is not None:
            self.reading.cancel()

    def take_marks(self) -> Marks:
        marks, self.marks = self.marks, Marks()
        return marks

    def publish(self, tick: Tick) -> None:
        """Hand a committed tick to the readers, in order even when commits are reported out of order."""
        self._committed[tick.first_seq] = tick
        while (due := self._committed.pop(len(self._published) + 1, None)) is not None:
            self._published += due.events
            for log in self._logs.values():
                log.append(due.events)
        if self._drained is not None and not self._drained.done():
            self._drained.set_result(None)
        for log in self._logs.values():
            log.notify()

    def remark(self, text: str) -> None:
        """Tell the readers something that is no part of the answer, as a comment in every dialect."""
        for log in self._logs.values():
            log.remark(text)
            log.notify()

    def drained(self) -> asyncio.Future[None]:
        """Done at the next publication: what a reader of the upstream awaits when too much is pending."""
        if self._drained is None or self._drained.done():
            self._drained = asyncio.get_running_loop().create_future()
        return self._drained

    def log(self, dialect: Dialect = console) -> FrameLog:
        """The frames that all readers of a dialect share, encoded from the first reader on."""
        log = self._logs.get(dialect)
        if log is None:
            log = self._logs[dialect] = FrameLog(dialect(self.facts), self._published)
            log.closed = self.closed
        return log

    def close(self) -> None:
        """The terminal event is published: readers end when they have it."""
        self.closed = True
        # These lead back here, and a run in a cycle would keep its text until the next collection.
        self.last_tick = self.reading = self.broken = None
        self.over.set()
        for log in self._logs.values():
            log.close()
            log.notify()


@dataclass(slots=True)
class Runs:
    """The live runs of this process."""

    _live: dict[str, Run] = field(default_factory=dict)
    _listeners: set[Callable[[Run], None]] = field(default_factory=set)

    def add(self, run: Run) -> None:
        """Make a run findable before its start is committed, so that nobody can find the row and not the run."""
        self._live[run.id] = run

    def announce(self, run: Run) -> None:
        """Its start is stored: tell who watches sessions."""
        for listener in tuple(self._listeners):
            listener(run)

    def remove(self, run: Run) -> None:
        self._live.pop(run.id, None)

    def get(self, generation_id: str) -> Run | None:
        return self._live.get(generation_id)

    def all(self) -> list[Run]:
        return list(self._live.values())

    def listen(self, listener: Callable[[Run], None]) -> None:
        self._listeners.add(listener)

    def unlisten(self, listener: Callable[[Run], None]) -> None:
        self._listeners.discard(listener)


def _size(event: Event) -> int:
    """About how many characters an event weighs; one beyond ASCII weighs three.

    Images and other extras weigh a third: text is held in more forms, as event, message, frame and row.
    """
    if type(event) is Text and event.extra is None:  # nearly all of them
        return _weight(event.text)
    match event:
        case Text():
            return _weight(event.text) + (len(encode(event.extra)) // 3 if event.extra else 0)
        case Reasoning():
            return _weight(event.text) + (len(encode(event.details)) if event.details else 0)
        case ToolCallDelta():
            return _LEAST + _weight(event.arguments)
        case Annotation():
            return _LEAST + len(encode(event.annotation))
        case _:
            return _LEAST


def _weight(text: str) -> int:
    return len(text) if text.isascii() else 3 * len(text)


def _now_ms() -> int:
    return time.monotonic_ns() // 1_000_000
