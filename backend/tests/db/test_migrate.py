"""Migrations: from blank, from older, not from newer; whole or not at all, whenever the process dies."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from app.db.errors import MigrationError, SchemaMismatch, SchemaTooNew
from app.db.sqlite import open_copy, open_writer
from app.db.store import Store
from app.db.types import Row
from tests.db.units import add_note, query, texts

BACKEND = Path(__file__).parents[2]


async def opened_version(path: Path, migrations: Path) -> int:
    store = await Store.open(path, migrations=migrations)
    version = store.schema_version
    await store.close()
    return version


async def write_one_note(path: Path, migrations: Path) -> None:
    store = await Store.open(path, migrations=migrations)
    await store.write(add_note, "precious")
    await store.close()


def read_copy(path: Path, sql: str) -> list[Row]:
    copy = open_copy(path)
    try:
        return copy.execute(sql).fetchall()
    finally:
        copy.close()


def snapshots(path: Path) -> list[str]:
    return sorted(file.name for file in path.parent.iterdir() if file.name != path.name)


def contents(path: Path) -> list[str]:
    """All that the file holds."""
    with closing(sqlite3.connect(path)) as conn:
        return list(conn.iterdump())


async def test_a_blank_database_gets_every_migration_and_no_snapshot(path: Path, migrations: Path) -> None:
    (migrations / "0002_more.sql").write_text("CREATE TABLE more (id INTEGER PRIMARY KEY);")
    assert await opened_version(path, migrations) == 2
    assert snapshots(path) == []
    applied = read_copy(path, "SELECT version, name, length(applied_at) AS n FROM schema_migrations")
    assert applied == [{"version": 1, "name": "initial", "n": 24}, {"version": 2, "name": "more", "n": 24}]


async def test_opening_again_changes_nothing(path: Path, migrations: Path) -> None:
    await write_one_note(path, migrations)
    before = contents(path)
    assert await opened_version(path, migrations) == 1
    assert contents(path) == before


async def test_an_upgrade_keeps_the_rows_and_a_copy_of_the_old_database(path: Path, migrations: Path) -> None:
    await write_one_note(path, migrations)
    (migrations / "0002_shout.sql").write_text("UPDATE note SET text = upper(text);")
    store = await Store.open(path, migrations=migrations)
    assert await store.read(texts) == ["PRECIOUS"]
    await store.close()

    assert snapshots(path) == ["console.before-0002.db"]
    copy = path.with_name("console.before-0002.db")
    assert read_copy(copy, "SELECT text FROM note") == [{"text": "precious"}]
    assert read_copy(copy, "SELECT max(version) AS v FROM schema_migrations") == [{"v": 1}]
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600


async def test_only_the_newest_copies_are_kept(path: Path, migrations: Path) -> None:
    for version in range(2, 8):
        await opened_version(path, migrations)
        (migrations / f"{version:04}_step.sql").write_text(f"CREATE TABLE step_{version} (a);")
    await opened_version(path, migrations)
    assert snapshots(path) == [f"console.before-000{n}.db" for n in (5, 6, 7)]


async def test_a_newer_schema_is_refused_untouched(path: Path, migrations: Path) -> None:
    newer = migrations / "0002_future.sql"
    newer.write_text("CREATE TABLE future (a);")
    await opened_version(path, migrations)
    before = contents(path)
    newer.unlink()
    with pytest.raises(SchemaTooNew, match="schema 2, this release knows up to 1"):
        await Store.open(path, migrations=migrations)
    assert contents(path) == before
    assert snapshots(path) == []


async def test_a_renamed_migration_is_refused(path: Path, migrations: Path) -> None:
    await opened_version(path, migrations)
    (migrations / "0001_initial.sql").rename(migrations / "0001_first.sql")
    with pytest.raises(SchemaMismatch, match=r"0001_initial where this release has 0001_first"):
        await Store.open(path, migrations=migrations)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["0001_initial.sql", "0003_gap.sql"], "0002 is missing"),
        (["0001_initial.sql", "0001_other.sql"], "there twice"),
        (["0001_initial.sql", "2_short.sql"], "not named like"),
        ([], "no migrations"),
    ],
)
async def test_a_broken_set_of_migrations_is_refused(
    path: Path, tmp_path: Path, names: list[str], message: str
) -> None:
    folder = tmp_path / "broken"
    folder.mkdir()
    for name in names:
        (folder / name).write_text("SELECT 1;")
    with pytest.raises(SchemaMismatch, match=message):
        await Store.open(path, migrations=folder)


async def test_a_database_of_the_first_console_is_to_be_restored(path: Path, migrations: Path) -> None:
    """It is not taken as it is, and whoever put it there is told the way."""
    path.parent.mkdir()
    other = open_writer(path)
    for table in ("models", "profiles", "sessions", "messages", "usage_logs"):
        other.execute(f"CREATE TABLE {table} (id TEXT)")
    other.close()
    with pytest.raises(SchemaMismatch, match=r"of the first console.* llm-console restore FILE"):
        await Store.open(path, migrations=migrations)


async def test_a_database_of_another_program_is_refused(path: Path, migrations: Path) -> None:
    path.parent.mkdir()
    other = open_writer(path)
    other.execute("CREATE TABLE bookmarks (url TEXT)")
    other.close()
    with pytest.raises(SchemaMismatch, match="another program"):
        await Store.open(path, migrations=migrations)
    assert read_copy(path, "SELECT name FROM sqlite_schema") == [{"name": "bookmarks"}]


@pytest.mark.parametrize(
    "bad",
    [
        "CREATE TABLE half (a); INSERT INTO nowhere VALUES (1);",
        "CREATE TABLE half (a); COMMIT; INSERT INTO nowhere VALUES (1);",
        "CREATE TABLE half (a); DELETE FROM note; INSERT INTO reply (note_id) VALUES (404);",
    ],
    ids=["failing statement", "commit inside", "dangling reference"],
)
async def test_a_failing_migration_changes_nothing_and_can_be_mended(path: Path, migrations: Path, bad: str) -> None:
    await write_one_note(path, migrations)
    second = migrations / "0002_second.sql"
    second.write_text(bad)
    with pytest.raises(MigrationError, match=r"0002_second\.sql"):
        await Store.open(path, migrations=migrations)
    assert read_copy(path, "SELECT name FROM sqlite_schema WHERE name = 'half'") == []
    assert read_copy(path, "SELECT text FROM note") == [{"text": "precious"}]

    second.write_text("CREATE TABLE half (a);")
    assert await opened_version(path, migrations) == 2


async def test_rebuilding_a_table_does_not_delete_what_refers_to_it(path: Path, migrations: Path) -> None:
    store = await Store.open(path, migrations=migrations)
    await store.write(add_note, "parent")
    await store.write(query, "INSERT INTO reply (note_id) VALUES (1)")
    await store.close()
    (migrations / "0002_rebuild.sql").write_text("""
        CREATE TABLE note_new (id INTEGER PRIMARY KEY, text TEXT NOT NULL, starred INTEGER NOT NULL DEFAULT 0);
        INSERT INTO note_new (id, text) SELECT id, text FROM note;
        DROP TABLE note;
        ALTER TABLE note_new RENAME TO note;
    """)
    store = await Store.open(path, migrations=migrations)
    assert await store.read(query, "SELECT note_id FROM reply") == [{"note_id": 1}]
    await store.write(query, "DELETE FROM note")
    assert await store.read(query, "SELECT note_id FROM reply") == []  # enforced again
    await store.close()


def die_at(step: int, path: Path, migrations: Path) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "tests.db.dying_migration", str(path), str(migrations), str(step)]
    return subprocess.run(command, check=False, capture_output=True, timeout=60, cwd=BACKEND)


@pytest.mark.faults
async def test_killed_at_any_step_the_next_start_arrives(path: Path, migrations: Path) -> None:
    await write_one_note(path, migrations)
    (migrations / "0002_second.sql").write_text("CREATE TABLE second (a); UPDATE note SET text = text || '!';")
    (migrations / "0003_third.sql").write_text("CREATE TABLE third (a); UPDATE note SET text = text || '?';")
    original = path.read_bytes()

    kills = 0
    for step in range(1, 100):
        for leftover in path.parent.iterdir():
            leftover.unlink()
        path.write_bytes(original)
        died = await asyncio.to_thread(die_at, step, path, migrations)
        if died.returncode == 0:
            break
        assert died.returncode == -signal.SIGKILL, died.stderr.decode()
        kills += 1

        store = await Store.open(path, migrations=migrations)
        assert store.schema_version == 3
        assert await store.read(texts) == ["precious!?"]
        await store.close()
        for copy in path.parent.glob("console.before-*.db"):
            assert read_copy(copy, "SELECT text FROM note")[0]["text"] in {"precious", "precious!"}
        assert not list(path.parent.glob("*.partial*"))
    assert kills > 10
