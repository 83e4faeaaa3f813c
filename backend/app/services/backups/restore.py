"""Restoring: a backup's rows are put into a fresh file, joined with what none may undo, and take the store's place."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import logging
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from app.core.disk import SPARE_BYTES, FreeBytes, free_bytes, full_disk_told
from app.core.errors import AppError, BadBackup, BodyTooLarge, DiskFull, NotFound, Restoring, ShuttingDown
from app.core.ids import go_on_after, new_id
from app.db.errors import BadFile
from app.db.foreign import SEED_VERSION
from app.db.sqlite import SqliteConnection, open_private
from app.db.store import Store
from app.repo.newest_ids import newest_id
from app.repo.restored_merge import count_rows, sum_up, take_over
from app.schemas.backups import Backup
from app.schemas.restores import RestoreCounts, RestoreSource, RestoreSummary
from app.services.backups.backups import Backups
from app.services.backups.rebuild import Verdict
from app.services.backups.sandbox import rebuild_from
from app.services.turns.live import Live
from app.services.turns.paid_calls import PaidCalls
from app.services.turns.recovery import recover_all
from app.services.turns.runner import Runner

log = logging.getLogger(__name__)

MOST_BYTES = 16 * 2**30
MOST_UPLOADS = 4
"""Files that are received at once."""
PATIENT_BYTES = 64 * 2**20
"""A store of this size is replaced in a second or two."""
BYTES_PER_S = 64 * 2**20
"""How fast a store is backed up and replaced, about."""


class Upload:
    """A file that is being received, on the disk from its first byte."""

    def __init__(self, path: Path, free_bytes: FreeBytes = free_bytes) -> None:
        self.path, self._free_bytes = path, free_bytes
        self.size_bytes = 0

    async def write(self, data: bytes) -> None:
        """Append. Raises `BodyTooLarge`, `DiskFull`."""
        self.size_bytes += len(data)
        if self.size_bytes > MOST_BYTES:
            raise BodyTooLarge(details={"limit_bytes": MOST_BYTES})
        await asyncio.to_thread(self._append, data)

    def _append(self, data: bytes) -> None:
        if self._free_bytes(self.path.parent) < len(data) + SPARE_BYTES:
            raise DiskFull("There is no room for this file.")
        with full_disk_told(), self.path.open("ab") as file:
            file.write(data)


@dataclass(frozen=True, slots=True)
class _Restored:
    """Rows by table, before and after, and how many answers the backup had caught being written."""

    now: dict[str, int]
    after: dict[str, int]
    interrupted: int


class Restores:
    """The rules of restoring. One at a time; once it is applied it is finished, whoever leaves meanwhile.

    Args:
        folder: of the store's own; what is left there by a process that was killed is removed.
        take_up: asks for the costs that the restored ledger does not know.
        patient_bytes: up to this size of the store and what replaces it, writes wait; for more they are refused.
    """

    def __init__(
        self,
        store: Store,
        backups: Backups,
        runner: Runner,
        paid_calls: PaidCalls,
        live: Live,
        folder: Path,
        take_up: Callable[[], Awaitable[None]],
        patient_bytes: int = PATIENT_BYTES,
    ) -> None:
        self._store, self._backups, self._runner, self._paid_calls = store, backups, runner, paid_calls
        self._live, self._folder, self._take_up = live, folder, take_up
        self._patient_bytes = patient_bytes
        self._applying: asyncio.Task[tuple[_Restored, Backup]] | None = None
        self._busy = self._closing = False
        self._uploads = 0

    async def open(self) -> None:
        """Remove what an interrupted process left."""
        await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)

    async def close(self) -> None:
        """Let what is being applied come to its end; nothing begins any more."""
        self._closing = True
        if self._applying is not None:
            await asyncio.gather(self._applying, return_exceptions=True)

    @asynccontextmanager
    async def upload(self) -> AsyncIterator[Upload]:
        """Where to put a file that comes from outside; it is gone afterwards.

        Raises `DiskFull`, `ShuttingDown`, and `Restoring` while another is restored or `MOST_UPLOADS` are on their way.
        """
        self._refuse_second()
        if self._uploads >= MOST_UPLOADS:
            raise Restoring("Other backups are being sent.", retry_after_s=30)
        self._uploads += 1
        try:
            async with self._room() as room:
                upload = Upload(room / "upload.db")
                await upload.write(b"")
                yield upload
        finally:
            self._uploads -= 1

    async def restore_named(self, name: str, *, dry_run: bool) -> RestoreSummary:
        """Restore a backup of the folder. Raises `NotFound`, and as `restore`."""
        try:
            return await self.restore(self._backups.path_of(name), name, dry_run=dry_run)
        except FileNotFoundError:
            raise NotFound.of("backup", name) from None

    async def restore(self, source: Path, name: str, *, dry_run: bool) -> RestoreSummary:
        """Put what a file holds in the place of what is here, all of it or nothing; what was here is backed up first.

        Raises `BadBackup`, `BackupTooNew`, `DiskFull`, `Restoring` while another is under way, `StoreBusy`,
        `ShuttingDown`, and what making a backup raises: nothing has changed then.
        """
        self._refuse_second()
        self._busy = True
        try:
            async with self._room() as room:
                return await self._restore(source, name, room / "fresh.db", dry_run=dry_run)
        finally:
            self._busy = False

    def _refuse_second(self) -> None:
        if self._busy:
            raise Restoring("Another backup is being restored.", retry_after_s=5)

    @asynccontextmanager
    async def quiet(self) -> AsyncIterator[None]:
        """Nothing that is paid runs as long as this lasts. Raises `StoreBusy`."""
        async with self._runner.held(), self._paid_calls.held():
            yield

    async def _restore(self, source: Path, name: str, fresh: Path, *, dry_run: bool) -> RestoreSummary:
        page_bytes = await self._store.alone(_page_bytes)
        size_bytes = source.lstat().st_size
        verdict = await rebuild_from(source, fresh, page_bytes=page_bytes)
        # What can fail comes before the first answer is interrupted, even where it has to be done again.
        restored = await asyncio.to_thread(_complete, fresh, self._store.path, keep=False)
        if dry_run:
            return _summary(name, size_bytes, verdict, restored, None)
        await self._backups.refuse_without_room()
        await asyncio.to_thread(_refuse_without_room, self._folder, fresh.stat().st_size)
        # Whoever asked may leave: half of it is no place to stop.
        self._applying = asyncio.create_task(self._apply(fresh), name="restore")
        restored, safety = await asyncio.shield(self._applying)
        log.warning("backup restored", extra={"backup": name, "safety_backup": safety.name})
        return _summary(name, size_bytes, verdict, restored, safety)

    async def _apply(self, fresh: Path) -> tuple[_Restored, Backup]:
        try:
            async with self.quiet():
                with self._refusing_writes(self._store.size_bytes + fresh.stat().st_size):
                    loop = asyncio.get_running_loop()
                    done = await self._store.alone(_replace, fresh, self._store.path, loop, self._safety_backup)
                self._live.renew()
            with contextlib.suppress(AppError):  # the next start asks too
                await self._take_up()
            return done
        except concurrent.futures.CancelledError:
            raise ShuttingDown from None

    def _refusing_writes(self, size_bytes: int) -> AbstractContextManager[None]:
        if size_bytes <= self._patient_bytes:
            return contextlib.nullcontext()
        return self._store.refusing(partial(Restoring, retry_after_s=size_bytes / BYTES_PER_S))

    async def _safety_backup(self) -> Backup:
        return await self._backups.create("before_restore")

    @asynccontextmanager
    async def _room(self) -> AsyncIterator[Path]:
        if self._closing:
            raise ShuttingDown
        room = self._folder / new_id()
        with full_disk_told():
            room.mkdir(mode=0o700, parents=True)
        try:
            yield room
        finally:
            if self._applying is not None and not self._applying.done():
                await asyncio.wait([self._applying])
            await asyncio.to_thread(shutil.rmtree, room, ignore_errors=True)


def _page_bytes(conn: SqliteConnection) -> int:
    return conn.page_bytes


def _replace(
    conn: SqliteConnection,
    fresh: Path,
    path: Path,
    loop: asyncio.AbstractEventLoop,
    safety_backup: Callable[[], Coroutine[Any, Any, Backup]],
) -> tuple[_Restored, Backup]:
    """On the writer's thread, which writes nothing else meanwhile: what is backed up is what is replaced."""
    safety = asyncio.run_coroutine_threadsafe(safety_backup(), loop).result()
    restored = _complete(fresh, path)
    conn.set_synchronous("FULL")
    conn.copy_from(fresh)
    if newest := newest_id(conn):
        go_on_after(newest)  # it may come from a machine whose clock is ahead
    return restored, safety


