"""Events as the bytes readers get: the console dialect, and the log of frames that all readers of a run share.

A dialect makes an encoder for one generation and one log; an encoder is given every event once, in order, so it may
keep what it has seen. An event that a dialect does not show is an empty frame.
"""

from __future__ import annotations

import logging
from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from functools import partial
from typing import Any, TypeAlias, get_args

from app.core.json import encode
from app.core.sse import sse_data
from app.schemas.events import Annotation, Event, Reasoning, Text
from app.services.upstream.accumulator import images_of

log = logging.getLogger(__name__)

MOST_TAKEN_BYTES = 2**17
_HIDDEN = ("type", "details", "extra")
_SHOWN: dict[type[Any], list[str]] = {
    kind: sorted((field.name for field in fields(kind) if field.name not in _HIDDEN), key=lambda name: name != "done")
    for kind in get_args(Event)
}
"""The fields of each event that readers get, in their order."""

Encoder: TypeAlias = Callable[[int, Event], bytes]
"""The frame of the event with a seq."""


@dataclass(slots=True)
class Facts:
    """What encoders know of a generation beside its events.

    Args:
        model: who answers: the requested model until the provider has named one.
        provider: who serves it, None until it is known.
        created_s: Unix time of its start.
    """

    generation_id: str
    model: str = ""
    provider: str | None = None
    created_s: int = 0


Dialect: TypeAlias = Callable[[Facts], Encoder]


def console(facts: Facts) -> Encoder:
    """The console dialect (contracts, section 4)."""
    return partial(_frame, b"id: %b:" % facts.generation_id.encode())


def _frame(head: bytes, seq: int, event: Event) -> bytes:
    if type(event) is Text:  # nearly all frames are this one or the next
        beside = b"" if event.extra is None else _beside(event)
        return b'%b%d\nevent: token\ndata: {"text":%b%b}\n\n' % (head, seq, encode(event.text), beside)
    if type(event) is Reasoning:
        return b'%b%d\nevent: reasoning\ndata: {"text":%b}\n\n' % (head, seq, encode(event.text))
    return b"%b%d\n%b" % (head, seq, sse_data(_data(event), event.type))


def _beside(event: Text) -> bytes:
    """The pictures that came with a text, as the parts that the message will hold; nothing where there are none."""
    images = images_of(event)
    return b',"images":%b' % encode(images) if images else b""


def snapshot_frame(generation_id: str, message: Any, last_seq: int) -> bytes:
    """All there is of a generation in one frame, for a reader whose cursor cannot be honoured."""
    data = {"generation_id": generation_id, "message": message, "last_seq": last_seq}
    return sse_data(data, "snapshot", f"{generation_id}:{last_seq}")


def _data(event: Event) -> dict[str, Any]:
    if isinstance(event, Annotation):
        return event.annotation
    return {name: getattr(event, name) for name in _SHOWN[type(event)]}


class FrameLog:
    """Encoded frames of one generation in one dialect, growing until it is closed. Readers hold offsets into it."""

    def __init__(self, encode: Encoder, events: Iterable[Event] = (), *, first_seq: int = 1) -> None:
        self.closed = False
        self._encode = encode
        self._buffer = bytearray()
        self.first_seq = first_seq
        self._ends: list[int] = []
        self._listeners: set[Callable[[], None]] = set()
        self.append(events)

    @property
    def last_seq(self) -> int:
        """The seq of the newest frame."""
        return self.first_seq + len(self._ends) - 1

    @property
    def size_bytes(self) -> int:
        """Bytes so far."""
        return len(self._buffer)

    def append(self, events: Iterable[Event]) -> None:
        """Encode the next events, which take the next seqs. One that cannot be encoded is left out, not its seq."""
        buffer, ends, encode, seq = self._buffer, self._ends, self._encode, self.last_seq
        for event in events:
            seq += 1
            try:
                buffer += encode(seq, event)
            except Exception:
                log.exception("an event that cannot be encoded is left out", extra={"event_type": event.type})
            ends.append(len(buffer))

    def remark(self, text: str) -> None:
        """Put a comment, one line, between two frames; it has no seq."""
        self._buffer += b": %b\n\n" % text.encode()

    def close(self) -> None:
        """Nothing will come any more."""
        self.closed = True

    def notify(self) -> None:
        """Tell the readers that something changed; one that cannot be told is no trouble to the others."""
        for wake in tuple(self._listeners):
            try:
                wake()
            except Exception:
                log.exception("a reader could not be woken")

    def offset_after(self, seq: int) -> int | None:
        """Where the frame after ``seq`` begins; None when this log does not know ``seq``."""
        if seq < self.first_seq:
            return 0 if seq == self.first_seq - 1 else None
        index = seq - self.first_seq
        return self._ends[index] if index < len(self._ends) else None

    def since(self, offset: int) -> bytes:
        """Whole frames from ``offset`` on, up to about 128 KiB of them but one at least; empty at the end.

        That is what a reader holds that does not read.
        """
        end = len(self._buffer)
        if end - offset > MOST_TAKEN_BYTES:
            fitting = bisect_right(self._ends, offset + MOST_TAKEN_BYTES) - 1
            end = self._ends[max(fitting, bisect_right(self._ends, offset))]
        return bytes(self._buffer[offset:end]) if offset < end else b""

    def listen(self, wake: Callable[[], None]) -> None:
        self._listeners.add(wake)

    def unlisten(self, wake: Callable[[], None]) -> None:
        self._listeners.discard(wake)


class LogReader:
    """A stream's source: one log from after a seq to its end, behind an optional frame of its own.

    The seq may lie ahead of the log: it was read from the store, and is published a moment after its commit.
    """

    def __init__(self, log: FrameLog, *, after: int, prefix: bytes = b"") -> None:
        self._log, self._after, self._prefix = log, after, prefix
        self._offset = log.offset_after(after)

    @property
    def ended(self) -> bool:
        if self._prefix or not self._log.closed:
            return False
        offset = self._log.offset_after(self._after) if self._offset is None else self._offset
        return offset is None or offset == self._log.size_bytes

    def take(self) -> bytes:
        prefix, self._prefix = self._prefix, b""
        if self._offset is None:
            self._offset = self._log.offset_after(self._after)
            if self._offset is None:
                return prefix
        body = self._log.since(self._offset)
        self._offset += len(body)
        return prefix + body if prefix else body

    def attach(self, wake: Callable[[], None]) -> None:
        self._log.listen(wake)

    def detach(self, wake: Callable[[], None]) -> None:
        self._log.unlisten(wake)
