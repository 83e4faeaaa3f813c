"""Tool calls: which tools a request gets called, and the deltas they arrive in (API reference, section 4.5)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle, islice, zip_longest
from typing import Any

import msgspec

from .instances import instance_of
from .prompt import Prompt
from .scenarios import Scenario, ToolCalls
from .tokens import split


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One call with its arguments in the fragments they are sent in."""

    id: str
    name: str
    fragments: Sequence[str]

    def as_json(self, index: int) -> dict[str, Any]:
        """The entry in a message that was not streamed."""
        function = {"name": self.name, "arguments": "".join(self.fragments)}
        return {"type": "function", "index": index, "id": self.id, "function": function}


def calls_for(body: Mapping[str, Any], prompt: Prompt, scenario: Scenario) -> list[ToolCall]:
    """The calls a model makes: when it must (``tool_choice``) or when the scenario says so, and never right after a
    tool's result, so that a tool loop comes to its end."""
    offered = {tool["function"]["name"]: tool["function"] for tool in body.get("tools", []) if tool.get("function")}
    choice = body.get("tool_choice", "auto")
    if not offered or choice == "none" or prompt.answers_tool:
        return []
    if isinstance(choice, dict):
        named = offered.get((choice.get("function") or {}).get("name"))
        return [_call(named, 0, prompt, scenario)] if named else []
    count = scenario.tool_calls.n if scenario.tool_calls else int(choice == "required")
    if body.get("parallel_tool_calls") is False:
        count = min(count, 1)
    return [_call(tool, at, prompt, scenario) for at, tool in enumerate(islice(cycle(offered.values()), count))]


def deltas(calls: Sequence[ToolCall], oddity: ToolCalls) -> Iterator[tuple[dict[str, Any], str | None]]:
    """Entries of ``delta.tool_calls`` with the token each costs; fragments of parallel calls are interleaved."""
    form = oddity.form
    indexes = [{} if form == "no_index" else {"index": at} for at in range(len(calls))]
    for index, call in zip(indexes, calls, strict=True):
        identity = {} if form == "missing_id" else {"id": call.id}
        arguments = "".join(call.fragments) if form in ("whole", "no_index") else ""
        function = {"name": call.name} if form == "no_arguments" else {"name": call.name, "arguments": arguments}
        yield {**index, **identity, "type": "function", "function": function}, call.name
    if form not in ("plain", "missing_id", "stop_finish"):
        return
    for at, row in enumerate(zip_longest(*(call.fragments for call in calls))):
        for index, fragment in zip(indexes, row, strict=True):
            if fragment is not None:
                yield {**index, "function": {"arguments": fragment}}, fragment
            elif at == 1:
                yield {**index, "function": {"arguments": ""}}, None


def _call(tool: Mapping[str, Any], at: int, prompt: Prompt, scenario: Scenario) -> ToolCall:
    oddity = scenario.tool_calls or ToolCalls()
    value = {} if oddity.form == "no_arguments" else instance_of(tool.get("parameters") or {}, prompt.question)
    arguments = msgspec.json.encode(value).decode()
    digest = hashlib.sha256(f"{prompt.question}/{prompt.messages}/{at}/{tool['name']}".encode()).hexdigest()
    return ToolCall(f"call_{digest[:24]}", tool["name"], split(arguments))
