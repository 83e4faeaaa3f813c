"""Which scheduled backups may go, for any folder, clock and wish."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.schemas.backups import Backup, BackupKind
from app.services.backups.retention import no_longer_kept
from tests.core.properties import SOME

START = datetime(2026, 1, 5, 3, 0, tzinfo=UTC)  # a Monday


def at(hours: float) -> str:
    return (START + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def made(hours: float, kind: BackupKind = "scheduled") -> Backup:
    created_at = at(hours)
    return Backup(name=f"console_backup_{kind}_{created_at}.db", kind=kind, size_bytes=1, created_at=created_at)


HOURS = st.integers(0, 24 * 400)
FOLDERS = st.lists(
    st.builds(made, HOURS, st.sampled_from(["scheduled", "scheduled", "manual", "before_restore"])),
    unique_by=lambda backup: backup.name,
)
MOST = st.integers(0, 10)


@SOME
@given(FOLDERS, HOURS, MOST, MOST)
def test_what_goes_is_scheduled_past_and_never_the_newest(
    folder: list[Backup], now: int, daily: int, weekly: int
) -> None:
    """No backup of the owner's goes, none of a clock that was ahead, and there is always one left."""
    gone = no_longer_kept(folder, now=at(now), daily=daily, weekly=weekly)
    past = [backup for backup in folder if backup.kind == "scheduled" and backup.created_at <= at(now)]
    assert all(backup in past for backup in gone)
    if past:
        assert max(past, key=lambda backup: backup.created_at) not in gone
        assert len(past) - len(gone) <= max(daily + weekly, 1)


@SOME
@given(FOLDERS, HOURS, MOST, MOST)
def test_the_newest_of_each_of_the_last_days_stays(folder: list[Backup], now: int, daily: int, weekly: int) -> None:
    """Days that have none do not count; doing it again changes nothing."""
    gone = no_longer_kept(folder, now=at(now), daily=daily, weekly=weekly)
    past = [backup for backup in folder if backup.kind == "scheduled" and backup.created_at <= at(now)]
    newest = {backup.created_at[:10]: backup for backup in sorted(past, key=lambda backup: backup.created_at)}
    for day in sorted(newest)[::-1][:daily]:
        assert newest[day] not in gone
    left = [backup for backup in folder if backup not in gone]
    assert no_longer_kept(left, now=at(now), daily=daily, weekly=weekly) == []


def test_a_year_of_days_leaves_a_week_and_four_weeks() -> None:
    """Day by day, as it happens: seven days, then the Sundays before them."""
    folder: list[Backup] = []
    for day in range(365):
        folder.append(made(24 * day))
        for backup in no_longer_kept(folder, now=at(24 * day), daily=7, weekly=4):
            folder.remove(backup)
    ages = [(365 - 1) - (datetime.fromisoformat(backup.created_at) - START).days for backup in folder]
    assert ages[4:] == [6, 5, 4, 3, 2, 1, 0]
    assert len(ages) == 11
    assert all(datetime.fromisoformat(backup.created_at).isoweekday() == 7 for backup in folder[:4])


def test_a_clock_that_was_years_ahead_costs_no_backup() -> None:
    """What it dated ahead stays, and takes no place of those made since."""
    ahead = [made(24 * 365 * 5 + 24 * day) for day in range(20)]
    since = [made(24 * day) for day in range(3)]
    assert no_longer_kept([*ahead, *since], now=at(24 * 3), daily=7, weekly=4) == []
