"""What a repository function sees of the store: one connection inside one transaction.

The shapes are those that SQLite's and PostgreSQL's drivers can both fill, so that the same functions run on either.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

Row = dict[str, Any]
"""Column name -> value: ``None | int | float | str | bytes``."""

Params = Mapping[str, Any] | Sequence[Any]
"""Values of ``:name`` (a mapping) or ``?`` (a sequence) parameters."""


class Result(Protocol):
    """The rows of one statement, already read: it stays valid after the next statement and after the unit."""

    def fetchone(self) -> Row | None:
        """The next row, ``None`` after the last."""
        ...

    def fetchall(self) -> list[Row]:
        """The rows not fetched yet."""
        ...


class Conn(Protocol):
    """A connection lent to a unit for the length of its transaction; begin and commit belong to the store.

    Raises `ConstraintFailed`, `StoreBusy`, `DiskFull` or `StoreCorrupt`; whatever leaves the unit undoes all of it.
    """

    def execute(self, sql: str, params: Params = (), /) -> Result:
        """Run one statement to its end."""
        ...

    def executemany(self, sql: str, params: Iterable[Params], /) -> None:
        """Run one statement once per item; rows it returns are dropped."""
        ...
