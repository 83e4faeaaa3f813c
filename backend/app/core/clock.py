"""Time as the product stores it: UTC, ISO-8601, always ``2026-01-02T03:04:05.678Z``."""

from __future__ import annotations

import time
from datetime import datetime
from functools import lru_cache


def now() -> str:
    """The current time, 24 characters."""
    return stamp(time.time_ns())


def stamp(time_ns: int) -> str:
    """Nanoseconds since the epoch as text, cut to the millisecond."""
    seconds, rest = divmod(time_ns, 1_000_000_000)
    return f"{_to_the_second(seconds)}.{rest // 1_000_000:03d}Z"


@lru_cache(maxsize=16)
def _to_the_second(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))


def unix_s(stamped: str) -> int:
    """Whole seconds since the epoch of a stored time."""
    return int(datetime.fromisoformat(stamped).timestamp())
