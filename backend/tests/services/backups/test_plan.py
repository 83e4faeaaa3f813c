"""When the next backup is due, whatever the clock did."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.clock import stamp, unix_s
from app.core.config import Settings
from app.schemas.backups import BackupEvery
from app.services.backups.plan import due_at, plan_of
from tests.core.properties import SOME

TIMES = st.integers(0, 4_000_000_000).map(lambda seconds: stamp(seconds * 10**9 + 123_000_000))
EVERY: dict[BackupEvery, int] = {"day": 86_400, "week": 7 * 86_400}


@pytest.mark.parametrize("every", EVERY)
@SOME
@given(last=TIMES, born=TIMES, now=TIMES)
def test_it_is_due_one_period_after_the_last(every: BackupEvery, last: str, born: str, now: str) -> None:
    """Never more than a period from now, even after a clock that was years ahead; and later than the last one.

    Whenever the store was made: it may have been since, by a restore on another machine.
    """
    due = due_at(every, last_at=last, born_at=born, now=now)
    assert due is not None
    assert unix_s(due) <= unix_s(now) + EVERY[every]
    if last <= now:
        assert unix_s(due) == unix_s(last) + EVERY[every]
        assert due[19:] == last[19:]


def test_a_young_store_waits_and_an_old_one_does_not() -> None:
    """The first one comes a period after the store was made."""
    born_at = "2026-01-01T00:00:00.500Z"
    assert due_at("day", last_at=None, born_at=born_at, now="2026-01-01T10:00:00.000Z") == "2026-01-02T00:00:00.500Z"
    assert due_at("off", last_at=None, born_at=born_at, now="2026-01-01T10:00:00.000Z") is None
    now = "2025-12-31T00:00:00.000Z"
    assert due_at("day", last_at=None, born_at=born_at, now=now) == now


def test_the_environment_goes_before_the_settings_page() -> None:
    """Each value by itself."""
    settings = Settings(_env_file=None, backup_every="week")
    plan = plan_of(settings, {"backup_every": "off", "backup_keep_daily": 3})
    assert (plan.backup_every, plan.backup_keep_daily, plan.backup_keep_weekly) == ("week", 3, 4)
