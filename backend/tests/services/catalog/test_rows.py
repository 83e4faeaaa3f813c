"""What the catalogue keeps of what a provider says of its models."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.json import decode
from app.repo.model_prices import pricing_of, tiers_of
from app.services.catalog.rows import LONGEST_LISTING, listed_rows
from app.services.upstream.wire import decode_models
from tests.core.properties import MANY

PAID = {"prompt": "0.000003", "completion": "1.5e-5"}


def row_of(prefix: str = "", **entry: Any) -> dict[str, Any]:
    """The row of one entry of a list."""
    data = json.dumps({"data": [{"id": "a/b", **entry}]}).encode()
    (row,) = listed_rows(decode_models(data), provider="p", prefix=prefix)
    return row


def test_every_price_is_kept_exactly() -> None:
    """Prices of all kinds, tiers and all; what varies is null, what is not given is not there."""
    row = row_of(
        pricing={
            **PAID,
            "request": "-1",
            "image": "0.0048",
            "image_output": "0.00003",
            "web_search": "0.01",
            "internal_reasoning": "0",
            "input_cache_write_1h": "0.000006",
            "discount": 0.1,
            "made_up": "1",
            "overrides": [
                {"min_prompt_tokens": 200_000, "prompt": "0.000006"},
                {"utc_start": "1630", "utc_end": "0030", "completion": "0"},
            ],
        }
    )
    assert (row["prompt_picousd"], row["completion_picousd"]) == (3_000_000, 15_000_000)
    assert (row["request_picousd"], row["reasoning_picousd"], row["cache_read_picousd"]) == (None, 0, None)
    assert row["average_picousd"] == 9_000_000
    prices = decode(row["prices"])
    assert "made_up" not in prices
    assert prices["discount"] == "0.1"
    shown = pricing_of(prices)
    assert [shown.prompt, shown.completion, shown.request, shown.image] == [3, 15, None, Decimal("0.0048")]
    assert [shown.image_output, shown.web_search, shown.cache_write_1h] == [30, Decimal("0.01"), 6]
    long, night = tiers_of(prices)
    assert [long.min_prompt_tokens, long.pricing.prompt, long.pricing.completion] == [200_000, 6, None]
    assert [night.utc_start, night.utc_end, night.pricing.completion] == ["1630", "0030", 0]


def test_the_usable_context_is_the_smaller_one() -> None:
    """Of the model's and of the endpoint tried first."""
    assert row_of(context_length=100, top_provider={"context_length": 60})["usable_context"] == 60
    assert row_of(context_length=60, top_provider={"context_length": 100})["usable_context"] == 60
    assert row_of(context_length=None, top_provider={"context_length": 100})["usable_context"] == 100
    assert row_of(context_length=-5)["usable_context"] is None


@pytest.mark.parametrize(
    ("entry", "reasons", "toggleable"),
    [
        ({}, False, False),
        ({"reasoning": {"mandatory": True}}, True, False),
        ({"reasoning": {"mandatory": False}}, True, True),
        ({"reasoning": {}}, True, True),
        ({"supported_parameters": ["reasoning"]}, True, True),
        ({"supported_parameters": ["reasoning"], "id": "openai/o3-mini"}, True, False),
        ({"supported_parameters": ["reasoning"], "id": "deepseek/deepseek-r1"}, True, False),
        ({"supported_parameters": ["reasoning"], "id": "qwen/qwen3-thinking"}, True, False),
    ],
)
def test_whether_reasoning_can_be_switched(entry: dict[str, Any], reasons: bool, toggleable: bool) -> None:
    """As the provider says; for one that does not say, as the model is known."""
    row = row_of(**entry)
    assert (bool(row["is_reasoning"]), bool(row["is_toggleable"])) == (reasons, toggleable)


def test_what_a_provider_does_not_say_is_not_made_up() -> None:
    """Other servers' lists have little but ids."""
    row = row_of()
    assert (row["input_modalities"], row["supported_parameters"], row["is_moderated"]) == ("[]", "[]", None)
    assert (row["average_picousd"], row["prices"], row["reasoning"]) == (None, "{}", None)


def test_another_provider_s_models_carry_its_prefix() -> None:
    """In their id and in their entry; a dated name of theirs leads nowhere."""
    row = row_of(prefix="p/", canonical_slug="a/b-2025", id="llama3.2:3b")
    assert (row["id"], row["canonical_slug"], row["family"]) == ("p/llama3.2:3b", None, "meta-llama")
    assert decode(row["listing"])["id"] == "p/llama3.2:3b"


def test_the_entry_is_kept_whole() -> None:
    """Fields that nobody here reads too; one that is too large only in outline."""
    entry: dict[str, Any] = {"links": {"details": "/x"}, "listing": 1, "benchmarks": [0.5]}
    assert decode(row_of(**entry)["listing"]) == {"id": "a/b", **entry}
    assert decode(row_of(description="x" * LONGEST_LISTING)["listing"]).keys() == {"id", "name", "created"}


def test_names_that_no_request_can_carry_are_left_out() -> None:
    """They could be listed but never asked."""
    data = json.dumps({"data": [{"id": name} for name in ("with space", "\0", "é", "x" * 201, "fine")]}).encode()
    assert [row["id"] for row in listed_rows(decode_models(data), provider="p")] == ["fine"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
FIELDS = (
    "name", "description", "created", "context_length", "architecture", "pricing", "top_provider", "reasoning",
    "supported_parameters", "default_parameters", "per_request_limits", "canonical_slug", "expiration_date",
)  # fmt: skip


@MANY
@given(st.dictionaries(st.sampled_from(FIELDS), JSON), st.dictionaries(st.sampled_from(["prompt", "overrides"]), JSON))
def test_any_entry_makes_a_row(entry: dict[str, Any], pricing: dict[str, Any]) -> None:
    """Whatever its fields hold: columns of the right types, JSON where JSON is due."""
    row = row_of(**({"pricing": pricing} | entry))
    for name in ("prices", "input_modalities", "supported_parameters", "default_parameters", "listing"):
        decode(row[name])
    for name, value in row.items():
        assert value is None or isinstance(value, int | str), name
        assert not isinstance(value, int) or -(2**63) <= value < 2**63, name
        assert not isinstance(value, str) or "\0" not in value, name
