"""Two books of one day: what belongs together, and what is thought of what differs."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from app.db.types import Row
from app.services.book_comparison import Line, lines, rounding_picousd
from app.services.upstream.account import ActivityItem, decode_activity

DAY = "2026-03-01"
USD = 10**12


def ours(model: str, cost: int, calls: int = 1, *, served: str | None = None, unknown: int = 0) -> Row:
    return {
        "day": DAY,
        "model": model,
        "served_model": served,
        "calls": calls,
        "unknown_calls": unknown,
        "cost_picousd": cost,
    }


def theirs(*items: dict[str, Any]) -> list[ActivityItem]:
    whole = [{"date": DAY, "model": "a/b", "requests": 1} | item for item in items]
    return decode_activity(msgspec.json.encode({"data": whole}))


def verdicts(found: list[Line], rounding: int = 0) -> dict[str, str]:
    return {line.model: line.verdict(rounding) for line in found}


def test_lines_of_several_endpoints_and_days_are_joined() -> None:
    """An own key's bill is part of it; a date may have a time behind it."""
    told = theirs({"usage": 1, "byok_usage_inference": 2}, {"usage": 0.5, "date": f"{DAY} 00:00:00", "requests": 2})
    (line,) = lines([ours("a/b", 3 * USD, 2), ours("a/b", USD // 2, served="a/b-1")], told)
    assert (line.theirs_picousd, line.ours_picousd, line.their_calls, line.our_calls) == (
        35 * 10**11,
        35 * 10**11,
        3,
        3,
    )
    assert line.verdict(0) == "same"


@pytest.mark.parametrize(
    ("row", "item"),
    [
        (ours("a/b:nitro", USD), {"usage": 1}),
        (ours("a/b@preset/p", USD), {"usage": 1}),
        (ours("openrouter/auto", USD, served="a/b-20260101"), {"usage": 1, "model_permaslug": "a/b-20260101"}),
        (ours("x/y", USD, served="a/b"), {"usage": 1}),
        (ours("a/b:free", 0), {"usage": 0, "model": "a/b:free"}),
    ],
    ids=["variant", "preset", "router", "fallback", "offer of its own"],
)
def test_what_answered_is_found_under_their_name(row: Row, item: dict[str, Any]) -> None:
    (line,) = lines([row], theirs(item))
    assert (line.model, line.verdict(0)) == (item.get("model", "a/b"), "same")


def test_each_difference_is_called_what_it_is() -> None:
    told = theirs(
        {"model": "theirs/only", "usage": 1},
        {"model": "both/more", "usage": 2, "requests": 3},
        {"model": "both/dearer", "usage": 2},
        {"model": "both/cheaper", "usage": 0.5, "requests": 3},
        {"model": "both/unknown", "usage": 1},
        {"model": "both/free", "usage": 1, "requests": 5},
    )
    found = lines(
        [
            ours("ours/only", USD),
            ours("both/more", USD),
            ours("both/dearer", USD),
            ours("both/cheaper", USD),
            ours("both/unknown", USD, unknown=1),
            ours("both/free", USD),
        ],
        told,
    )
    assert verdicts(found) == {
        "theirs/only": "theirs_only",
        "ours/only": "ours_only",
        "both/more": "shared",
        "both/dearer": "differs",
        "both/cheaper": "differs",
        "both/unknown": "differs",
        "both/free": "same",
    }


def test_refunds_make_a_line_smaller() -> None:
    (line,) = lines([ours("a/b", USD)], theirs({"usage": 1}, {"usage": -0.25}))
    assert (line.difference_picousd, line.verdict(0)) == (-USD // 4, "differs")


@pytest.mark.parametrize(
    ("figures", "rounding"),
    [
        (["0.0000042", "1"], 5 * 10**4),
        (["0.30000000000000004"], 0),
        (["4.2e-7"], 5 * 10**3),
        (["0.02"], USD // 10**6),
        ([], 0),
    ],
)
def test_rounding_is_half_of_their_last_digit_and_never_much(figures: list[str], rounding: int) -> None:
    items = [ActivityItem(usage=msgspec.Raw(text.encode())) for text in figures]
    assert rounding_picousd(items) == rounding


def test_the_newest_day_comes_first() -> None:
    found = lines([], theirs({"date": "2026-01-01"}, {"date": "2026-02-01", "model": "b"}, {"date": "2026-02-01"}))
    assert [(line.day, line.model) for line in found] == [
        ("2026-02-01", "a/b"),
        ("2026-02-01", "b"),
        ("2026-01-01", "a/b"),
    ]
