"""What a call will be answered with, decided whole before its first byte: reasoning, text, why it ends."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from . import answers, citations, media
from .catalogue import Endpoint, Family, Model
from .instances import instance_of
from .media import Speech
from .prompt import Prompt
from .scenarios import Citations, Scenario
from .thinking import Wish, wish_of
from .tokens import split
from .tools import ToolCall, calls_for

NATIVE_REASONS: Mapping[Family, Mapping[str, str]] = {
    "openai": {"stop": "completed", "length": "length", "tool_calls": "completed"},
    "xai": {"stop": "completed", "length": "length", "tool_calls": "completed"},
    "anthropic": {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use"},
    "google": {"stop": "STOP", "length": "MAX_TOKENS", "tool_calls": "STOP"},
}


@dataclass(frozen=True, slots=True)
class Reply:
    """Tokens of the reasoning and of the text, in order; a reply that calls tools has no text.

    ``images`` are data URLs, ``speech`` says the text aloud, ``logprobs`` is the number of alternatives to tell.
    """

    reasoning: Sequence[str]
    text: Sequence[str]
    finish_reason: str
    native_finish_reason: str
    shows_reasoning: bool
    tool_calls: Sequence[ToolCall] = ()
    annotations: Sequence[Mapping[str, Any]] = ()
    images: Sequence[str] = ()
    speech: Speech | None = None
    logprobs: int | None = None
    search_results: int = 0

    @property
    def tokens(self) -> int:
        called = sum(1 + len(call.fragments) for call in self.tool_calls)
        return len(self.reasoning) + len(self.text) + called


def compose(
    model: Model,
    endpoint: Endpoint,
    body: Mapping[str, Any],
    prompt: Prompt,
    scenario: Scenario,
    variants: Collection[str] = (),
) -> Reply:
    """The reply to a validated request, cut by ``stop`` and by the token limit as a provider would."""
    wish = wish_of(model, body)
    seed = scenario.seed or body.get("seed", 0)
    reasoning = _reasoning(prompt, wish, seed)
    calls = calls_for(body, prompt, scenario)
    if calls:
        odd = scenario.tool_calls is not None and scenario.tool_calls.form == "stop_finish"
        finish = "stop" if odd else "tool_calls"
        return Reply(reasoning, [], finish, _native(model, finish), wish.shown, calls)
    text, stopped = cut_at_stop(
        _text(body, model.parameters_at(endpoint), prompt, scenario, seed), body.get("stop", [])
    )
    room = limit_of(model, body)
    finish = "stop"
    if (not stopped and len(reasoning) + len(text) > room) or len(reasoning) >= room:
        finish = "length"
    reasoning = reasoning[:room]
    text = text[: room - len(reasoning)]
    modalities = body.get("modalities", [])
    results = citations.results_of(model, body, variants)
    cited = citations.pages(body, prompt.question, "".join(text), results, scenario.citations or Citations())
    return Reply(
        reasoning,
        text,
        finish,
        _native(model, finish),
        wish.shown,
        annotations=[*citations.parsed_files(body["messages"]), *cited],
        images=[media.picture(prompt.question, body.get("image_config", {}))] if "image" in modalities else [],
        speech=media.Speech(body.get("audio", {}).get("voice", "")) if "audio" in modalities else None,
        logprobs=_logprobs(body, model.parameters_at(endpoint)),
        search_results=results,
    )


def _logprobs(body: Mapping[str, Any], knows: Collection[str]) -> int | None:
    return body.get("top_logprobs", 0) if body.get("logprobs") and "logprobs" in knows else None


def limit_of(model: Model, body: Mapping[str, Any]) -> int:
    """The most tokens this request may produce, reasoning included."""
    asked: int = body.get("max_completion_tokens") or body.get("max_tokens") or 10**9
    return min(asked, model.max_completion_tokens or model.usable_context)


def cut_at_stop(tokens: Sequence[str], stop: str | Sequence[str]) -> tuple[list[str], bool]:
    """Tokens up to the first stop sequence, which is not part of the answer; whether there was one."""
    stops = [item for item in ([stop] if isinstance(stop, str) else stop) if item]
    whole = "".join(tokens)
    found = [at for at in map(whole.find, stops) if at >= 0]
    if not found:
        return list(tokens), False
    left = min(found)
    kept: list[str] = []
    for token in tokens:
        if left <= 0:
            break
        kept.append(token[:left])
        left -= len(token)
    return kept, True


def _native(model: Model, finish: str) -> str:
    return NATIVE_REASONS.get(model.family, {}).get(finish, finish)


def _text(body: Mapping[str, Any], knows: Collection[str], prompt: Prompt, scenario: Scenario, seed: int) -> list[str]:
    if scenario.tokens is not None:
        return answers.filler(scenario.tokens, prompt.question, seed)
    if scenario.text is not None:
        answer = scenario.text
    elif scenario.echo:
        answer = prompt.question
    else:
        answer = _structured(body.get("response_format", {}), knows, prompt) or answers.demo(prompt.question, seed)
    return answers.after_prefill(answer, prompt.prefill) if prompt.prefill else split(answer)


def _structured(wanted: Mapping[str, Any], knows: Collection[str], prompt: Prompt) -> str:
    """JSON as asked for, or nothing where the endpoint does not know the parameter and drops it."""
    if wanted.get("type") == "json_object" and "response_format" in knows:
        return msgspec.json.encode({"answer": prompt.question}).decode()
    if wanted.get("type") == "json_schema" and "structured_outputs" in knows:
        schema = wanted["json_schema"]["schema"]
        return msgspec.json.encode(instance_of(schema, prompt.question)).decode()
    return ""


def _reasoning(prompt: Prompt, wish: Wish, seed: int) -> list[str]:
    if not wish.effort or prompt.prefill:
        return []
    return split(answers.thoughts(prompt.question, wish.effort, seed))[: wish.max_tokens]
