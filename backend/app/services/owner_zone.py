"""Whose days are counted: the zone of the environment, the settings page or the machine, and its place in the store."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from app.core.config import Settings
from app.core.days import is_zone, machine_zone
from app.db.store import Store
from app.db.types import Conn
from app.repo import owner_zone
from app.repo import settings as settings_repo
from app.repo.usage_sums import count_anew

log = logging.getLogger(__name__)


def is_fixed(settings: Settings) -> bool:
    """Whether the environment decides it."""
    return settings.time_zone != "auto"


async def adopt_stored(store: Store, settings: Settings) -> None:
    """At a start: count by the zone that holds now."""
    await store.write(_adopt_stored, settings)


def adopt(conn: Conn, zone: str) -> None:
    """Count by this zone from now on, and all that was counted by another one anew."""
    if owner_zone.get(conn) != zone:
        owner_zone.put(conn, zone)
        count_anew(conn, zone)


def _adopt_stored(conn: Conn, settings: Settings) -> None:
    adopt(conn, _zone_of(settings, settings_repo.all_values(conn)))


def _zone_of(settings: Settings, stored: Mapping[str, Any]) -> str:
    if is_fixed(settings):
        return settings.time_zone
    named = stored.get("time_zone")
    if named is None:
        return machine_zone()
    if not is_zone(named):  # a store that came from another machine
        log.warning("time zone not known here, days are counted in UTC", extra={"time_zone": named})
        return "UTC"
    return str(named)
