"""Backups in the making, seen from inside: given up, without room, one at a time."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from app.core.disk import SPARE_BYTES
from app.core.errors import DiskFull, ShuttingDown
from app.db.snapshot import examine
from app.db.store import Store
from app.db.types import Conn
from app.services.backups.archive import Archive
from app.services.backups.backups import Backups
from app.services.changes import Changes


def fill(conn: Conn) -> None:
    """Some 24 MB: several pieces."""
    rows = ({"name": f"note {number}", "value": "x" * 6000} for number in range(4000))
    conn.executemany("INSERT INTO settings (name, value, updated_at) VALUES (:name, :value, '')", rows)


@pytest.fixture
async def large(store: Store) -> Store:
    await store.write_relaxed(fill)
    return store


async def test_closing_gives_up_what_is_being_made_and_leaves_nothing(large: Store, tmp_path: Path) -> None:
    """Who waits for it is told, those that wait in line too; nothing begins after."""
    backups = Backups(large, Changes(), Archive(tmp_path / "backups", "a"))
    steps = backups.create_steps("manual")
    await anext(steps)
    waiting = asyncio.create_task(backups.create("manual"))
    await asyncio.sleep(0)
    await backups.close()
    with pytest.raises(ShuttingDown):
        async for _ in steps:
            pass
    with pytest.raises(ShuttingDown):
        await waiting
    with pytest.raises(ShuttingDown):
        await backups.create("manual")
    assert list((tmp_path / "backups").iterdir()) == []


async def test_who_stops_listening_does_not_stop_it(large: Store, tmp_path: Path) -> None:
    """Neither the steps nor a cancelled wait."""
    backups = Backups(large, Changes(), Archive(tmp_path / "backups", "a"))
    steps = backups.create_steps("manual")
    await anext(steps)
    await steps.aclose()
    waiting = asyncio.create_task(backups.create("scheduled"))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    await backups.create("before_restore")
    names = sorted(path.name for path in (tmp_path / "backups").glob("*.db"))
    assert [name.partition("_20")[0] for name in names] == [
        "console_backup",
        "console_backup_before_restore",
        "console_backup_scheduled",
    ]
    await backups.close()


async def test_consoles_that_share_a_folder_leave_each_other_alone(large: Store, tmp_path: Path) -> None:
    """One starts while another copies; both finish, with names of their own, though they began in one second."""
    now = "2026-01-02T03:04:05.678Z"
    first, second = (Backups(large, Changes(), Archive(tmp_path / "backups", owner), lambda: now) for owner in "ab")
    steps = first.create_steps("manual")
    await anext(steps)
    await second.open()
    made = await second.create("manual")
    names = {made.name, *[step.backup.name async for step in steps if step.backup]}
    stem = "console_backup_2026-01-02_03-04-05"
    assert names == {f"{stem}.db", f"{stem}_2.db"}
    assert {file.name for file in (tmp_path / "backups").iterdir()} == names | {f"{name}.json" for name in names}
    for name in names:
        assert examine(tmp_path / "backups" / name).counts == made.counts
    for backups in (first, second):
        await backups.close()


@pytest.mark.parametrize("missing_bytes", [1, 10**9])
async def test_without_room_for_it_and_the_answers_none_is_begun(
    large: Store, tmp_path: Path, missing_bytes: int
) -> None:
    """A full disk would stop what is being written; the refusal says how much is needed."""
    needed_bytes = large.size_bytes + SPARE_BYTES
    archive = Archive(tmp_path / "backups", "a", free_bytes=lambda _: needed_bytes - missing_bytes)
    backups = Backups(large, Changes(), archive)
    with pytest.raises(DiskFull) as caught:
        await backups.create("manual")
    assert caught.value.details == {"needed_bytes": needed_bytes, "free_bytes": needed_bytes - missing_bytes}
    assert list((tmp_path / "backups").iterdir()) == []
    await backups.close()
