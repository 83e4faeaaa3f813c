"""What a proof found: a claim, what was measured, and whether the one bears out the other."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Evidence:
    """``measured`` says in words and figures what was done and what came of it; ``seconds`` is how long it took."""

    claim: str
    measured: str
    ok: bool
    seconds: float = 0.0