def _refuse_without_room(folder: Path, size_bytes: int) -> None:
    if free_bytes(folder) < size_bytes + SPARE_BYTES:
        raise DiskFull("There is no room to restore it; nothing has changed.")


def _complete(fresh: Path, path: Path, *, keep: bool = True) -> _Restored:
    """Join a fresh file of a backup's rows with what stays of the store; told only, unless it is to be kept.

    Raises `BadBackup`.
    """
    with contextlib.closing(open_private(fresh)) as conn:
        conn.attach(path, "live")
        conn.take_name_of("live")
        conn.execute("BEGIN")
        now = count_rows(conn, "live")
        try:
            take_over(conn)
        except BadFile as error:
            raise BadBackup(str(error)) from None
        interrupted = recover_all(conn)
        sum_up(conn)
        after = count_rows(conn)
        conn.execute("COMMIT" if keep else "ROLLBACK")
    return _Restored(now, after, interrupted)


def _summary(
    name: str, size_bytes: int, verdict: Verdict, restored: _Restored, safety: Backup | None
) -> RestoreSummary:
    warnings = list(verdict.warnings)
    if restored.interrupted:
        warnings.append(f"It caught {restored.interrupted} answers being written; their text so far is there.")
    return RestoreSummary(
        dry_run=safety is None,
        source=RestoreSource(
            name=name,
            size_bytes=size_bytes,
            schema_version=verdict.version,
            seed_schema=verdict.version == SEED_VERSION,
        ),
        diff={
            table: RestoreCounts(now=restored.now[table], backup=verdict.counts.get(table, 0), after=after)
            for table, after in restored.after.items()
        },
        safety_backup=safety.name if safety else None,
        warnings=warnings,
    )
