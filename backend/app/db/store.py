"""The store: repository functions run as units, each all or nothing.

Writes share commits. Units that arrive while a transaction runs are collected and become the next one: BEGIN IMMEDIATE,
each unit in a savepoint of its own, COMMIT, and only then do their callers resume. So a burst of durable writes costs
one sync of the disk, and an acknowledged write is on it.

Reads run beside the writer on query-only connections, each in one snapshot.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from app.core.errors import AppError
from app.db.errors import ConstraintFailed
from app.db.lane import Lane, Unit
from app.db.migrate import MIGRATIONS, migrate
from app.db.sqlite import SqliteConnection, open_reader, open_writer, sqlite_version
from app.db.stale_wal import refuse_stale_wal
from app.db.thread import ConnectionThread
from app.db.types import Conn

P = ParamSpec("P")
T = TypeVar("T")

MOST_UNITS = 128
"""Units in one transaction: bounds how long the first waits for the last."""


class Store:
    """The open database; made by `open`, one per process and data folder."""

    def __init__(self, path: Path, writer: Lane, readers: Lane, schema_version: int) -> None:
        self.path = path
        self.sqlite_version = sqlite_version()
        self.schema_version = schema_version
        self._writer = writer
        self._readers = readers
        self._closed: asyncio.Task[None] | None = None
        self._refusal: Callable[[], AppError] | None = None

    @classmethod
    async def open(cls, path: Path, *, migrations: Path = MIGRATIONS, readers: int = 2) -> Store:
        """Open the file, made with its folder when missing (0600, 0700), and bring its schema up to date.

        Raises `SqliteTooOld`, `StaleWal`, `StoreCorrupt` or `MigrationError`, with nothing left open.
        """
        sqlite_version()
        refuse_stale_wal(path)
        _make_private(path)
        threads = [await ConnectionThread.open(partial(open_writer, path))]
        try:
            version = await threads[0].run(partial(migrate, path=path, migrations=migrations))
            while len(threads) <= readers:
                threads.append(await ConnectionThread.open(partial(open_reader, path)))
        except BaseException:
            for thread in reversed(threads):
                await thread.close()
            raise
        return cls(path, Lane(threads[:1], _write), Lane(threads[1:], _read), version)

    @property
    def size_bytes(self) -> int:
        """What the database takes on the disk, about: its file and what is not yet written back into it."""
        wal = self.path.with_name(self.path.name + "-wal")
        return sum(file.stat().st_size for file in (self.path, wal) if file.exists())

    async def write(self, f: Callable[Concatenate[Conn, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `f` in a transaction; when this returns, what it wrote survives a power cut.

        Raises what `f` raises, what `refusing` says, or `StoreBusy`, `DiskFull`, `StoreCorrupt`, `ShuttingDown`:
        nothing of it is written then. Cancelling the caller cancels its wait only: the unit is carried out.
        """
        self._refuse()
        result: T = await self._writer.submit(f, args, kwargs, durable=True)
        return result

    async def write_relaxed(self, f: Callable[Concatenate[Conn, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """As `write`, but a power cut may take the last such units; a killed process takes none."""
        self._refuse()
        result: T = await self._writer.submit(f, args, kwargs)
        return result

    async def read(self, f: Callable[Concatenate[Conn, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `f` on one snapshot that holds every write acknowledged before the call."""
        result: T = await self._readers.submit(f, args, kwargs)
        return result

    async def alone(self, f: Callable[Concatenate[SqliteConnection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `f` on the writer between two transactions, in none: nothing is written before it returns.

        What is to be written meanwhile waits; readers go on. Raises what `f` raises, and `ShuttingDown`.
        """
        result: T = await self._writer.submit(f, args, kwargs, durable=True, alone=True)
        return result

    @contextlib.contextmanager
    def refusing(self, refusal: Callable[[], AppError]) -> Iterator[None]:
        """Inside, what is to be written is refused at once instead of waiting for somebody who is `alone`."""
        self._refusal = refusal
        try:
            yield
        finally:
            self._refusal = None

    def _refuse(self) -> None:
        if self._refusal is not None:
            raise self._refusal()

    async def close(self) -> None:
        """Finish the units in hand, then close the readers and, last, the writer; later calls raise `ShuttingDown`.

        Cancelling the caller does not stop the closing.
        """
        if self._closed is None:
            self._closed = asyncio.create_task(self._close(), name="close the store")
        await asyncio.shield(self._closed)

    async def _close(self) -> None:
        await self._readers.close()
        await self._writer.submit(SqliteConnection.leave_wal, (), {}, durable=True, alone=True)
        await self._writer.close()


def _write(waiting: deque[Unit], conn: SqliteConnection) -> Iterator[Sequence[Unit]]:
    """One transaction of what has gathered. If it cannot be committed, all its units fail with the reason."""
    units = [waiting.popleft()]
    while waiting and len(units) < MOST_UNITS and not (units[0].alone or waiting[0].alone):
        units.append(waiting.popleft())
    if units[0].alone:
        units[0].run(conn)
        _end(conn)
        yield units
        return
    try:
        conn.set_synchronous("FULL" if any(unit.durable for unit in units) else "NORMAL")
        conn.execute("BEGIN IMMEDIATE")
        if len(units) == 1:
            units[0].run(conn)
        else:
            for unit in units:
                _write_one(unit, conn)
        if len(units) > 1 or units[0].error is None:
            conn.execute("COMMIT")
    except BaseException as error:  # noqa: BLE001 - it belongs to the callers
        for unit in units:
            unit.error = error
    _end(conn)
    yield units


def _write_one(unit: Unit, conn: SqliteConnection) -> None:
    """A unit among others; raises when the transaction is lost for all of them."""
    conn.execute("SAVEPOINT unit")
    unit.run(conn)
    if unit.error is None and conn.has_dangling_references:
        # Only the commit would notice, and fail the neighbours too.
        unit.error = ConstraintFailed("FOREIGN KEY constraint failed", "foreign_key")
    if unit.error is not None:
        if not conn.in_transaction:
            raise unit.error
        conn.execute("ROLLBACK TO unit")
    conn.execute("RELEASE unit")


def _read(waiting: deque[Unit], conn: SqliteConnection) -> Iterator[Sequence[Unit]]:
    """One unit after the other, each in a snapshot of its own, as long as any wait."""
    while True:
        try:
            unit = waiting.popleft()
        except IndexError:  # another reader was faster
            return
        try:
            conn.execute("BEGIN")
            unit.run(conn)
        except BaseException as error:  # noqa: BLE001 - it belongs to the caller
            unit.error = error
        _end(conn)
        yield (unit,)


def _end(conn: SqliteConnection) -> None:
    if conn.in_transaction:
        # Whatever goes wrong here ends the transaction too; the next unit meets what is left of it.
        with contextlib.suppress(Exception):
            conn.execute("ROLLBACK")


def _make_private(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Neither call opens an existing file: closing it again would drop the locks of every connection of the process.
    path.touch(mode=0o600)
    path.chmod(0o600)
