"""What is known of a statement that runs again and again, and the rows it gave."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from app.db.types import Row


class Rows:
    """A finished statement's rows, made into dicts as they are fetched."""

    __slots__ = ("_columns", "_rows")

    def __init__(self, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        self._columns = columns
        self._rows = iter(rows)

    def fetchone(self) -> Row | None:
        row = next(self._rows, None)
        return None if row is None else dict(zip(self._columns, row, strict=True))

    def fetchall(self) -> list[Row]:
        columns = self._columns
        return [dict(zip(columns, row, strict=True)) for row in self._rows]


NO_ROWS = Rows((), ())


class Statement(NamedTuple):
    """How a statement's values are picked from a mapping, and the columns of its rows.

    A driver would look the name of every value up again at every execution.
    """

    values: Callable[[Any], Sequence[Any]]
    columns: tuple[str, ...]


def picked(names: Sequence[str | None]) -> Callable[[Any], Sequence[Any]]:
    """Takes values from a mapping in the order of these names; KeyError for one that is not there."""
    match names:
        case []:
            return _none
        case [name]:
            return lambda params: (params[name],)
        case _:
            return itemgetter(*names)


def _none(_params: object) -> tuple[()]:
    return ()
