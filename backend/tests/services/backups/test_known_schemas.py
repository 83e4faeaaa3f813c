"""Backups of earlier releases, of the first console, and of odd but sound shapes come back whole."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from decimal import Decimal
from pathlib import Path

import pytest

from app.core.errors import BadBackup
from app.db.migrate import MIGRATIONS, build, load
from app.db.reference import reference, schema_of
from app.db.sqlite import open_private
from tests.faults.audit import broken_rules, damage
from tests.harness import Console, ConsoleClient, Json
from tests.harness.stored import database_of, store_of
from tests.services.backups.reading import Readers

SEED = """
    CREATE TABLE models (id TEXT PRIMARY KEY, openrouter_id TEXT UNIQUE, name TEXT, context_length INTEGER,
        pricing_prompt REAL, pricing_completion REAL, is_reasoning INTEGER DEFAULT 0, created_at TEXT);
    CREATE TABLE profiles (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, system_prompt TEXT,
        temperature REAL DEFAULT 0.7, max_tokens INTEGER DEFAULT 2048, openrouter_preset TEXT, created_at TEXT);
    CREATE TABLE sessions (id TEXT PRIMARY KEY, session_type TEXT, title TEXT, profile_id INTEGER, created_at TEXT,
        FOREIGN KEY (profile_id) REFERENCES profiles (id) ON DELETE SET NULL);
    CREATE TABLE messages (id TEXT PRIMARY KEY, session_id TEXT, role TEXT, content TEXT, created_at TEXT,
        FOREIGN KEY (session_id) REFERENCES sessions (id) ON DELETE CASCADE);
    CREATE TABLE usage_logs (id TEXT PRIMARY KEY, session_id TEXT, profile_id INTEGER, model_id TEXT,
        prompt_tokens INTEGER, completion_tokens INTEGER, total_tokens INTEGER, cost_usd REAL, created_at TEXT,
        FOREIGN KEY (session_id) REFERENCES sessions (id), FOREIGN KEY (model_id) REFERENCES models (id));
    CREATE INDEX idx_messages_session ON messages (session_id);
    INSERT INTO models VALUES ('m-1', 'openai/gpt-4o-mini', 'GPT-4o mini', 128000, 1.5e-7, 6e-7, 0, '2025-12-01');
    INSERT INTO profiles VALUES (3, 'Poet', 'Rhyme.', 0.9, 512, '@preset/verse', '2025-12-01 10:00:00');
    INSERT INTO sessions VALUES ('s-1', 'chat', 'Old talk', 3, '2025-12-14T15:30:45.123456');
    INSERT INTO sessions VALUES ('s-2', 'code', NULL, NULL, '2025-12-15T00:00:00+00:00');
    INSERT INTO messages VALUES ('zz', 's-1', 'user', 'First?', '2025-12-14T15:31:00');
    INSERT INTO messages VALUES ('aa', 's-1', 'assistant', 'First.', '2025-12-14T15:31:00');
    INSERT INTO messages VALUES ('mm', 's-1', 'user', 'Second?', '2025-12-14T15:32:00');
    INSERT INTO messages VALUES ('lost', 's-9', 'user', 'Of a session that is gone', '2025-12-14T15:33:00');
    INSERT INTO usage_logs VALUES ('u-1', 's-1', 3, 'm-1', 10, 5, 15, 0.0000045, '2025-12-14T15:31:01');
    INSERT INTO usage_logs VALUES ('u-2', 's-1', NULL, 'm-1', 20, 5, 25, NULL, '2025-12-14T15:32:01');
