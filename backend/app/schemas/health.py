"""Health."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(slots=True, kw_only=True)
class Alive:
    status: Literal["ok"] = "ok"


@dataclass(slots=True, kw_only=True)
class Health:
    """``upstream`` is the provider's name; ``demo`` when the built-in provider answers.

    ``status`` is ``degraded`` while what answers say cannot be stored; ``reason`` is why, a sentence.
    ``backups`` is ``failing`` while a scheduled backup that is due cannot be made.
    """

    version: str
    database: str
    upstream: str
    demo: bool
    backups: Literal["ok", "failing"]
    status: Literal["ok", "degraded"]
    ok: bool
    reason: str | None
