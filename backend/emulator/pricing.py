"""What a call costs, exactly: decimal prices as the catalogue prints them, never a float."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Any

UNBOUNDED = 10**9
ZERO = Decimal(0)
_EXACT = Context(prec=60)


@dataclass(frozen=True, slots=True)
class Tokens:
    """Token counts of one call; cached ones are part of the prompt, reasoning is part of the completion."""

    prompt: int
    completion: int
    cached: int = 0
    reasoning: int = 0


@dataclass(frozen=True, slots=True)
class Cost:
    """US dollars, split the way ``cost_details`` shows them."""

    prompt: Decimal = ZERO
    completion: Decimal = ZERO

    @property
    def total(self) -> Decimal:
        return _EXACT.add(self.prompt, self.completion)


def cost_of(pricing: Mapping[str, Any], tokens: Tokens) -> Cost:
    """Price a call at a catalogue row's ``pricing`` (strings, USD per token), long-prompt overrides applied."""
    prices = _in_force(pricing, tokens.prompt)
    cached_price = prices.get("input_cache_read", prices["prompt"])
    prompt = _EXACT.add(
        _EXACT.multiply(Decimal(tokens.prompt - tokens.cached), prices["prompt"]),
        _EXACT.multiply(Decimal(tokens.cached), cached_price),
    )
    completion = _EXACT.multiply(Decimal(tokens.completion), prices["completion"])
    return Cost(_EXACT.add(prompt, prices.get("request", ZERO)), completion)


def plain(amount: Decimal) -> str:
    """A decimal as OpenRouter prints money: no exponent, no trailing zeros (``0.00000042``)."""
    text = f"{amount:f}"
    return (text.rstrip("0").rstrip(".") or "0") if "." in text else text


def affordable_tokens(pricing: Mapping[str, Any], prompt_tokens: int, balance: Decimal) -> int:
    """How many completion tokens a balance still buys after the prompt is paid."""
    price = _in_force(pricing, prompt_tokens)["completion"]
    left = balance - cost_of(pricing, Tokens(prompt_tokens, 0)).total
    if left < 0:
        return 0
    return int(left / price) if price else UNBOUNDED


def _in_force(pricing: Mapping[str, Any], prompt_tokens: int) -> dict[str, Decimal]:
    prices = {key: Decimal(value) for key, value in pricing.items() if isinstance(value, str)}
    for override in pricing.get("overrides", ()):
        if prompt_tokens > override["min_prompt_tokens"]:
            prices |= {key: Decimal(value) for key, value in override.items() if isinstance(value, str)}
    return prices
