"""The 16 bytes of content in every upstream event: ``#`` and the time of sending, in nanoseconds, 15 digits.

No format of events escapes or re-orders these bytes, so whoever reads an answer, on the wire or in a database, can
count the events in it, however many a server put into one frame, and tell how long each was under way.
"""

from __future__ import annotations

import re
import time

WIDTH_BYTES = 16
PATTERN = re.compile(rb"#(\d{15})")
_WRAP_NS = 10**15


def now_ns() -> int:
    """The monotonic clock that all processes of a machine share, as far as 15 digits hold it."""
    return time.monotonic_ns() % _WRAP_NS


def age_ms(stamp_ns: int) -> float:
    """Milliseconds since ``stamp_ns`` was taken."""
    return ((time.monotonic_ns() - stamp_ns) % _WRAP_NS) / 1e6
