"""What a call will be answered with, decided whole before its first byte: reasoning, text, why it ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from . import answers
from .catalogue import Family, Model
from .prompt import Prompt
from .scenarios import Scenario
from .thinking import Wish, wish_of
from .tokens import split

NATIVE_REASONS: Mapping[Family, Mapping[str, str]] = {
    "openai": {"stop": "completed", "length": "length", "tool_calls": "completed"},
    "xai": {"stop": "completed", "length": "length", "tool_calls": "completed"},
    "anthropic": {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use"},
    "google": {"stop": "STOP", "length": "MAX_TOKENS", "tool_calls": "STOP"},
}


@dataclass(frozen=True, slots=True)
class Reply:
    """Tokens of the reasoning and of the text, in order."""

    reasoning: Sequence[str]
    text: Sequence[str]
    finish_reason: str
    native_finish_reason: str
    shows_reasoning: bool
    tool_deltas: Sequence[Mapping[str, Any]] = ()

    @property
    def tokens(self) -> int:
        return len(self.reasoning) + len(self.text)


def compose(model: Model, body: Mapping[str, Any], prompt: Prompt, scenario: Scenario) -> Reply:
    """The reply to a validated request, cut by ``stop`` and by the token limit as a provider would."""
    wish = wish_of(model, body)
    seed = scenario.seed or body.get("seed", 0)
    text, stopped = cut_at_stop(_text(prompt, scenario, seed), body.get("stop", []))
    reasoning = _reasoning(prompt, wish, seed)
    room = limit_of(model, body)
    finish = "stop"
    if (not stopped and len(reasoning) + len(text) > room) or len(reasoning) >= room:
        finish = "length"
    reasoning = reasoning[:room]
    text = text[: room - len(reasoning)]
    native = NATIVE_REASONS.get(model.family, {}).get(finish, finish)
    return Reply(reasoning, text, finish, native, wish.shown)


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


def _text(prompt: Prompt, scenario: Scenario, seed: int) -> list[str]:
    if scenario.tokens is not None:
        return answers.filler(scenario.tokens, prompt.question, seed)
    if scenario.text is not None:
        answer = scenario.text
    elif scenario.echo:
        answer = prompt.question
    else:
        answer = answers.demo(prompt.question, seed)
    return answers.after_prefill(answer, prompt.prefill) if prompt.prefill else split(answer)


def _reasoning(prompt: Prompt, wish: Wish, seed: int) -> list[str]:
    if not wish.effort or prompt.prefill:
        return []
    return split(answers.thoughts(prompt.question, wish.effort, seed))[: wish.max_tokens]
