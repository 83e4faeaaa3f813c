"""Events in the shapes of OpenAI and OpenRouter: the chunks of a stream, or one completion. Pure.

API reference, sections 3 and 4. An answer without a finish reason of its own ends with an error, as section 4.6
documents it; one that broke after its finish reason is told by that reason.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

from app.core.errors import AppError, Stopped, UpstreamBadKey, running_text
from app.core.json import encode
from app.schemas.events import (
    Annotation,
    Done,
    Error,
    Event,
    Reasoning,
    Text,
    ToolCall,
    ToolCallDelta,
    Usage,
)
from app.schemas.parts import ReasoningPart
from app.services.doors.openai_usage import usage_object
from app.services.turns.frames import Encoder, Facts
from app.services.turns.runs import Run
from app.services.upstream.accumulator import fold

Json = dict[str, Any]
_DONE = b"data: [DONE]\n\n"


def openai_chunks(facts: Facts) -> Encoder:
    """Chunks whose last one carries the usage; no chunk is without a choice, which many clients rely on."""
    return _Chunks(facts, usage_apart=False)


def openai_chunks_usage_apart(facts: Facts) -> Encoder:
    """Chunks as OpenAI sends them to who asks for ``stream_options.include_usage``: usage alone, ``choices`` empty."""
    return _Chunks(facts, usage_apart=True)


class _Chunks:
    """Encodes one stream. The role comes with the first delta; id and name of a tool call with its first fragment."""

    def __init__(self, facts: Facts, *, usage_apart: bool) -> None:
        self._facts, self._usage_apart = facts, usage_apart
        self._begun = False
        self._annotations = self._images = 0
        self._known: set[int] = set()
        self._named: set[int] = set()
        self._argued: set[int] = set()
        self._usage: Usage | None = None
        self._error: Error | None = None

    def __call__(self, seq: int, event: Event) -> bytes:
        match event:
            case Text():
                return self._text(event)
            case Reasoning():
                delta: Json = {"content": "", "reasoning": event.text}
                return self._delta(delta | ({"reasoning_details": event.details} if event.details else {}))
            case ToolCallDelta():
                return self._call(event.index, event.id, event.name, event.arguments)
            case ToolCall():
                return self._whole_call(event)
            case Annotation():
                self._annotations += 1
                return self._delta({"annotations": [{"index": self._annotations - 1, **event.annotation}]})
            case Usage():
                self._usage = event
            case Error():
                self._error = event
            case Done():
                return self._end(event)
            case _:
                pass
        return b""

    def _text(self, event: Text) -> bytes:
        extra = event.extra or {}
        delta: Json = {"refusal" if extra.get("refusal") else "content": event.text}
        if images := extra.get("images"):
            delta["images"] = [{"index": self._images + n, **image} for n, image in enumerate(images)]
            self._images += len(images)
        if audio := extra.get("audio"):
            delta["audio"] = audio
        return self._delta(delta, logprobs=extra.get("logprobs"))

    def _call(self, index: int, call_id: str, name: str, arguments: str) -> bytes:
        function: Json = {"arguments": arguments}
        fragment: Json = {"index": index, "function": function}
        if index not in self._known:
            self._known.add(index)
            fragment |= {"id": call_id, "type": "function"}
            function["name"] = name
        elif name and index not in self._named:
            function["name"] = name
        if name:
            self._named.add(index)
        if arguments.strip():
            self._argued.add(index)
        return self._delta({"tool_calls": [fragment]} if self._begun else {"content": None, "tool_calls": [fragment]})

    def _whole_call(self, event: ToolCall) -> bytes:
        """What the fragments left out: arguments that were never sent are ``{}``."""
        if event.index in self._argued:
            return b""
        return self._call(event.index, event.id, event.name, event.arguments)

    def _delta(self, delta: Json, *, finish: Json | None = None, logprobs: Json | None = None, **fields: Any) -> bytes:
        if not self._begun:
            self._begun = True
            delta = {"role": "assistant", **delta}
        choice = {"index": 0, "delta": delta, "finish_reason": None, "logprobs": logprobs, **(finish or {})}
        return _frame({**self._head(), "choices": [choice], **fields})

    def _head(self) -> Json:
        return _head(self._facts, "chat.completion.chunk")

    def _end(self, done: Done) -> bytes:
        usage = usage_object(self._usage) if self._usage else None
        extra = dict(done.extra or {})
        native = extra.pop("native_finish_reason", None)
        if not done.is_whole:
            told = {"usage": usage} if usage else {}
            choice = {"index": 0, "delta": {"content": ""}, "finish_reason": "error", "native_finish_reason": native}
            error = error_object(self._error)
            return _frame({**self._head(), "error": error, "choices": [choice], **told}) + _DONE
        finish = {"finish_reason": done.finish_reason, "native_finish_reason": native}
        delta = {} if self._begun else {"content": ""}
        if usage is None or not self._usage_apart:
            return self._delta(delta, finish=finish, **extra, **({"usage": usage} if usage else {})) + _DONE
        last = _frame({**self._head(), "choices": [], **extra, "usage": usage})
        return self._delta(delta, finish=finish, **extra) + last + _DONE


def completion(run: Run) -> Json:
    """A whole answer as the one reply of a call that does not stream."""
    events = run.published
    texts = [event for event in events if isinstance(event, Text)]
    refusal = "".join(event.text for event in texts if _extra(event, "refusal"))
    content = "".join(event.text for event in texts if not _extra(event, "refusal"))
    calls = [event for event in events if isinstance(event, ToolCall)]
    reasoning = [part for part in fold(events).parts() if isinstance(part, ReasoningPart)]
    done = next(event for event in reversed(events) if isinstance(event, Done))
    usage = next((event for event in reversed(events) if isinstance(event, Usage)), None)
    extra = dict(done.extra or {})
    message: Json = {
        "role": "assistant",
        "content": content or (None if calls or refusal else ""),
        "refusal": refusal or None,
        "reasoning": "".join(part.text for part in reasoning) or None,
    }
    told: Json = {
        "reasoning_details": [detail for part in reasoning for detail in part.details or ()],
        "tool_calls": [_call(call) for call in calls],
        "annotations": [event.annotation for event in events if isinstance(event, Annotation)],
        "images": [image for event in texts for image in _extra(event, "images") or ()],
        "audio": _audio([audio for event in texts if (audio := _extra(event, "audio"))]),
    }
    choice = {
        "index": 0,
        "message": message | {name: value for name, value in told.items() if value},
        "finish_reason": done.finish_reason,
        "native_finish_reason": extra.pop("native_finish_reason", None),
        "logprobs": _logprobs([found for event in texts if (found := _extra(event, "logprobs"))]),
    }
    head = _head(run.facts, "chat.completion")
    return {**head, "choices": [choice], "system_fingerprint": None, **extra, "usage": usage and usage_object(usage)}


def error_object(error: Error | None) -> Json:
    """Why an answer broke off, as section 4.6 documents it; a stop by the owner is told in the same form."""
    if error is None:
        stopped = Stopped()
        return _error(Stopped, stopped.message, stopped.hint)
    return _error(AppError.named(error.error_code), error.message, error.hint)


def _error(kind: type[AppError], message: str, hint: str) -> Json:
    code = 401 if issubclass(kind, UpstreamBadKey) else kind.status
    return {"code": code, "message": running_text(message, hint), "metadata": {"error_type": kind.code}}


def _head(facts: Facts, kind: str) -> Json:
    return {
        "id": facts.generation_id,
        "object": kind,
        "created": facts.created_s,
        "model": facts.model,
        "provider": facts.provider,
    }


def _frame(chunk: Json) -> bytes:
    return b"data: %b\n\n" % encode(chunk)


def _call(call: ToolCall) -> Json:
    function = {"name": call.name, "arguments": call.arguments}
    return {"index": call.index, "id": call.id, "type": "function", "function": function}


def _extra(event: Text, name: str) -> Any:
    return event.extra.get(name) if event.extra else None


def _logprobs(fragments: list[Json]) -> Json | None:
    """Fragments as one: lists joined, whatever else comes under their names; of everything else the last word."""
    joined: Json = {}
    for fragment in fragments:
        for name, value in fragment.items():
            known = joined.get(name)
            if not isinstance(known, list):
                joined[name] = list(value) if isinstance(value, list) else value
            elif isinstance(value, list):
                known += value
    return joined or None


def _audio(fragments: list[Json]) -> Json | None:
    """Fragments as one: the sound and its transcript joined, of everything else the last word."""
    joined: Json = {}
    for fragment in fragments:
        joined |= {name: value for name, value in fragment.items() if name not in ("data", "transcript")}
    for name, join in (("data", _joined_base64), ("transcript", "".join)):
        pieces = [piece for fragment in fragments if isinstance(piece := fragment.get(name), str)]
        if pieces:
            joined[name] = join(pieces)
    return joined or None


def _joined_base64(pieces: list[str]) -> str:
    """Each fragment may have been padded by itself."""
    try:
        return base64.b64encode(b"".join(base64.b64decode(piece, validate=True) for piece in pieces)).decode()
    except binascii.Error:
        return "".join(pieces)
