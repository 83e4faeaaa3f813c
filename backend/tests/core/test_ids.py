"""Ids sort in the order they were made, never repeat and say nothing but their time."""

from __future__ import annotations

import itertools
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

from hypothesis import given
from hypothesis import strategies as st

from app.core.ids import IdSource, new_id
from tests.core.properties import MANY


def test_ids_are_uuids_of_version_seven() -> None:
    """Any UUID library reads them back, with version and variant in place."""
    for _ in range(100):
        text = new_id()
        read = uuid.UUID(text)
        assert str(read) == text
        assert read.version == 7
        assert read.variant == uuid.RFC_4122


def test_ids_carry_the_time_they_were_made() -> None:
    """The first 48 bits are Unix milliseconds."""
    before_ms = time.time_ns() // 1_000_000
    # One of its own: the process's may have gone on after a store whose clock was ahead.
    made_ms = uuid.UUID(IdSource().new_id()).int >> 80
    assert before_ms <= made_ms <= time.time_ns() // 1_000_000


def test_ids_grow_within_a_millisecond() -> None:
    """Twenty thousand in a row are in order and distinct, though many share their millisecond."""
    made = [new_id() for _ in range(20_000)]
    assert made == sorted(set(made))
    assert len({id_[:13] for id_ in made}) < len(made)


def test_ids_of_one_millisecond_cannot_be_guessed_from_each_other() -> None:
    """The step between neighbours is random, not one."""
    made = [uuid.UUID(new_id()).int for _ in range(200)]
    steps = {after - before for before, after in itertools.pairwise(made)}
    assert len(steps) == 199


def test_threads_never_make_the_same_id() -> None:
    """Each thread sees its own ids grow; together they are distinct."""
    with ThreadPoolExecutor(4) as pool:
        lists = list(pool.map(lambda _: [new_id() for _ in range(2_000)], range(4)))
    assert all(made == sorted(made) for made in lists)
    assert len({id_ for made in lists for id_ in made}) == 8_000


CLOCKS = st.lists(st.integers(0, 2**47), min_size=1, max_size=30)


@MANY
@given(lives=st.lists(CLOCKS, min_size=1, max_size=5))
def test_ids_grow_whatever_the_clock_does_and_over_restarts(lives: list[list[int]]) -> None:
    """Each process goes on after the newest id that the one before it has stored."""
    made: list[str] = []
    for times in lives:
        clock = iter(times)
        source = IdSource(lambda clock=clock: next(clock) * 1_000_000)  # type: ignore[misc]
        if made:
            source.go_on_after(made[-1])
        made += [source.new_id() for _ in times]
    assert made == sorted(set(made))
    assert all(uuid.UUID(id_).version == 7 for id_ in made)


def test_ids_go_on_after_any_text() -> None:
    """The last millisecond there is included; what is no id of ours changes nothing."""
    last = str(uuid.UUID(int=(2**48 - 1 << 80) | (0x7 << 76) | (2**12 - 1 << 64) | (0b10 << 62) | 2**62 - 1))
    for text in ("", "no id", str(uuid.UUID(int=2**128 - 1)), str(uuid.uuid4()), last):
        source = IdSource()
        source.go_on_after(text)
        made = [uuid.UUID(source.new_id()) for _ in range(100)]
        assert made == sorted(set(made))
        assert {id_.version for id_ in made} == {7}
