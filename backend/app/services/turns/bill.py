"""What the ledger is told of a call's cost."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from app.core.errors import AppError
from app.schemas.types import CostState
from app.services.upstream.deltas import DeltaReader
from app.services.upstream.outcome import cost_picousd, counted, was_refused

log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class Bill:
    """What the ledger is told. ``cost_picousd`` None leaves the call ``unknown``."""

    cost_picousd: int | None
    cost_text: str | None = None
    cache_write_tokens: int | None = None
    is_estimate: bool = False
    """Whether we made it of tokens and prices, because its provider tells no costs."""

    @property
    def state(self) -> CostState:
        """What the ledger calls it."""
        if self.cost_picousd is None:
            return "unknown"
        return "estimated" if self.is_estimate else "settled"


def known_bill(
    generation_id: str, reader: DeltaReader, failure: AppError | None, *, accepted: bool, free: bool
) -> Bill:
    """As ``bill_of``, and unknown where the facts cannot be read. Raises nothing."""
    try:
        return bill_of(reader, failure, accepted=accepted, free=free)
    except Exception:
        log.exception("what an answer cost cannot be read", extra={"generation_id": generation_id})
        return Bill(cost_picousd=0, cost_text="0") if free else Bill(cost_picousd=None)


def bill_of(reader: DeltaReader, failure: AppError | None, *, accepted: bool, free: bool) -> Bill:
    """The provider's figure; 0 for the demo and for a call never sent or refused; otherwise unknown, never zero."""
    wire = reader.usage
    cache_write_tokens = counted(wire.cache_write_tokens) if wire else None
    if free or (wire is None and failure is not None and not accepted and was_refused(failure)):
        return Bill(cost_picousd=0, cost_text="0", cache_write_tokens=cache_write_tokens)
    if wire is None:
        return Bill(cost_picousd=None)
    return Bill(cost_picousd=cost_picousd(wire), cost_text=wire.cost_text, cache_write_tokens=cache_write_tokens)
