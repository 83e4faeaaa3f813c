"""Chat's chunks as a Responses object and as the events of its making (API reference, sections 6.8 and 8.6)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .ledger import Row
from .responses_items import Called, Item, Json, Painted, Said, Thought

_CODES = {400: "invalid_prompt", 429: "rate_limit_exceeded"}
_INCOMPLETE = {"length": "max_output_tokens", "content_filter": "content_filter"}
_ECHOED: Mapping[str, Any] = {
    "instructions": None,
    "tools": [],
    "tool_choice": "auto",
    "parallel_tool_calls": True,
    "temperature": None,
    "top_p": None,
    "max_output_tokens": None,
    "reasoning": None,
    "text": {"format": {"type": "text"}},
    "metadata": {},
    "user": None,
    "truncation": "disabled",
}


class Answer:
    """One answer, from ``response.created`` to its end. Item ids stay the same from the first event to the last."""

    fails_in_band = True

    def __init__(self, row: Row, given: Mapping[str, Any]) -> None:
        self._row = row
        self._given = given
        self._number = 0
        self._items: list[Item] = []
        self._thought: Thought | None = None
        self._said: Said | None = None
        self._calls: dict[int, Called] = {}
        self._status = "in_progress"
        self._finish: str | None = None
        self._error: Mapping[str, Any] | None = None
        self._usage: Mapping[str, Any] | None = None

    def events(self, chunk: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        """The events of one chunk; a chunk that is none passes as it is."""
        choices = chunk.get("choices")
        choice = choices[0] if choices else {}
        error = chunk.get("error") or choice.get("error")
        if error is None and not isinstance(choices, list):
            yield chunk
            return
        yield from self._begun()
        yield from self._grown(choice.get("delta") or {})
        self._finish = self._finish or choice.get("finish_reason")
        self._usage = chunk.get("usage") or self._usage
        # An error that says no more than that the limit was reached is an ordinary end.
        if error is not None and self._finish != "length":
            self._error = error
            yield from self.end()

    def end(self) -> Iterator[Mapping[str, Any]]:
        """Every item closed, and the last event with the whole answer."""
        yield from self._begun()
        self._status = "failed" if self._error else "incomplete" if self._finish in _INCOMPLETE else "completed"
        for item in self._items:
            yield from self._closed(item)
        yield self._event(f"response.{self._status}", response=self._response())

    def whole(self, completion: Mapping[str, Any]) -> Json:
        choice = completion["choices"][0]
        made = {**choice, "delta": choice["message"]}
        for _ in self.events({"choices": [made], "usage": completion.get("usage")}):
            pass
        if self._status == "in_progress":
            for _ in self.end():
                pass
        return self._response()

    def _begun(self) -> Iterator[Json]:
        if self._number == 0:
            yield self._event("response.created", response=self._response())
            yield self._event("response.in_progress", response=self._response())

    def _grown(self, delta: Mapping[str, Any]) -> Iterator[Json]:
        for detail in delta.get("reasoning_details") or []:
            yield from self._thinking(detail)
        cited = [note["url_citation"] for note in delta.get("annotations") or [] if note["type"] == "url_citation"]
        if cited or delta.get("content"):
            yield from self._saying(delta.get("content") or "", cited)
        for call in delta.get("tool_calls") or []:
            yield from self._calling(call)
        for image in delta.get("images") or []:
            painted = Painted(self._id("ig", len(self._items)), image["image_url"]["url"])
            yield from self._added(painted)
            yield from self._closed(painted)

    def _thinking(self, detail: Mapping[str, Any]) -> Iterator[Json]:
        if self._thought is None:
            self._thought = Thought(self._id("rs"), detail.get("format"))
            yield from self._added(self._thought)
        yield from self._placed(self._thought, self._thought.take(detail))
        if self._said is not None or self._calls:
            yield from self._thought_out()

    def _saying(self, fragment: str, cited: Iterable[Mapping[str, Any]]) -> Iterator[Json]:
        if self._said is None:
            yield from self._thought_out()
            self._said = Said(self._id("msg"))
            yield from self._added(self._said)
            yield from self._placed(self._said, self._said.begin())
        for citation in cited:
            yield from self._placed(self._said, self._said.cite(citation))
        if fragment:
            yield from self._placed(self._said, self._said.take(fragment))

    def _calling(self, call: Mapping[str, Any]) -> Iterator[Json]:
        function = call.get("function") or {}
        at = call.get("index", len(self._calls))
        if at not in self._calls:
            yield from self._thought_out()
            item_id = self._id("fc", at)
            self._calls[at] = Called(item_id, call.get("id") or item_id, function.get("name", ""))
            yield from self._added(self._calls[at])
        if function.get("arguments"):
            yield from self._placed(self._calls[at], self._calls[at].take(function["arguments"]))

    def _thought_out(self) -> Iterator[Json]:
        if self._thought is not None and not self._thought.awaits_signature:
            yield from self._closed(self._thought)

    def _added(self, item: Item) -> Iterator[Json]:
        self._items.append(item)
        yield self._event("response.output_item.added", output_index=len(self._items) - 1, item=item.as_json())

    def _closed(self, item: Item) -> Iterator[Json]:
        if item.status != "in_progress":
            return
        yield from self._placed(item, item.close())
        item.status = "completed" if self._status in ("in_progress", "completed") else "incomplete"
        at = self._items.index(item)
        yield self._event("response.output_item.done", output_index=at, item=item.as_json())

    def _placed(self, item: Item, events: Iterable[Json]) -> Iterator[Json]:
        at = self._items.index(item)
        for event in events:
            yield self._event(event.pop("type"), item_id=item.id, output_index=at, **event)

    def _event(self, kind: str, **fields: object) -> Json:
        self._number += 1
        return {"type": kind, "sequence_number": self._number - 1, **fields}

    def _id(self, prefix: str, at: int = 0) -> str:
        return f"{prefix}_{self._row.id[-20:]}{at or ''}"

    def _response(self) -> Json:
        row, reason = self._row, _INCOMPLETE.get(self._finish or "")
        is_over = self._status != "in_progress"
        body: Json = {
            "id": row.id,
            "object": "response",
            "created_at": row.created_unix,
            "completed_at": row.created_unix + row.duration_ms // 1000 if self._status == "completed" else None,
            "model": row.model.canonical_slug,
            "provider": row.endpoint.provider_name,
            "status": self._status,
            "output": [item.as_json() for item in self._items] if is_over else [],
            "error": _failure(self._error) if self._error else None,
            "incomplete_details": {"reason": reason} if self._status == "incomplete" else None,
            "usage": _usage(self._usage) if is_over and self._usage else None,
            "service_tier": row.service_tier,
            "previous_response_id": None,
            "store": False,
            "background": False,
        }
        if self._error and (kind := (self._error.get("metadata") or {}).get("error_type")):
            body["error_type"] = kind
        return body | {name: self._given.get(name, default) for name, default in _ECHOED.items()}


def _failure(error: Mapping[str, Any]) -> Json:
    return {"code": _CODES.get(error["code"], "server_error"), "message": error["message"]}


def _usage(chat: Mapping[str, Any]) -> Json:
    """Chat's usage by the names that it has here; a cost that is missing there is missing here."""
    prompt, costs = chat["prompt_tokens_details"], chat["cost_details"]
    usage: Json = {
        "input_tokens": chat["prompt_tokens"],
        "input_tokens_details": {
            "cached_tokens": prompt["cached_tokens"],
            "cache_write_tokens": prompt["cache_write_tokens"],
        },
        "output_tokens": chat["completion_tokens"],
        "output_tokens_details": {"reasoning_tokens": chat["completion_tokens_details"]["reasoning_tokens"]},
        "total_tokens": chat["total_tokens"],
        "is_byok": chat["is_byok"],
        "cost_details": {
            "upstream_inference_cost": costs["upstream_inference_cost"],
            "upstream_inference_input_cost": costs["upstream_inference_prompt_cost"],
            "upstream_inference_output_cost": costs["upstream_inference_completions_cost"],
        },
    }
    return usage | {"cost": chat["cost"]} if "cost" in chat else usage
