"""The ledger's rows as a file: CSV or one JSON object a line, page by page, so that memory does not grow with it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

from app.core.clock import now
from app.core.json import encode
from app.db.store import Store
from app.db.types import Conn
from app.repo import owner_zone, usage_rows
from app.repo.usage_rows import RowFilter
from app.schemas.usage import UsageRow
from app.schemas.usage_queries import FileFormat, RowsQuery
from app.services.usage.reports import filter_of

PAGE_ROWS = 1_000
COLUMNS = tuple(field.name for field in fields(UsageRow))
_FORMULA = re.compile(r"(^|[;\t\r\n])(\s*)(?=[=+\-@＝＋－＠])|^(?=[\t\r\n])")
"""What makes spreadsheets take a cell for more than its text, or a piece of it where semicolons or tabs part cells."""


@dataclass(frozen=True, slots=True)
class Export:
    """A file that is being written: its name and its bytes, of which each piece is one page of rows."""

    name: str
    form: FileFormat
    pieces: AsyncIterator[bytes]


class UsageExports:
    """Newest rows first; calls that begin meanwhile are not in it."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def open(self, query: RowsQuery, form: FileFormat) -> Export:
        """Raises NotFound and ValidationFailed as the list of rows does."""
        wanted, first = await self._store.read(_first, query)
        span = f"_{query.from_day or 'first'}_{query.to_day or now()[:10]}"
        return Export(f"usage{span}.{form}", form, self._pieces(wanted, first, form))

    async def _pieces(self, wanted: RowFilter, page: list[UsageRow], form: FileFormat) -> AsyncIterator[bytes]:
        write = _WRITERS[form]
        if form == "csv":
            yield _csv_lines([COLUMNS])
        while page:
            yield write(page)
            if len(page) < PAGE_ROWS:
                return
            before = (page[-1].created_at, page[-1].id)
            page = await self._store.read(_page, wanted, before)


def _first(conn: Conn, query: RowsQuery) -> tuple[RowFilter, list[UsageRow]]:
    wanted = filter_of(conn, query)
    return wanted, _page(conn, wanted, None)


def _page(conn: Conn, wanted: RowFilter, before: tuple[str, str] | None) -> list[UsageRow]:
    return usage_rows.list_page(conn, wanted, owner_zone.get(conn), limit=PAGE_ROWS, before=before)


def cell(value: Any) -> str:
    """A value as a cell of text: money in full, nothing as nothing, and no text that would be taken for a formula."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _FORMULA.sub(r"\1'\2", value)
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def _csv(page: list[UsageRow]) -> bytes:
    return _csv_lines([[cell(getattr(row, name)) for name in COLUMNS] for row in page])


def _csv_lines(lines: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(lines)
    return text.getvalue().encode()


def _jsonl(page: list[UsageRow]) -> bytes:
    return b"".join(encode(row) + b"\n" for row in page)


_WRITERS: dict[str, Callable[[list[UsageRow]], bytes]] = {"csv": _csv, "jsonl": _jsonl}
