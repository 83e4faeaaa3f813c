"""Judges a database file that anybody may have made, and reads its rows as plain values.

Only in a process that may die of it (`app.services.backups.judge`). Nothing of the file is run: before a
row is read, its schema must be one that our own migrations make, entry by entry, or the first console's tables and
nothing else.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.db.errors import BadFile, FileTooNew
from app.db.migrate import MIGRATIONS, load
from app.db.reference import Entry, reference, schema_of
from app.db.sqlite import SqliteConnection, open_foreign

MOST_ENTRIES = 500
SEED_VERSION = 0
"""The version of the first console's own schema, which had none."""

_MAGIC = b"SQLite format 3\0"
_HEADER_BYTES = 100
_COUNT_ENTRIES = "SELECT count(*) AS n FROM sqlite_schema"
_HISTORY = "SELECT version, name FROM schema_migrations ORDER BY version LIMIT 10000"
_COLUMNS = "SELECT name, type, hidden FROM pragma_table_xinfo(:table)"
_INDEXED = "SELECT x.cid, l.partial FROM pragma_index_list(:table) l, pragma_index_xinfo(l.name) x"

SEED_TABLES: dict[str, tuple[str, ...]] = {
    "models": (
        *("id", "openrouter_id", "name", "context_length", "pricing_prompt", "pricing_completion", "is_reasoning"),
        "created_at",
    ),
    "profiles": ("id", "name", "system_prompt", "temperature", "max_tokens", "openrouter_preset", "created_at"),
    "sessions": ("id", "session_type", "title", "profile_id", "created_at"),
    "messages": ("id", "session_id", "role", "content", "created_at"),
    "usage_logs": (
        *("id", "session_id", "profile_id", "model_id", "prompt_tokens", "completion_tokens", "total_tokens"),
        *("cost_usd", "created_at"),
    ),
}
"""The first console's tables with the columns that are ours too (its documentation, "Database Schema")."""


@dataclass(frozen=True, slots=True)
class Foreign:
    """A file that was judged: its version (``SEED_VERSION`` for the first console's) and its tables' stored columns."""

    conn: SqliteConnection
    version: int
    tables: dict[str, tuple[str, ...]]

    def count(self, table: str) -> int:
        """How many rows a table has."""
        row = self.conn.execute(f'SELECT count(*) AS n FROM "{table}" NOT INDEXED').fetchone()  # noqa: S608 - of ours
        return int(row["n"]) if row else 0

    def rows(self, table: str) -> Iterator[Sequence[Any]]:
        """The rows of a table as plain values, in the order they are stored; the seed's with their rowid last."""
        columns = [f'"{name}"' for name in self.tables[table]]
        if self.version == SEED_VERSION:
            columns.append("rowid")
        return self.conn.stream(f'SELECT {", ".join(columns)} FROM "{table}" NOT INDEXED')  # noqa: S608 - of ours


def judge(path: Path) -> Foreign:
    """Open a file and look at all of it but its rows. Raises `BadFile`, `FileTooNew`, and what SQLite does."""
    _check_header(path)
    conn = open_foreign(path)
    row = conn.execute(_COUNT_ENTRIES).fetchone()
    if row is None or row["n"] > MOST_ENTRIES:
        raise BadFile(f"Its schema has more than {MOST_ENTRIES} entries.")
    entries = schema_of(conn)
    tables = {name for kind, name, *_ in entries if kind == "table"}
    _refuse_active(entries)
    if "schema_migrations" in tables:
        version = _our_version(conn, entries)
        columns = {name: tuple(c.name for c in held) for name, held in reference(version).tables.items()}
    elif set(SEED_TABLES) <= tables:
        version, columns = SEED_VERSION, SEED_TABLES
        _check_seed(conn, entries, tables)
    elif not tables:
        raise BadFile("It holds no tables.")
    else:
        raise BadFile("It is a database of another program.")
    _check_content(conn, ours=version != SEED_VERSION)
    return Foreign(conn, version, columns)


