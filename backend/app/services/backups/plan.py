"""How often backups are made by themselves, and when the next one is due: pure decisions on times."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app.core.config import Settings
from app.schemas.backups import BackupEvery

_PERIODS: dict[BackupEvery, timedelta] = {"day": timedelta(days=1), "week": timedelta(weeks=1)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What the owner wants."""

    backup_every: BackupEvery
    backup_keep_daily: int
    backup_keep_weekly: int


PLAN_FIELDS = frozenset({"backup_every", "backup_keep_daily", "backup_keep_weekly"})


def plan_of(settings: Settings, stored: Mapping[str, Any]) -> Plan:
    """The environment goes before the settings page, that before the defaults."""

    def told(name: str) -> Any:
        default = getattr(settings, name)
        return default if name in settings.model_fields_set else stored.get(name, default)

    return Plan(**{name: told(name) for name in PLAN_FIELDS})


def due_at(every: BackupEvery, *, last_at: str | None, born_at: str, now: str) -> str | None:
    """When the next one is due, a time that may have passed; None when none is wanted.

    One period after the last one; only without any, after the store was made, for an empty one needs none. Times after
    ``now`` are of a clock that has gone back since, and say nothing: then one is due at once.
    """
    if every == "off":
        return None
    since = next((at for at in (last_at, born_at) if at is not None and at <= now), None)
    return now if since is None else _later(since, _PERIODS[every])


def _later(stamped: str, period: timedelta) -> str:
    return (datetime.fromisoformat(stamped) + period).strftime("%Y-%m-%dT%H:%M:%S.") + stamped[20:]
