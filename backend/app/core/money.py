"""Money without floats: whole picodollars (1e-12 USD) in the store, exact decimals at the edges.

Provider figures arrive as JSON numbers or strings of any length and are rounded half-even to the picodollar, once.
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation

PICO_PER_USD = 10**12
MAX_PICOUSD = 2**63 - 1
MAX_CALL_PICOUSD = 1_000 * PICO_PER_USD
"""The most that one call is believed to cost: thousands of such rows still add up within a column."""
_PICO = Decimal("1e-12")
_NOTHING = Decimal(0)
_EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN)


def parse_usd(text: str) -> int | None:
    """A decimal number of dollars as picodollars; None when it is not a finite, storable amount.

    Accepts exponents (``4.2e-7``). Negative amounts are refused: OpenRouter's ``"-1"`` prices mean "variable"
    (API reference, section 7.2), which is no amount.
    """
    try:
        usd = Decimal(text)
    except InvalidOperation:
        return None
    if not usd.is_finite() or (usd and (usd.is_signed() or usd.adjusted() > 18)):
        return None
    pico = int(usd.quantize(_PICO, context=_EXACT).scaleb(12, _EXACT))
    return pico if pico <= MAX_PICOUSD else None


def to_usd(picousd: int) -> Decimal:
    """Picodollars as dollars: exact, no exponent, no trailing zeros (``Decimal("0.000837")``)."""
    if not picousd:
        return _NOTHING
    whole, fraction = divmod(abs(picousd), PICO_PER_USD)
    text = f"{whole}.{fraction:012}".rstrip("0").rstrip(".") if fraction else str(whole)
    return Decimal(text if picousd > 0 else f"-{text}")
