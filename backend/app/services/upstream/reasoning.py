"""How hard a model may think, said the way its family understands it. Pure.

A wish is the reference's ``reasoning`` object (API reference, section 2.6). What each family accepts is section 9's
first table; efforts become token budgets by the shares of section 2.6.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from app.core.errors import ValidationFailed
from app.schemas.model_facts import ModelFacts

Wish = Mapping[str, Any]

EFFORTS: Final = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
SHARES: Final = {"minimal": 0.1, "low": 0.2, "medium": 0.5, "high": 0.8, "xhigh": 0.95, "max": 0.95}
CLAUDE_BUDGET: Final = (1024, 128_000)
GEMINI_BUDGET: Final = (512, 24_576)
"""What every Gemini 2.5 model takes."""
GEMINI_LEVELS: Final = ("minimal", "low", "medium", "high")

_MODES = ("effort", "max_tokens", "enabled")
_SWITCHED = frozenset({"deepseek", "qwen", "z-ai", "moonshotai", "minimax"})


def canonical(params: Mapping[str, Any]) -> dict[str, Any] | None:
    """The wish in ``reasoning``, ``reasoning_effort`` and ``include_reasoning`` as one object; None without any."""
    if not {"reasoning", "reasoning_effort", "include_reasoning"} & params.keys():
        return None
    wish = dict(params.get("reasoning") or {})
    if params.get("reasoning_effort") is not None:
        wish["effort"] = params["reasoning_effort"]
    if params.get("include_reasoning") is False:
        wish["exclude"] = True
    return wish


def overlaid(lower: Wish, upper: Wish) -> dict[str, Any]:
    """``upper`` over ``lower``. How hard to think is one value, whichever of its three forms it takes."""
    if says_how(upper):
        lower = {name: value for name, value in lower.items() if name not in _MODES}
    return {**lower, **upper}


def says_how(wish: Wish) -> bool:
    """Whether a wish says how hard to think, or not to, and not only what to show of it."""
    return any(name in wish for name in _MODES)


def is_off(wish: Wish) -> bool:
    """Whether the model is told not to think."""
    return wish.get("effort") == "none" or wish.get("enabled") is False or wish.get("max_tokens") == 0


def thinking_tokens(wish: Wish, facts: ModelFacts | None, *, answer_tokens: int) -> int:
    """The most that a model may think in addition to an answer of so many tokens, where one limit holds both.

    By the shares that efforts have of a limit (section 2.6), and as the catalogue says where nobody says how hard.
    """
    said = {name: value for name, value in wish.items() if value is not None}
    if is_off(said):
        return 0
    if not says_how(said):
        told = facts.reasoning if facts is not None else None
        if told is None or not (told.mandatory or told.default_enabled):
            return 0
        said = {"effort": told.default_effort or "medium"}
    if isinstance(budget := said.get("max_tokens"), int):
        return budget
    share = SHARES.get(str(said.get("effort", "medium")), max(SHARES.values()))
    return max(round(answer_tokens * share / (1 - share)), CLAUDE_BUDGET[0])


def reasoning_for(wish: Wish, *, model: str, facts: ModelFacts | None, max_tokens: int | None) -> dict[str, Any] | None:
    """The ``reasoning`` object to send; None when there is nothing to say to this model.

    Args:
        facts: the catalogue's knowledge, None for a model it does not know: then only the slug tells the family. A
            server that lists its models by id alone says nothing about whether they think.
        max_tokens: the bound of the whole answer, thinking included.

    Raises:
        ValidationFailed: the model always thinks and was told not to, or its thinking would not fit ``max_tokens``.
    """
    if facts is not None and facts.supported_parameters and not facts.is_reasoning:
        return None
    rest = {name: value for name, value in wish.items() if name not in _MODES}
    if is_off(wish):
        if facts is not None and facts.reasoning is not None and facts.reasoning.mandatory:
            raise ValidationFailed(
                f"{facts.id} always reasons; it cannot be switched off.", details={"parameter": "reasoning"}
            )
        return _off(model, facts) | rest
    if not says_how(wish):
        return rest
    return _on(wish, model=model, facts=facts, max_tokens=max_tokens) | rest


def family_of(model: str) -> str:
    """The author of a model, which is how its reasoning is told apart."""
    return model.partition("/")[0].lstrip("~")


def nearest(effort: str, supported: tuple[str, ...]) -> str:
    """The supported effort closest to the wanted one, the lower of two equally close; itself when none are told.

    Thinking is not switched off by this: ``none`` counts only when nothing else is supported.
    """
    known = [one for one in EFFORTS if one in supported and one != "none"]
    if not known:
        return effort
    wanted = EFFORTS.index(effort)
    return min(known, key=lambda one: abs(EFFORTS.index(one) - wanted))


def effort_of(budget: int, max_tokens: int | None) -> str:
    """The effort whose share of ``max_tokens`` is closest to a budget; ``medium`` without a bound to compare with."""
    if not max_tokens:
        return "medium"
    share = budget / max_tokens
    return min(("minimal", "low", "medium", "high", "xhigh"), key=lambda one: abs(SHARES[one] - share))


def _off(model: str, facts: ModelFacts | None) -> dict[str, Any]:
    by_effort = family_of(model) in ("openai", "x-ai") or (facts and "none" in _efforts(facts))
    return {"effort": "none"} if by_effort else {"enabled": False}


def _on(wish: Wish, *, model: str, facts: ModelFacts | None, max_tokens: int | None) -> dict[str, Any]:
    family, budget = family_of(model), wish.get("max_tokens")
    efforts = _efforts(facts)
    if family in ("openai", "x-ai"):
        effort = wish.get("effort") or (effort_of(budget, max_tokens) if budget else "medium")
        return {"effort": nearest(effort, efforts)} if budget or "effort" in wish else {"enabled": True}
    if family == "anthropic" or "gemini-2.5" in model:
        if budget is None and (efforts or max_tokens is None):
            # Without a bound of ours the share of the model's own is the provider's to take.
            return {"effort": nearest(wish.get("effort") or "medium", efforts)}
        bounds = CLAUDE_BUDGET if family == "anthropic" else GEMINI_BUDGET
        return {"max_tokens": _budget(wish, max_tokens, bounds)}
    if family == "google" and "effort" in wish:
        return {"effort": nearest(wish["effort"], efforts or GEMINI_LEVELS)}
    if family in _SWITCHED:
        return _switched(wish, efforts, facts)
    if "effort" in wish:
        return {"effort": nearest(wish["effort"], efforts)}
    return {name: wish[name] for name in ("max_tokens", "enabled") if name in wish}


def _switched(wish: Wish, efforts: tuple[str, ...], facts: ModelFacts | None) -> dict[str, Any]:
    """Families that think or do not; a level or a budget only where the catalogue lists it."""
    if "effort" in wish and efforts:
        return {"effort": nearest(wish["effort"], efforts)}
    takes_budget = facts is not None and facts.reasoning is not None and facts.reasoning.supports_max_tokens
    if "max_tokens" in wish and takes_budget:
        return {"max_tokens": wish["max_tokens"]}
    return {"enabled": True}


def _budget(wish: Wish, max_tokens: int | None, bounds: tuple[int, int]) -> int:
    least, most = bounds
    if wish.get("max_tokens") is not None:
        budget = int(wish["max_tokens"])
    else:
        budget = int((max_tokens or 0) * SHARES[wish.get("effort") or "medium"])
    budget = min(max(budget, least), most)
    if max_tokens is not None and max_tokens <= budget:
        raise ValidationFailed(
            f"Reasoning may take {budget} tokens, which leaves nothing of max_tokens {max_tokens} for the answer.",
            details={"parameter": "max_tokens", "reasoning_tokens": budget},
        )
    return budget


def _efforts(facts: ModelFacts | None) -> tuple[str, ...]:
    return facts.reasoning.supported_efforts if facts is not None and facts.reasoning is not None else ()