"""

ODD_BUT_SOUND = (
    ("PRAGMA page_size = 512", "VACUUM"),
    ("PRAGMA page_size = 65536", "VACUUM"),
    ("PRAGMA auto_vacuum = FULL", "VACUUM"),
    ("PRAGMA user_version = 77", "PRAGMA application_id = 5"),
    ("PRAGMA journal_mode = WAL",),
)


@contextmanager
def database(file: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(file, isolation_level=None)) as conn:
        yield conn


async def restore(client: ConsoleClient, file: Path) -> Json:
    reply = await client.ask("POST", "/api/admin/restore", files={"file": ("console.db", file.read_bytes())})
    assert reply.status_code == 200, reply.text
    summary: Json = reply.json()
    return summary


@pytest.fixture
def seed(tmp_path: Path) -> Path:
    """A database of the first console."""
    file = tmp_path / "seed.db"
    with database(file) as conn:
        conn.executescript(SEED)
    return file


async def test_the_first_consoles_database_is_imported(console: Console, data: Path, seed: Path) -> None:
    """Conversations in order, profiles, and every call with its exact cost; what belongs to nothing is told."""
    client = console.client
    summary = await restore(client, seed)
    assert (summary["source"]["seed_schema"], summary["source"]["schema_version"]) == (True, 0)
    assert summary["warnings"] == ["1 rows of its table 'messages' were left out."]
    assert summary["diff"]["messages"] == {"now": 0, "backup": 4, "after": 3}
    sessions = {session["id"]: session for session in await client.every("/api/sessions")}
    assert (sessions["s-1"]["title"], sessions["s-1"]["profile_id"]) == ("Old talk", 3)
    assert (sessions["s-2"]["title"], sessions["s-2"]["session_type"]) == ("", "code")
    assert sessions["s-1"]["created_at"] == "2025-12-14T15:30:45.123Z"
    messages = await client.every("/api/sessions/s-1/messages")
    assert [message["content"] for message in messages] == ["First?", "First.", "Second?"]
    assert [message["parent_id"] for message in messages] == [None, *(message["id"] for message in messages[:-1])]
    (profile,) = await client.every("/api/profiles")
    assert (profile["id"], profile["temperature"], profile["openrouter_preset"]) == (3, Decimal("0.9"), "verse")
    totals = (await client.get("/api/usage/summary", **{"from": "2025-12-01", "to": "2025-12-31"}))["totals"]
    assert (totals["calls"], totals["total_tokens"], totals["unknown_calls"]) == (2, 40, 1)
    assert totals["cost_usd"] == Decimal("0.0000045")
    assert {row["model_id"] for row in await client.every("/api/usage")} == {"openai/gpt-4o-mini"}
    answer = await client.answer("Third?", session_id="s-1")
    assert answer.status == "completed"
    with store_of(data) as conn:
        assert broken_rules(conn) == {}


async def test_a_file_restored_twice_brings_each_call_once(client: ConsoleClient, seed: Path) -> None:
    """The ids that its calls get are always the same."""
    first = await restore(client, seed)
    second = await restore(client, seed)
    assert first["diff"]["usage_logs"]["after"] == second["diff"]["usage_logs"]["after"] == 2


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("CREATE TABLE documents (id TEXT)", "a table that the first console had not"),
        ("ALTER TABLE sessions ADD COLUMN extra TEXT", "other columns"),
        ("ALTER TABLE sessions ADD COLUMN extra AS (length(title))", "computes columns"),
        ("CREATE INDEX i ON messages (lower(content))", "computes something"),
        ("CREATE INDEX i ON messages (role) WHERE role = 'user'", "computes something"),
        ("CREATE VIEW v AS SELECT 1", "which no backup has"),
        ("UPDATE messages SET created_at = 'soon'", "messages"),
        ("UPDATE messages SET role = 'root'", "is not one of"),
        ("UPDATE messages SET content = x'00'", "no text"),
        ("UPDATE usage_logs SET cost_usd = -1", "a cost that is none"),
        ("UPDATE usage_logs SET cost_usd = 9e999", "a cost that is none"),
        ("UPDATE usage_logs SET total_tokens = 'x'", "no whole number"),
        ("UPDATE sessions SET id = 'a b' WHERE id = 's-2'", "is no id"),
        ("UPDATE profiles SET id = -1", "number of a row"),
    ],
)
def test_what_is_smuggled_into_it_is_refused(
    readers: Readers, seed: Path, tmp_path: Path, statement: str, reason: str
) -> None:
    """Its schema is known too."""
    with database(seed) as conn:
        conn.execute(statement)
    with pytest.raises(BadBackup) as refused:
        readers.rebuild(seed, tmp_path / "fresh.db")
    assert reason in refused.value.message


def old_file(file: Path, version: int) -> None:
    """A message in a database of an old release."""
    with closing(open_private(file)) as old:
        build(old, last=version)
    at = "2026-01-01T00:00:00.000Z"
    with database(file) as conn:
        conn.execute("INSERT INTO sessions (id, session_type, title, active_leaf_id, created_at, updated_at)"
                     " VALUES ('s', 'chat', 'Old', 'm', ?, ?)", (at, at))  # fmt: skip
        conn.execute("INSERT INTO messages (id, session_id, role, content, parts, created_at) VALUES"
                     """ ('m', 's', 'user', 'Hi', '[{"type":"text","text":"Hi"}]', ?)""", (at,))  # fmt: skip


@pytest.mark.parametrize("version", range(1, len(load(MIGRATIONS)) + 1))
def test_every_released_schema_comes_back(readers: Readers, tmp_path: Path, version: int) -> None:
    """Rows of an old release, brought up to date by our own migrations."""
    old_file(tmp_path / "old.db", version)
    assert readers.rebuild(tmp_path / "old.db", tmp_path / "fresh.db").version == version
    with closing(open_private(tmp_path / "fresh.db")) as fresh:
        assert schema_of(fresh) == reference().entries
    with database_of(tmp_path / "fresh.db") as read:
        (message,) = read.execute("SELECT content, pinned FROM messages").fetchall()
        assert tuple(message) == ("Hi", 0)
        assert damage(read) == {}


async def test_the_oldest_release_is_restored(client: ConsoleClient, data: Path, tmp_path: Path) -> None:
    """What came of the file takes the place of what was here."""
    old_file(tmp_path / "old.db", 1)
    summary = await restore(client, tmp_path / "old.db")
    assert summary["source"]["schema_version"] == 1
    (message,) = await client.every("/api/sessions/s/messages")
    assert (message["content"], message["pinned"]) == ("Hi", False)
    with store_of(data) as read:
        assert broken_rules(read) == {}


async def test_odd_but_sound_files_come_back(console: Console, data: Path, readers: Readers, tmp_path: Path) -> None:
    """What another tool made of a backup is still one."""
    client = console.client
    await client.answer("Keep this")
    backup = await client.post("/api/admin/backups")
    good = (data / "backups" / backup["name"]).read_bytes()
    for number, pragmas in enumerate(ODD_BUT_SOUND):
        file, fresh = tmp_path / f"odd-{number}.db", tmp_path / f"fresh-{number}.db"
        file.write_bytes(good)
        with database(file) as conn:
            for pragma in pragmas:
                conn.execute(pragma)
        counts = readers.rebuild(file, fresh).counts
        assert (counts["sessions"], counts["messages"]) == (1, 2), pragmas
        with database_of(fresh) as read:
            # It is summed up when it takes the store's place.
            assert broken_rules(read).keys() <= {"a day is not counted"}, pragmas
    await restore(client, file)
    (session,) = await client.every("/api/sessions")
    assert session["title"] == "Keep this"
    assert (await client.answer("And go on", session_id=session["id"])).status == "completed"
    with store_of(data) as read:
        assert broken_rules(read) == {}
