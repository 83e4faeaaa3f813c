"""What a database of ours looks like at each version of its schema, learned from our own migrations."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from app.db.migrate import build
from app.db.sqlite import SqliteConnection, open_private

_SPACE = re.compile(r"\s+")
_SCHEMA = "SELECT type, name, tbl_name, sql FROM sqlite_schema"
_TABLES = """
    SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY rowid
"""
_COLUMNS = 'SELECT name, type, "notnull" AS required, hidden FROM pragma_table_xinfo(:table) ORDER BY cid'

Entry = tuple[str, str, str, str]
"""Type, name, table and text of one entry of the schema, white space made equal."""


@dataclass(frozen=True, slots=True)
class Column:
    """One stored column; ``type`` is ``TEXT``, ``INTEGER`` or ``REAL``."""

    name: str
    type: str
    required: bool


@dataclass(frozen=True, slots=True)
class Reference:
    """A version's schema: its entries, and each table's stored columns; tables before those that refer to them."""

    version: int
    entries: frozenset[Entry]
    tables: dict[str, tuple[Column, ...]]


@cache
def reference(version: int | None = None) -> Reference:
    """The schema at a version of ours; the newest by default."""
    conn = open_private(Path(":memory:"), page_bytes=4096)
    try:
        version = build(conn, last=version)
        tables = {
            row["name"]: tuple(
                Column(column["name"], column["type"], bool(column["required"]))
                for column in conn.execute(_COLUMNS, {"table": row["name"]}).fetchall()
                if not column["hidden"]  # generated from the others
            )
            for row in conn.execute(_TABLES).fetchall()
        }
        return Reference(version, schema_of(conn), tables)
    finally:
        conn.close()


def schema_of(conn: SqliteConnection) -> frozenset[Entry]:
    """All entries of a database's schema."""
    return frozenset(
        (row["type"], row["name"], row["tbl_name"], _SPACE.sub(" ", row["sql"] or ""))
        for row in conn.execute(_SCHEMA).fetchall()
    )
