"""Two forms of one test: a short one in every run, a long one by ``scripts/test --faults``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Scale:
    """Which of the two forms runs."""

    is_long: bool

    def of(self, short: T, long: T) -> T:
        """The one that counts in this run."""
        return long if self.is_long else short
