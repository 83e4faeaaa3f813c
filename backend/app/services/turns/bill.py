"""What the ledger is told of a call's cost."""

from __future__ import annotations

from dataclasses import dataclass

from app.schemas.types import CostState


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
