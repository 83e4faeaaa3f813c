"""The bill of a call whose provider tells no costs, at the prices that the catalogue has for its model."""

from __future__ import annotations

from app.core.json import decode
from app.core.money import MAX_CALL_PICOUSD, to_usd
from app.db.types import Conn
from app.repo import models
from app.schemas.events import UsageFigures
from app.services.catalog.token_cost import TokensUsed, token_cost_picousd
from app.services.turns.bill import Bill


def estimated_bill(conn: Conn, model: str, usage: UsageFigures, bill: Bill, *, at: str) -> Bill:
    """``bill``, or one made of the tokens where it knows no cost: unknown still without a count or a price.

    Args:
        usage: the provider's counts.
        at: when the call ended, as stored.
    """
    prices = models.prices(conn, model) if bill.cost_picousd is None and usage.prompt_tokens is not None else None
    if prices is None:
        return bill
    used = TokensUsed(
        prompt=usage.prompt_tokens or 0,
        completion=usage.completion_tokens or 0,
        cached=usage.cached_tokens or 0,
        cache_write=bill.cache_write_tokens or 0,
        reasoning=usage.reasoning_tokens or 0,
    )
    cost = token_cost_picousd(decode(prices["prices"] or "{}"), used, at=at)
    if cost is None or cost > MAX_CALL_PICOUSD:
        return bill
    return Bill(
        cost_picousd=cost,
        cost_text=f"{to_usd(cost):f}",
        cache_write_tokens=bill.cache_write_tokens,
        is_estimate=True,
    )
