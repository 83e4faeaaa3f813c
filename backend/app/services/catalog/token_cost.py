"""What a call's tokens cost at a model's prices: an estimate, for providers that do not tell. Pure.

The provider's own figure is always better than this one (API reference, section 5).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class TokensUsed:
    """As a provider reports them: cached and written ones are part of the prompt, reasoning ones of the completion."""

    prompt: int
    completion: int
    cached: int = 0
    cache_write: int = 0
    reasoning: int = 0
    adds_writes: bool = False
    """Whether written tokens are read as well and their price is a fee on top, as Gemini's are."""


def token_cost_picousd(prices: Mapping[str, Any], used: TokensUsed, *, at: str) -> int | None:
    """The cost in picodollars; None where something was used whose price varies or is not known.

    Args:
        prices: as the catalogue stores them: picodollars by name, and ``overrides`` with their conditions.
        at: the time of the call as it is stored: some prices hold by the hour.
    """
    held = _in_force(prices, used.prompt, at[11:13] + at[14:16])
    prompt, completion = held.get("prompt"), held.get("completion")
    # Each token is in one class: what is read or written is no plain one. Together they may be more than the prompt.
    beside = used.cached if used.adds_writes else used.cached + used.cache_write
    # 0 stands in many lists for no price of its own.
    thinks_apart = bool(held.get("reasoning"))
    reasoning = min(used.reasoning, used.completion) if thinks_apart else 0
    terms = (
        (max(0, used.prompt - beside), prompt),
        (used.cached, held.get("cache_read", prompt)),
        (used.cache_write, held.get("cache_write", 0 if used.adds_writes else prompt)),
        (used.completion - reasoning, completion),
        (reasoning, held.get("reasoning")),
        (1, held.get("request", 0)),
    )
    total = 0
    for count, price in terms:
        if count and price is None:
            return None
        total += count * (price or 0)
    return total


def _in_force(prices: Mapping[str, Any], prompt_tokens: int, clock: str) -> dict[str, Any]:
    """The usual prices under those whose conditions hold; the later ones win (API reference, section 7.2)."""
    held = {name: price for name, price in prices.items() if name != "overrides"}
    for tier in prices.get("overrides", ()):
        above = tier.get("min_prompt_tokens")
        if (above is None or prompt_tokens > above) and _is_hour(clock, tier.get("utc_start"), tier.get("utc_end")):
            held |= tier
    return held


def _is_hour(clock: str, start: str | None, end: str | None) -> bool:
    """Whether a time (``HHMM``) is within a span of the day, which may go over midnight; half a span ends with it."""
    if start is None and end is None:
        return True
    begins, ends = start or "0000", end or "2400"
    return begins <= clock < ends if begins <= ends else clock >= begins or clock < ends
