"""Files that are really on the disk, and a disk that has no room left."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import disk_usage

from app.core.errors import DiskFull

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""Error numbers of the system for a disk, a quota or a limit that is used up."""

SPARE_BYTES = 64 * 2**20
"""What a file of backups leaves free: a disk that it filled would stop the answers that are being written."""
FreeBytes = Callable[[Path], int]
"""Bytes free on the disk of a folder."""


def free_bytes(folder: Path) -> int:
    """Raises OSError."""
    return disk_usage(folder).free


def sync(path: Path) -> None:
    """Return when the file, or the entries of the folder, will outlive a power cut. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def full_disk_told() -> Iterator[None]:
    """Raises `DiskFull` in place of the OSError that means it."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise DiskFull from error
        raise
