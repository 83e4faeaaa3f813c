"""Time as the product stores it: UTC, ISO-8601, always ``2026-01-02T03:04:05.678Z``."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
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


def not_before(now: str, newest: str | None) -> str:
    """``now``, or a millisecond after ``newest`` where the clock is behind that: for times that things are ordered by.

    A ``newest`` that is no time says nothing.
    """
    if newest is None or newest <= now:
        return now
    try:
        later = datetime.fromisoformat(newest) + timedelta(milliseconds=1)
        return f"{later:%Y-%m-%dT%H:%M:%S}.{later.microsecond // 1000:03d}Z"
    except (ValueError, OverflowError):
        return now


def unix_s(stamped: str) -> int:
    """Whole seconds since the epoch of a stored time."""
    return int(datetime.fromisoformat(stamped).timestamp())


def seconds_between(earlier: str, later: str) -> float:
    """From one stored time to another; negative when the clock went back between them."""
    return (datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).total_seconds()
