"""A stand-in for OpenRouter: the same wire, the same bad manners, no network, no bill."""

from .clock import ManualClock
from .scenarios import DEMO
from .server import DEFAULT_PORT, Emulator

__all__ = ["DEFAULT_PORT", "DEMO", "Emulator", "ManualClock"]
