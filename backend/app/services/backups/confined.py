"""The two processes in which a backup is read: what each may use, and how one hands its rows to the other.

The first opens the file and may die of it; the second never sees the file, only plain values, and checks each.
"""

from __future__ import annotations

import contextlib
import resource
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

import msgspec

MEMORY_BYTES = 256 * 2**20
LONGEST_FRAME_BYTES = 192 * 2**20
BATCH_BYTES = 256 * 1024
_LENGTH_BYTES = 4

SetLimit = Callable[[int, tuple[int, int]], None]
"""Sets a limit of this process, soft and hard, as `resource.setrlimit` does."""


def confine(*, cpu_s: int, may_write: bool = False, set_limit: SetLimit = resource.setrlimit) -> None:
    """Give up what this process will not need: memory, time, new processes and, unless it is to write one, files.

    A limit that the system has not (macOS refuses to bound the address space) is left out: whoever started this process
    ends it in time all the same.
    """
    limits = {
        resource.RLIMIT_AS: MEMORY_BYTES,
        resource.RLIMIT_CPU: cpu_s,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NPROC: 0,
    }
    if not may_write:
        limits[resource.RLIMIT_FSIZE] = 0
    for limit, value in limits.items():
        _, hard = resource.getrlimit(limit)
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        with contextlib.suppress(ValueError, OSError):
            set_limit(limit, (value, value))


def send(to: BinaryIO, *fields: Any) -> None:
    """Write one frame: its length, then its fields."""
    body = msgspec.msgpack.encode(fields)
    to.write(len(body).to_bytes(_LENGTH_BYTES))
    to.write(body)


def receive(source: BinaryIO) -> Iterator[list[Any]]:
    """The frames until there are no more. Raises ValueError for what is none."""
    while head := source.read(_LENGTH_BYTES):
        length = int.from_bytes(head)
        if len(head) < _LENGTH_BYTES or length > LONGEST_FRAME_BYTES:
            raise ValueError("no frame")
        body = source.read(length)
        if len(body) < length:
            raise ValueError("half a frame")
        yield msgspec.msgpack.decode(body, type=list[Any])
