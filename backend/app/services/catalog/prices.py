"""What a token may cost, dearer tiers included. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from app.core.json import decode
from app.db.types import Row


def dearest(prices: Row, kind: str, *, prompt_tokens: int) -> int | None:
    """The most that ``prompt``, ``completion`` or ``request`` can cost in a call, in picodollars; None if not known.

    Prices by the hour count whatever the hour is, because an answer may outlast it; prices of long prompts count
    strictly above their limit (API reference, section 7.2).
    """
    usual = prices[f"{kind}_picousd"]
    tiers = [tier[kind] for tier in _applicable(prices, prompt_tokens) if tier.get(kind) is not None]
    return None if usual is None else max(usual, *tiers, 0)


def _applicable(prices: Row, prompt_tokens: int) -> Iterator[Mapping[str, Any]]:
    for tier in decode(prices.get("prices") or "{}").get("overrides", ()):
        if tier.get("min_prompt_tokens") is None or prompt_tokens > tier["min_prompt_tokens"]:
            yield tier
