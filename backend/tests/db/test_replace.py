"""A whole file in the place of the store: the writer alone, the readers beside it, and what lies there by mistake."""

from __future__ import annotations

import asyncio
from contextlib import closing
from pathlib import Path

import pytest

from app.core.errors import DiskFull
from app.db.errors import StaleWal, StoreCorrupt
from app.db.sqlite import SqliteConnection, open_private, open_writer
from app.db.stale_wal import refuse_stale_wal
from app.db.store import Store
from tests.db.units import Gate, add_note, texts


def other_file(path: Path, *notes: str) -> Path:
    """A file with the store's schema and other rows."""
    with closing(open_private(path)) as conn:
        conn.execute("CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT NOT NULL)")
        for note in notes:
            add_note(conn, note)
    return path


async def test_a_whole_file_takes_the_stores_place(store: Store, path: Path, tmp_path: Path) -> None:
    """Readers that know the old one read the new one, writes go on, and it survives the process."""
    await store.write(add_note, "old")
    assert await store.read(texts) == ["old"]
    await store.alone(SqliteConnection.copy_from, other_file(tmp_path / "new.db", "new", "newer"))
    assert await store.read(texts) == ["new", "newer"]
    await store.write(add_note, "newest")
    assert await store.read(texts) == ["new", "newer", "newest"]
    await store.close()
    with closing(open_writer(path)) as conn:
        assert texts(conn) == ["new", "newer", "newest"]


async def test_nothing_is_written_while_one_is_alone(store: Store) -> None:
    """What comes meanwhile waits its turn, in a transaction of its own; what fails alone harms nobody."""
    gate = Gate()
    order: list[str] = []

    def alone(conn: SqliteConnection) -> None:
        assert not conn.in_transaction
        order.append("alone")

    def fails(_: SqliteConnection) -> None:
        raise DiskFull

    holding = asyncio.create_task(store.write(gate))
    await gate.entered()
    before = asyncio.create_task(store.write(add_note, "before"))
    await asyncio.sleep(0)
    tasks = [asyncio.create_task(store.alone(f)) for f in (alone, fails)]
    await asyncio.sleep(0)
    after = asyncio.create_task(store.write(add_note, "after"))
    await asyncio.sleep(0)
    gate.open()
    await holding
    _, failed = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(failed, DiskFull)
    assert [await before, await after] == [1, 2]
    assert order == ["alone"]


async def test_a_file_that_is_none_changes_nothing(store: Store, tmp_path: Path) -> None:
    await store.write(add_note, "old")
    (tmp_path / "none.db").write_bytes(b"no database" * 1000)
    with pytest.raises(StoreCorrupt):
        await store.alone(SqliteConnection.copy_from, tmp_path / "none.db")
    await store.write(add_note, "new")
    assert await store.read(texts) == ["old", "new"]


def test_changes_of_another_file_are_refused(tmp_path: Path) -> None:
    """A backup is never in WAL mode, and the store always is: so a killed store's own changes are taken."""
    path = tmp_path / "console.db"
    refuse_stale_wal(path)
    conn = open_writer(path)
    conn.execute("CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT NOT NULL)")
    left = path.with_name("console.db-wal").read_bytes()
    refuse_stale_wal(path)
    conn.close()
    other_file(path.with_name("backup.db"), "x").replace(path)
    refuse_stale_wal(path)
    path.with_name("console.db-wal").write_bytes(left)
    with pytest.raises(StaleWal, match=r"was replaced while console\.db-wal still holds"):
        refuse_stale_wal(path)
    path.write_bytes(b"")
    with pytest.raises(StaleWal):
        refuse_stale_wal(path)


async def test_a_stopped_store_put_over_a_killed_one_is_refused(migrations: Path, tmp_path: Path) -> None:
    """A store that was closed needs nothing beside its file, so that the changes there are known to be another's."""
    killed, stopped = tmp_path / "killed" / "console.db", tmp_path / "stopped" / "console.db"
    store = await Store.open(stopped, migrations=migrations)
    await store.write(add_note, "stopped")
    await store.close()
    assert [file.name for file in stopped.parent.iterdir()] == ["console.db"]
    store = await Store.open(killed, migrations=migrations)
    await store.write(add_note, "killed")
    left = killed.with_name("console.db-wal").read_bytes()
    await store.close()
    killed.with_name("console.db-wal").write_bytes(left)
    killed.write_bytes(stopped.read_bytes())
    with pytest.raises(StaleWal):
        await Store.open(killed, migrations=migrations)
    killed.with_name("console.db-wal").unlink()
    store = await Store.open(killed, migrations=migrations)
    assert await store.read(texts) == ["stopped"]
    await store.close()


async def killed_store(path: Path, migrations: Path, note: str) -> tuple[bytes, bytes]:
    """What a killed store leaves: its file, and the changes beside it."""
    store = await Store.open(path, migrations=migrations)
    await store.write(add_note, note)
    left = path.read_bytes(), path.with_name("console.db-wal").read_bytes()
    await store.close()
    return left


def put(path: Path, file: bytes, wal: bytes) -> None:
    path.write_bytes(file)
    path.with_name("console.db-wal").write_bytes(wal)
    path.with_name("console.db-shm").unlink(missing_ok=True)


async def test_a_killed_store_put_over_another_killed_one_is_refused(migrations: Path, tmp_path: Path) -> None:
    """Or over itself as it was at another time; each beside its own changes is taken, wherever it lies."""
    path, elsewhere = tmp_path / "here" / "console.db", tmp_path / "elsewhere" / "console.db"
    file, wal = await killed_store(path, migrations, "first")
    later_file, later_wal = await killed_store(path, migrations, "later")
    other_file, other_wal = await killed_store(elsewhere, migrations, "other")
    for a, b in ((file, later_wal), (later_file, wal), (file, other_wal), (other_file, wal), (later_file, other_wal)):
        put(path, a, b)
        with pytest.raises(StaleWal, match="was replaced"):
            await Store.open(path, migrations=migrations)
        assert (path.read_bytes(), path.with_name("console.db-wal").read_bytes()) == (a, b)
    for a, b, notes in ((other_file, other_wal, ["other"]), (later_file, later_wal, ["first", "later"])):
        put(path, a, b)
        store = await Store.open(path, migrations=migrations)
        assert await store.read(texts) == notes
        await store.close()


async def test_a_store_whose_place_was_taken_keeps_its_name(
    store: Store, path: Path, tmp_path: Path, migrations: Path
) -> None:
    """Killed after a restore, it is still the file that its changes are of."""
    new = other_file(tmp_path / "new.db", "new")
    with closing(open_private(new)) as conn:
        conn.attach(path, "live")
        conn.take_name_of("live")
    await store.alone(SqliteConnection.copy_from, new)
    name = path.read_bytes()[68:72]
    left = path.with_name("console.db-wal").read_bytes()
    (frame,) = [at for at in range(32, len(left), 4096 + 24) if left[at : at + 4] == b"\0\0\0\1"][-1:]
    assert left[frame + 24 + 68 : frame + 24 + 72] == name != b"\0\0\0\0"


async def test_a_store_that_is_open_elsewhere_is_closed_all_the_same(
    store: Store, path: Path, migrations: Path
) -> None:
    await store.write(add_note, "kept")
    with closing(open_writer(path)) as other:
        assert texts(other) == ["kept"]
        await store.close()
    again = await Store.open(path, migrations=migrations)
    assert await again.read(texts) == ["kept"]
    await again.close()
