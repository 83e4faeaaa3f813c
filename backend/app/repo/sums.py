"""SQL of sums that no ledger can overflow: a column holds 2^63, which is nine million dollars in picodollars.

A sum that is kept beside the rows stops at ``MAX_SUM``. One that stands there says no more than that, and is added up
from the rows when it is read. Sums over rows are made in two parts, which are joined here.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from app.db.types import Row

MAX_SUM = 46 * 10**17
"""Of tokens, or of picodollars (4.6 million dollars)."""
_PART = 10**6


def added(column: str, parameter: str) -> str:
    """A kept sum and what is to be added to it."""
    return f"CASE WHEN {column} < {MAX_SUM} AND {column} + {parameter} < {MAX_SUM} THEN {column} + {parameter} ELSE {MAX_SUM} END"  # noqa: E501


def parts_of_sum(columns: Iterable[str]) -> str:
    """The sums of some columns, for ``joined``."""
    return ", ".join(
        f"COALESCE(sum({name} / {_PART}), 0) AS {name}_high, COALESCE(sum({name} % {_PART}), 0) AS {name}_low"
        for name in columns
    )


def joined(row: Row, columns: Iterable[str]) -> Row:
    """A row of ``parts_of_sum`` with each sum under its column's name, however large."""
    for name, high, low in _parts(tuple(columns)):
        row[name] = row.pop(high) * _PART + row.pop(low)
    return row


@cache
def _parts(columns: tuple[str, ...]) -> tuple[tuple[str, str, str], ...]:
    return tuple((name, f"{name}_high", f"{name}_low") for name in columns)


def kept_sum(column: str) -> str:
    """The sum of a column as it is kept beside the rows."""
    high, low = f"COALESCE(sum({column} / {_PART}), 0)", f"COALESCE(sum({column} % {_PART}), 0)"
    return f"CASE WHEN {high} >= {MAX_SUM // _PART} THEN {MAX_SUM} ELSE {high} * {_PART} + {low} END"


def any_full(columns: Iterable[str]) -> str:
    """1 when one of the kept sums of a row stands at the end, else 0."""
    return f"CASE WHEN {' OR '.join(f'{name} >= {MAX_SUM}' for name in columns)} THEN 1 ELSE 0 END"
