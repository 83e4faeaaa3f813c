"""Chunks of an upstream stream as events. Pure; knows the shapes on record (API reference, sections 4 and 10)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.core.errors import UpstreamGarbage
from app.core.ids import new_id
from app.core.json import decode
from app.schemas.events import Annotation, Event, Reasoning, Text, ToolCall, ToolCallDelta
from app.services.upstream.wire import Choice, Chunk, Delta, UsageWire
from app.services.upstream.wire import ToolCallDelta as WireToolCallDelta

DEEPEST = 64
_NO_FINISH = frozenset({"", "null", "none"})


@dataclass(slots=True)
class _OpenCall:
    """``wire_index`` and ``wire_id`` are the provider's and may repeat; ``index`` and ``id`` are ours and do not."""

    index: int
    wire_index: int | None
    id: str
    wire_id: str
    name: str
    arguments: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Its arguments so far."""
        return "".join(self.arguments).strip() or "{}"


class DeltaReader:
    """What one stream has said, read chunk by chunk.

    Adjacent deltas of one kind come out as one event. The first finish reason counts, the last usage that is not null,
    the first chunk that reports an error; text after an error is still text. Of several choices the one that speaks
    first is read.
    """

    def __init__(self) -> None:
        self.upstream_id: str | None = None
        self.model: str | None = None
        self.provider: str | None = None
        self.finish_reason: str | None = None
        self.extra: dict[str, Any] = {}
        self.usage: UsageWire | None = None
        self.failed: Chunk | None = None
        self.saw_done = False
        """Whether the stream came to its own end; its reader sets it."""
        self._calls: list[_OpenCall] = []
        self._index: int | None = None
        self._has_text = False
        self._last: Chunk | None = None

    def feed(self, chunks: Iterable[Chunk]) -> list[Event]:
        """The events of the next chunks, in order; empty when they only keep the connection alive."""
        events: list[Event] = []
        text: list[str] = []
        chunk = None
        for chunk in chunks:
            if not (self.upstream_id and self.model and self.provider):
                self._name(chunk)
            if chunk.usage is not None:
                _refuse_deep(chunk.usage.whole)
                self.usage = chunk.usage
            self._note(chunk)
            choices = chunk.choices
            choice = choices[0] if choices else None
            if choices and choices[0].index != self._index:
                choice = self._ours(choices)
            if choice is not None:
                delta = choice.delta
                if delta is not None:
                    if delta.content and not choice.logprobs and not carries_more(delta):
                        text.append(delta.content)
                    else:
                        _flush(text, events)
                        self._read(delta, choice.logprobs, events)
                if choice.finish_reason is not None and self.finish_reason is None and _is_finish(choice.finish_reason):
                    self.finish_reason = choice.finish_reason
                    if choice.native_finish_reason is not None:
                        self.extra["native_finish_reason"] = choice.native_finish_reason
            if chunk.failure is not None and self.failed is None:
                self.failed = chunk
        _flush(text, events)
        self._last = chunk or self._last
        self._has_text = self._has_text or any(isinstance(event, Text) for event in events)
        return events

    def finish(self) -> list[Event]:
        """The tool calls, complete now that the stream has ended; text that parses as JSON earlier means nothing."""
        calls, self._calls = self._calls, []
        return [ToolCall(index=call.index, id=call.id, name=call.name, arguments=call.text) for call in calls]

    @property
    def has_calls(self) -> bool:
        """Whether any tool call has begun and ``finish`` has not given it out yet."""
        return bool(self._calls)

    @property
    def is_billed_text(self) -> bool:
        """Whether there is text, and the stream came to its own end right after the provider told what it counted.

        Usage that comes with text, as some servers send it all the time, tells of no end.
        """
        if not self._has_text or self._calls or not self.saw_done or self._last is None:
            return False
        usage = self._last.usage
        counted = usage is not None and max(usage.completion_tokens or 0, usage.total_tokens or 0) > 0
        return counted and not says_something(self._last)

    @property
    def has_whole_calls(self) -> bool:
        """The same, and the arguments of each are JSON: nothing seems to be missing."""
        return self.has_calls and all(_is_json(call.text) for call in self._calls)

    def _ours(self, choices: Sequence[Choice]) -> Choice | None:
        """The choice that is read: one answer was asked for, whatever its number is."""
        if self._index is None:
            self._index = choices[0].index
        return next((choice for choice in choices if choice.index == self._index), None)

    def _name(self, chunk: Chunk) -> None:
        self.upstream_id = self.upstream_id or chunk.id or None
        self.model = self.model or chunk.model or None
        self.provider = self.provider or chunk.provider or None

    def _note(self, chunk: Chunk) -> None:
        """Keep what is said of the answer as a whole."""
        if chunk.service_tier is not None:
            self.extra["service_tier"] = chunk.service_tier
        if chunk.system_fingerprint is not None:
            self.extra["system_fingerprint"] = chunk.system_fingerprint
        if chunk.openrouter_metadata is not None:
            _refuse_deep(chunk.openrouter_metadata)
            self.extra["openrouter_metadata"] = chunk.openrouter_metadata

    def _read(self, delta: Delta, logprobs: dict[str, Any] | None, events: list[Event]) -> None:
        extra = None
        if logprobs or delta.images or delta.audio:
            beside = {"logprobs": logprobs, "images": delta.images, "audio": delta.audio}
            extra = {name: value for name, value in beside.items() if value}
            _refuse_deep(extra)
        details = delta.reasoning_details or None
        if details:
            _refuse_deep(details)
        if delta.annotations:
            _refuse_deep(delta.annotations)
        thought = delta.reasoning or delta.reasoning_content or (_text_of(details) if details else "")
        if thought or details:
            previous = events[-1] if events else None
            if isinstance(previous, Reasoning):
                previous.text += thought
                if details:
                    previous.details = [*(previous.details or ()), *details]
            else:
                events.append(Reasoning(text=thought, details=details))
        for annotation in delta.annotations or ():
            events.append(Annotation(annotation=annotation))  # noqa: PERF401
        if delta.content or extra:
            events.append(Text(text=delta.content or "", extra=extra))
        if delta.refusal:
            events.append(Text(text=delta.refusal, extra={"refusal": True}))
        for fragment in delta.tool_calls or ():
            events.append(self._tool_call(fragment))  # noqa: PERF401

    def _tool_call(self, fragment: WireToolCallDelta) -> ToolCallDelta:
        function = fragment.function
        name = (function.name if function else None) or ""
        arguments = (function.arguments if function else None) or ""
        call = self._call_for(fragment, name)
        if arguments:
            call.arguments.append(arguments)
        if name and not call.name:
            call.name = name
        return ToolCallDelta(index=call.index, id=call.id, name=call.name, arguments=arguments)

    def _call_for(self, fragment: WireToolCallDelta, name: str) -> _OpenCall:
        """The call a fragment belongs to: the one of its index and id, else the latest of its index.

        A new id with a name, another name, or the same name with more arguments after whole ones, says that another
        call begins at that index.
        """
        wire_id = fragment.id or ""
        same_index = [call for call in reversed(self._calls) if fragment.index in (None, call.wire_index)]
        for call in same_index:
            if wire_id and wire_id == call.wire_id and name in ("", call.name):
                return call
        if same_index and not _begins_another(same_index[0], fragment, wire_id, name):
            return same_index[0]
        taken = {call.id for call in self._calls}
        call_id = wire_id if wire_id and wire_id not in taken else f"call_{new_id()}"
        call = _OpenCall(index=len(self._calls), wire_index=fragment.index, id=call_id, wire_id=wire_id, name=name)
        self._calls.append(call)
        return call


def _begins_another(call: _OpenCall, fragment: WireToolCallDelta, wire_id: str, name: str) -> bool:
    other_id = bool(wire_id) and wire_id != call.wire_id and bool(call.wire_id or call.name)
    other_name = bool(call.name) and name != call.name
    return bool(name) and (other_id or other_name or _is_second_piece(call, fragment))


def _is_second_piece(call: _OpenCall, fragment: WireToolCallDelta) -> bool:
    """Whether a call without an id came in one piece, and ``fragment`` has arguments that would make it unreadable."""
    arguments = (fragment.function.arguments if fragment.function else None) or ""
    nameless = not call.wire_id and not fragment.id
    is_one_piece = len(call.arguments) == 1 and call.arguments[0].lstrip().startswith("{")
    return nameless and bool(arguments.strip()) and is_one_piece and _is_json(call.text)


def carries_more(delta: Delta) -> bool:
    """Whether a delta says something beside plain text."""
    return bool(
        delta.reasoning
        or delta.reasoning_details
        or delta.reasoning_content
        or delta.tool_calls
        or delta.annotations
        or delta.refusal
        or delta.images
        or delta.audio
    )


def says_something(chunk: Chunk) -> bool:
    """Whether a chunk holds anything of an answer."""
    deltas = (choice.delta for choice in chunk.choices or ())
    return any(delta and (delta.content or carries_more(delta)) for delta in deltas)


def _is_finish(reason: str) -> bool:
    """What some servers write into every chunk in place of null is none."""
    return reason.strip().lower() not in _NO_FINISH


def _is_json(text: str) -> bool:
    try:
        decode(text)
    except ValueError:
        return False
    return True


def _flush(text: list[str], events: list[Event]) -> None:
    if text:
        events.append(Text(text="".join(text)))
        text.clear()


def _text_of(details: list[dict[str, Any]]) -> str:
    """The readable part of reasoning details, for providers that send no plain ``reasoning`` beside them."""
    pieces = ((detail.get("text") or detail.get("summary") or "") for detail in details)
    return "".join(piece for piece in pieces if isinstance(piece, str))


def _refuse_deep(value: object) -> None:
    """Raise UpstreamGarbage for opaque pieces nested deeper than anything honest; they could not be written again."""
    level = [value]
    for _ in range(DEEPEST):
        deeper: list[Any] = []
        for outer in level:
            if isinstance(outer, dict):
                deeper += outer.values()
            elif isinstance(outer, list):
                deeper += outer
        if not deeper:
            return
        level = deeper
    raise UpstreamGarbage("The provider sent data nested too deeply.")
