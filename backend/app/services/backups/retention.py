"""Which scheduled backups may go: pure decisions on their times."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date

from app.schemas.backups import Backup


def no_longer_kept(backups: Iterable[Backup], *, now: str, daily: int, weekly: int) -> list[Backup]:
    """The scheduled backups that may be deleted, oldest first.

    Kept are the newest of all, the newest of each of the last ``daily`` days that have one, and from the time before
    them the newest of each of the last ``weekly`` weeks. Days count by what there is, not from today: a clock that
    jumped ahead, or a console that slept for a month, deletes nothing more. Those dated after ``now`` (the clock went
    back) are left alone and count for nothing. Backups of other kinds are never among them.
    """
    dated = sorted(
        (backup for backup in backups if backup.kind == "scheduled" and backup.created_at <= now),
        key=lambda backup: (backup.created_at, backup.name),
        reverse=True,
    )
    kept: set[str] = set()
    for most, period in ((daily, _day), (weekly, _week)):
        kept |= _newest_of_each(dated, kept, most, period)
    return [backup for backup in reversed(dated[1:]) if backup.name not in kept]


def _newest_of_each(dated: Sequence[Backup], kept: set[str], most: int, period_of: Callable[[Backup], str]) -> set[str]:
    """The newest of each period, until there are so many that were not kept anyway."""
    found: set[str] = set()
    last = None
    for backup in dated:
        if len(found) >= most:
            break
        period = period_of(backup)
        if period != last and backup.name not in kept:
            found.add(backup.name)
        last = period
    return found


def _day(backup: Backup) -> str:
    return backup.created_at[:10]


def _week(backup: Backup) -> str:
    year, week, _ = date.fromisoformat(backup.created_at[:10]).isocalendar()
    return f"{year}-{week:02}"
