"""Times are fixed-width text that sorts as time does."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from app.core.clock import not_before, now, stamp, unix_s
from tests.core.properties import SOME

YEAR_10000_NS = 253_402_300_800 * 10**9


@SOME
@given(st.integers(0, YEAR_10000_NS - 1))
def test_a_stamp_is_the_instant_cut_to_the_millisecond(time_ns: int) -> None:
    """Read back by the standard library it is never later than the instant and less than a millisecond earlier."""
    text = stamp(time_ns)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", text)
    read = datetime.fromisoformat(text)
    read_ns = int(read.replace(microsecond=0).timestamp()) * 10**9 + read.microsecond * 1_000
    assert 0 <= time_ns - read_ns < 1_000_000
    assert unix_s(text) == time_ns // 10**9


@SOME
@given(st.integers(0, YEAR_10000_NS - 1), st.integers(0, YEAR_10000_NS - 1))
def test_stamps_sort_as_time_does(one_ns: int, other_ns: int) -> None:
    assert (stamp(one_ns) <= stamp(other_ns)) or one_ns > other_ns


def test_now_is_now() -> None:
    before = stamp(time.time_ns())
    assert before <= now() <= stamp(time.time_ns())
    assert datetime.fromisoformat(now()).tzinfo == UTC


@SOME
@given(st.integers(0, YEAR_10000_NS - 10**7), st.integers(0, YEAR_10000_NS - 10**7))
def test_a_time_that_orders_never_goes_back(now_ns: int, newest_ns: int) -> None:
    """It is the clock's, or the next millisecond where that is behind."""
    at, newest = stamp(now_ns), stamp(newest_ns)
    assert not_before(at, newest) == (at if newest <= at else stamp(newest_ns + 10**6))
    assert not_before(at, None) == at


def test_what_is_no_time_orders_nothing() -> None:
    """A store that others have written may hold anything."""
    at = stamp(0)
    for newest in ("x", "9999-12-31T23:59:59.999Z", "2026-99-01T00:00:00.000Z"):
        assert not_before(at, newest) == at
