"""Copies of an open store: one snapshot, beside everything else, whole or not at all."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from contextlib import aclosing, closing
from pathlib import Path

import pytest

from app.db.copying import copying
from app.db.errors import GivenUp, StoreCorrupt
from app.db.snapshot import Copied, Facts, copy_steps, examine
from app.db.sqlite import open_reader
from app.db.store import Store
from tests.db.units import Gate, add_note, add_reply

BACKEND = Path(__file__).parents[2]
NOTES = 4000
"""Enough for several pieces of 8 MB."""


@pytest.fixture
async def large(store: Store) -> Store:
    """A store of some 24 MB."""
    await asyncio.gather(*(store.write_relaxed(add_note, f"{number} " + "x" * 6000) for number in range(NOTES)))
    return store


def notes(file: Path) -> int:
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as conn:
        assert conn.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return int(conn.execute("SELECT count(*) FROM note").fetchone()[0])


async def test_a_copy_is_one_snapshot_however_long_it_takes(large: Store, tmp_path: Path) -> None:
    """What is written after it has begun is not in it, and is not held up."""
    target, pieces = tmp_path / "copy.db", []
    async with asyncio.timeout(60), aclosing(copying(large.path, target)) as steps:
        async for step in steps:
            pieces.append(step)
            await large.write(add_note, "meanwhile")
            await large.write(add_reply, 1)
    *copied, facts = pieces
    assert isinstance(facts, Facts)
    assert len(copied) > 2
    assert all(isinstance(piece, Copied) for piece in copied)
    assert notes(target) == NOTES
    assert facts.counts == {"counter": 1, "note": NOTES, "reply": 0, "schema_migrations": 1}
    assert (facts.schema_version, facts.size_bytes) == (1, target.stat().st_size)
    assert examine(target) == facts
    assert {file.name for file in tmp_path.iterdir() if file.is_file()} == {"copy.db"}


async def test_a_held_writer_does_not_hold_up_a_copy(large: Store, tmp_path: Path) -> None:
    """It reads beside the writer, whatever that does."""
    gate = Gate()
    held = asyncio.create_task(large.write(gate))
    await gate.entered()
    try:
        async with aclosing(copying(large.path, tmp_path / "copy.db")) as steps:
            last = [step async for step in steps][-1]
        assert isinstance(last, Facts)
    finally:
        gate.open()
        await held


@pytest.mark.parametrize("after", [1, 2])
async def test_a_copy_that_is_closed_early_leaves_nothing(large: Store, tmp_path: Path, after: int) -> None:
    """No file, no thread, no lock."""
    async with aclosing(copying(large.path, tmp_path / "copy.db")) as steps:
        for _ in range(after):
            await anext(steps)
    assert [file.name for file in tmp_path.iterdir() if file.is_file()] == []
    await large.write(add_note, "after")


async def test_a_cancelled_copy_leaves_nothing(large: Store, tmp_path: Path) -> None:
    """Even when it is cancelled twice; then what is left to do is done without it."""
    begun = asyncio.Event()

    async def copy() -> None:
        async with aclosing(copying(large.path, tmp_path / "copy.db")) as steps:
            async for _ in steps:
                begun.set()

    task = asyncio.create_task(copy())
    await begun.wait()
    task.cancel()
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.gather(*(task for task in asyncio.all_tasks() if task.get_name() == "end of a copy"))
    assert [file.name for file in tmp_path.iterdir() if file.is_file()] == []
    async with aclosing(copying(large.path, tmp_path / "copy.db")) as steps:
        assert isinstance([step async for step in steps][-1], Facts)


async def test_long_checks_are_given_up(large: Store, tmp_path: Path) -> None:
    """As soon as nobody wants them, and the copy goes with them."""
    with closing(open_reader(large.path)) as conn, pytest.raises(GivenUp):
        list(copy_steps(conn, tmp_path / "copy.db", given_up=lambda: True))
    assert [file.name for file in tmp_path.iterdir() if file.is_file()] == []


async def test_a_damaged_page_is_found(large: Store, tmp_path: Path) -> None:
    """Before the copy is believed."""
    target = tmp_path / "copy.db"
    async with aclosing(copying(large.path, target)) as steps:
        assert [step async for step in steps]
    bytes_ = bytearray(target.read_bytes())
    bytes_[4096 * 50 : 4096 * 51] = b"\xff" * 4096
    target.write_bytes(bytes_)
    with pytest.raises(StoreCorrupt):
        examine(target)


FULL_DISK = """
import asyncio, resource, sys
from contextlib import aclosing
from pathlib import Path
from app.core.errors import DiskFull
from app.db.copying import copying
from app.db.store import Store
from tests.db.units import add_note, texts

async def main():
    store = await Store.open(Path(sys.argv[1]), migrations=Path(sys.argv[2]))
    for _ in range(40):
        await store.write(add_note, "x" * 30_000)
    target = Path(sys.argv[1]).with_name("copy.db")
    resource.setrlimit(resource.RLIMIT_FSIZE, (512 * 1024, resource.RLIM_INFINITY))
    try:
        async with aclosing(copying(store.path, target)) as steps:
            async for _ in steps:
                pass
    except DiskFull:
        pass
    else:
        raise AssertionError("not full")
    assert not target.exists()
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert await store.write(add_note, "after") == 41
    await store.close()

asyncio.run(main())
"""


@pytest.mark.faults
def test_a_copy_that_meets_a_full_disk_is_told_and_leaves_nothing(path: Path, migrations: Path) -> None:
    command = [sys.executable, "-c", FULL_DISK, str(path), str(migrations)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60, cwd=BACKEND)
    assert done.returncode == 0, done.stderr
