"""What a call will probably cost, from prices, a guessed prompt and what the model wrote before."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.json import encode
from app.services.context.estimate import Calibration
from app.services.turns.forecast import UNLIMITED_TOKENS, Cost, Length, Unpriced, cost_of, length_of
from app.services.turns.worst_cost import PICTURE_TOKENS

Json = dict[str, Any]
SURE = Calibration(1.0, 100)
PRICES: Json = {"id": "a/b", "prompt_picousd": 1000, "completion_picousd": 5000}
LENGTH = Length(low=10, high=100, is_known=True)


def cost(body: Json | None = None, prompt_tokens: int = 1000, **prices: Any) -> Cost:
    row = {**PRICES, **prices}
    asked = {"model": "a/b", **(body or {})}
    return cost_of(asked, {"a/b": row}, prompt_tokens=prompt_tokens, calibration=SURE, length=LENGTH)


@pytest.mark.parametrize(
    ("written", "limit", "expected"),
    [
        ([], 2048, (1, 2048, False)),
        ([5, 6, 7, 8], None, (1, UNLIMITED_TOKENS, False)),
        (list(range(1, 101)), None, (10, 90, True)),
        (list(range(1, 101)), 50, (10, 50, True)),
        ([900] * 5, 20, (20, 20, True)),
        ([7] * 200, 4096, (7, 7, True)),
    ],
)
def test_how_long_an_answer_will_be(written: list[int], limit: int | None, expected: tuple[int, int, bool]) -> None:
    found = length_of(written, limit)
    assert (found.low, found.high, found.is_known) == expected


@given(st.lists(st.integers(1, 10**6), max_size=200), st.none() | st.integers(1, 10**6))
def test_a_length_is_a_range_within_the_limit(written: list[int], limit: int | None) -> None:
    found = length_of(written, limit)
    assert 1 <= found.low <= found.high <= (limit or 10**6)


def test_a_range_allows_for_the_guess() -> None:
    """Three tokens in a hundred, and answers as long as the model's usual ones."""
    assert cost() == Cost(low=970 * 1000 + 10 * 5000, high=1030 * 1000 + 100 * 5000)
    assert cost(request_picousd=7).low == 970 * 1000 + 10 * 5000 + 7


def test_what_was_read_before_may_be_cheaper_and_what_is_kept_dearer() -> None:
    told = cost(cache_read_picousd=100, cache_write_picousd=1250, reasoning_picousd=6000)
    assert told == Cost(low=970 * 100 + 10 * 5000, high=1030 * 1250 + 100 * 6000)


@pytest.mark.parametrize("kind", ["image", "audio"])
def test_an_answer_may_be_a_picture_or_a_sound(kind: str) -> None:
    """Of a model that can make one, or one that is asked to; a picture has tokens of its own."""
    dear = {f"{kind}_output": 30_000}
    able = cost(prices=encode(dear).decode(), output_modalities=f'["text", "{kind}"]')
    asked = cost({"modalities": [kind]}, prices=encode(dear).decode())
    tokens = 100 + (PICTURE_TOKENS if kind == "image" else 0)
    assert able == asked == Cost(low=cost().low, high=1030 * 1000 + tokens * 30_000)
    assert cost(prices=encode(dear).decode()) == cost()


@pytest.mark.parametrize(("kind", "price"), [("input_audio", "audio"), ("image_url", "image_token")])
def test_a_prompt_s_pictures_and_sounds_are_dear(kind: str, price: str) -> None:
    asked = {"messages": [{"role": "user", "content": [{"type": kind}]}]}
    found = cost(asked, prices=encode({price: 9000, "image": 5}).decode())
    assert found.high == 1030 * 9000 + 100 * 5000 + (5 if kind == "image_url" else 0)


@pytest.mark.parametrize("price", ["image_output", "reasoning"])
def test_a_price_that_varies_has_no_figure(price: str) -> None:
    with pytest.raises(Unpriced, match="a/b"):
        cost({"modalities": ["image"]}, prices=encode({price: None}).decode())


def test_searches_are_in_the_dear_end() -> None:
    """As many as the request allows, with what they find to be read."""
    plain, searching = cost(), cost({"plugins": [{"id": "web", "max_results": 2}]})
    assert searching.low == plain.low
    assert searching.high > plain.high


def test_the_dearest_fallback_counts_at_the_dear_end() -> None:
    offers = {"a/b": PRICES, "c/d": {**PRICES, "completion_picousd": 50_000}}
    found = cost_of({"model": "a/b", "models": ["c/d"]}, offers, prompt_tokens=1000, calibration=SURE, length=LENGTH)
    assert found == Cost(low=cost().low, high=1030 * 1000 + 100 * 50_000)


@pytest.mark.parametrize("prices", [None, {"prompt_picousd": None, "completion_picousd": 1}])
def test_no_price_no_figure(prices: Json | None) -> None:
    with pytest.raises(Unpriced, match="a/b"):
        cost_of({"model": "a/b"}, {"a/b": prices}, prompt_tokens=1, calibration=SURE, length=LENGTH)


@pytest.mark.parametrize("body", [{"preset": "x"}, {"plugins": [{"id": "fusion"}]}])
def test_what_may_ask_for_anything_has_no_figure(body: Json) -> None:
    with pytest.raises(Unpriced, match="anything"):
        cost(body)
