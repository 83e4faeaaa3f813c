"""Ids sort in the order they were made, never repeat and say nothing but their time."""

from __future__ import annotations

import itertools
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

from app.core.ids import new_id


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
    made_ms = uuid.UUID(new_id()).int >> 80
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
