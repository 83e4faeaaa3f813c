"""Time-ordered, unguessable ids: UUID version 7 (RFC 9562, section 5.7) with a monotonic millisecond."""

from __future__ import annotations

import os
import threading
import time

_lock = threading.Lock()
_last_ms = 0
_last_tail = 0
_TAIL_BITS = 74


def new_id() -> str:
    """A UUIDv7 in its usual 36 characters. Ids of one process sort in the order they were made."""
    global _last_ms, _last_tail
    with _lock:
        now_ms = time.time_ns() // 1_000_000
        if now_ms > _last_ms:
            _last_ms = now_ms
            # The top bit stays clear, so that steps within this millisecond cannot overflow.
            _last_tail = int.from_bytes(os.urandom(10)) >> (80 - _TAIL_BITS + 1)
        else:
            _last_tail += 1 + int.from_bytes(os.urandom(4))
        tail, stamp_ms = _last_tail, _last_ms
    rand_a, rand_b = tail >> 62, tail & ((1 << 62) - 1)
    value = f"{(stamp_ms << 80) | (0x7 << 76) | (rand_a << 64) | (0b10 << 62) | rand_b:032x}"
    return f"{value[:8]}-{value[8:12]}-{value[12:16]}-{value[16:20]}-{value[20:]}"
