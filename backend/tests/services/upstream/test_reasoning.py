"""How hard to think, said the way each family understands it (API reference, sections 2.6 and 9)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import ValidationFailed
from app.schemas.model_facts import ModelFacts, ReasoningFacts
from app.schemas.parameters import ReasoningOptions
from app.services.upstream.reasoning import (
    EFFORTS,
    canonical,
    effort_of,
    is_off,
    nearest,
    overlaid,
    reasoning_for,
    thinking_tokens,
)
from tests.core.properties import MANY

Json = dict[str, Any]
CLAUDE, GPT, GROK, GEMINI25, GEMINI3 = (
    "anthropic/claude-sonnet-4.5", "openai/gpt-5", "x-ai/grok-4", "google/gemini-2.5-pro", "google/gemini-3-pro",
)  # fmt: skip
DEEPSEEK, QWEN, GLM, OTHER = "deepseek/deepseek-v4", "qwen/qwen3-32b", "z-ai/glm-5", "nobody/knows"


def facts(model: str, *, thinks: bool = True, takes: str = "temperature", **reasoning: Any) -> ModelFacts:
    return ModelFacts(
        id=model, family="", context_length=None, max_output_tokens=None, supported_parameters=frozenset(takes.split()),
        input_modalities=frozenset({"text"}), is_reasoning=thinks, reasoning=ReasoningFacts(**reasoning),
    )  # fmt: skip


SAID: list[tuple[str, Json, Json, Json | None]] = [
    # model, wish, what the catalogue says, what is sent; with room for 4000 tokens
    (GPT, {"effort": "high"}, {}, {"effort": "high"}),
    (GPT, {"effort": "max"}, {"supported_efforts": ("high", "medium", "low")}, {"effort": "high"}),
    (GPT, {"effort": "minimal"}, {"supported_efforts": ("high", "medium", "low")}, {"effort": "low"}),
    (GPT, {"effort": "low"}, {"supported_efforts": ("none", "high")}, {"effort": "high"}),
    (GPT, {"max_tokens": 3200}, {}, {"effort": "high"}),
    (GPT, {"max_tokens": 100}, {}, {"effort": "minimal"}),
    (GPT, {"enabled": True}, {}, {"enabled": True}),
    (GPT, {"effort": "none"}, {}, {"effort": "none"}),
    (GPT, {"enabled": False}, {}, {"effort": "none"}),
    (GPT, {"effort": "low", "exclude": True, "mode": "pro"}, {}, {"effort": "low", "exclude": True, "mode": "pro"}),
    (GPT, {}, {}, {}),
    (GPT, {"exclude": True}, {}, {"exclude": True}),
    (GROK, {"effort": "medium"}, {"supported_efforts": ("high", "low")}, {"effort": "low"}),
    (CLAUDE, {"effort": "high"}, {}, {"max_tokens": 3200}),
    (CLAUDE, {"effort": "minimal"}, {}, {"max_tokens": 1024}),
    (CLAUDE, {"effort": "low"}, {}, {"max_tokens": 1024}),
    (CLAUDE, {"enabled": True}, {}, {"max_tokens": 2000}),
    (CLAUDE, {"enabled": False}, {}, {"enabled": False}),
    (CLAUDE, {"max_tokens": 5}, {}, {"max_tokens": 1024}),
    (CLAUDE, {"max_tokens": 3999}, {}, {"max_tokens": 3999}),
    (CLAUDE, {"max_tokens": 0}, {}, {"enabled": False}),
    (CLAUDE, {"effort": "max"}, {"supported_efforts": ("high", "low")}, {"effort": "high"}),
    (CLAUDE, {"max_tokens": 2000}, {"supported_efforts": ("high", "low")}, {"max_tokens": 2000}),
    (GEMINI25, {"effort": "medium"}, {}, {"max_tokens": 2000}),
    (GEMINI25, {"effort": "minimal"}, {}, {"max_tokens": 512}),
    (GEMINI3, {"effort": "xhigh"}, {}, {"effort": "high"}),
    (GEMINI3, {"effort": "medium"}, {"supported_efforts": ("high", "low")}, {"effort": "low"}),
    (GEMINI3, {"max_tokens": 700}, {}, {"max_tokens": 700}),
    (DEEPSEEK, {"effort": "high"}, {}, {"enabled": True}),
    (DEEPSEEK, {"max_tokens": 700}, {}, {"enabled": True}),
    (DEEPSEEK, {"effort": "none"}, {}, {"enabled": False}),
    (QWEN, {"max_tokens": 700}, {"supports_max_tokens": True}, {"max_tokens": 700}),
    (QWEN, {"enabled": False}, {}, {"enabled": False}),
    (GLM, {"effort": "low"}, {"supported_efforts": ("high", "medium")}, {"effort": "medium"}),
    (GLM, {"enabled": False}, {"supported_efforts": ("high", "none")}, {"effort": "none"}),
    (OTHER, {"effort": "xhigh"}, {}, {"effort": "xhigh"}),
    (OTHER, {"max_tokens": 9}, {}, {"max_tokens": 9}),
    (OTHER, {"enabled": True, "exclude": False}, {}, {"enabled": True, "exclude": False}),
]  # fmt: skip


@pytest.mark.parametrize(("model", "wish", "known", "sent"), SAID)
def test_each_family_is_asked_in_its_own_way(model: str, wish: Json, known: Json, sent: Json | None) -> None:
    before = dict(wish)
    assert reasoning_for(wish, model=model, facts=facts(model, **known), max_tokens=4000) == sent
    assert wish == before
    if not known:
        assert reasoning_for(wish, model=model, facts=None, max_tokens=4000) == sent


@pytest.mark.parametrize(("effort", "budget"), [("high", 102_400), ("max", 121_600), ("medium", 64_000)])
def test_a_budget_is_its_share_of_the_limit_and_never_above_the_most(effort: str, budget: int) -> None:
    assert reasoning_for({"effort": effort}, model=CLAUDE, facts=None, max_tokens=128_000) == {"max_tokens": budget}
    most = reasoning_for({"effort": effort}, model=CLAUDE, facts=None, max_tokens=1_000_000)
    assert most == {"max_tokens": 128_000}
    unbounded = reasoning_for({"effort": effort}, model=CLAUDE, facts=None, max_tokens=None)
    assert unbounded == {"effort": effort}, "no limit to take a share of: the provider knows its own"


@pytest.mark.parametrize(
    ("wish", "limit"), [({"effort": "low"}, 1024), ({"enabled": True}, 500), ({"max_tokens": 4000}, 4000)]
)
def test_thinking_leaves_room_for_the_answer(wish: Json, limit: int) -> None:
    """A limit that the budget would use up is refused, not raised: it is what the owner agreed to pay."""
    with pytest.raises(ValidationFailed, match="max_tokens"):
        reasoning_for(wish, model=CLAUDE, facts=None, max_tokens=limit)


@pytest.mark.parametrize("wish", [{"effort": "none"}, {"enabled": False}, {"max_tokens": 0}])
def test_what_always_thinks_is_not_switched_off(wish: Json) -> None:
    """Told before the call, not by the provider after it."""
    with pytest.raises(ValidationFailed, match="cannot be switched off"):
        reasoning_for(wish, model=GPT, facts=facts(GPT, mandatory=True), max_tokens=None)


def test_who_cannot_think_is_not_asked_to() -> None:
    """A profile that wants reasoning can be used with any model."""
    assert reasoning_for({"effort": "high"}, model=GPT, facts=facts(GPT, thinks=False), max_tokens=10) is None
    assert reasoning_for({"effort": "none"}, model=GPT, facts=facts(GPT, thinks=False), max_tokens=10) is None


def test_a_model_that_is_listed_by_its_id_alone_is_asked() -> None:
    """Its server says nothing about it; a wish that is dropped in silence seems to have worked."""
    bare = facts("home/llama", thinks=False, takes="")
    assert reasoning_for({"effort": "high"}, model="home/llama", facts=bare, max_tokens=10) == {"effort": "high"}
    assert reasoning_for({"max_tokens": 9}, model="home/llama", facts=bare, max_tokens=10) == {"max_tokens": 9}


def test_the_three_spellings_are_one_wish() -> None:
    assert canonical({"temperature": 1}) is None
    assert canonical({"reasoning_effort": "low"}) == {"effort": "low"}
    assert canonical({"reasoning": {"exclude": True}, "reasoning_effort": "low"}) == {"exclude": True, "effort": "low"}
    assert canonical({"include_reasoning": False}) == {"exclude": True}
    assert canonical({"include_reasoning": True}) == {}


MODES = st.sampled_from(
    [{}, {"enabled": True}, {"enabled": False}, *({"effort": one} for one in EFFORTS), {"max_tokens": 0}]
) | st.integers(1, 200_000).map(lambda budget: {"max_tokens": budget})
WISHES = st.builds(
    lambda mode, rest: {**mode, **rest},
    MODES,
    st.fixed_dictionaries({}, optional={"exclude": st.booleans(), "summary": st.just("auto")}),
)
KNOWN = st.builds(
    lambda efforts, budgets: {"supported_efforts": tuple(efforts), "supports_max_tokens": budgets},
    st.lists(st.sampled_from(EFFORTS), unique=True, max_size=4),
    st.sampled_from([None, True, False]),
)
MODELS = st.sampled_from([CLAUDE, GPT, GROK, GEMINI25, GEMINI3, DEEPSEEK, QWEN, GLM, OTHER])


@MANY
@given(WISHES, MODELS, KNOWN | st.none(), st.integers(1, 200_000) | st.none())
def test_one_wish_is_sent_that_the_model_can_take(
    wish: Json, model: str, known: Json | None, max_tokens: int | None
) -> None:
    """One form of it, an effort that is supported, a budget that leaves room; on stays on and off stays off."""
    known_facts = None if known is None else facts(model, **known)
    try:
        sent = reasoning_for(wish, model=model, facts=known_facts, max_tokens=max_tokens)
    except ValidationFailed:
        assert max_tokens is not None
        assert model in (CLAUDE, GEMINI25)
        return
    assert sent is not None
    ReasoningOptions.model_validate(sent)
    modes = sent.keys() & {"effort", "max_tokens", "enabled"}
    assert len(modes) == (1 if wish.keys() & {"effort", "max_tokens", "enabled"} else 0)
    assert is_off(sent) == is_off(wish)
    assert {name: sent.get(name) for name in ("exclude", "summary")} == {
        name: wish.get(name) for name in ("exclude", "summary")
    }
    thinking_efforts = set(known["supported_efforts"]) - {"none"} if known else set()
    if thinking_efforts and sent.get("effort", "none") != "none":
        assert sent["effort"] in thinking_efforts
    if model == CLAUDE and "max_tokens" in sent:
        assert 1024 <= sent["max_tokens"] <= 128_000
        assert max_tokens is None or sent["max_tokens"] < max_tokens


@MANY
@given(WISHES, WISHES, WISHES)
def test_layers_of_wishes(lowest: Json, middle: Json, upper: Json) -> None:
    """The upper one counts, in one form only, and it does not matter in which order layers are joined."""
    joined = overlaid(lowest, upper)
    assert upper.items() <= joined.items()
    assert len(joined.keys() & {"effort", "max_tokens", "enabled"}) <= 1
    assert overlaid(overlaid(lowest, middle), upper) == overlaid(lowest, overlaid(middle, upper))


@given(st.sampled_from(EFFORTS[1:]), st.lists(st.sampled_from(EFFORTS), unique=True))
def test_the_nearest_effort(effort: str, supported: list[str]) -> None:
    """Itself where it is supported, else none that lies farther than another; thinking is never switched off."""
    found = nearest(effort, tuple(supported))
    others = [one for one in supported if one != "none"]
    assert found != "none"
    if others:
        distance = abs(EFFORTS.index(found) - EFFORTS.index(effort))
        assert found in others
        assert all(abs(EFFORTS.index(one) - EFFORTS.index(effort)) >= distance for one in others)
    else:
        assert found == effort


def test_a_budget_without_a_limit_is_medium() -> None:
    assert effort_of(1000, None) == "medium"


@pytest.mark.parametrize(
    ("wish", "told", "tokens"),
    [
        ({}, {}, 0),
        ({"exclude": True}, {}, 0),
        ({"effort": "none"}, {"mandatory": True}, 0),
        ({"enabled": False}, {}, 0),
        ({"max_tokens": 3000}, {}, 3000),
        ({"effort": "minimal"}, {}, 1024),
        ({"effort": "low"}, {}, 1024),
        ({"effort": "medium"}, {}, 4096),
        ({"effort": None, "enabled": True}, {}, 4096),
        ({"effort": "high"}, {}, 16_384),
        ({"effort": "max"}, {}, 77_824),
        ({"effort": "of-tomorrow"}, {}, 77_824),
        ({}, {"mandatory": True}, 4096),
        ({"exclude": True}, {"default_enabled": True, "default_effort": "high"}, 16_384),
        ({}, {"default_enabled": False, "default_effort": "high"}, 0),
    ],
)
def test_how_much_may_be_thought_beside_an_answer(wish: Json, told: Json, tokens: int) -> None:
    """So that the answer has its 4,096 tokens when the rest of the limit was thought."""
    assert thinking_tokens(wish, facts(OTHER, **told), answer_tokens=4096) == tokens
    assert thinking_tokens({"effort": "medium"}, None, answer_tokens=4096) == 4096
    assert thinking_tokens({}, None, answer_tokens=4096) == 0
