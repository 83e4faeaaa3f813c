"""The C library's memory, kept from growing with the largest answer there ever was."""

from __future__ import annotations

import ctypes
import sys

LARGE_BYTES = 2**20
_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8
_ARENAS = 2


def return_large_blocks() -> None:
    """Have blocks of a megabyte and more given back to the system as soon as they are freed.

    By itself glibc raises that limit to the largest block it has seen freed, up to 32 MB, and keeps what lies between
    later ones; every thread may have such a heap of its own. Call it before threads start. Other libraries are left as
    they are.
    """
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, LARGE_BYTES)
        mallopt(_M_ARENA_MAX, _ARENAS)
