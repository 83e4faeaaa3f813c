"""Folding events into a message. Pure: the same events give the same message, live, after a crash and in a replay."""

from __future__ import annotations

from collections.abc import Iterable

from app.schemas.events import Annotation, Done, Error, Event, Reasoning, Text, ToolCall, Usage
from app.schemas.media import mime_of
from app.schemas.parts import AnnotationPart, ImagePart, Part, ReasoningPart, TextPart, ToolCallPart, content_of
from app.services.upstream.reasoning_details import Pieces


class Accumulator:
    """The message so far.

    Reasoning details stand on the first reasoning part, an empty one if the model showed nothing else of its thoughts:
    they may come late, and what has begun meanwhile goes on. Annotations stand last.

    Args:
        base: parts the message had before its first event, such as the old text of a continued answer. They are
            kept as they are; new text opens a part of its own.
    """

    def __init__(self, base: Iterable[Part] = ()) -> None:
        self._base: list[Part] = list(base)
        self._closed: list[Part] = []
        self._annotations: list[Part] = []
        self._details = Pieces()
        self._kind: type[Text | Reasoning] | None = None
        self._open: list[str] = []
        self._opened_ms = 0
        self.last_seq = 0
        self.usage: Usage | None = None
        self.error: Error | None = None
        self.done: Done | None = None

    def apply(self, event: Event, now_ms: int = 0) -> None:
        """Take the next event; ``now_ms`` is a monotonic clock for the length of the reasoning, 0 if not known."""
        self.last_seq += 1
        if self._kind is Text and type(event) is Text and event.extra is None:  # nearly all of them
            if event.text:
                self._open.append(event.text)
        else:
            self._fold(event, now_ms)

    def parts(self, now_ms: int = 0) -> list[Part]:
        """The parts in order, the one being written included."""
        made = [*self._closed, self._opened(now_ms)] if self._open else list(self._closed)
        details = self._details.whole()
        if details:
            first = next((at for at, part in enumerate(made) if isinstance(part, ReasoningPart)), None)
            thought = made.pop(first) if first is not None else None
            text, duration_ms = (
                (thought.text, thought.duration_ms) if isinstance(thought, ReasoningPart) else ("", None)
            )
            made.insert(first or 0, ReasoningPart(text=text, details=details, duration_ms=duration_ms))
        return [*self._base, *made, *self._annotations]

    def words(self) -> list[Part]:
        """Text and reasoning alone, without what the provider put beside them."""
        made = [*self._closed, self._opened(0)] if self._open else self._closed
        return [*self._base, *(part for part in made if isinstance(part, TextPart | ReasoningPart))]

    def content(self) -> str:
        """The text parts joined."""
        return content_of(self.parts())

    def _fold(self, event: Event, now_ms: int) -> None:
        match event:
            case Text():
                if event.text:
                    self._continue(Text, event.text, now_ms)
                for image in images_of(event):
                    self._add(image, now_ms)
            case Reasoning():
                if event.text:
                    self._continue(Reasoning, event.text, now_ms)
                if event.details:
                    self._details.take(event.details)
            case ToolCall():
                self._add(ToolCallPart(id=event.id, name=event.name, arguments=event.arguments), now_ms)
            case Annotation():
                self._annotations.append(AnnotationPart(annotation=event.annotation))
            case Usage():
                self.usage = event
            case Error():
                self.error = event
            case Done():
                self.done = event
            case _:
                pass

    def _continue(self, kind: type[Text | Reasoning], text: str, now_ms: int) -> None:
        if self._kind is not kind:
            self._close(now_ms)
            self._kind, self._opened_ms = kind, now_ms
        self._open.append(text)

    def _add(self, part: Part, now_ms: int) -> None:
        self._close(now_ms)
        self._closed.append(part)

    def _close(self, now_ms: int) -> None:
        if self._open:
            self._closed.append(self._opened(now_ms))
        self._kind, self._open = None, []

    def _opened(self, now_ms: int) -> Part:
        text = "".join(self._open)
        if self._kind is Text:
            return TextPart(text=text)
        duration_ms = max(0, now_ms - self._opened_ms) if self._opened_ms and now_ms else None
        return ReasoningPart(text=text, duration_ms=duration_ms)


def fold(events: Iterable[Event], base: Iterable[Part] = ()) -> Accumulator:
    """All of ``events`` folded onto ``base``."""
    accumulator = Accumulator(base)
    for event in events:
        accumulator.apply(event)
    return accumulator


def images_of(event: Text) -> list[ImagePart]:
    """The pictures that came with a text event (API reference, section 3); what is no picture is passed over."""
    sent = event.extra.get("images") if event.extra else None
    urls = [image.get("image_url") for image in sent if isinstance(image, dict)] if isinstance(sent, list) else []
    found = [url.get("url") for url in urls if isinstance(url, dict)]
    return [ImagePart(url=url, mime=mime_of(url)) for url in found if isinstance(url, str) and url]
