"""What a request holds of its conversation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Strategy = Literal["whole", "drop_oldest"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextUse:
    """How a conversation was fitted to its model.

    ``limit_tokens`` is what the model reads and writes together, null if not known, ``reserved_tokens`` the part kept
    for the answer; ``dropped_messages`` counts stored messages that were left out, the oldest first, and
    ``first_kept_id`` is the first one after them. ``summary_id`` names the summary that stands for what is before it.
    """

    limit_tokens: int | None
    reserved_tokens: int
    estimated_tokens: int
    dropped_messages: int
    first_kept_id: str | None
    strategy: Strategy
    summary_id: str | None
