"""What a message would cost, told before it is sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from app.schemas.types import Usd


@dataclass(slots=True, kw_only=True)
class TokenRange:
    low: int
    high: int


@dataclass(slots=True, kw_only=True)
class CostRange:
    low: Usd
    high: Usd


@dataclass(slots=True, kw_only=True)
class EstimateBasis:
    """What the figures rest on: how the prompt was counted, what says how long answers are, and how many of them."""

    prompt: Literal["estimate", "calibrated"]
    completion: Literal["history", "max_tokens"]
    history_calls: int


@dataclass(slots=True, kw_only=True)
class BudgetForecast:
    """A budget that the call would count in."""

    id: str
    remaining_usd: Usd
    would_refuse: bool


@dataclass(slots=True, kw_only=True)
class Estimate:
    """``cost_usd`` is what most such calls cost, null with the reason in ``why_unknown``. Nothing is set aside for it.

    ``low`` is a short answer to a prompt that was read before, as far as the model tells such a price; ``high`` a long
    one to a prompt that is longer than guessed, with all searches that the request lets its provider make.
    """

    model: str
    prompt_tokens: int
    completion_tokens: TokenRange
    cost_usd: CostRange | None
    why_unknown: str | None
    basis: EstimateBasis
    budgets: list[BudgetForecast]
