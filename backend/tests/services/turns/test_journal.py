"""Commit, then publish: nothing is seen that is not stored, and what fails is tried again. In virtual time."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from app.core.errors import DiskFull, StoreBusy
from app.db.store import Store
from app.repo import generations
from app.repo import journal as journal_repo
from app.schemas.events import Event, Start, Text, ToolCallDelta
from app.services.turns.frames import LogReader
from app.services.turns.journal import LONGEST_PAUSE_S, RETRY_PAUSE_S, SHORTEST_PAUSE_S, Journal, pause_s
from app.services.turns.runs import Run
from tests.core import virtual_time
from tests.services.console_frames import read_frames
from tests.services.pretended import PretendedStore
from tests.services.turning import begin


def begun(generation_id: str = "g", session_id: str = "s") -> Run:
    run = Run(generation_id)
    run.begin(
        Start(
            generation_id=generation_id, session_id=session_id, user_message_id="u", assistant_message_id="m", model="a"
        ),
        [],
    )
    return run


def say(journal: Journal, run: Run, text: str) -> None:
    run.add([Text(text=text)])
    journal.mark(run)


def seen(reader: LogReader) -> list[Event]:
    return [event for _, _, event in read_frames(reader.take())]


@asynccontextmanager
async def ticking(store: PretendedStore) -> AsyncIterator[Journal]:
    journal = Journal(store, asyncio.get_running_loop().time)  # type: ignore[arg-type]
    journal.open()
    yield journal
    await journal.close()


def test_nothing_is_published_before_its_commit() -> None:
    """While a commit is held readers see nothing of it, nor of what came after."""

    async def main() -> None:
        store = PretendedStore()
        async with ticking(store) as journal:
            run = begun()
            reader = LogReader(run.log(), after=1)
            store.open.clear()
            say(journal, run, "a")
            await virtual_time.passes(5)
            say(journal, run, "b")
            await virtual_time.passes(5)
            assert store.attempts == 1
            assert seen(reader) == []
            store.open.set()
            await virtual_time.passes(1)
            assert seen(reader) == [Text(text="a"), Text(text="b")]

    virtual_time.run(main())


def test_a_failing_commit_is_tried_again_with_the_same_events() -> None:
    """Until it succeeds; nothing is published, dropped, reordered or merged into it meanwhile."""

    async def main() -> None:
        store = PretendedStore()
        store.failures = [DiskFull(), StoreBusy(), OSError("disk"), None]
        async with ticking(store) as journal:
            run = begun()
            reader = LogReader(run.log(), after=1)
            say(journal, run, "a")
            for attempt in range(3):
                await virtual_time.passes(RETRY_PAUSE_S / 2)
                say(journal, run, f"{attempt}")
                assert seen(reader) == []
                await virtual_time.passes(RETRY_PAUSE_S / 2)
            await virtual_time.passes(2 * RETRY_PAUSE_S)
            assert seen(reader) == [Text(text="a"), Text(text="012")]
            assert [rows["g"] for _, rows in store.ticks] == [[Text(text="a")], [Text(text="012")]]

    virtual_time.run(main())


def test_one_commit_serves_all_runs() -> None:
    """What arrives together is stored together, each run's in its own row."""

    async def main() -> None:
        store = PretendedStore()
        async with ticking(store) as journal:
            runs = [begun(f"g{number}") for number in range(50)]
            for run in runs:
                say(journal, run, run.id)
            await virtual_time.passes(1)
            ((_, rows),) = store.ticks
            assert rows == {run.id: [Text(text=run.id)] for run in runs}

    virtual_time.run(main())


def test_what_is_not_to_be_stored_is_read_and_not_written() -> None:
    """Its readers go with the ticks of the others; only its marks are written."""

    async def main() -> None:
        store = PretendedStore()
        async with ticking(store) as journal:
            stored, unstored = begun("g"), begun("u", session_id="")
            reader = LogReader(unstored.log(), after=1)
            unstored.marks.accepted = True
            say(journal, unstored, "secret")
            say(journal, stored, "a")
            await virtual_time.passes(1)
            assert seen(reader) == [Text(text="secret")]
            assert [rows for _, rows in store.ticks] == [{"g": [Text(text="a")]}]
            assert not unstored.marks.accepted

    virtual_time.run(main())


def test_an_idle_system_stores_at_once() -> None:
    """The first word is stored within a few milliseconds, however long nothing was said."""

    async def main() -> None:
        store = PretendedStore(commit_s=0.001)
        async with ticking(store) as journal:
            run = begun()
            for _ in range(3):
                await virtual_time.passes(60)
                began_s = asyncio.get_running_loop().time()
                say(journal, run, "x")
                await virtual_time.passes(1)
                assert store.ticks[-1][0] - began_s < 0.004

    virtual_time.run(main())


