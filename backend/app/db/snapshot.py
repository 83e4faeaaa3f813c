"""A whole copy of the database in a file of its own, checked against what it was made of."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path

from app.core.disk import full_disk_told, sync
from app.db.errors import GivenUp, StoreCorrupt
from app.db.sqlite import SqliteConnection, open_copy
from app.db.types import Row

HASHED_BYTES = 8 * 2**20

SELECT_TABLES = "SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0 ORDER BY name"
SELECT_SCHEMA = "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name"
SELECT_VERSION = "SELECT max(version) AS version FROM schema_migrations"


@dataclass(frozen=True, slots=True)
class Copied:
    """How far a copy is."""

    done_bytes: int
    total_bytes: int


@dataclass(frozen=True, slots=True)
class Facts:
    """What a database file holds: rows by table, its schema's version (0 without a history), its bytes."""

    schema_version: int
    counts: dict[str, int]
    size_bytes: int
    sha256: str


def take_snapshot(conn: SqliteConnection, target: Path) -> None:
    """Copy the database to `target`, 0600; it is there under that name only when it is complete and on the disk.

    Call it between transactions. A copy of that name is replaced. Raises `DiskFull` or `StoreCorrupt`, leaving nothing.
    """
    partial = partial_of(target)
    for _ in copy_steps(conn, partial):
        pass
    publish(partial, target)


def partial_of(target: Path) -> Path:
    """Where a file is made before it gets its name."""
    return target.with_name(target.name + ".partial")


def copy_steps(
    conn: SqliteConnection, target: Path, given_up: Callable[[], bool] = lambda: False
) -> Generator[Copied | Facts, None, None]:
    """Copy one snapshot of the database to `target`, 0600, in pieces; the facts come last, once it is on the disk.

    Call it between transactions; on a reader's connection it holds up nobody. Closed early, or after `DiskFull`,
    `StoreCorrupt`, `GivenUp` or OSError, it leaves nothing. ``given_up`` is asked during the long checks at the end.
    """
    remove(target)
    try:
        with full_disk_told():
            target.touch(mode=0o600)
            conn.execute("BEGIN")
            try:
                schema = conn.execute(SELECT_SCHEMA).fetchall()
                for done_bytes, total_bytes in conn.copy_into(target):
                    yield Copied(done_bytes, total_bytes)
                counts = _row_counts(conn)
            finally:
                if conn.in_transaction:
                    conn.execute("ROLLBACK")
            sync(target)
            facts = _compared(target, schema, counts, given_up)
    except BaseException:
        remove(target)
        raise
    yield facts


def publish(partial: Path, target: Path) -> None:
    """Give a finished file its name, for good. Raises `DiskFull` or OSError, leaving nothing new."""
    try:
        with full_disk_told():
            partial.replace(target)
            sync(target.parent)
    finally:
        remove(partial)


def remove(partial: Path) -> None:
    """Forget an unfinished copy, with what SQLite may have put beside it."""
    for suffix in ("", "-journal", "-wal", "-shm"):
        partial.with_name(partial.name + suffix).unlink(missing_ok=True)


def examine(path: Path, given_up: Callable[[], bool] = lambda: False) -> Facts:
    """Check a finished copy that nobody writes, and say what is in it. Raises `StoreCorrupt`, `GivenUp`."""
    with contextlib.closing(open_copy(path)) as copy, copy.given_up_when(given_up):
        problem = copy.execute("PRAGMA quick_check(1)").fetchone()
        if problem != {"quick_check": "ok"}:
            raise StoreCorrupt(f"The copy {path.name} is damaged: {problem}. The database itself may be, too.")
        version, counts = _schema_version(copy), _row_counts(copy)
    return Facts(version, counts, path.stat().st_size, _sha256(path, given_up))


def _compared(target: Path, schema: list[Row], counts: dict[str, int], given_up: Callable[[], bool]) -> Facts:
    """A copy broken off half-way is a valid, empty database: so count, besides checking."""
    facts = examine(target, given_up)
    with contextlib.closing(open_copy(target)) as copy:
        if facts.counts != counts or copy.execute(SELECT_SCHEMA).fetchall() != schema:
            raise StoreCorrupt(f"The copy {target.name} is not complete.")
    return facts


def _schema_version(conn: SqliteConnection) -> int:
    if not any(row["name"] == "schema_migrations" for row in conn.execute(SELECT_TABLES).fetchall()):
        return 0
    row = conn.execute(SELECT_VERSION).fetchone()
    return row["version"] or 0 if row else 0


def _row_counts(conn: SqliteConnection) -> dict[str, int]:
    counts = {}
    for table in conn.execute(SELECT_TABLES).fetchall():
        quoted = '"' + table["name"].replace('"', '""') + '"'
        row = conn.execute(f"SELECT count(*) AS n FROM {quoted}").fetchone()  # noqa: S608 - quoted, from the schema
        counts[table["name"]] = row["n"] if row else 0
    return counts


def _sha256(path: Path, given_up: Callable[[], bool]) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(HASHED_BYTES):
            if given_up():
                raise GivenUp
            digest.update(piece)
    return digest.hexdigest()
