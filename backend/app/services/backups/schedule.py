"""Backups made by themselves, and their retention. What goes wrong stays visible until one is made."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from app.core import clock
from app.core.config import Settings
from app.core.errors import AppError
from app.db.store import Store
from app.db.types import Conn
from app.repo import schema_history
from app.repo import settings as settings_repo
from app.schemas.backups import Backup, BackupFailure, BackupSchedule
from app.services.backups.archive import Archive
from app.services.backups.backups import Backups
from app.services.backups.plan import due_at, plan_of
from app.services.backups.retention import no_longer_kept

log = logging.getLogger(__name__)

LONGEST_WAIT_S = 3600.0


@dataclass(frozen=True, slots=True)
class SchedulePace:
    """How often to look whether one is due, seconds, and on which clock. Each failure in a row doubles the wait."""

    every_s: float = 60.0
    now: Callable[[], str] = clock.now

    def after(self, failures: int) -> float:
        return min(self.every_s * 2.0 ** min(failures, 30), max(LONGEST_WAIT_S, self.every_s))


class Schedule:
    """One task. Whether a backup is due is read from the folder and the clock each time, so that neither a restart nor
    a clock that jumps, nor a machine that slept, makes it forget one or make them in a row.
    """

    def __init__(
        self, store: Store, backups: Backups, archive: Archive, settings: Settings, pace: SchedulePace
    ) -> None:
        self._store, self._backups, self._archive, self._settings = store, backups, archive, settings
        self._pace = pace
        self._failure: BackupFailure | None = None
        self._task: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Look for the first time a little after the start, which has enough to do."""
        self._task = asyncio.create_task(self._work(), name="backup schedule")

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    @property
    def failing(self) -> bool:
        """Whether the last backup that was due could not be made."""
        return self._failure is not None

    async def state(self) -> BackupSchedule:
        """What is wanted, what was made, what failed. Raises `BackupsUnavailable`."""
        stored, born_at = await self._store.read(_told)
        plan = plan_of(self._settings, stored)
        now = self._pace.now()
        last_at = _last_at(await asyncio.to_thread(self._archive.all), now)
        return BackupSchedule(
            every=plan.backup_every,
            keep_daily=plan.backup_keep_daily,
            keep_weekly=plan.backup_keep_weekly,
            last_at=last_at,
            next_at=due_at(plan.backup_every, last_at=last_at, born_at=born_at, now=now),
            failure=self._failure,
        )

    async def run_due(self) -> None:
        """Make a backup if one is due, then delete those that are kept no longer. Keeps what goes wrong for `state`."""
        try:
            state = await self.state()
            if state.next_at is None:
                self._failure = None
            elif state.next_at <= self._pace.now():
                await self._backups.create("scheduled")
                self._failure = None
                await self._prune(state)
        except AppError as error:
            self._failed(error)
        except Exception:
            log.exception("scheduled backup not made")
            self._failed(AppError())

    async def _prune(self, state: BackupSchedule) -> None:
        """One that cannot be deleted is tried again after the next backup: the new one is made all the same."""
        found = await asyncio.to_thread(self._archive.all)
        for backup in no_longer_kept(found, now=self._pace.now(), daily=state.keep_daily, weekly=state.keep_weekly):
            try:
                await self._backups.delete(backup.name)
                log.info("scheduled backup deleted", extra={"backup": backup.name})
            except AppError as error:
                log.warning("old backup not deleted", extra={"backup": backup.name, "error_code": error.code})

    def _failed(self, error: AppError) -> None:
        in_a_row = 1 if self._failure is None else self._failure.in_a_row + 1
        self._failure = BackupFailure(
            at=self._pace.now(), error_code=error.code, message=error.message, in_a_row=in_a_row
        )
        log.warning("scheduled backup not made", extra={"error_code": error.code, "in_a_row": in_a_row})

    async def _work(self) -> None:
        while True:
            await asyncio.sleep(self._pace.after(self._failure.in_a_row if self._failure else 0))
            await self.run_due()


def _told(conn: Conn) -> tuple[dict[str, Any], str]:
    return settings_repo.all_values(conn), schema_history.born_at(conn)


def _last_at(backups: list[Backup], now: str) -> str | None:
    """When the newest scheduled backup was made; those dated after now say nothing."""
    made = (backup.created_at for backup in backups if backup.kind == "scheduled" and backup.created_at <= now)
    return max(made, default=None)
