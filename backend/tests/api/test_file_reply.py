"""Which part of a file a `Range` asks for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.api.file_reply import range_of
from app.core.errors import RangeNotSatisfiable
from tests.core.properties import SOME


@pytest.mark.parametrize(
    ("header", "part"),
    [
        ("bytes=0-14", (0, 15)),
        ("bytes=90-", (90, 100)),
        ("bytes=90-1000", (90, 100)),
        ("bytes=-10", (90, 100)),
        ("bytes=-1000", (0, 100)),
        ("", None),
        ("bytes=-", None),
        ("bytes=5-2", None),
        ("bytes=0-1,5-6", None),
        ("bytes=one-two", None),
        ("lines=1-2", None),
        ("bytes=" + "9" * 50 + "-", None),
        ("bytes=٣-", None),
    ],
)
def test_one_range_is_answered_and_everything_else_with_all(header: str, part: tuple[int, int] | None) -> None:
    assert range_of(header, 100) == part


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=200-300", "bytes=-0"])
def test_what_begins_beyond_the_end_is_refused(header: str) -> None:
    with pytest.raises(RangeNotSatisfiable):
        range_of(header, 100)


@SOME
@given(st.text(), st.integers(0, 10**12))
def test_any_text_is_a_part_of_the_file_or_all_of_it(header: str, size: int) -> None:
    try:
        part = range_of(header, size)
    except RangeNotSatisfiable:
        return
    assert part is None or 0 <= part[0] < part[1] <= size
