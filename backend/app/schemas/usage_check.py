"""Whether the kept sums of the ledger are those of its rows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True, kw_only=True)
class WrongSum:
    """``where``: `day`, `month` or `total` with period, model, profile, provider and purpose; or a session."""

    where: str
    figure: str
    kept: str
    """A whole number; of money, picodollars. Text, because it may be beyond what clients read exactly."""
    counted: str


@dataclass(slots=True, kw_only=True)
class UsageCheck:
    """``differences`` names the first hundred of ``wrong`` figures; ``repaired`` when they were made anew."""

    tz: str
    wrong: int
    differences: list[WrongSum]
    repaired: bool
