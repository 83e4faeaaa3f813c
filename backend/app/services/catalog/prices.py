"""What each thing that a call is billed for may cost, dearer tiers included. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from app.core.json import decode
from app.db.types import Row
from app.services.catalog.rows import PRICES

_PRICED: Final = frozenset(PRICES.values())
_COLUMNS: Final = ("prompt", "completion", "request", "image", "cache_read", "cache_write", "reasoning")


def dearest(prices: Row, *, prompt_tokens: int) -> dict[str, int | None]:
    """The most that each priced thing can cost in a call, in picodollars per token or unit.

    None for a price that varies or is not known; what is not priced at all is missing. Prices by the hour count
    whatever the hour is, because an answer may outlast it; prices of long prompts count strictly above their limit (API
    reference, section 7.2).
    """
    stored = decode(prices.get("prices") or "{}")
    found: dict[str, int | None] = {name: stored[name] for name in _PRICED if name in stored}
    for name in _COLUMNS:
        usual = prices.get(f"{name}_picousd")
        if usual is not None or name in ("prompt", "completion"):
            found[name] = usual
    for tier in _applicable(stored, prompt_tokens):
        for name, price in tier.items():
            if name in _PRICED and price is not None and (usual := found.get(name, 0)) is not None:
                found[name] = max(usual, price)
    return found


def _applicable(stored: Mapping[str, Any], prompt_tokens: int) -> Iterator[Mapping[str, Any]]:
    for tier in stored.get("overrides", ()):
        if tier.get("min_prompt_tokens") is None or prompt_tokens > tier["min_prompt_tokens"]:
            yield tier
