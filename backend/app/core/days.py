"""The owner's days: a zone cuts time into days, weeks and months. Pure; times are stamps of ``clock``.

Days follow one another without gap or overlap, also where clocks are turned at midnight: a day begins the first time
that its clocks show it, and lasts until the next one begins. A date that a zone skipped has no instant.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from pathlib import Path
from typing import Literal, TypeAlias

Unit: TypeAlias = Literal["day", "week", "month"]

MAX_ZONE_CHARS = 64
_ZONE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}")
_NO_PLACE = ("right", "posix", "localtime", "posixrules", "Factory", "leapseconds")
"""What a zone database holds beside zones, or counts leap seconds."""
_FIRST, _LAST = date(1, 1, 3), date(9999, 12, 29)
"""Beyond them, where no zone can be applied without leaving the calendar, days are UTC's."""


def is_zone(name: str) -> bool:
    """Whether it is the IANA name of a time zone that this machine knows; UTC always is."""
    try:
        _zone(name)
    except ValueError:
        return False
    return True


def day_of(at: str, zone: str) -> str:
    """The owner's day of an instant, ``2026-01-02``. Raises ValueError for a zone that is none."""
    if zone == "UTC" or not _FIRST.isoformat() <= at[:10] <= _LAST.isoformat():
        return at[:10]
    day = datetime.fromisoformat(at).astimezone(_zone(zone)).date()
    if at < starts_at(day.isoformat(), zone):
        day -= timedelta(days=1)
    elif at >= starts_at((day + timedelta(days=1)).isoformat(), zone):
        day += timedelta(days=1)
    return day.isoformat()


@lru_cache(maxsize=256)
def starts_at(day: str, zone: str) -> str:
    """The first instant of a day. The day's end, which is not part of it, is the start of the next."""
    wanted = date.fromisoformat(day)
    if zone == "UTC" or not _FIRST < wanted <= _LAST:
        return f"{day}T00:00:00.000Z"
    place = _zone(zone)
    midnight = datetime(wanted.year, wanted.month, wanted.day, tzinfo=place)
    # Two instants where clocks go back over midnight; where they skip it the day begins at one between these.
    first, last = sorted(midnight.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    while first < last and first.astimezone(place).date() < wanted:
        middle = (first + (last - first) // 2).replace(microsecond=0)
        if middle.astimezone(place).date() >= wanted:
            last = middle
        else:
            first = middle + timedelta(seconds=1)
    return f"{first:%Y-%m-%dT%H:%M:%S}.000Z".rjust(24, "0")


def next_day(day: str) -> str:
    """The day after; the calendar's last has none after it and is its own."""
    one = date.fromisoformat(day)
    return day if one == date.max else (one + timedelta(days=1)).isoformat()


def period_of(day: str, unit: Unit) -> tuple[str, str]:
    """The first and the last day of the day, the week (from Monday) or the month that a day is in."""
    one = date.fromisoformat(day)
    if unit == "day":
        return day, day
    if unit == "week":
        ordinal = one.toordinal() - one.weekday()
        last = min(ordinal + 6, date.max.toordinal())
        return date.fromordinal(max(ordinal, 1)).isoformat(), date.fromordinal(last).isoformat()
    following = one.replace(day=28) + timedelta(days=4) if one < date(9999, 12, 1) else None
    last_day = following.replace(day=1) - timedelta(days=1) if following else date.max
    return one.replace(day=1).isoformat(), last_day.isoformat()


def periods(from_day: str, to_day: str, unit: Unit) -> Iterator[str]:
    """The first days of the periods that a span of days touches, in order."""
    start, end = period_of(from_day, unit)
    while start <= to_day:
        yield start
        if end == date.max.isoformat():
            return
        start, end = period_of(next_day(end), unit)


def machine_zone(environment: dict[str, str] | None = None, etc: Path = Path("/etc")) -> str:
    """The zone that this machine is set to; UTC where it cannot be told."""
    told = (os.environ if environment is None else environment).get("TZ", "").removeprefix(":")
    candidates = [told]
    if not told:
        candidates += [_linked(etc / "localtime"), _written(etc / "timezone")]
    return next((name for name in candidates if name and is_zone(name)), "UTC")


def _linked(localtime: Path) -> str:
    """``Europe/Berlin`` of a link to ``.../zoneinfo/Europe/Berlin``."""
    try:
        return str(localtime.readlink()).partition("zoneinfo/")[2]
    except OSError:
        return ""


def _written(timezone: Path) -> str:
    try:
        return timezone.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""


@lru_cache(maxsize=64)
def _zone(name: str) -> tzinfo:
    if name == "UTC":
        return UTC
    if len(name) > MAX_ZONE_CHARS or not _ZONE_NAME.fullmatch(name) or name.startswith(_NO_PLACE):
        raise ValueError(f"{name!r} is no time zone")
    from zoneinfo import ZoneInfo  # who lives in UTC does not pay for it

    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError) as error:  # a folder of zones is an OSError
        raise ValueError(f"{name!r} is no time zone") from error
