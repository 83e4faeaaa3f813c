"""A database put by hand in the place of another, whose last changes still lie beside it.

SQLite would apply them to the wrong file. Two things give it away. Our own file is in WAL mode as long as it is open;
neither a backup is, nor the file of a console that was stopped: so a file that is not, with changes beside it, was put
there. And each start names the file anew, in a field of its first page (the application id) that most changes carry
along: so a file that was in use too, at another time or by another console, has another name than the changes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from app.db.errors import StaleWal

# SQLite file format, sections 1.3 and 4.
_READ_VERSION_AT = 19
"""In the file: 1 rollback journal, 2 WAL."""
_NAME = slice(68, 72)
"""In the first page: the application id."""
_PAGE_BYTES = slice(8, 12)
"""In the head of the WAL."""
_WAL_HEAD_BYTES = 32
_FRAME_HEAD_BYTES = 24


def refuse_stale_wal(path: Path) -> None:
    """Raises `StaleWal`. Call it before anything has the file open: closing it again would drop SQLite's locks."""
    beside = path.with_name(path.name + "-wal")
    try:
        if beside.stat().st_size == 0:
            return
        with path.open("rb") as file:
            head = file.read(_NAME.stop)
    except FileNotFoundError:
        return
    names = set(_names_in(beside))
    is_wal = len(head) == _NAME.stop and head[_READ_VERSION_AT] == 2
    if not is_wal or (names and head[_NAME] not in names):
        raise StaleWal(
            f"{path.name} was replaced while {beside.name} still holds the last changes of the one before. "
            f"To go on with the new file, move {beside.name} and {path.name}-shm in {path.parent} elsewhere; "
            f"to get those changes back, put the old {path.name} there again. Nothing was changed."
        )


def _names_in(wal: Path) -> Iterator[bytes]:
    """The name of the file in every first page that the changes hold, also in those that are done with."""
    descriptor = os.open(wal, os.O_RDONLY)
    try:
        page_bytes = int.from_bytes(os.pread(descriptor, _WAL_HEAD_BYTES, 0)[_PAGE_BYTES])
        at, end = _WAL_HEAD_BYTES, os.fstat(descriptor).st_size
        while at + _FRAME_HEAD_BYTES + page_bytes <= end:
            if os.pread(descriptor, 4, at) == b"\0\0\0\1":
                yield os.pread(descriptor, 4, at + _FRAME_HEAD_BYTES + _NAME.start)
            at += _FRAME_HEAD_BYTES + page_bytes
    finally:
        os.close(descriptor)
