"""A whole copy of the database in a file of its own, or none."""

from __future__ import annotations

import os
from pathlib import Path

from app.db.errors import StoreCorrupt
from app.db.sqlite import SqliteConnection, open_copy

SELECT_TABLES = "SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0 ORDER BY name"


def take_snapshot(conn: SqliteConnection, target: Path) -> None:
    """Copy the database to `target`, 0600; it is there under that name only when it is complete and on the disk.

    Call it between transactions, on the writer: what is copied must not change before it is compared. A copy of
    that name is replaced. Raises `DiskFull` or `StoreCorrupt`, leaving nothing.
    """
    partial = target.with_name(target.name + ".partial")
    partial.unlink(missing_ok=True)
    try:
        partial.touch(mode=0o600)
        conn.copy_into(partial)
        _verify(conn, partial)
        _sync(partial)
        partial.replace(target)
        _sync(target.parent)
    finally:
        partial.unlink(missing_ok=True)


def _verify(conn: SqliteConnection, copy: Path) -> None:
    """A copy broken off half-way is a valid, empty database: so count, besides checking."""
    copied = open_copy(copy)
    try:
        problem = copied.execute("PRAGMA quick_check(1)").fetchone()
        if problem != {"quick_check": "ok"}:
            raise StoreCorrupt(f"The copy {copy.name} is damaged: {problem}. The database itself may be, too.")
        if _row_counts(copied) != _row_counts(conn):
            raise StoreCorrupt(f"The copy {copy.name} is not complete.")
    finally:
        copied.close()


def _row_counts(conn: SqliteConnection) -> dict[str, int]:
    counts = {}
    for table in conn.execute(SELECT_TABLES).fetchall():
        quoted = '"' + table["name"].replace('"', '""') + '"'
        row = conn.execute(f"SELECT count(*) AS n FROM {quoted}").fetchone()  # noqa: S608 - quoted, from the schema
        counts[table["name"]] = row["n"] if row else 0
    return counts


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
