"""What a token may cost at most."""

from __future__ import annotations

import pytest

from app.core.json import encode_text
from app.db.types import Row
from app.services.catalog.prices import dearest

TIERS = [
    {"min_prompt_tokens": 1000, "prompt": 6},
    {"utc_start": "1630", "utc_end": "0030", "prompt": 1, "completion": 30},
    {"min_prompt_tokens": 5000, "prompt": None, "completion": 50},
]


def priced(prompt: int | None = 3, completion: int | None = 15) -> Row:
    return {
        "prompt_picousd": prompt,
        "completion_picousd": completion,
        "request_picousd": None,
        "prices": encode_text({"prompt": prompt, "overrides": TIERS}),
    }


@pytest.mark.parametrize(
    ("kind", "tokens", "cost"),
    [
        ("prompt", 1000, 3),
        ("prompt", 1001, 6),
        ("prompt", 9999, 6),
        ("completion", 0, 30),
        ("completion", 5000, 30),
        ("completion", 5001, 50),
        ("request", 9999, None),
    ],
)
def test_the_dearest_that_can_apply(kind: str, tokens: int, cost: int | None) -> None:
    """Long prompts above their limit, any hour at any time; a cheaper tier is no promise."""
    assert dearest(priced(), prompt_tokens=tokens).get(kind) == cost


def test_without_a_price_there_is_none() -> None:
    """Tiers on top of nothing known say nothing; a model without tiers costs what it says."""
    assert dearest(priced(prompt=None), prompt_tokens=9999)["prompt"] is None
    assert dearest({"prompt_picousd": 0, "prices": "{}"}, prompt_tokens=9999) == {"prompt": 0, "completion": None}


def test_every_price_of_the_list_is_known_by_its_name() -> None:
    """Also those without a column; one that varies is no price, one that is not there is nothing."""
    stored = {"web_search": 7, "audio": None, "overrides": [{"web_search": 9, "audio": 5, "image_output": 4}]}
    row = {"prompt_picousd": 1, "completion_picousd": 2, "image_picousd": 3, "prices": encode_text(stored)}
    assert dearest(row, prompt_tokens=1) == {
        "prompt": 1, "completion": 2, "image": 3, "web_search": 9, "audio": None, "image_output": 4
    }  # fmt: skip
