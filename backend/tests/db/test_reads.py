"""Units of the readers: one snapshot each, side by side, unable to write."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from app.db.store import Store
from app.db.types import Conn
from tests.db.units import Gate, add_note, query, texts


async def test_a_unit_reads_one_snapshot_while_others_write(store: Store) -> None:
    gate = Gate()

    def read_twice(conn: Conn) -> tuple[list[str], list[str]]:
        before = texts(conn)
        gate(conn)
        return before, texts(conn)

    await store.write(add_note, "old")
    reading = asyncio.create_task(store.read(read_twice))
    await gate.entered()
    await store.write(add_note, "new")
    assert await store.read(texts) == ["old", "new"]
    gate.open()
    assert await reading == (["old"], ["old"])


async def test_a_snapshot_ends_with_its_unit(store: Store) -> None:
    for n in range(1, 6):
        await store.write(add_note, "more")
        assert await asyncio.gather(*(store.read(texts) for _ in range(4))) == [["more"] * n] * 4


@pytest.mark.parametrize("sql", ["DELETE FROM note", "CREATE TABLE x (a)", "CREATE TEMP TABLE x (a)"])
async def test_a_reader_cannot_write(store: Store, sql: str) -> None:
    await store.write(add_note, "kept")
    with pytest.raises(Exception, match="readonly database"):
        await store.read(query, sql)
    assert await store.read(texts) == ["kept"]


async def test_a_reader_cannot_be_talked_into_writing(store: Store) -> None:
    def lift_the_ban(conn: Conn) -> None:
        conn.execute("PRAGMA query_only = OFF")
        add_note(conn, "smuggled")

    with pytest.raises(Exception, match="readonly database"):
        await store.read(lift_the_ban)
    assert await store.read(texts) == []


async def test_a_slow_reader_holds_up_nobody(store: Store) -> None:
    gate = Gate()
    slow = asyncio.create_task(store.read(gate))
    await gate.entered()
    assert await asyncio.gather(*(store.read(texts) for _ in range(20))) == [[]] * 20
    gate.open()
    await slow


async def test_a_cancelled_reader_gives_its_connection_back_when_the_unit_ends(store: Store) -> None:
    gates = [Gate(), Gate()]
    slow = [asyncio.create_task(store.read(gate)) for gate in gates]
    for gate in gates:
        await gate.entered()
    for task in slow:
        task.cancel()
    await asyncio.wait(slow)
    waiting = [asyncio.create_task(store.read(texts)) for _ in range(4)]
    for gate in gates:
        gate.open()
    assert await asyncio.gather(*waiting) == [[]] * 4


async def test_a_failing_reader_leaves_no_transaction(store: Store) -> None:
    def fail(conn: Conn) -> None:
        texts(conn)
        raise LookupError("mine")

    for _ in range(4):
        with pytest.raises(LookupError, match="mine"):
            await store.read(fail)
    await store.write(add_note, "new")
    assert await asyncio.gather(*(store.read(texts) for _ in range(4))) == [["new"]] * 4


async def test_closing_waits_for_the_readers_and_ends_every_thread(path: Path, migrations: Path) -> None:
    before = set(threading.enumerate())
    store = await Store.open(path, migrations=migrations, readers=3)
    ours = set(threading.enumerate()) - before
    assert len(ours) == 4

    gate = Gate()
    reading = asyncio.create_task(store.read(gate))
    await gate.entered()
    closing = asyncio.create_task(store.close())
    await asyncio.sleep(0)
    gate.open()
    await asyncio.gather(reading, closing)
    for thread in ours:
        thread.join(timeout=30)
        assert not thread.is_alive()
