"""A database file read from outside, beside whoever has it open: this process, another one, or nobody.

Through the product's SQLite, never the interpreter's: `tests.harness.guards.OneSqlite` says why.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any

import apsw

from app.core.days import day_of


class StoredRow(tuple[Any, ...]):
    """Values by position, and by the names of their columns."""

    columns: tuple[str, ...]

    def __getitem__(self, key: Any) -> Any:
        return super().__getitem__(self.columns.index(key) if isinstance(key, str) else key)

    def keys(self) -> tuple[str, ...]:
        """The columns, so that `dict` takes a row."""
        return self.columns


class Stored:
    """Queries of one snapshot of a database."""

    def __init__(self, driver: apsw.Connection) -> None:
        self._driver = driver

    def execute(self, sql: str, params: Any = ()) -> Any:
        """A cursor (``fetchone``, ``fetchall``, or a loop) over `StoredRow`."""
        return self._driver.execute(sql, params)


def store_of(data: Path) -> AbstractContextManager[Stored]:
    """A snapshot of ``console.db`` of a data folder, closed at the end."""
    return database_of(data / "console.db")


@contextmanager
def database_of(path: Path) -> Iterator[Stored]:
    """A snapshot of a database file, closed at the end."""
    with closing(apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)) as driver:
        driver.row_trace = _row
        driver.create_scalar_function("owner_day", _owner_day, 2)
        driver.execute("BEGIN")
        yield Stored(driver)


def copied(path: Path, target: Path) -> None:
    """Write what a database holds now to a file of its own."""
    with (
        closing(apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)) as source,
        closing(apsw.Connection(str(target))) as copy,
        copy.backup("main", source, "main") as backup,
    ):
        backup.step()


def _row(cursor: apsw.Cursor, values: tuple[Any, ...]) -> StoredRow:
    row = StoredRow(values)
    row.columns = tuple(name for name, _ in cursor.get_description())
    return row


def _owner_day(*values: Any) -> str:
    """For rules about days: the day of a time, in the zone that the store counts by."""
    at, zone = values
    return day_of(at, zone or "UTC")
