"""Folding events into a message. Pure: the same events give the same message, live, after a crash and in a replay."""

from __future__ import annotations

from collections.abc import Iterable

from app.schemas.events import Done, Error, Event, Reasoning, Text, ToolCall, Usage
from app.schemas.parts import Details, Part, ReasoningPart, TextPart, ToolCallPart, content_of


class Accumulator:
    """The message so far.

    Args:
        base: parts the message had before its first event, such as the old text of a continued answer. They are
            kept as they are; new text opens a part of its own.
    """

    def __init__(self, base: Iterable[Part] = ()) -> None:
        self._closed: list[Part] = list(base)
        self._kind: type[Text | Reasoning] | None = None
        self._open: list[str] = []
        self._details: Details = []
        self._opened_ms = 0
        self.last_seq = 0
        self.usage: Usage | None = None
        self.error: Error | None = None
        self.done: Done | None = None

    def apply(self, event: Event, now_ms: int = 0) -> None:
        """Take the next event; ``now_ms`` is a monotonic clock for the length of the reasoning, 0 if not known."""
        self.last_seq += 1
        match event:
            case Text() if not event.text:
                pass
            case Text():
                self._continue(Text, now_ms)
                self._open.append(event.text)
            case Reasoning():
                self._continue(Reasoning, now_ms)
                self._open.append(event.text)
                if event.details:
                    self._details.extend(event.details)
            case ToolCall():
                self._close(now_ms)
                self._closed.append(ToolCallPart(id=event.id, name=event.name, arguments=event.arguments))
            case Usage():
                self.usage = event
            case Error():
                self.error = event
            case Done():
                self.done = event
            case _:
                pass

    def parts(self, now_ms: int = 0) -> list[Part]:
        """The parts in order, the one being written included."""
        return [*self._closed, self._opened(now_ms)] if self._open else list(self._closed)

    def content(self) -> str:
        """The text parts joined."""
        return content_of(self.parts())

    def _continue(self, kind: type[Text | Reasoning], now_ms: int) -> None:
        if self._kind is not kind:
            self._close(now_ms)
            self._kind, self._opened_ms = kind, now_ms

    def _close(self, now_ms: int) -> None:
        if self._open:
            self._closed.append(self._opened(now_ms))
        self._kind, self._open, self._details = None, [], []

    def _opened(self, now_ms: int) -> Part:
        text = "".join(self._open)
        if self._kind is Text:
            return TextPart(text=text)
        duration_ms = max(0, now_ms - self._opened_ms) if self._opened_ms and now_ms else None
        return ReasoningPart(text=text, details=self._details or None, duration_ms=duration_ms)


def fold(events: Iterable[Event], base: Iterable[Part] = ()) -> Accumulator:
    """All of ``events`` folded onto ``base``."""
    accumulator = Accumulator(base)
    for event in events:
        accumulator.apply(event)
    return accumulator