@pytest.mark.parametrize("commit_s", [0.0005, 0.002, 0.005, 0.02, 0.5])
def test_a_busy_system_leaves_time_for_the_rest(commit_s: float) -> None:
    """Quick commits take their fifth of the time at most, and slow ones make no word wait much longer."""

    async def main() -> None:
        store = PretendedStore(commit_s)
        async with ticking(store) as journal:
            run = begun()
            for _ in range(3000):
                say(journal, run, "x")
                await virtual_time.passes(0.001)
        times = [at_s for at_s, _ in store.ticks]
        gaps = [after - before for before, after in itertools.pairwise(times)]
        assert gaps
        share = pause_s(commit_s, 1)
        assert min(gaps) >= (commit_s + share) * 0.999
        assert max(gaps) <= commit_s + max(share, 0.002) + 0.003

    virtual_time.run(main())


def test_pauses_grow_with_commits_and_crowds() -> None:
    """Four times a quick commit; a slow one delays few answers by little, and nobody by over a tenth of a second."""
    assert [pause_s(0, 1), pause_s(0.001, 1), pause_s(0.002, 1)] == [SHORTEST_PAUSE_S, 0.004, 0.008]
    assert pause_s(0.5, 1) <= 0.011
    assert pause_s(0.5, 50) <= 0.03
    assert pause_s(0.5, 1000) == pause_s(0, 1000) == LONGEST_PAUSE_S
    assert pause_s(0, 50) < 0.003
    assert pause_s(0, 200) >= 0.04


def test_an_ending_run_is_left_to_its_end() -> None:
    """What is left of it is written by its end's transaction alone."""

    async def main() -> None:
        store = PretendedStore()
        async with ticking(store) as journal:
            run = begun()
            say(journal, run, "x")
            run.take_last()
            await virtual_time.passes(1)
            assert store.attempts == 0

    virtual_time.run(main())


def test_a_mark_without_events_is_written() -> None:
    """That the provider has taken the call is stored before its first word."""

    async def main() -> None:
        store = PretendedStore()
        async with ticking(store) as journal:
            run = begun()
            run.marks.accepted = True
            journal.mark(run)
            await virtual_time.passes(1)
            assert [rows for _, rows in store.ticks] == [{}]

    virtual_time.run(main())


def test_closing_stops_a_tick_that_waits_to_be_tried_again() -> None:
    async def main() -> None:
        store = PretendedStore()
        store.failures = [DiskFull()] * 100
        async with ticking(store) as journal:
            run = begun()
            reader = LogReader(run.log(), after=1)
            say(journal, run, "x")
            await virtual_time.passes(2)
        assert seen(reader) == []
        assert len(store.failures) > 90

    virtual_time.run(main())


async def test_a_journal_that_never_opened_closes() -> None:
    await Journal(PretendedStore()).close()  # type: ignore[arg-type]


async def test_a_tick_is_in_the_store(store: Store) -> None:
    """Rows, the provider's acceptance and the first word's time, for real."""
    turn = await begin(store)
    journal = Journal(store)
    journal.open()
    run = Run(turn.generation_id)
    assert turn.start is not None
    run.begin(turn.start, [])
    run.upstream_id, run.marks.accepted, run.marks.first_token_at = "gen-1", True, "2026-01-02T03:04:05.678Z"
    published = run.drained()
    say(journal, run, "Hello")
    await asyncio.wait_for(published, 5)
    await journal.close()
    assert (await store.read(journal_repo.read, run.id))[1:] == [Text(text="Hello")]
    generation = await store.read(generations.get, run.id)
    assert generation is not None
    assert (generation.status, generation.last_seq) == ("running", 2)
    assert generation.first_token_at == "2026-01-02T03:04:05.678Z"


def test_an_event_that_cannot_be_written_holds_up_nobody(caplog: pytest.LogCaptureFixture) -> None:
    """It is left out and logged; what stands beside it, and every other answer, is stored and seen."""

    async def main() -> None:
        store = PretendedStore()
        async with ticking(store) as journal:
            bad, good = begun("bad"), begun("good")
            readers = [LogReader(run.log(), after=1) for run in (bad, good)]
            bad.add([ToolCallDelta(id="c", name=object(), arguments="", index=0)])  # type: ignore[arg-type]
            say(journal, bad, "b")
            say(journal, good, "g")
            await virtual_time.passes(1)
            say(journal, bad, "c")
            await virtual_time.passes(1)
            of_bad, of_good = (seen(reader) for reader in readers)
            assert of_bad == [Text(text=""), Text(text="b"), Text(text="c")] == store.stored("bad")
            assert of_good == [Text(text="g")] == store.stored("good")

    with caplog.at_level("ERROR", "app.services.turns.journal"):
        virtual_time.run(main())
    assert [record.__dict__["generation_id"] for record in caplog.records] == ["bad"]
