"""A stand-in for OpenRouter: the same wire, the same bad manners, no network, no bill."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .clock import ManualClock
    from .scenarios import DEMO
    from .server import DEFAULT_PORT, Emulator

__all__ = ["DEFAULT_PORT", "DEMO", "Emulator", "ManualClock"]

_HOMES = {"DEFAULT_PORT": "server", "DEMO": "scenarios", "Emulator": "server", "ManualClock": "clock"}


def __getattr__(name: str) -> Any:
    """Loaded when it is first asked for: the command has something to settle before the HTTP library is imported."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
