"""No statement of the repositories reads a large table from end to end."""

from __future__ import annotations

import re
from types import ModuleType

import apsw
import pytest

from app.db.migrate import MIGRATIONS
from app.repo import generations, idempotency, journal, ledger, messages, sessions, usage_rows, usage_spans, usage_sums

LARGE = ("messages", "generations", "generation_events", "usage_logs", "idempotency_keys", "sessions")
ALIASES = {"m": "messages", "g": "generations", "e": "generation_events", "s": "sessions", "c": "messages"}
MODULES = (messages, generations, journal, ledger, sessions, idempotency, usage_rows, usage_spans, usage_sums)
_STATEMENT = re.compile(r"^\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\b")
# Reading all of a partial index is reading only what is in it.
_SCAN = re.compile(r"SCAN (\w+)(?! USING (?:COVERING )?INDEX (?:generations_running|usage_logs_(?:unknown|open))\b)")


# A search for nothing: min() and max() walk an index until a row fits, which may be none.
_WALK = re.compile(r"SEARCH (\w+) USING (?:COVERING )?INDEX \w+$")
# Up to so many in the order of an index is no reading to the end.
_NEWEST_FEW = "FROM usage_logs ORDER BY id DESC LIMIT 3000"


def statements() -> list[tuple[str, str]]:
    return [
        (f"{module.__name__.rpartition('.')[2]}.{name}", value)
        for module in MODULES
        for name, value in vars(module).items()
        if isinstance(value, str) and name.startswith("_") and _STATEMENT.match(value)
    ]


@pytest.fixture(name="database", scope="module")
def _database() -> apsw.Connection:
    connection = apsw.Connection(":memory:")
    for file in sorted(MIGRATIONS.glob("*.sql")):
        connection.execute(file.read_text(encoding="utf-8"))
    return connection


@pytest.mark.parametrize(("name", "sql"), statements(), ids=[name for name, _ in statements()])
def test_large_tables_are_searched_not_scanned(database: apsw.Connection, name: str, sql: str) -> None:
    """The query plan finds rows of large tables by an index."""
    plan, read_whole = planned(database, sql)
    assert not read_whole, f"{name}: {plan}"


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT max(created_at) AS at FROM usage_logs WHERE state = 'reserved'",
        "SELECT min(created_at) FROM usage_logs WHERE is_failed = 1",
        "SELECT created_at FROM usage_logs WHERE state = 'settled' ORDER BY created_at DESC LIMIT 1",
        "SELECT count(*) FROM messages",
    ],
)
def test_an_index_that_is_walked_until_a_row_fits_is_noticed(database: apsw.Connection, sql: str) -> None:
    """It may be all of them, though a plan calls the first two a search."""
    assert planned(database, sql)[1]


def planned(database: apsw.Connection, sql: str) -> tuple[list[str], set[str]]:
    """The steps of a statement's plan, and the large tables that it may read from end to end."""
    parameters = dict.fromkeys(re.findall(r":(\w+)", sql), 1)
    plan = [str(row[3]) for row in database.execute(f"EXPLAIN QUERY PLAN {sql}", parameters)]
    scanned = {found for step in plan for found in _SCAN.findall(step)}
    if "WHERE" in sql:
        scanned |= {found for step in plan for found in _WALK.findall(step)}
    if _NEWEST_FEW in sql:
        scanned.discard("usage_logs")
    return plan, {ALIASES.get(table, table) for table in scanned} & set(LARGE)


def test_the_statements_were_found() -> None:
    """The check above looks at something in every module."""
    assert {name.partition(".")[0] for name, _ in statements()} == {_name(module) for module in MODULES}


def _name(module: ModuleType) -> str:
    return module.__name__.rpartition(".")[2]
