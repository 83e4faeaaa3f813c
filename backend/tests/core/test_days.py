"""The owner's days, in zones that turn their clocks at midnight, by half hours, and over the date line."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.clock import stamp
from app.core.days import Unit, day_of, is_zone, machine_zone, next_day, period_of, periods, starts_at
from tests.core.properties import MANY, SOME

ODD_ZONES = [
    "UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe",
    "America/St_Johns", "Asia/Beirut", "America/Sao_Paulo", "Africa/Cairo", "Pacific/Apia", "Pacific/Chatham",
    "Pacific/Kwajalein", "Asia/Pyongyang", "America/Toronto", "Africa/Casablanca", "Etc/GMT+12",
]  # fmt: skip
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
zones = st.sampled_from(ODD_ZONES)
stamps = st.integers(-5_000_000_000, 7_000_000_000).map(
    lambda seconds: f"{EPOCH + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%S}.000Z"
)
days = st.dates().map(date.isoformat)


@MANY
@given(stamps, zones)
def test_every_instant_lies_in_its_day(at: str, zone: str) -> None:
    """Between its start and that of the next."""
    day = day_of(at, zone)
    assert starts_at(day, zone) <= at < starts_at(next_day(day), zone)


@MANY
@given(stamps, zones)
def test_the_day_is_what_the_wall_shows(at: str, zone: str) -> None:
    """But for the hours that are lived twice over a midnight, which stay in the day that had begun."""
    shown = datetime.fromisoformat(at).astimezone(ZoneInfo(zone)).date().isoformat()
    day = day_of(at, zone)
    assert day in (shown, next_day(shown))
    if day != shown:
        earlier = datetime.fromisoformat(at) - timedelta(days=1, hours=1)
        steps = (earlier + timedelta(minutes=n) for n in range(26 * 60))
        assert day in {step.astimezone(ZoneInfo(zone)).date().isoformat() for step in steps}


@SOME
@given(days, zones)
def test_days_follow_one_another(day: str, zone: str) -> None:
    """From the calendar's first to its last, without gap or overlap."""
    start, end = starts_at(day, zone), starts_at(next_day(day), zone)
    assert start <= end
    assert len(start) == 24
    if start < end:
        assert day_of(start, zone) == day


@pytest.mark.parametrize(
    ("day", "zone", "start"),
    [
        ("2026-03-29", "Europe/Berlin", "2026-03-28T23:00:00.000Z"),
        ("2026-03-30", "Europe/Berlin", "2026-03-29T22:00:00.000Z"),
        ("2026-01-01", "Asia/Kathmandu", "2025-12-31T18:15:00.000Z"),
        ("2018-11-04", "America/Sao_Paulo", "2018-11-04T03:00:00.000Z"),
        # 23:30 became 00:30: the day begins at half past.
        ("1919-03-31", "America/Toronto", "1919-03-31T04:30:00.000Z"),
        # 00:01 became 23:01: the day that had begun goes on.
        ("2010-11-07", "America/St_Johns", "2010-11-07T02:30:00.000Z"),
        ("2011-12-30", "Pacific/Apia", "2011-12-30T10:00:00.000Z"),
        ("2011-12-31", "Pacific/Apia", "2011-12-30T10:00:00.000Z"),
        ("0001-01-01", "Europe/Berlin", "0001-01-01T00:00:00.000Z"),
        ("9999-12-31", "Asia/Tokyo", "9999-12-31T00:00:00.000Z"),
    ],
)
def test_a_day_begins_when_its_clocks_first_show_it(day: str, zone: str, start: str) -> None:
    assert starts_at(day, zone) == start


def test_no_hour_is_taken_back_from_a_day() -> None:
    """St. John's turned its clocks back a minute after midnight: that hour belongs to the day that had begun."""
    assert day_of("2010-11-07T02:29:59.999Z", "America/St_Johns") == "2010-11-06"
    assert day_of("2010-11-07T02:30:30.000Z", "America/St_Johns") == "2010-11-07"
    assert day_of("2010-11-07T02:45:00.000Z", "America/St_Johns") == "2010-11-07"


@SOME
@given(days, st.sampled_from(["day", "week", "month"]))
def test_a_period_holds_its_day(day: str, unit: Unit) -> None:
    """Weeks run from Monday to Sunday, months are the calendar's."""
    first, last = period_of(day, unit)
    assert first <= day <= last
    assert period_of(first, unit) == period_of(last, unit) == (first, last)
    if unit == "week":
        assert date.fromisoformat(first).weekday() == 0 or first == "0001-01-01"
    if unit == "month":
        assert first[:8] == last[:8] == day[:8]


@SOME
@given(st.dates(date(2000, 1, 1), date(2030, 1, 1)), st.integers(0, 400), st.sampled_from(["day", "week", "month"]))
def test_periods_cover_a_span(start: date, length: int, unit: Unit) -> None:
    """Each day of it is in exactly one of them."""
    span = [(start + timedelta(days=n)).isoformat() for n in range(length + 1)]
    firsts = list(periods(span[0], span[-1], unit))
    assert firsts == sorted({period_of(day, unit)[0] for day in span})


def test_periods_end_with_the_calendar() -> None:
    assert list(periods("9999-12-30", "9999-12-31", "day")) == ["9999-12-30", "9999-12-31"]
    assert list(periods("9999-11-30", "9999-12-31", "month")) == ["9999-11-01", "9999-12-01"]
    assert list(periods("2026-01-02", "2026-01-01", "day")) == []


@pytest.mark.parametrize("name", ["UTC", "Europe/Berlin", "America/Argentina/Ushuaia", "Etc/GMT-14", "EST5EDT"])
def test_iana_names_are_zones(name: str) -> None:
    assert is_zone(name)


NO_ZONES = [
    "", " ", "Mars/Olympus", "Europe", "America/Argentina", "../etc/passwd", "/etc/localtime", "Europe/Berlin\n",
    "Europe/../Europe/Berlin", "right/UTC", "posix/UTC", "localtime", "Europe/Berlin\0", "\ud800", "UTC+2", "a" * 65,
]  # fmt: skip


@pytest.mark.parametrize("name", NO_ZONES)
def test_anything_else_is_none(name: str) -> None:
    """Paths and folders of the zone database included."""
    assert not is_zone(name)


def test_the_machine_s_zone(tmp_path: Path) -> None:
    """``TZ`` goes before the system's own setting; what names no zone counts as UTC."""
    assert machine_zone({}, tmp_path) == "UTC"
    (tmp_path / "timezone").write_text("Asia/Tokyo\n")
    assert machine_zone({}, tmp_path) == "Asia/Tokyo"
    (tmp_path / "localtime").symlink_to("/usr/share/zoneinfo/Europe/Berlin")
    assert machine_zone({}, tmp_path) == "Europe/Berlin"
    assert machine_zone({"TZ": ":America/New_York"}, tmp_path) == "America/New_York"
    assert machine_zone({"TZ": "CET-1CEST"}, tmp_path) == "UTC"


def test_a_stamp_of_the_clock_is_understood() -> None:
    assert day_of(stamp(1_767_222_000 * 10**9), "Asia/Tokyo") == "2026-01-01"
