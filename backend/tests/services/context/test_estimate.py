"""The guess of tokens: what weighs how much, and what calls teach."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.services.context.estimate import (
    LEAST_RATIO,
    LEAST_TOKENS,
    MOST_RATIO,
    TOKENS_PER_MESSAGE,
    Calibration,
    Weight,
    first_guess,
    learned,
    text_weight,
    weigh,
    weigh_message,
    weigh_schemas,
)
from tests.core.properties import SOME


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        ("", 0, 0),
        ("The quick brown fox jumps over the lazy dog. " * 10, 80, 130),
        ("Съешь же ещё этих мягких французских булок. " * 10, 150, 320),
        ("天地玄黄宇宙洪荒日月盈昃辰宿列张" * 10, 120, 220),
        ("🙂🚀🧪" * 10, 30, 90),
        ("\ud800" * 8, 1, 30),
    ],
)
def test_a_text_weighs_by_its_script(text: str, least: int, most: int) -> None:
    """Within what the common tokenizers make of such text."""
    assert least <= text_weight(text) <= most


@given(st.text(max_size=80), st.text(max_size=80))
def test_weight_adds_up_and_never_shrinks(one: str, other: str) -> None:
    assert text_weight(one + other) == pytest.approx(text_weight(one) + text_weight(other))
    assert text_weight(one + other) >= text_weight(one)


def test_everything_that_is_sent_weighs() -> None:
    """Calls, results and schemas too; media by what they take, not by their bytes."""
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": '{"city":"Oslo"}'}}
    bare = weigh_message({"role": "assistant", "content": None})
    assert bare.text >= TOKENS_PER_MESSAGE
    assert weigh_message({"role": "assistant", "content": None, "tool_calls": [call]}).text > bare.text + 5
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 100_000}}
    seen = weigh_message({"role": "user", "content": [{"type": "text", "text": "Hi"}, image]})
    assert seen.text < 20
    assert 500 <= seen.media <= 5000
    assert weigh_schemas({}) == Weight()
    assert weigh_schemas({"tools": [{"type": "function", "function": {"name": "f", "parameters": {"a": 1}}}]}).text > 3
    assert weigh_schemas({"temperature": 1, "stop": ["x" * 100]}) == Weight()
    two: list[dict[str, Any]] = [{"role": "user", "content": "Hi"}] * 2
    assert weigh(two) == weigh_message(two[0]) + weigh_message(two[1])


@given(ratio=st.floats(0.3, 3.5), start=st.floats(LEAST_RATIO, MOST_RATIO), guess=st.integers(LEAST_TOKENS, 10**6))
@SOME
def test_calls_teach_the_ratio(ratio: float, start: float, guess: int) -> None:
    """After some dozens of calls the guess is right within a few per cent, wherever it began."""
    known = Calibration(start)
    for _ in range(60):
        known = learned(known, estimated=guess, actual=round(guess * ratio))
    assert known.tokens(Weight(guess)) == pytest.approx(guess * ratio, rel=0.05, abs=2)
    assert known.margin < first_guess(None).margin
    assert known.doubt < first_guess(None).doubt


@given(
    st.lists(st.tuples(st.floats(0, 10**9, allow_nan=False), st.integers(-(10**12), 10**12)), max_size=30),
    st.floats(LEAST_RATIO, MOST_RATIO),
)
def test_no_figures_move_it_out_of_bounds(calls: list[tuple[float, int]], start: float) -> None:
    """Whatever a provider claims."""
    known = Calibration(start)
    for estimated, actual in calls:
        known = learned(known, estimated=estimated, actual=actual)
        assert LEAST_RATIO <= known.ratio <= MOST_RATIO


def test_short_prompts_teach_nothing() -> None:
    """Most of them is the provider's own frame."""
    known = Calibration(1.0, 3)
    assert learned(known, estimated=LEAST_TOKENS - 1, actual=500) == known
    assert learned(known, estimated=500, actual=0) == known


def test_media_are_not_corrected() -> None:
    assert Calibration(2.0).tokens(Weight(10, 100)) == 120
