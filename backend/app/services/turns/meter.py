"""What an answer costs while it is being written, against what its budgets hold for it.

The hold is the worst case at the catalogue's prices, so an answer passes it only where its provider writes more than it
was allowed to, or tells a cost beyond it. More is held then as long as there is room; after that the answer stops.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, NamedTuple

from app.core.errors import AppError, BudgetExceeded
from app.db.types import Conn, Row
from app.schemas.events import Event, Reasoning, Text, ToolCallDelta
from app.services.catalog.prices import dearest
from app.services.context.calibration import calibration_of
from app.services.context.estimate import Weight, text_weight, weigh
from app.services.upstream.outcome import cost_picousd
from app.services.upstream.wire import UsageWire

log = logging.getLogger(__name__)

STEPS = 4
"""More is held by a part of what was held first, so that few transactions do."""
HoldMore = Callable[[int, int], Awaitable[int]]
"""Holds as much as there is room for, at least the first and at most the second; how much. Raises BudgetExceeded."""


class Rate(NamedTuple):
    """What is known at the start, in picodollars; ``tokens_per_weight`` is how the model counts at the very least."""

    held_picousd: int
    prompt_picousd: int
    token_picousd: int
    tokens_per_weight: float


def rate_of(conn: Conn, body: Mapping[str, Any], offers: Mapping[str, Row | None], held_picousd: int) -> Rate:
    """The rate of a call at the lowest prices of all that may answer it, its prompt counted as short as it may be."""
    prices = [dearest(row, prompt_tokens=0) for row in offers.values() if row is not None]
    calibration = calibration_of(conn, next(iter(offers)), None)
    tokens_per_weight = calibration.ratio / calibration.doubt
    said = Weight(weigh(body.get("messages") or ()).text)
    return Rate(
        held_picousd=held_picousd,
        prompt_picousd=int(said.text * tokens_per_weight)
        * min((each.get("prompt") or 0 for each in prices), default=0),
        token_picousd=min((each.get("completion") or 0 for each in prices), default=0),
        tokens_per_weight=tokens_per_weight,
    )


class Meter:
    """Counts one answer."""

    def __init__(self, rate: Rate, hold_more: HoldMore) -> None:
        self._rate, self._hold_more = rate, hold_more
        self._held_picousd = rate.held_picousd
        self._weight = 0.0

    async def take(self, events: Iterable[Event], usage: UsageWire | None) -> None:
        """Count what has come; ``usage`` is what the stream told of itself so far.

        Raises BudgetExceeded when it has cost more than its budgets have room for.
        """
        for event in events:
            if isinstance(event, Text | Reasoning):
                self._weight += text_weight(event.text)
            elif isinstance(event, ToolCallDelta):
                self._weight += text_weight(event.arguments)
        missing = self._cost_picousd(usage) - self._held_picousd
        if missing <= 0:
            return
        try:
            self._held_picousd += await self._hold_more(missing, missing + self._rate.held_picousd // STEPS)
        except BudgetExceeded:
            raise
        except AppError as error:  # the store's own trouble ends no answer; the next piece asks again
            log.warning("no more could be held for an answer", extra={"error_code": error.code})

    def _cost_picousd(self, usage: UsageWire | None) -> int:
        rate = self._rate
        guessed = rate.prompt_picousd + int(self._weight * rate.tokens_per_weight) * rate.token_picousd
        return max(guessed, cost_picousd(usage) or 0)
