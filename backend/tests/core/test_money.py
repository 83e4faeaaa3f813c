"""Money keeps every digit that the store can hold, and rounds the others once."""

from __future__ import annotations

from decimal import Context, Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.core.json import encode
from app.core.money import MAX_PICOUSD, PICO_PER_USD, parse_usd, to_usd
from tests.core.properties import MANY


@MANY
@given(st.integers(0, MAX_PICOUSD))
@example(1)
@example(MAX_PICOUSD)
@example(10**12)
def test_what_is_printed_is_parsed_back_exactly(picousd: int) -> None:
    """Printing and parsing lose nothing, in plain and in exponent form, as a number and as JSON."""
    usd = to_usd(picousd)
    assert usd * PICO_PER_USD == picousd
    for text in (f"{usd:f}", f"{usd:e}", str(usd), encode(usd).decode()):
        assert parse_usd(text) == picousd


@MANY
@given(st.integers(0, MAX_PICOUSD))
def test_no_digit_is_printed_that_says_nothing(picousd: int) -> None:
    """Neither a positive exponent nor a trailing zero."""
    usd = to_usd(picousd)
    _, digits, exponent = usd.as_tuple()
    assert isinstance(exponent, int)
    assert exponent <= 0
    assert exponent == 0 or digits[-1] != 0


def _rounded(text: str) -> int:
    pico = Fraction(text) * PICO_PER_USD
    low, rest = divmod(pico, 1)
    up = rest > Fraction(1, 2) or (rest == Fraction(1, 2) and int(low) % 2)
    return int(low) + int(up)


@MANY
@given(st.from_regex(r"\A[0-9]{1,6}(\.[0-9]{1,90})?([eE][+-]?[0-9]{1,2})?\Z"))
@example("0.0000000000005" + "0" * 60 + "1")
@example("0.0000000000015")
@example("0.0000000000025")
def test_any_decimal_is_rounded_half_even_once(text: str) -> None:
    """However many digits the provider sends, the nearest picodollar is stored; ties go to the even one."""
    expected = _rounded(text)
    assert parse_usd(text) == (expected if expected <= MAX_PICOUSD else None)


@pytest.mark.parametrize(
    ("text", "picousd"),
    [
        ("0", 0),
        ("0.0", 0),
        ("-0", 0),
        ("-0.000", 0),
        ("0e99", 0),
        ("1", 10**12),
        ("0.000837", 837_000_000),
        ("4.2e-7", 420_000),
        ("4.2E-7", 420_000),
        ("1e-400000", 0),
        ("9223372.036854775807", MAX_PICOUSD),
        ("9223372.0368547758074", MAX_PICOUSD),
    ],
)
def test_known_amounts(text: str, picousd: int) -> None:
    assert parse_usd(text) == picousd


@pytest.mark.parametrize(
    "text",
    ["-1", "-0.000001", "-1e-30", "NaN", "-NaN", "sNaN", "Infinity", "-Infinity", "", " ", "abc", "1,5", "0x1", "1e19",
     "9223372.036854775808", "1e99999999999999999999", "1" + "0" * 5000],
)  # fmt: skip
def test_what_is_no_storable_amount_is_refused(text: str) -> None:
    """Negative sentinels, what is not finite, what no column holds, what is no number."""
    assert parse_usd(text) is None


def test_the_caller_s_decimal_context_does_not_matter() -> None:
    """Low precision in the caller's thread rounds nothing here."""
    with localcontext(Context(prec=3)):
        assert parse_usd("1234.567890123456") == 1_234_567_890_123_456
        assert to_usd(1_234_567_890_123_456) == Decimal("1234.567890123456")
