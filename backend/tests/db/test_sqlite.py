"""The connection: its rows, its errors, its settings."""

from __future__ import annotations

import ast
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.db.errors import ConstraintFailed, SqliteTooOld, StoreCorrupt
from app.db.sqlite import OLDEST_SAFE, SqliteConnection, open_writer, refuse_unsafe, sqlite_version
from app.db.store import Store

APP = Path(__file__).parents[2] / "app"


@pytest.fixture
def conn(tmp_path: Path) -> Iterator[SqliteConnection]:
    conn = open_writer(tmp_path / "x.db")
    conn.script("""
        CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT UNIQUE NOT NULL CHECK (name <> ''));
        CREATE TABLE child (parent_id INTEGER REFERENCES parent (id));
        INSERT INTO parent (id, name) VALUES (1, 'a'), (2, 'b'), (3, 'c');
    """)
    yield conn
    conn.close()


def test_rows_are_dicts_fetched_in_order(conn: SqliteConnection) -> None:
    result = conn.execute("SELECT id, name FROM parent WHERE id < :below ORDER BY id", {"below": 9})
    assert result.fetchone() == {"id": 1, "name": "a"}
    assert result.fetchall() == [{"id": 2, "name": "b"}, {"id": 3, "name": "c"}]
    assert result.fetchone() is None
    assert result.fetchall() == []


def test_one_statement_text_gives_the_columns_of_each_run(conn: SqliteConnection) -> None:
    sql = "SELECT id AS n FROM parent WHERE id = ?"
    assert [conn.execute(sql, (n,)).fetchone() for n in (9, 1, 2)] == [None, {"n": 1}, {"n": 2}]


def test_a_result_outlives_the_next_statement(conn: SqliteConnection) -> None:
    result = conn.execute("SELECT id FROM parent ORDER BY id")
    conn.execute("DELETE FROM parent")
    assert result.fetchall() == [{"id": 1}, {"id": 2}, {"id": 3}]


def test_every_row_is_written_even_when_nobody_fetches(conn: SqliteConnection) -> None:
    conn.execute("INSERT INTO parent (name) VALUES ('d'), ('e') RETURNING id")
    conn.executemany("INSERT INTO parent (name) VALUES (:name) RETURNING id", [{"name": "f"}, {"name": "g"}])
    assert conn.execute("SELECT count(*) AS n FROM parent").fetchone() == {"n": 7}


def test_two_columns_of_one_name_are_refused(conn: SqliteConnection) -> None:
    with pytest.raises(ValueError, match="one name: id, id"):
        conn.execute("SELECT a.id, b.id FROM parent a, parent b")


def test_a_missing_parameter_is_an_error_not_null(conn: SqliteConnection) -> None:
    with pytest.raises(KeyError):
        conn.execute("INSERT INTO child (parent_id) VALUES (:parent)", {"parnet": 1})


@pytest.mark.parametrize(
    ("sql", "kind"),
    [
        ("INSERT INTO parent (name) VALUES ('a')", "unique"),
        ("INSERT INTO parent (id, name) VALUES (1, 'z')", "unique"),
        ("INSERT INTO parent (name) VALUES (NULL)", "not_null"),
        ("INSERT INTO parent (name) VALUES ('')", "check"),
        ("INSERT INTO child (parent_id) VALUES (9)", "foreign_key"),
    ],
)
def test_a_broken_rule_says_which_kind(conn: SqliteConnection, sql: str, kind: str) -> None:
    with pytest.raises(ConstraintFailed) as caught:
        conn.execute(sql)
    assert caught.value.kind == kind


@pytest.mark.parametrize(
    ("pragma", "value"),
    [
        ("journal_mode", "wal"),
        ("foreign_keys", 1),
        ("trusted_schema", 0),
        ("cell_size_check", 1),
        ("temp_store", 2),
        ("synchronous", 2),
    ],
)
def test_a_connection_is_set_up_safely(conn: SqliteConnection, pragma: str, value: object) -> None:
    row = conn.execute(f"PRAGMA {pragma}").fetchone()
    assert row is not None
    assert list(row.values()) == [value]


def test_the_schema_cannot_be_edited_behind_sqlites_back(conn: SqliteConnection) -> None:
    conn.execute("PRAGMA writable_schema = ON")
    with pytest.raises(Exception, match="may not be modified"):
        conn.execute("UPDATE sqlite_schema SET sql = 'x'")


@pytest.mark.parametrize("version", ["3.40.1", "3.51.3", "3.53.1"])
def test_a_library_with_known_defects_is_refused(version: str) -> None:
    with pytest.raises(SqliteTooOld, match=version):
        refuse_unsafe(version)


def test_the_library_in_use_is_a_safe_one() -> None:
    assert tuple(map(int, sqlite_version().split("."))) >= OLDEST_SAFE
    for version in ("3.53.2", "3.100.0", "4.0.0"):
        refuse_unsafe(version)


async def test_a_file_that_is_no_database_is_a_clear_error(path: Path, migrations: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"Dear diary, " * 1000)
    with pytest.raises(StoreCorrupt, match=r"console\.db.*not a database.*backup"):
        await Store.open(path, migrations=migrations)
    assert path.read_bytes() == b"Dear diary, " * 1000


async def test_the_folder_and_its_files_belong_to_the_user_alone(store: Store, path: Path) -> None:
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    files = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert files == dict.fromkeys(["console.db", "console.db-wal", "console.db-shm"], 0o600)


async def test_a_file_that_others_could_read_is_closed_to_them(path: Path, migrations: Path) -> None:
    path.parent.mkdir()
    path.touch(mode=0o644)
    path.chmod(0o644)
    store = await Store.open(path, migrations=migrations)
    await store.close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_a_store_that_cannot_be_opened_leaves_no_thread(path: Path, migrations: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"Dear diary, " * 1000)
    before = set(threading.enumerate())
    with pytest.raises(StoreCorrupt):
        await Store.open(path, migrations=migrations)
    assert set(threading.enumerate()) <= before


def test_one_file_knows_the_driver_and_one_its_thread() -> None:
    importers: dict[str, set[str]] = {"apsw": set(), "aiosqlite": set(), "sqlite3": set()}
    for file in APP.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            else:
                continue
            for name in names:
                importers.get(name.partition(".")[0], set()).add(file.relative_to(APP).as_posix())
    assert importers == {"apsw": {"db/sqlite.py"}, "aiosqlite": {"db/thread.py"}, "sqlite3": set()}
