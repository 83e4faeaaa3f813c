"""Making a backup: one snapshot of the running store, copied, checked, on the disk, and only then under its name."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

from app.core.errors import BackupDamaged
from app.db.copying import copying
from app.db.errors import StoreCorrupt
from app.db.snapshot import Facts, remove
from app.db.store import Store
from app.schemas.backups import BackupKind, BackupStep
from app.services.backups.archive import Archive, Note, usable


async def backup_steps(
    store: Store, archive: Archive, kind: BackupKind, created_at: str
) -> AsyncGenerator[BackupStep, None]:
    """Make one beside all other work, telling each piece; the last step has the backup.

    Closed early, or after `DiskFull`, `BackupDamaged` or `BackupsUnavailable`, it leaves nothing.
    """
    partial = await asyncio.to_thread(archive.reserve, kind, created_at, store.size_bytes)
    size_bytes = 0
    try:
        with usable():
            async with aclosing(copying(store.path, partial)) as pieces:
                async for piece in pieces:
                    if isinstance(piece, Facts):
                        note = Note.of(piece, created_at=created_at, verified_at=created_at)
                        break
                    done_bytes, size_bytes = piece.done_bytes, piece.total_bytes
                    step = BackupStep(phase="copying", done_bytes=done_bytes, total_bytes=size_bytes)
                    yield step if done_bytes < size_bytes else replace(step, phase="checking")
        backup = await asyncio.to_thread(archive.keep, partial, note)
        yield BackupStep(phase="done", done_bytes=size_bytes, total_bytes=size_bytes, backup=backup)
    except StoreCorrupt as error:
        raise BackupDamaged(str(error)) from error
    finally:
        remove(partial)


class Steps:
    """The newest step of a backup that is being made, for who wants to watch."""

    def __init__(self) -> None:
        self.newest: BackupStep | None = None
        self._changed = asyncio.Event()

    def show(self, step: BackupStep) -> None:
        self.newest = step
        self.wake()

    def wake(self) -> None:
        """Let the watcher look, whatever has changed."""
        self._changed.set()

    async def changed(self) -> None:
        """Wait for the next `show` or `wake`."""
        await self._changed.wait()
        self._changed.clear()
