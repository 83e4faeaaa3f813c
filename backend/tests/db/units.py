"""Repository functions for the tests of the store."""

from __future__ import annotations

import asyncio
import threading

from app.db.types import Conn, Row


def add_note(conn: Conn, text: str) -> int:
    row = conn.execute("INSERT INTO note (text) VALUES (:text) RETURNING id", {"text": text}).fetchone()
    assert row is not None
    return int(row["id"])


def add_reply(conn: Conn, note_id: int) -> None:
    conn.execute("INSERT INTO reply (note_id) VALUES (:note_id)", {"note_id": note_id})


def texts(conn: Conn) -> list[str]:
    return [row["text"] for row in conn.execute("SELECT text FROM note ORDER BY id").fetchall()]


def increment(conn: Conn) -> int:
    """Read, then write: loses counts unless nobody writes in between."""
    row = conn.execute("SELECT n FROM counter WHERE id = 1").fetchone()
    assert row is not None
    n = int(row["n"]) + 1
    conn.execute("UPDATE counter SET n = :n WHERE id = 1", {"n": n})
    return n


def synchronous(conn: Conn) -> int:
    """1 is NORMAL, 2 is FULL."""
    row = conn.execute("PRAGMA synchronous").fetchone()
    assert row is not None
    return int(row["synchronous"])


def query(conn: Conn, sql: str) -> list[Row]:
    return conn.execute(sql).fetchall()


class Gate:
    """A unit that says when it runs and then waits to be let through, holding its thread."""

    def __init__(self) -> None:
        self._entered = threading.Event()
        self._open = threading.Event()

    def __call__(self, conn: Conn) -> None:
        self._entered.set()
        assert self._open.wait(timeout=30)

    async def entered(self) -> None:
        assert await asyncio.to_thread(self._entered.wait, 30)

    def open(self) -> None:
        self._open.set()
