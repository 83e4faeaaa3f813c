"""Backups of the store: make, list, check, delete."""

from __future__ import annotations

import asyncio
import logging
import shutil
import threading
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing, contextmanager
from pathlib import Path

from app.core import clock
from app.core.disk import full_disk_told
from app.core.errors import AppError, BackupDamaged, BadBackup, NotFound, ShuttingDown
from app.core.ids import new_id
from app.db.errors import GivenUp, StoreCorrupt
from app.db.snapshot import examine
from app.db.store import Store
from app.schemas.backups import Backup, BackupKind, BackupStep
from app.schemas.page import PageQuery, Slice
from app.services.backups.archive import Archive, Note
from app.services.backups.create import Steps, backup_steps
from app.services.backups.sandbox import rebuild_from
from app.services.changes import Changes
from app.services.cursors import decode_cursor, encode_cursor

log = logging.getLogger(__name__)

_PAGE_BYTES = 4096


class Backups:
    """The rules of backups. One is made at a time; once begun it is finished, whoever leaves meanwhile."""

    def __init__(self, store: Store, changes: Changes, archive: Archive, now: Callable[[], str] = clock.now) -> None:
        self._store, self._changes, self._archive, self._now = store, changes, archive, now
        self._one_at_a_time = asyncio.Lock()
        self._making: set[asyncio.Task[Backup]] = set()
        self._closing = threading.Event()

    async def open(self) -> None:
        """Remove what an interrupted process left of its backups."""
        try:
            await asyncio.to_thread(self._archive.tidy)
        except AppError as error:
            log.warning("backups not tidied", extra={"error_code": error.code, "folder": str(self._archive.folder)})

    async def close(self) -> None:
        """Give up what is being made or checked; nothing is left of it."""
        self._closing.set()
        for task in self._making:
            task.cancel()
        await asyncio.gather(*self._making, return_exceptions=True)

    async def create(self, kind: BackupKind) -> Backup:
        """Make one, checked and on the disk.

        Raises `DiskFull`, `BackupDamaged`, `BackupsUnavailable`, `ShuttingDown`.
        """
        return await _outcome(self._begin(kind, Steps()))

    async def refuse_without_room(self) -> None:
        """Raises `DiskFull` or `BackupsUnavailable` where none could be made now."""
        await asyncio.to_thread(self._archive.reserve, "before_restore", self._now(), self._store.size_bytes)

    async def create_steps(self, kind: BackupKind) -> AsyncGenerator[BackupStep, None]:
        """The same, telling how far it is; who stops listening does not stop it."""
        steps = Steps()
        task = self._begin(kind, steps)
        task.add_done_callback(lambda _: steps.wake())
        shown: BackupStep | None = None
        while not task.done() or steps.newest is not shown:
            if steps.newest is not None and steps.newest is not shown:
                shown = steps.newest
                yield shown
            else:
                await steps.changed()
        await _outcome(task)

    async def list(self, query: PageQuery) -> Slice[Backup]:
        """Newest first. Raises `BadCursor`, `BackupsUnavailable`."""
        found = await asyncio.to_thread(self._archive.all)
        after = found
        if query.cursor:
            created_at, name = decode_cursor("backups", query.cursor, str, str)
            after = [backup for backup in found if (backup.created_at, backup.name) < (created_at, name)]
        items = after[: query.limit]
        more = len(after) > query.limit
        return Slice(
            items=items,
            next_cursor=encode_cursor("backups", items[-1].created_at, items[-1].name) if more else None,
            total=len(found) if query.count else None,
        )

    def path_of(self, name: str) -> Path:
        """The file of a backup. Raises `NotFound`."""
        return self._archive.path_of(name)

    async def verify(self, name: str) -> Backup:
        """Read all of a backup again: is it sound, what was written, and would it be restored? Notes that, and when.

        Raises `NotFound`, `BackupDamaged`, `BackupsUnavailable`, `DiskFull`, `ShuttingDown`.
        """
        before = await asyncio.to_thread(self._archive.get, name)
        try:
            # As restoring does: it is opened here only once it is known to hold nothing but our tables.
            with self._room() as room:
                await rebuild_from(self._archive.path_of(name), room / "fresh.db", page_bytes=_PAGE_BYTES)
            facts = await asyncio.to_thread(examine, self._archive.path_of(name), self._closing.is_set)
        except GivenUp:
            raise ShuttingDown from None
        except StoreCorrupt as error:
            raise BackupDamaged(str(error), resource_type="backup", resource_id=name) from error
        except BadBackup as error:
            reason = f"{name} cannot be restored. {error.message}"
            raise BackupDamaged(reason, resource_type="backup", resource_id=name) from error
        except FileNotFoundError:
            raise NotFound.of("backup", name) from None
        if before.sha256 not in (None, facts.sha256):
            raise BackupDamaged(f"{name} has changed since it was made.", resource_type="backup", resource_id=name)
        note = Note.of(facts, created_at=before.created_at, verified_at=self._now())
        backup = await asyncio.to_thread(self._archive.note, name, note)
        self._changes.publish("backup", name)
        return backup

    async def delete(self, name: str) -> None:
        """Raises `NotFound`, `BackupsUnavailable`."""
        await asyncio.to_thread(self._archive.delete, name)
        self._changes.publish("backup", name, op="delete")

    @contextmanager
    def _room(self) -> Iterator[Path]:
        """A folder in that of what is being restored, where it is gone at the next start at the latest."""
        room = self._store.path.with_name("restoring") / new_id()
        with full_disk_told():
            room.mkdir(mode=0o700, parents=True)
        try:
            yield room
        finally:
            shutil.rmtree(room, ignore_errors=True)

    def _begin(self, kind: BackupKind, steps: Steps) -> asyncio.Task[Backup]:
        if self._closing.is_set():
            raise ShuttingDown
        task = asyncio.create_task(self._make(kind, steps), name=f"{kind} backup")
        self._making.add(task)
        task.add_done_callback(self._made)
        return task

    async def _make(self, kind: BackupKind, steps: Steps) -> Backup:
        backup: Backup | None = None
        async with self._one_at_a_time, self._steps_of(kind) as made:
            async for step in made:
                backup = step.backup
                steps.show(step)
        if backup is None:
            raise BackupDamaged
        self._changes.publish("backup", backup.name)
        return backup

    def _steps_of(self, kind: BackupKind) -> aclosing[AsyncGenerator[BackupStep, None]]:
        return aclosing(backup_steps(self._store, self._archive, kind, self._now()))

    def _made(self, task: asyncio.Task[Backup]) -> None:
        self._making.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            # Who asked may have left.
            log.warning("no backup made", extra={"reason": str(error)})


async def _outcome(making: asyncio.Task[Backup]) -> Backup:
    """What becomes of it. Cancelling who waits does not stop it."""
    try:
        return await asyncio.shield(making)
    except asyncio.CancelledError:
        if making.cancelled():
            raise ShuttingDown from None
        raise
