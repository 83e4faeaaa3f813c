"""A database put by hand in the place of another, whose last changes still lie beside it.

SQLite would apply them to the wrong file. Our own file is in WAL mode as long as it is open; neither a backup is, nor
the file of a console that was stopped: so a file that is not, with changes beside it, was put there.
"""

from __future__ import annotations

from pathlib import Path

from app.db.errors import StaleWal

_READ_VERSION_AT = 19
"""Offset of the file format's read version: 1 rollback journal, 2 WAL (SQLite file format, section 1.3)."""


def refuse_stale_wal(path: Path) -> None:
    """Raises `StaleWal`. Call it before anything has the file open: closing it again would drop SQLite's locks."""
    beside = path.with_name(path.name + "-wal")
    try:
        if beside.stat().st_size == 0:
            return
        with path.open("rb") as file:
            head = file.read(_READ_VERSION_AT + 1)
    except FileNotFoundError:
        return
    if len(head) <= _READ_VERSION_AT or head[_READ_VERSION_AT] != 2:
        raise StaleWal(
            f"{path.name} was replaced while {beside.name} still holds the last changes of the one before. "
            f"To go on with the new file, move {beside.name} and {path.name}-shm in {path.parent} elsewhere; "
            f"to get those changes back, put the old {path.name} there again. Nothing was changed."
        )
