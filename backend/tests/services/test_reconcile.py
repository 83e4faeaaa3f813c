"""Costs that the provider tells later: asked for patiently, counted once. Delays in virtual time."""

from __future__ import annotations

import asyncio
import time
from decimal import Decimal

import pytest

from app.core.clock import stamp
from app.core.errors import DiskFull, UpstreamUnavailable
from app.repo import generations, sessions
from app.services.reconcile import DELAYS_S, Reconciler
from app.services.turns.turn_end import end
from tests.core import virtual_time
from tests.services.late import Books, Keep, Provided, Told, record
from tests.services.turning import answered, begin, ending


def test_a_cost_that_is_told_is_stored_everywhere(keep: Keep) -> None:
    """Ledger, generation, message, session, rollup; and the page is told."""

    async def main(books: Books) -> None:
        begun = await books.unknown()
        assert begun.start is not None
        provided = Provided(one=[record(provider_name="P2", native_tokens_cached=3)])
        async with books.reconciling(provided, 1):
            await virtual_time.passes(5)
        assert (books.changes.since(0) or b"").count(b"event: changed") == 2
        (row,) = await books.ledger()
        assert (row["cost_picousd"], row["cost_text"], row["upstream_provider"]) == (25 * 10**10, "0.25", "P2")
        assert (row["prompt_tokens"], row["total_tokens"], row["cached_tokens"]) == (7, 16, 3)
        generation = await books.store.read(generations.get, begun.generation_id)
        assert (generation.usage.cost_usd, generation.usage.cost_state) == (Decimal("0.25"), "reconciled")
        session = await books.store.read(sessions.get, begun.start.session_id)
        assert (session.totals.cost_usd, session.totals.unknown_calls) == (Decimal("0.25"), 0)

    keep(main)


@pytest.mark.parametrize(
    "reluctant",
    [
        [None, None],
        [UpstreamUnavailable(), None],
        [record(total_cost=None), record(total_cost="-1")],
        [record(native_tokens_prompt=2**70, total_cost=None), UpstreamUnavailable()],
    ],
)
def test_a_record_that_is_not_there_yet_is_asked_for_again(keep: Keep, reluctant: list[Told]) -> None:
    async def main(books: Books) -> None:
        await books.unknown()
        provided = Provided(one=[*reluctant, record()])
        async with books.reconciling(provided, 1, 2, 3, 4):
            await virtual_time.passes(10)
        assert len(provided.asked) == 3
        assert [row["state"] for row in await books.ledger()] == ["reconciled"]

    keep(main)


def test_impossible_figures_do_not_keep_the_cost_out(keep: Keep) -> None:
    """The cost is stored, the count that no column holds is not."""

    async def main(books: Books) -> None:
        await books.unknown()
        async with books.reconciling(Provided(one=[record(native_tokens_prompt=2**70)]), 1):
            await virtual_time.passes(5)
        (row,) = await books.ledger()
        assert (row["state"], row["prompt_tokens"], row["completion_tokens"]) == ("reconciled", None, 9)

    keep(main)


def test_a_store_that_refuses_is_tried_again(keep: Keep) -> None:
    """The answer of the provider is not lost with a full disk, nor is the work of the others."""

    async def main(books: Books) -> None:
        await books.unknown()
        await books.unknown("two")
        books.store.failures = [DiskFull(), DiskFull()]
        async with books.reconciling(Provided(one=[record()], two=[record()]), 1, 2, 3):
            await virtual_time.passes(10)
        assert [row["state"] for row in await books.ledger()] == ["reconciled", "reconciled"]

    keep(main)


def test_a_provider_that_does_not_answer_keeps_nobody_waiting_for_long(keep: Keep) -> None:
    """And is asked again."""

    async def main(books: Books) -> None:
        await books.unknown()
        await books.unknown("two")
        provided = Provided(one=[record()], two=[record()])
        provided.silent = {"one"}
        async with books.reconciling(provided, 1, 100):
            await virtual_time.passes(20)
            assert [row["state"] for row in await books.ledger()] == ["unknown", "reconciled"]
            provided.silent.clear()
            await virtual_time.passes(100)
        assert [row["state"] for row in await books.ledger()] == ["reconciled", "reconciled"]

    keep(main)


def test_without_a_provider_it_waits(keep: Keep) -> None:
    """A key that is set in time is enough."""

    async def main(books: Books) -> None:
        await books.unknown()
        provided = Provided(one=[record()])
        provided.missing = True
        async with books.reconciling(provided, 10, 20):
            await virtual_time.passes(15)
            assert provided.asked == []
            provided.missing = False
            await virtual_time.passes(15)
        assert [row["state"] for row in await books.ledger()] == ["reconciled"]

    keep(main)


