"""The schema's history: numbered SQL files, each applied once, whole, and on record.

``migrations/NNNN_name.sql`` count from 0001 without gaps. A released file never changes its name; a new one is added
instead. Killed at any instant, the next start goes on where this one got to.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from app.core import clock
from app.db.errors import MigrationError, SchemaMismatch, SchemaTooNew
from app.db.snapshot import take_snapshot
from app.db.sqlite import SqliteConnection

MIGRATIONS = Path(__file__).parent / "migrations"
SNAPSHOTS_KEPT = 3
FIRST_CONSOLE = ("messages", "models", "profiles", "sessions", "usage_logs")
"""Tables of the first console, which kept no history of its schema."""

_FILE_NAME = re.compile(r"(\d{4})_(\w+)\.sql")

HAS_TABLE = "SELECT count(*) AS n FROM sqlite_schema WHERE type = 'table' AND name = :name"
COUNT_TABLES = "SELECT count(*) AS n FROM sqlite_schema WHERE type = 'table'"
SELECT_APPLIED = "SELECT version, name FROM schema_migrations ORDER BY version"
CREATE_RECORD = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    version INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    applied_at TEXT NOT NULL
)
"""
INSERT_RECORD = "INSERT INTO schema_migrations (version, name, applied_at) VALUES (:version, :name, :applied_at)"


class Migration(NamedTuple):
    version: int
    name: str
    path: Path


def migrate(conn: SqliteConnection, *, path: Path, migrations: Path = MIGRATIONS) -> int:
    """Bring the database at `path`, open on `conn`, to the newest schema; the schema's version.

    A database that has something to lose is copied beside itself first, to ``<stem>.before-NNNN.db``; the newest
    three copies are kept. Raises `SchemaTooNew`, `SchemaMismatch`, `MigrationError`: all before the migration that
    failed stays.
    """
    ours = load(migrations)
    applied = _applied(conn, path)
    _check_history(ours, applied, path)
    pending = ours[len(applied) :]
    if pending and applied:
        take_snapshot(conn, path.with_name(f"{path.stem}.before-{pending[0].version:04}.db"))
        for old in sorted(path.parent.glob(f"{path.stem}.before-[0-9][0-9][0-9][0-9].db"))[:-SNAPSHOTS_KEPT]:
            old.unlink()
    for migration in pending:
        _apply(conn, migration)
    return len(ours)


def build(conn: SqliteConnection, *, first: int = 1, last: int | None = None, migrations: Path = MIGRATIONS) -> int:
    """Apply migrations `first` to `last` (the newest) to a file of our own; the version it then has."""
    ours = load(migrations)[:last]
    for migration in ours[first - 1 :]:
        _apply(conn, migration)
    return len(ours)


def load(folder: Path) -> list[Migration]:
    """The migrations of a folder, in order; raises `SchemaMismatch` for a stray name or a gap."""
    found = []
    for file in sorted(folder.glob("*.sql")):
        parts = _FILE_NAME.fullmatch(file.name)
        if parts is None:
            raise SchemaMismatch(f"{file.name} is not named like 0001_name.sql.")
        found.append(Migration(int(parts[1]), parts[2], file))
    if not found:
        raise SchemaMismatch("There are no migrations; the installation is incomplete.")
    for expected, migration in enumerate(found, start=1):
        if migration.version != expected:
            raise SchemaMismatch(f"Migration {expected:04} is missing or there twice; found {migration.path.name}.")
    return found


def _applied(conn: SqliteConnection, path: Path) -> list[tuple[int, str]]:
    if _count(conn, HAS_TABLE, name="schema_migrations"):
        return [(row["version"], row["name"]) for row in conn.execute(SELECT_APPLIED).fetchall()]
    if all(_count(conn, HAS_TABLE, name=table) for table in FIRST_CONSOLE):
        raise SchemaMismatch(
            f"{path} is a database of the first console. Move it elsewhere, start again and restore it: "
            f"llm-console restore FILE"
        )
    if _count(conn, COUNT_TABLES):
        raise SchemaMismatch(f"{path} is a database of another program; choose another data folder.")
    return []


def _count(conn: SqliteConnection, sql: str, **params: str) -> int:
    row = conn.execute(sql, params).fetchone()
    return int(row["n"]) if row else 0


def _check_history(ours: Sequence[Migration], applied: Sequence[tuple[int, str]], path: Path) -> None:
    newest = max((version for version, _ in applied), default=0)
    if newest > len(ours):
        raise SchemaTooNew(
            f"{path} has schema {newest}, this release knows up to {len(ours)}. Start the newer release again, "
            f"or go back to the copy it made before it changed the schema."
        )
    for (version, name), migration in zip(applied, ours, strict=False):
        if (version, name) != migration[:2]:
            raise SchemaMismatch(
                f"{path} has migration {version:04}_{name} where this release has {migration.path.stem}; "
                f"it was made by another program or an unreleased version."
            )


def _apply(conn: SqliteConnection, migration: Migration) -> None:
    # With enforcement on, dropping a table to rebuild it would delete the rows that refer to it.
    conn.enforce_foreign_keys(False)
    try:
        conn.execute("BEGIN IMMEDIATE")
        conn.execute(CREATE_RECORD)
        conn.script(migration.path.read_text(encoding="utf-8"))
        if conn.execute("PRAGMA foreign_key_check").fetchone():
            raise MigrationError("it leaves rows that refer to nothing")
        record = {"version": migration.version, "name": migration.name, "applied_at": clock.now()}
        conn.execute(INSERT_RECORD, record)
        conn.execute("COMMIT")
    except Exception as error:
        raise MigrationError(f"Migration {migration.path.name} failed and changed nothing: {error}") from error
    finally:
        if conn.in_transaction:
            conn.execute("ROLLBACK")
        conn.enforce_foreign_keys(True)
