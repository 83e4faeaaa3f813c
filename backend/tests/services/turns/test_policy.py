"""What the owner's rules allow: patterns of models, presets, fallbacks, tools, and the prices of each."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from app.core.errors import ModelNotAllowed, PriceCap
from app.services.turns.policy import policy_of, refuse_forbidden

Json = dict[str, Any]
CHEAP: Json = {"id": "a/cheap", "prompt_picousd": 1_000_000, "completion_picousd": 2_000_000}


def judge(stored: Json, *slugs: str, body: Json | None = None, prices: Json | None = CHEAP) -> None:
    asked = {"model": slugs[0], "models": list(slugs[1:]), **(body or {})}
    refuse_forbidden(policy_of(stored), dict.fromkeys(slugs, prices), asked)


@pytest.mark.parametrize(
    ("patterns", "slug"),
    [
        ([], "anybody/anything"),
        (["*"], "openrouter/auto"),
        (["a/b"], "a/b"),
        (["a/b"], "A/B"),
        (["a/b"], "a/b:online"),
        (["a/*"], "a/b:free"),
        (["*:free"], "a/b:free"),
        (["*/b*:free"], "a/b-2:free"),
        (["x", "a/*-mini"], "a/b-mini"),
        (["ollama/llama3.2:3b"], "ollama/llama3.2:3b"),
        (["@preset/mine"], "@preset/mine"),
        (["a/*", "@preset/*"], "a/b@preset/mine"),
        (["~a/*"], "~a/latest"),
        (["a/[b]*"], "a/[b]c"),
    ],
)
def test_a_pattern_lets_in(patterns: list[str], slug: str) -> None:
    judge({"allowed_models": patterns}, slug)


@pytest.mark.parametrize(
    ("patterns", "slug"),
    [
        (["a/b"], "a/b2"),
        (["a/b"], "c/a/b"),
        (["a/*"], "ab/c"),
        (["*:free"], "a/b"),
        (["a*a"], "a"),
        (["ab*ba"], "aba"),
        (["a/*"], "~a/latest"),
        (["a/*"], "@preset/mine"),
        (["a/*"], "a/b@preset/mine"),
        (["a/b"], "openrouter/auto"),
        (["a.b/c"], "axb/c"),
    ],
)
def test_a_pattern_keeps_out(patterns: list[str], slug: str) -> None:
    with pytest.raises(ModelNotAllowed) as refused:
        judge({"allowed_models": patterns}, slug)
    assert refused.value.details["model"] == slug


def test_a_long_pattern_takes_no_time() -> None:
    """Backtracking would take longer than the universe is old."""
    with pytest.raises(ModelNotAllowed):
        judge({"allowed_models": ["*a" * 100 + "b"]}, "a" * 199)


@pytest.mark.parametrize(
    "body",
    [
        {"preset": "mine"},
        {"preset": "@preset/mine"},
        {"plugins": [{"id": "fusion"}]},
        {"tools": [{"type": "openrouter:fusion"}]},
    ],
)
def test_what_may_ask_another_model_is_held_to_the_list(body: Json) -> None:
    with pytest.raises(ModelNotAllowed):
        judge({"allowed_models": ["a/*"]}, "a/b", body=body)
    judge({"allowed_models": ["*"]}, "a/b", body=body)


def test_a_preset_is_allowed_by_its_name() -> None:
    judge({"allowed_models": ["a/*", "@preset/mine"]}, "a/b", body={"preset": "mine"})
    with pytest.raises(ModelNotAllowed):
        judge(
            {"allowed_models": ["a/*", "@preset/mine"]}, "a/b", body={"preset": "mine", "plugins": [{"id": "fusion"}]}
        )


def test_every_fallback_counts() -> None:
    with pytest.raises(ModelNotAllowed) as refused:
        judge({"allowed_models": ["a/*"]}, "a/b", "c/d")
    assert refused.value.details["model"] == "c/d"


@pytest.mark.parametrize(("most", "fits"), [("1", True), ("0.999999", False), ("0", False)])
def test_a_cap_is_exact(most: str, fits: bool) -> None:
    """A dollar per million is a millionth of a dollar per token."""
    if fits:
        judge({"max_prompt_price": most}, "a/cheap")
        return
    with pytest.raises(PriceCap) as refused:
        judge({"max_prompt_price": most}, "a/cheap")
    assert refused.value.details == {"model": "a/cheap", "prompt_price": 1, "max_prompt_price": Decimal(most)}


@pytest.mark.parametrize("prices", [None, {"id": "a/b", "prompt_picousd": None, "completion_picousd": None}])
def test_an_unknown_price_keeps_no_cap(prices: Json | None) -> None:
    with pytest.raises(PriceCap, match="Nobody can tell"):
        judge({"max_completion_price": "5"}, "a/b", prices=prices)


def test_what_costs_nothing_keeps_every_cap() -> None:
    judge(
        {"max_prompt_price": "0", "max_completion_price": "0"},
        "a/b",
        prices={"prompt_picousd": 0, "completion_picousd": 0},
    )


def test_dear_reasoning_and_long_prompts_count() -> None:
    with pytest.raises(PriceCap):
        judge({"max_completion_price": "2"}, "a/b", prices={**CHEAP, "reasoning_picousd": 3_000_000})
    tiers = {**CHEAP, "prices": '{"overrides": [{"min_prompt_tokens": 1000, "prompt": 9000000}]}'}
    judge({"max_prompt_price": "2"}, "a/b", prices=tiers)
    with pytest.raises(PriceCap):
        judge({"max_prompt_price": "2"}, "a/b", prices=tiers, body={"messages": ["x" * 2000]})


def test_a_preset_keeps_no_cap() -> None:
    """It may add whatever it likes."""
    with pytest.raises(PriceCap):
        judge({"max_prompt_price": "2"}, "a/b", body={"preset": "mine"})
