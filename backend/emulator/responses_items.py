"""Items of a Responses answer: each grows by fragments and tells the events of its growth (section 8.6)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

Json = dict[str, Any]
Status = Literal["in_progress", "completed", "incomplete"]


class Item(Protocol):
    """An item of ``output``; its events lack what all events of an item have, see ``Answer``."""

    id: str
    status: Status

    def as_json(self) -> Json: ...

    def close(self) -> Iterator[Json]:
        """The events that end its parts."""
        ...


@dataclass(slots=True)
class Thought:
    """A ``reasoning`` item: told in full, or in summary."""

    id: str
    format: str | None = None
    status: Status = "in_progress"
    kind: Literal["", "content", "summary"] = ""
    fragments: list[str] = field(default_factory=list)
    encrypted: str | None = None
    signature: str | None = None

    @property
    def awaits_signature(self) -> bool:
        """Whether its seal comes after the answer has begun."""
        return self.format == "anthropic-claude-v1" and not self.signature

    def take(self, detail: Mapping[str, Any]) -> Iterator[Json]:
        """A ``reasoning_details`` entry."""
        self.format = detail.get("format") or self.format
        self.encrypted = detail.get("data") or self.encrypted
        self.signature = detail.get("signature") or self.signature
        is_summary = detail.get("type") == "reasoning.summary"
        fragment = detail.get("summary" if is_summary else "text")
        if not fragment:
            return
        if not self.kind:
            self.kind = "summary" if is_summary else "content"
            yield self._edge("added", "")
        self.fragments.append(fragment)
        yield {"type": f"response.{self._text}.delta", **self._place, "delta": fragment}

    def close(self) -> Iterator[Json]:
        if self.kind:
            text = "".join(self.fragments)
            yield {"type": f"response.{self._text}.done", **self._place, "text": text}
            yield self._edge("done", text)

    def as_json(self) -> Json:
        parts = [self._part("".join(self.fragments))] if self.kind else []
        body: Json = {"type": "reasoning", "id": self.id, "status": self.status, "summary": []}
        if self.kind:
            body[self.kind] = parts
        opaque = {"encrypted_content": self.encrypted, "signature": self.signature, "format": self.format}
        return body | {name: value for name, value in opaque.items() if value is not None}

    @property
    def _text(self) -> str:
        return "reasoning_summary_text" if self.kind == "summary" else "reasoning_text"

    @property
    def _place(self) -> Json:
        return {"summary_index": 0} if self.kind == "summary" else {"content_index": 0}

    def _part(self, text: str) -> Json:
        return {"type": "summary_text" if self.kind == "summary" else "reasoning_text", "text": text}

    def _edge(self, edge: str, text: str) -> Json:
        name = "reasoning_summary_part" if self.kind == "summary" else "content_part"
        return {"type": f"response.{name}.{edge}", **self._place, "part": self._part(text)}


@dataclass(slots=True)
class Said:
    """A ``message`` item with one part of text."""

    id: str
    status: Status = "in_progress"
    fragments: list[str] = field(default_factory=list)
    annotations: list[Json] = field(default_factory=list)

    def begin(self) -> Iterator[Json]:
        yield {"type": "response.content_part.added", "content_index": 0, "part": self._part()}

    def take(self, fragment: str) -> Iterator[Json]:
        self.fragments.append(fragment)
        yield {"type": "response.output_text.delta", "content_index": 0, "delta": fragment, "logprobs": []}

    def cite(self, citation: Mapping[str, Any]) -> Iterator[Json]:
        """A chat ``url_citation``."""
        annotation = {"type": "url_citation", **citation}
        at = len(self.annotations)
        self.annotations.append(annotation)
        yield {
            "type": "response.output_text.annotation.added",
            "content_index": 0,
            "annotation_index": at,
            "annotation": annotation,
        }

    def close(self) -> Iterator[Json]:
        text = "".join(self.fragments)
        yield {"type": "response.output_text.done", "content_index": 0, "text": text, "logprobs": []}
        yield {"type": "response.content_part.done", "content_index": 0, "part": self._part()}

    def as_json(self) -> Json:
        content = [] if self.status == "in_progress" else [self._part()]
        return {"type": "message", "id": self.id, "role": "assistant", "status": self.status, "content": content}

    def _part(self) -> Json:
        text = "".join(self.fragments)
        return {"type": "output_text", "text": text, "annotations": list(self.annotations), "logprobs": []}


@dataclass(slots=True)
class Called:
    """A ``function_call`` item."""

    id: str
    call_id: str
    name: str
    status: Status = "in_progress"
    fragments: list[str] = field(default_factory=list)

    def take(self, fragment: str) -> Iterator[Json]:
        self.fragments.append(fragment)
        yield {"type": "response.function_call_arguments.delta", "delta": fragment}

    def close(self) -> Iterator[Json]:
        arguments = "".join(self.fragments)
        yield {"type": "response.function_call_arguments.done", "name": self.name, "arguments": arguments}

    def as_json(self) -> Json:
        return {
            "type": "function_call",
            "id": self.id,
            "call_id": self.call_id,
            "name": self.name,
            "arguments": "".join(self.fragments),
            "status": self.status,
        }


@dataclass(slots=True)
class Painted:
    """An ``image_generation_call`` item, come whole."""

    id: str
    url: str
    status: Status = "in_progress"

    def close(self) -> Iterator[Json]:
        yield {"type": "response.image_generation_call.completed"}

    def as_json(self) -> Json:
        result = None if self.status == "in_progress" else self.url.partition("base64,")[2]
        return {"type": "image_generation_call", "id": self.id, "status": self.status, "result": result}
