"""Units of the writer: grouped, apart from each other, never cut short."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from app.core.errors import DiskFull, ShuttingDown, StoreBusy
from app.db.errors import ConstraintFailed
from app.db.sqlite import open_reader, open_writer
from app.db.store import MOST_UNITS, Store
from app.db.types import Conn
from tests.db.units import Gate, add_note, add_reply, increment, query, synchronous, texts


async def behind_a_gate(store: Store, *submit: Callable[[], asyncio.Task[object]]) -> list[object]:
    """Hold the writer, let the given calls gather, let go; their outcomes."""
    gate = Gate()
    holding = asyncio.create_task(store.write(gate))
    await gate.entered()
    tasks = [start() for start in submit]
    await asyncio.sleep(0)  # each task runs up to its wait
    gate.open()
    await holding
    return await asyncio.gather(*tasks, return_exceptions=True)


def call(store: Store, f: Callable[..., object], *args: object) -> Callable[[], asyncio.Task[object]]:
    return lambda: asyncio.create_task(store.write(f, *args))


async def test_units_that_gather_while_the_writer_is_busy_share_one_transaction(store: Store, path: Path) -> None:
    seen_from_outside: list[str] = []

    def look_from_outside(_: Conn) -> None:
        outside = open_reader(path)
        seen_from_outside.extend(texts(outside))
        outside.close()

    await store.write(add_note, "before")
    notes = [call(store, add_note, f"gathered {n}") for n in range(10)]
    await behind_a_gate(store, *notes, call(store, look_from_outside))

    assert seen_from_outside == ["before"]
    assert len(await store.read(texts)) == 11


async def test_callers_that_are_ready_together_share_one_transaction(store: Store, path: Path) -> None:
    def count_from_outside(conn: Conn) -> int:
        add_note(conn, "mine")
        outside = open_reader(path)
        count = len(texts(outside))
        outside.close()
        return count

    assert await asyncio.gather(*(store.write(count_from_outside) for _ in range(8))) == [0] * 8


async def test_a_transaction_is_bounded(store: Store, path: Path) -> None:
    committed: list[int] = []

    def look_from_outside(conn: Conn) -> None:
        outside = open_reader(path)
        committed.append(len(texts(outside)))
        outside.close()

    notes = [call(store, add_note, "many") for _ in range(MOST_UNITS)]
    await behind_a_gate(store, *notes, call(store, look_from_outside))
    assert committed == [MOST_UNITS]


async def test_a_failing_unit_is_undone_alone_and_its_caller_gets_the_reason(store: Store) -> None:
    def write_then_fail(conn: Conn) -> None:
        add_note(conn, "never there")
        raise LookupError("mine")

    first, failed, last = await behind_a_gate(
        store, call(store, add_note, "first"), call(store, write_then_fail), call(store, add_note, "last")
    )
    assert (first, last) == (1, 2)
    assert isinstance(failed, LookupError)
    assert await store.read(texts) == ["first", "last"]


async def test_a_lone_failing_unit_is_undone(store: Store) -> None:
    def write_then_fail(conn: Conn) -> None:
        add_note(conn, "never there")
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        await store.write(write_then_fail)
    assert await store.read(texts) == []
    assert await store.write(add_note, "next") == 1


@pytest.mark.parametrize("neighbours", [0, 2])
async def test_a_dangling_deferred_reference_fails_its_own_unit_only(store: Store, neighbours: int) -> None:
    notes = [call(store, add_note, "fine") for _ in range(neighbours)]
    *fine, failed = await behind_a_gate(store, *notes, call(store, add_reply, 404))
    assert isinstance(failed, ConstraintFailed)
    assert failed.kind == "foreign_key"
    assert fine == [1, 2][:neighbours]
    assert await store.write(query, "SELECT * FROM reply") == []


async def test_a_unit_may_mend_a_deferred_reference(store: Store) -> None:
    def reply_first(conn: Conn) -> None:
        add_reply(conn, 7)
        conn.execute("INSERT INTO note (id, text) VALUES (7, 'late')")

    assert await behind_a_gate(store, call(store, reply_first), call(store, add_note, "other")) == [None, 8]


@pytest.mark.parametrize("then", ["return", "raise"])
async def test_when_the_transaction_is_lost_no_unit_of_it_is_acknowledged(store: Store, then: str) -> None:
    def lose(conn: Conn) -> None:
        conn.execute("ROLLBACK")
        if then == "raise":
            raise LookupError("mine")

    outcomes = await behind_a_gate(store, call(store, add_note, "a"), call(store, lose), call(store, add_note, "b"))
    reason = LookupError if then == "raise" else Exception
    assert all(isinstance(outcome, reason) for outcome in outcomes), outcomes
    assert await store.read(texts) == []
    assert await store.write(add_note, "next") == 1


async def test_stop_iteration_reaches_the_caller_as_an_error(store: Store) -> None:
    def exhausted(_: Conn) -> object:
        return next(iter(()))

    for run in (store.write, store.read):
        with pytest.raises(RuntimeError, match="StopIteration"):
            await asyncio.wait_for(run(exhausted), timeout=30)


async def test_cancelling_a_caller_never_cancels_its_unit(store: Store) -> None:
    gate = Gate()
    holding = asyncio.create_task(store.write(gate))
    await gate.entered()
    waiting = asyncio.create_task(store.write(add_note, "kept"))
    await asyncio.sleep(0)
    for task in (holding, waiting):
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    gate.open()
    assert await store.write(add_note, "next") == 2
    assert await store.read(texts) == ["kept", "next"]


async def test_no_update_is_lost_between_many_tasks(store: Store) -> None:
    async def many() -> list[int]:
        return [await store.write(increment) for _ in range(10)]

    counts = await asyncio.gather(*(many() for _ in range(40)))
    assert sorted(n for task in counts for n in task) == list(range(1, 401))


async def test_only_a_relaxed_transaction_skips_the_sync(store: Store) -> None:
    assert await store.write(synchronous) == 2
    assert await store.write_relaxed(synchronous) == 1
    assert await store.write(synchronous) == 2


async def test_one_durable_unit_makes_its_whole_transaction_durable(store: Store) -> None:
    def relaxed() -> asyncio.Task[object]:
        return asyncio.create_task(store.write_relaxed(synchronous))

    assert await behind_a_gate(store, relaxed, call(store, add_note, "durable")) == [2, 1]
    assert await behind_a_gate(store, relaxed, relaxed) == [1, 1]


async def test_a_full_store_is_a_typed_error_and_passes(store: Store) -> None:
    (pages,) = await store.write(query, "PRAGMA page_count")
    await store.write(query, f"PRAGMA max_page_count = {pages['page_count'] + 2}")

    note, full = await behind_a_gate(store, call(store, add_note, "small"), call(store, add_note, "x" * 100_000))
    assert (note, type(full)) == (1, DiskFull)

    await store.write(query, "PRAGMA max_page_count = 1000000")
    assert await store.write(add_note, "x" * 100_000) == 2


async def test_a_store_locked_from_outside_is_a_typed_error_for_all_that_wait(store: Store, path: Path) -> None:
    await store.write(query, "PRAGMA busy_timeout = 0")
    outside = open_writer(path)
    outside.execute("BEGIN IMMEDIATE")

    outcomes = await asyncio.gather(*(store.write(add_note, "n") for _ in range(3)), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [StoreBusy] * 3

    outside.execute("ROLLBACK")
    outside.close()
    assert await store.write(add_note, "next") == 1


async def test_a_unit_has_the_write_lock_before_its_first_statement(store: Store, path: Path) -> None:
    outside = open_writer(path)
    outside.execute("PRAGMA busy_timeout = 0")

    def meet_a_rival(conn: Conn) -> None:
        with pytest.raises(StoreBusy):
            outside.execute("BEGIN IMMEDIATE")
        increment(conn)

    await store.write(meet_a_rival)
    outside.close()


async def test_closing_carries_out_everything_that_waits(path: Path, migrations: Path) -> None:
    store = await Store.open(path, migrations=migrations)
    waiting = [asyncio.create_task(store.write(increment)) for _ in range(10 * MOST_UNITS)]
    await asyncio.sleep(0)
    await store.close()
    assert await asyncio.gather(*waiting) == list(range(1, 10 * MOST_UNITS + 1))


async def test_closing_finishes_the_units_in_hand_and_refuses_later_ones(path: Path, migrations: Path) -> None:
    store = await Store.open(path, migrations=migrations)
    gate = Gate()
    holding = asyncio.create_task(store.write(gate))
    await gate.entered()
    waiting = asyncio.create_task(store.write(add_note, "in hand"))
    await asyncio.sleep(0)
    closing = asyncio.create_task(store.close())
    cancelled = asyncio.create_task(store.close())
    await asyncio.sleep(0)
    cancelled.cancel()
    gate.open()
    await asyncio.gather(holding, waiting, closing)
    assert waiting.result() == 1

    for run in (store.write, store.write_relaxed, store.read):
        with pytest.raises(ShuttingDown):
            await run(texts)
    await store.close()
    assert sorted(file.name for file in path.parent.iterdir()) == ["console.db"]
