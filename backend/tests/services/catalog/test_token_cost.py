"""Tokens priced as the API reference does it (sections 5 and 7.2), against its worked examples."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.json import encode_text
from app.core.money import to_usd
from app.services.catalog.rows import stored_prices
from app.services.catalog.token_cost import TokensUsed, token_cost_picousd
from emulator.pricing import Tokens, cost_of

AT = "2026-03-01T12:30:00.000Z"
SONNET = {"prompt": "0.000003", "completion": "0.000015", "input_cache_read": "0.0000003"}
SONNET |= {"input_cache_write": "0.00000375"}
FLASH = {"prompt": "0.0000003", "completion": "0.0000025", "input_cache_read": "0.00000003"}
FLASH |= {"input_cache_write": "0.00000008333"}


def cost(pricing: dict[str, Any], at: str = AT, **used: Any) -> Decimal | None:
    """In dollars, of a list as the provider writes it."""
    prices = stored_prices({name: msgspec.Raw(encode_text(text).encode()) for name, text in pricing.items()})
    found = token_cost_picousd(prices, TokensUsed(**{"prompt": 0, "completion": 0} | used), at=at)
    return None if found is None else to_usd(found)


@pytest.mark.parametrize(
    ("pricing", "used", "expected"),
    [
        (SONNET, {"prompt": 254, "completion": 5}, "0.000837"),
        (SONNET, {"prompt": 254}, "0.000762"),
        (SONNET, {"completion": 5}, "0.000075"),
        # 3329 prompt = 3211 read + 115 written + 3 plain.
        (SONNET, {"prompt": 3329, "cached": 3211, "cache_write": 115}, "0.00140355"),
        # The same tokens read and written, 2161 of 2168: the write is a fee on top of 7 plain ones.
        (FLASH, {"prompt": 2168, "cached": 2161, "cache_write": 2161, "adds_writes": True}, "0.00024700613"),
        (FLASH, {"prompt": 2168, "cache_write": 2161, "adds_writes": True}, "0.00083047613"),
        # Reasoning is in the completion, and may be reported as a little more than all of it.
        (SONNET, {"completion": 10, "reasoning": 11}, "0.00015"),
        (SONNET | {"internal_reasoning": "0"}, {"completion": 10, "reasoning": 4}, "0.00015"),
        (SONNET | {"internal_reasoning": "0.00002"}, {"completion": 10, "reasoning": 4}, "0.00017"),
        (SONNET | {"request": "0.005"}, {"prompt": 1}, "0.005003"),
        ({"prompt": "0", "completion": "0"}, {"prompt": 9, "completion": 9}, "0"),
        # No price for reading or writing: that of the prompt.
        ({"prompt": "0.000001", "completion": "0"}, {"prompt": 9, "cached": 3, "cache_write": 2}, "0.000009"),
    ],
)
def test_worked_examples(pricing: dict[str, Any], used: dict[str, Any], expected: str) -> None:
    assert cost(pricing, **used) == Decimal(expected)


@pytest.mark.parametrize(
    ("read", "share"),
    [("0.00000075", "0.25"), ("0.0000015", "0.5"), ("0.0000003", "0.1")],
)
def test_what_is_read_from_a_cache_has_its_share_of_the_price(read: str, share: str) -> None:
    whole = cost(SONNET, prompt=1000)
    assert whole is not None
    assert cost(SONNET | {"input_cache_read": read}, prompt=1000, cached=1000) == whole * Decimal(share)


@pytest.mark.parametrize(("tokens", "price"), [(200_000, "0.000003"), (200_001, "0.000006")])
def test_prices_of_long_prompts_hold_strictly_above(tokens: int, price: str) -> None:
    """A key that they leave out is the usual one."""
    tiers = [{"min_prompt_tokens": 200_000, "prompt": "0.000006"}]
    found = cost(SONNET | {"overrides": tiers}, prompt=tokens, completion=1)
    assert found == tokens * Decimal(price) + Decimal("0.000015")


@pytest.mark.parametrize(
    ("clock", "span", "is_cheap"),
    [
        ("12:30", ("1230", "1231"), True),
        ("12:30", ("1200", "1230"), False),
        ("23:59", ("2300", "0100"), True),
        ("00:59", ("2300", "0100"), True),
        ("01:00", ("2300", "0100"), False),
    ],
)
def test_prices_by_the_hour(clock: str, span: tuple[str, str], is_cheap: bool) -> None:
    tiers = [{"utc_start": span[0], "utc_end": span[1], "prompt": "0.000001"}]
    found = cost(SONNET | {"overrides": tiers}, at=f"2026-03-01T{clock}:00.000Z", prompt=1)
    assert found == Decimal("0.000001" if is_cheap else "0.000003")


def test_of_two_that_hold_the_later_wins() -> None:
    tiers = [{"min_prompt_tokens": 1, "prompt": "0.1"}, {"min_prompt_tokens": 2, "prompt": "0.2"}]
    assert cost(SONNET | {"overrides": tiers}, prompt=3) == Decimal("0.6")


@pytest.mark.parametrize(
    ("pricing", "used"),
    [
        ({"prompt": "-1", "completion": "-1"}, {"prompt": 1}),
        ({}, {"completion": 1}),
        ({"prompt": "0.1"}, {"prompt": 1, "completion": 1}),
        (SONNET | {"input_cache_read": "-1"}, {"prompt": 1, "cached": 1}),
    ],
)
def test_a_price_that_varies_or_is_not_known_makes_the_cost_unknown(pricing: dict[str, Any], used: Any) -> None:
    assert cost(pricing, **used) is None


def test_what_was_not_used_needs_no_price() -> None:
    """Vectors have no completion."""
    assert cost({"prompt": "0.1"}, prompt=1) == Decimal("0.1")


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**6))
def test_it_is_what_the_emulator_bills(plain: int, cached: int, written: int, completion: int) -> None:
    """Two ways to the same figure, to the last digit."""
    prompt = plain + cached + written
    billed = cost_of(SONNET, Tokens(prompt=prompt, completion=completion, cached=cached, cache_write=written))
    assert cost(SONNET, prompt=prompt, completion=completion, cached=cached, cache_write=written) == billed.total