def test_only_who_was_called_is_asked(keep: Keep) -> None:
    """Another provider knows nothing of the call, or worse, has one of its own under that id."""

    async def main(books: Books) -> None:
        begun = await begin(books.store, provider="elsewhere")
        await books.store.write(end, ending(begun, cost=None, upstream_id="one", status="stopped"))
        provided = Provided(one=[record()])
        async with books.reconciling(provided, 1, 1) as reconciler:
            reconciler.notice(begun.generation_id, "one", "elsewhere")
            await virtual_time.passes(10)
        assert provided.asked == []
        assert [row["state"] for row in await books.ledger()] == ["unknown"]

    keep(main)


def test_what_has_no_upstream_id_or_is_settled_is_not_asked_for(keep: Keep) -> None:
    async def main(books: Books) -> None:
        await books.unknown(None)
        await answered(books.store)
        provided = Provided()
        async with books.reconciling(provided, 1):
            await virtual_time.passes(10)
        assert provided.asked == []

    keep(main)


def test_a_call_is_counted_once_however_often_it_is_noticed(keep: Keep) -> None:
    async def main(books: Books) -> None:
        begun = await books.unknown()
        async with books.reconciling(Provided(one=[record()]), 1) as reconciler:
            reconciler.notice(begun.generation_id, "one", "openrouter")
            await virtual_time.passes(5)
            reconciler.notice(begun.generation_id, "one", "openrouter")
            await virtual_time.passes(5)

    keep(main)


def test_the_waits_grow_as_given(keep: Keep) -> None:
    """Each delay counts from the end of the call; after the last the cost stays unknown."""

    async def main(books: Books) -> None:
        await books.unknown()
        provided = Provided(one=[None])
        began_s = asyncio.get_running_loop().time()
        async with books.reconciling(provided, *DELAYS_S):
            await virtual_time.passes(10 * sum(DELAYS_S))
        assert [at_s - began_s for at_s, _ in provided.asked] == pytest.approx(list(DELAYS_S), abs=0.1)
        assert [row["state"] for row in await books.ledger()] == ["unknown"]

    keep(main)


def test_many_calls_wait_each_for_themselves(keep: Keep) -> None:
    """A new one is asked for in its own time, though an old one waits long."""

    async def main(books: Books) -> None:
        await books.unknown("old")
        provided = Provided(old=[None], new=[None])
        async with books.reconciling(provided, 10, 1000) as reconciler:
            await virtual_time.passes(50)
            reconciler.notice("g", "new", "openrouter")
            await virtual_time.passes(11)
        assert [upstream_id for _, upstream_id in provided.asked] == ["old", "new"]

    keep(main)


@pytest.mark.parametrize(
    ("asked_s", "restarted_s", "due_s"),
    [
        ([2.0, 5.0, 15.0, 60.0, 300.0, 3600.0], 7200.0, [86400.0]),
        ([2.0, 5.0], 7.0, [15.0, 60.0, 300.0, 3600.0, 86400.0]),
        ([2.0], 4000.0, [4000.0, 86400.0]),
        ([], 100_000.0, [100_000.0]),
        ([*DELAYS_S], 100_000.0, []),
    ],
    ids=["goes on", "soon", "what was missed, once", "missed all", "given up"],
)
def test_a_restart_goes_on_where_it_was(
    keep: Keep, asked_s: list[float], restarted_s: float, due_s: list[float]
) -> None:
    """Neither from the beginning, nor without what came due meanwhile."""

    async def main(books: Books) -> None:
        await books.unknown()
        began_s = asyncio.get_running_loop().time()
        before, after = Provided(one=[None]), Provided(one=[None])
        async with books.reconciling(before, *DELAYS_S):
            await virtual_time.passes(asked_s[-1] + 0.5 if asked_s else 0.5)
        await virtual_time.passes(began_s + restarted_s - asyncio.get_running_loop().time())
        async with books.reconciling(after, *DELAYS_S):
            await virtual_time.passes(3 * DELAYS_S[-1])
        assert [at_s - began_s for at_s, _ in before.asked] == pytest.approx(asked_s, abs=0.1)
        assert [at_s - began_s for at_s, _ in after.asked] == pytest.approx(due_s, abs=0.1)
        assert [row["state"] for row in await books.ledger()] == ["unknown"]

    keep(main)


@pytest.mark.parametrize("off_s", [-(10**6), 10**6], ids=["back", "ahead"])
def test_a_clock_that_jumps_delays_no_call_for_ever(keep: Keep, off_s: int) -> None:
    """It is asked for at the latest when a new call would be."""

    async def main(books: Books) -> None:
        await books.unknown()
        provided = Provided(one=[record()])
        now = lambda: stamp(time.time_ns() + off_s * 10**9)  # noqa: E731
        reconciler = Reconciler(books.store, books.changes, provided, (2, 5), now)  # type: ignore[arg-type]
        await reconciler.open()
        await virtual_time.passes(3)
        await reconciler.close()
        assert [row["state"] for row in await books.ledger()] == ["reconciled"]

    keep(main)


def test_a_reconciler_that_never_opened_closes(keep: Keep) -> None:
    async def main(books: Books) -> None:
        await Reconciler(books.store, books.changes, Provided()).close()  # type: ignore[arg-type]

    keep(main)