def _check_header(path: Path) -> None:
    """What SQLite would believe: the first hundred bytes against the file (SQLite file format, section 1.3)."""
    found = os.lstat(path)
    if not stat.S_ISREG(found.st_mode):
        raise BadFile("It is not a plain file.")
    with path.open("rb") as file:
        head = file.read(_HEADER_BYTES)
    if not head:
        raise BadFile("It is empty.")
    if not head.startswith(_MAGIC):
        raise BadFile("It is not a SQLite database.")
    if len(head) < _HEADER_BYTES:
        raise BadFile("It is cut off.")
    page = int.from_bytes(head[16:18])
    page = 65536 if page == 1 else page
    if page < 512 or page & (page - 1):
        raise BadFile("Its page size is none.")
    if found.st_size % page:
        raise BadFile("It is cut off.")
    # The header's count holds only if the two change counters agree.
    counted = int.from_bytes(head[28:32])
    if head[24:28] == head[92:96] and counted * page != found.st_size:
        raise BadFile(f"It should have {counted} pages of {page} bytes, and has {found.st_size // page}.")
    if max(head[18], head[19]) > 2:
        raise FileTooNew("Its format is newer than this release of SQLite.")
    if int.from_bytes(head[56:60]) not in (0, 1):
        raise BadFile("Its text is not UTF-8.")


def _refuse_active(entries: frozenset[Entry]) -> None:
    for kind, name, _, text in entries:
        if kind not in ("table", "index"):
            raise BadFile(f"It has a {kind[:20]}, {name[:64]!r}, which no backup has.")
        if "VIRTUAL TABLE" in text.upper()[:40]:
            raise BadFile(f"It has a virtual table, {name[:64]!r}, which no backup has.")


def _our_version(conn: SqliteConnection, entries: frozenset[Entry]) -> int:
    """The version whose schema this is to the letter."""
    expected = next(entry for entry in reference(1).entries if entry[:2] == ("table", "schema_migrations"))
    if expected not in entries:
        raise BadFile("Its record of migrations is not ours.")
    history = [(row["version"], row["name"]) for row in conn.execute(_HISTORY).fetchall()]
    ours = [migration[:2] for migration in load(MIGRATIONS)]
    if len(history) > len(ours) and history[: len(ours)] == ours:
        raise FileTooNew(
            f"It has schema {len(history)}, this release knows up to {len(ours)}. Restore it with the newer release."
        )
    if not history or history != ours[: len(history)]:
        raise BadFile("Its history is not the beginning of ours.")
    wanted = reference(len(history)).entries
    differing = sorted(name for _, name, *_ in entries ^ wanted)
    if differing:
        raise BadFile(f"Its schema is not that of version {len(history)}: {', '.join(map(repr, differing))[:200]}.")
    return len(history)


def _check_seed(conn: SqliteConnection, entries: frozenset[Entry], tables: set[str]) -> None:
    for table in tables - {"sqlite_sequence"}:
        if table not in SEED_TABLES:
            raise BadFile(f"It has a table that the first console had not, {table[:64]!r}.")
        columns = conn.execute(_COLUMNS, {"table": table}).fetchall()
        if any(column["hidden"] for column in columns):
            raise BadFile(f"Its table {table!r} computes columns.")
        if {column["name"] for column in columns} != set(SEED_TABLES[table]):
            raise BadFile(f"Its table {table!r} has other columns than the first console's.")
        if any(index["cid"] == -2 or index["partial"] for index in conn.execute(_INDEXED, {"table": table}).fetchall()):
            raise BadFile(f"An index of its table {table!r} computes something.")


def _check_content(conn: SqliteConnection, *, ours: bool) -> None:
    found = conn.execute("PRAGMA integrity_check(1)").fetchone()
    if found != {"integrity_check": "ok"}:
        raise BadFile("It is damaged: " + str((found or {}).get("integrity_check", ""))[:200])
    # The first console did not always enforce them; its rows are mended as they are taken.
    if ours and (broken := conn.execute("PRAGMA foreign_key_check").fetchone()):
        raise BadFile(f"A row of its table {broken['table']!r} refers to nothing.")
