"""What a call costs, exactly: decimal prices as the catalogue prints them, never a float."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Any

UNBOUNDED = 10**9
ZERO = Decimal(0)
SEARCH_RESULT_USD = Decimal("0.004")
_EXACT = Context(prec=60)


@dataclass(frozen=True, slots=True)
class Tokens:
    """Counts of one call; cached and cache-write ones are part of the prompt, reasoning, image and audio ones of the
    completion."""

    prompt: int
    completion: int
    cached: int = 0
    reasoning: int = 0
    cache_write: int = 0
    image: int = 0
    audio: int = 0
    search_results: int = 0


@dataclass(frozen=True, slots=True)
class Cost:
    """US dollars, split the way ``cost_details`` shows them."""

    prompt: Decimal = ZERO
    completion: Decimal = ZERO
    searches: Decimal = ZERO

    @property
    def inference(self) -> Decimal:
        """Without what was searched for it."""
        return _EXACT.add(self.prompt, self.completion)

    @property
    def total(self) -> Decimal:
        return _EXACT.add(self.inference, self.searches)


def cost_of(pricing: Mapping[str, Any], tokens: Tokens) -> Cost:
    """Price a call at a catalogue row's ``pricing`` (strings, USD per token), long-prompt overrides applied."""
    prices = _in_force(pricing, tokens.prompt)
    prompt = _sum(
        (tokens.prompt - tokens.cached - tokens.cache_write, prices["prompt"]),
        (tokens.cached, prices.get("input_cache_read", prices["prompt"])),
        (tokens.cache_write, prices.get("input_cache_write", prices["prompt"])),
        (1, prices.get("request", ZERO)),
    )
    completion = _sum(
        (tokens.completion - tokens.image - tokens.audio, prices["completion"]),
        (tokens.image, prices.get("image_output", prices["completion"])),
        (tokens.audio, prices.get("audio_output", prices["completion"])),
    )
    return Cost(prompt, completion, _sum((tokens.search_results, SEARCH_RESULT_USD)))


def _sum(*terms: tuple[int, Decimal]) -> Decimal:
    total = ZERO
    for count, price in terms:
        total = _EXACT.add(total, _EXACT.multiply(Decimal(count), price))
    return total


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
