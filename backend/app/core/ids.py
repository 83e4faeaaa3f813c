"""Time-ordered, unguessable ids: UUID version 7 (RFC 9562, section 5.7) with a monotonic millisecond.

What is stored is ordered by its ids, so they must grow even when the clock goes back, and beyond the life of a process:
each goes on after the newest id of its store.
"""

from __future__ import annotations

import os
import threading
import time
import uuid
from collections.abc import Callable

_TAIL_BITS = 74
_LAST_MS = 2**48 - 1


class IdSource:
    """Ids that sort in the order they were made, whatever ``clock_ns`` (Unix nanoseconds) does."""

    def __init__(self, clock_ns: Callable[[], int] = lambda: time.time_ns()) -> None:
        self._clock_ns = clock_ns
        self._lock = threading.Lock()
        self._last_ms = 0
        self._last_tail = 0

    def new_id(self) -> str:
        """A UUIDv7 in its usual 36 characters."""
        with self._lock:
            now_ms = self._clock_ns() // 1_000_000
            if now_ms > self._last_ms:
                self._begin(now_ms)
            else:
                self._last_tail += 1 + int.from_bytes(os.urandom(4))
            tail, stamp_ms = self._last_tail, self._last_ms
        rand_a, rand_b = tail >> 62, tail & ((1 << 62) - 1)
        value = f"{(stamp_ms << 80) | (0x7 << 76) | (rand_a << 64) | (0b10 << 62) | rand_b:032x}"
        return f"{value[:8]}-{value[8:12]}-{value[12:16]}-{value[16:20]}-{value[20:]}"

    def go_on_after(self, newest: str) -> None:
        """Let later ids sort behind this one, be it of a clock that was ahead; nothing for what is no UUIDv7."""
        stamp_ms = made_at_ms(newest)
        with self._lock:
            if stamp_ms is not None and stamp_ms >= self._last_ms:
                self._begin(min(stamp_ms + 1, _LAST_MS))

    def _begin(self, stamp_ms: int) -> None:
        self._last_ms = stamp_ms
        # The top bit stays clear, so that steps within this millisecond cannot overflow.
        self._last_tail = int.from_bytes(os.urandom(10)) >> (80 - _TAIL_BITS + 1)


def made_at_ms(made: str) -> int | None:
    """Milliseconds since the epoch at which an id was made, by the clock it was made with; None for no UUIDv7."""
    try:
        read = uuid.UUID(made)
    except ValueError:
        return None
    return read.int >> 80 if read.version == 7 else None


_source = IdSource()
new_id = _source.new_id
go_on_after = _source.go_on_after
