"""Files that somebody might send as a backup, made of a good one: each with the reason for which it must be refused."""

from __future__ import annotations

import gzip
import io
import random
import sqlite3
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

Make = Callable[[bytes], bytes]
PAGE = 4096


def edited(good: bytes, *statements: str, checks: bool = False) -> bytes:
    """The file after some statements; constraints are not enforced unless ``checks``."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "edited.db"
        file.write_bytes(good)
        with closing(sqlite3.connect(file, isolation_level=None)) as conn:
            conn.execute(f"PRAGMA ignore_check_constraints = {'OFF' if checks else 'ON'}")
            conn.execute("PRAGMA writable_schema = ON")
            for statement in statements:
                conn.execute(statement)
        return file.read_bytes()


def edit(*statements: str) -> Make:
    return lambda good: edited(good, *statements)


def patch(offset: int, data: bytes) -> Make:
    return lambda good: good[:offset] + data + good[offset + len(data) :]


def page_with(kinds: bytes, change: Callable[[bytearray], None]) -> Make:
    """The good file with one page of a kind changed: the last one, so that it is no schema page."""

    def make(good: bytes) -> bytes:
        pages = [at for at in range(PAGE, len(good), PAGE) if good[at] in kinds and good[at + 3 : at + 5] != b"\0\0"]
        page = bytearray(good[pages[-1] : pages[-1] + PAGE])
        change(page)
        return good[: pages[-1]] + bytes(page) + good[pages[-1] + PAGE :]

    return make


def put(offset: int, data: bytes) -> Callable[[bytearray], None]:
    def change(page: bytearray) -> None:
        page[offset : offset + len(data)] = data

    return change


def rewritten(table: str, old: str, new: str) -> Make:
    """The text of a table's definition changed behind SQLite's back."""
    return edit(f"UPDATE sqlite_schema SET sql = replace(sql, '{old}', '{new}') WHERE name = '{table}'")  # noqa: S608


def another_program(_: bytes) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "places.sqlite"
        with closing(sqlite3.connect(file)) as conn:
            conn.execute("CREATE TABLE moz_places (id INTEGER PRIMARY KEY, url TEXT)")
        return file.read_bytes()


def no_tables(_: bytes) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "empty.db"
        with closing(sqlite3.connect(file)) as conn:
            conn.execute("PRAGMA user_version = 7")
        return file.read_bytes()


def zipped(good: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("console.db", good)
    return out.getvalue()


def many_tables(good: bytes) -> bytes:
    return edited(good, "BEGIN", *(f"CREATE TABLE t{n} (x)" for n in range(600)), "COMMIT")


NO_DATABASE = "not a SQLite database"
CUT = "cut off|pages of"
DAMAGED = "damaged|malformed|cannot be read|pages of|cut off|half-way"
ACTIVE = "which no backup has"
SCHEMA = "schema is not that of version|record of migrations|cannot be read|more than 500 entries"
HISTORY = "history is not|newer|cannot be read"

HOSTILE: dict[str, tuple[Make, str]] = {
    "nothing": (lambda _: b"", "empty"),
    "one byte": (lambda _: b"S", NO_DATABASE),
    "prose": (lambda _: b"Dear console, please restore me.\n" * 400, NO_DATABASE),
    "a zip file": (zipped, NO_DATABASE),
    "a gzip file": (gzip.compress, NO_DATABASE),
    "noise": (lambda good: random.Random(7).randbytes(len(good)), NO_DATABASE),  # noqa: S311
    "encrypted: noise behind a true magic": (
        lambda good: good[:16] + random.Random(8).randbytes(len(good) - 16),  # noqa: S311
        "page size|cut off|pages of|UTF-8|newer|" + DAMAGED,
    ),
    "the magic alone": (lambda good: good[:16], CUT),
    "half a header": (lambda good: good[:60], CUT),
    "one page": (lambda good: good[:PAGE], CUT),
    "cut in mid-page": (lambda good: good[: len(good) // 2 + 100], CUT),
    "cut by a page": (lambda good: good[:-PAGE], CUT),
    "a page too many": (lambda good: good + b"\0" * PAGE, CUT),
    "zeros behind the header": (lambda good: good[:100] + b"\0" * (len(good) - 100), DAMAGED),
    "another magic": (patch(0, b"SQLite format 2\0"), NO_DATABASE),
    "no page size": (patch(16, b"\0\0"), "page size"),
    "an odd page size": (patch(16, b"\x0b\xb8"), "page size"),
    "smaller pages than it has": (patch(16, b"\x02\0"), CUT + "|" + DAMAGED),
    "two gigabytes by its own word": (patch(28, (2**31 // PAGE).to_bytes(4)), CUT),
    "more pages than can be": (patch(28, b"\xff\xff\xff\xff"), CUT),
    "pages with nothing left": (patch(20, b"\xff"), DAMAGED),
    "payload fractions of its own": (patch(21, b"\x01\x01\x01"), DAMAGED),
    "a newer file format": (patch(18, b"\x03\x03"), "newer"),
    "UTF-16": (patch(56, b"\0\0\0\x02"), "UTF-8"),
    "a schema format of its own": (patch(44, b"\0\0\0\x63"), DAMAGED),
    "a free list that leads to itself": (patch(32, b"\0\0\0\x02\0\0\0\x09"), DAMAGED),
    "a page of no kind": (page_with(b"\x0d", put(0, b"\x07")), DAMAGED),
    "a table's leaf with too many cells": (page_with(b"\x0d", put(3, b"\xff\xff")), DAMAGED),
    "an index's leaf with too many cells": (page_with(b"\x0a", put(3, b"\xff\xff")), DAMAGED),
    "a table's leaf whose cells are outside": (page_with(b"\x0d", put(8, b"\xff\xff")), DAMAGED),
    "an index's leaf whose cells are outside": (page_with(b"\x0a", put(8, b"\xff\xfe")), DAMAGED),
    "a table's branch that leads to itself": (page_with(b"\x05", put(8, b"\0\0\0\x02")), DAMAGED),
    "a table's branch that leads nowhere": (page_with(b"\x05", put(8, b"\x7f\xff\xff\xff")), DAMAGED),
    "a schema page of no kind": (patch(100, b"\x07"), DAMAGED),
    "a trigger": (edit("CREATE TRIGGER t AFTER INSERT ON messages BEGIN DELETE FROM usage_logs; END"), ACTIVE),
    "a view": (edit("CREATE VIEW v AS SELECT * FROM messages"), ACTIVE),
    "an endless view": (
        edit("CREATE VIEW v AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x FROM n) SELECT count(*) FROM n"),
        ACTIVE,
    ),
    "a view in a table's place": (
        edit("DROP TABLE compactions", "CREATE VIEW compactions AS SELECT * FROM messages"),
        ACTIVE,
    ),
    "a search index": (edit("CREATE VIRTUAL TABLE f USING fts5 (x)"), ACTIVE),
    "a map index": (edit("CREATE VIRTUAL TABLE r USING rtree (id, a, b)"), ACTIVE),
    "a search index's shadow alone": (
        edit("CREATE TABLE f_data (id INTEGER PRIMARY KEY, block BLOB)", "CREATE TABLE f_idx (segid, term, pgno)"),
        SCHEMA,
    ),
    "another table": (edit("CREATE TABLE extra (x)"), SCHEMA),
    "six hundred tables": (many_tables, SCHEMA),
    "a table less": (edit("DROP TABLE compactions"), SCHEMA),
    "another column": (edit("ALTER TABLE profiles ADD COLUMN extra TEXT"), SCHEMA),
    "a column less": (edit("ALTER TABLE profiles DROP COLUMN reasoning"), SCHEMA),
    "a column of another name": (edit("ALTER TABLE profiles RENAME COLUMN reasoning TO raisonnement"), SCHEMA),
    "another index": (edit("CREATE INDEX i ON messages (role)"), SCHEMA),
    "an index of an expression": (edit("CREATE INDEX i ON messages (lower(content))"), SCHEMA),
    "an index of some rows": (edit("CREATE INDEX i ON messages (role) WHERE length(content) > 3"), SCHEMA),
    "a computed column that takes for ever": (
        edit("ALTER TABLE sessions ADD COLUMN slow AS (length(hex(zeroblob(1000000000))))"),
        SCHEMA,
    ),
    "a rule that takes for ever": (
        rewritten("settings", "value TEXT NOT NULL", "value TEXT CHECK (length(hex(zeroblob(500000000))) > 0)"),
        SCHEMA,
    ),
    "an order nobody knows": (rewritten("settings", "name TEXT", "name TEXT COLLATE evil"), SCHEMA),
    "a rule less": (rewritten("sessions", "session_type TEXT NOT NULL", "session_type TEXT"), SCHEMA),
    "a definition that is none": (
        edit("UPDATE sqlite_schema SET sql = 'CREATE TABLE settings (((((' WHERE name = 'settings'"),
        SCHEMA + "|" + DAMAGED,
    ),
    "a definition without end": (
        edit("UPDATE sqlite_schema SET sql = 'CREATE TABLE x (' || hex(zeroblob(60000)) WHERE name = 'settings'"),
        SCHEMA + "|" + DAMAGED,
    ),
    "two tables in one place": (
        edit("UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema WHERE name = 'messages')"
             " WHERE name = 'settings'"),
        DAMAGED,
    ),
    "a table beyond the end": (edit("UPDATE sqlite_schema SET rootpage = 99999 WHERE name = 'settings'"), DAMAGED),
    "a newer release": (
        edit("INSERT INTO schema_migrations VALUES ((SELECT max(version) + 1 FROM schema_migrations), 'new', 'now')"),
        "newer release",
    ),
    "an unknown migration": (edit("UPDATE schema_migrations SET name = 'evil' WHERE version = 2"), HISTORY),
    "a gap in its history": (edit("DELETE FROM schema_migrations WHERE version = 2"), HISTORY),
    "no history": (edit("DELETE FROM schema_migrations"), HISTORY),
    "a history that says less": (
        edit("DELETE FROM schema_migrations WHERE version = (SELECT max(version) FROM schema_migrations)"),
        SCHEMA,
    ),
    "text for a number": (edit("UPDATE sessions SET message_count = 'many'"), "message_count is no whole number"),
    "bytes for text": (edit("UPDATE messages SET content = x'00ff'"), "content is not text"),
    "a number for text that is kept as it is": (edit("UPDATE messages SET content = x'31'"), "content is not text"),
    "text that is no UTF-8": (edit("UPDATE messages SET content = CAST(x'fffe41' AS TEXT)"), "no UTF-8"),
    "a NUL in a title": (edit("UPDATE sessions SET title = 'a' || char(0) || 'b'"), "NUL"),
    "a title of a million letters": (edit("UPDATE sessions SET title = hex(zeroblob(500000))"), "at most 10000"),
    "seventy megabytes of text": (
        edit("UPDATE messages SET content = hex(zeroblob(36700160)) WHERE parent_id IS NULL"),
        "too big|256 MB",
    ),
    "a negative count": (edit("UPDATE usage_logs SET prompt_tokens = -1"), "prompt_tokens is no whole number"),
    "a negative cost": (edit("UPDATE usage_logs SET cost_picousd = -5"), "cost_picousd is no whole number"),
    "an endless number": (edit("UPDATE profiles SET temperature = 9e999"), "temperature is no number"),
    "a profile nobody can name": (
        edit("UPDATE profiles SET id = 9223372036854775807", "UPDATE sessions SET profile_id = 9223372036854775807"),
        "no number of a row",
    ),
    "a flag of two": (edit("UPDATE sessions SET pinned = 2"), "neither 0 nor 1"),
    "an id with a gap": (edit("UPDATE compactions SET id = 'a b'"), "no id"),
    "a time that is none": (edit("UPDATE sessions SET updated_at = 'yesterday'"), "no time"),
    "a day that is not in the calendar": (
        edit("UPDATE sessions SET updated_at = '2026-02-31T00:00:00.000Z'"),
        "updated_at",
    ),
    "nothing where something must be": (
        lambda good: edited(
            edited(good, "UPDATE sqlite_schema SET sql = replace(sql, 'title TEXT NOT NULL', 'title TEXT')"),
            "UPDATE sessions SET title = NULL",
            "UPDATE sqlite_schema SET sql = replace(sql, 'title TEXT DEFAULT', 'title TEXT NOT NULL DEFAULT')",
        ),
        "title|NULL|" + SCHEMA,
    ),
    "a role of its own": (edit("UPDATE messages SET role = 'root' WHERE role = 'user'"), "breaks a rule"),
    "a status of its own": (edit("UPDATE messages SET status = 'paused'"), "status is not one of"),
    "a purpose of its own": (edit("UPDATE usage_logs SET purpose = 'fun'"), "purpose is not one of"),
    "parts that are no JSON": (edit("UPDATE messages SET parts = '[{'"), "messages.parts"),
    "a part of no kind": (edit("""UPDATE messages SET parts = '[{"type":"script","text":"x"}]'"""), "no kind we know"),
    "a part with a number for text": (edit("""UPDATE messages SET parts = '[{"type":"text","text":7}]'"""), "parts"),
    "a part with more": (edit("""UPDATE messages SET parts = '[{"type":"text","text":"x","on":1}]'"""), "'on'"),
    "a part without its text": (edit("""UPDATE messages SET parts = '[{"type":"text"}]'"""), "parts"),
    "brackets without end": (
        edit("UPDATE messages SET parts = replace(hex(zeroblob(100000)), '0', '[')"),
        "messages.parts",
    ),
    "a usage that is a list": (edit("UPDATE generations SET usage = '[]'"), "generations.usage"),
    "an error that is a word": (edit("""UPDATE generations SET error = '"oops"'"""), "generations.error"),
    "attempts that are none": (edit("""UPDATE generations SET attempts = '[{"at":1}]'"""), "generations.attempts"),
    "tags that are numbers": (edit("UPDATE sessions SET tags = '[1]'"), "sessions.tags"),
    "a setting with another value": (
        edit("""INSERT INTO settings VALUES ('temperature', '"hot"', '2026-01-01T00:00:00.000Z')"""),
        "'temperature'",
    ),
    "a message that follows nothing": (
        edit("UPDATE messages SET parent_id = 'nobody' WHERE role = 'assistant'"),
        "follows one",
    ),
    "a message that follows itself": (edit("UPDATE messages SET parent_id = id WHERE parent_id IS NULL"), "ring"),
    "two messages that follow each other": (
        edit("UPDATE messages SET parent_id = (SELECT m.id FROM messages m WHERE m.parent_id = messages.id)"
             " WHERE parent_id IS NULL"),
        "ring",
    ),
    "a session that shows nobody's message": (edit("UPDATE sessions SET active_leaf_id = 'x'"), "shows a message"),
    "a message of no session": (edit("UPDATE messages SET session_id = 'nobody'"), "refers to nothing"),
    "a generation of no message": (edit("UPDATE generations SET message_id = 'nobody'"), "wrote a message"),
    "a generation of no question": (edit("UPDATE generations SET user_message_id = 'nobody'"), "answers a message"),
    "a message of no generation": (edit("UPDATE messages SET generation_id = 'x' WHERE role = 'user'"), "generation"),
    "a generation that has ended and has not": (edit("UPDATE generations SET ended_at = NULL"), "ended and has not"),
    "a message that nobody writes": (edit("UPDATE messages SET status = 'running' WHERE role = 'user'"), "by nobody"),
    "a call that costs and does not": (edit("UPDATE usage_logs SET cost_picousd = NULL"), "has a cost"),
    "two calls of one generation": (
        edit(
            "DELETE FROM sqlite_schema WHERE name = 'usage_logs_generation'",
            "PRAGMA writable_schema = RESET",
        ),
        SCHEMA + "|" + DAMAGED,
    ),
    "another program's database": (another_program, "another program"),
    "a database without tables": (no_tables, "no tables"),
}  # fmt: skip


def mutations(good: bytes, chance: random.Random, *, count: int) -> Iterator[bytes]:
    """The good file with a few bytes anywhere turned into others; most are damage, some are only other text."""
    for _ in range(count):
        bad = bytearray(good)
        for _ in range(chance.choice((1, 1, 3, 20))):
            bad[chance.randrange(len(bad))] = chance.randrange(256)
        yield bytes(bad)
