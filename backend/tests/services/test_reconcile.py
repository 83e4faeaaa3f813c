"""Costs that the provider tells later: asked for patiently, counted once. Delays in virtual time."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path

import pytest

from app.core.errors import AppError, DiskFull, MissingKey, UpstreamUnavailable
from app.db.store import Store
from app.repo import generations, sessions
from app.services.changes import Changes
from app.services.providers import Provider
from app.services.reconcile import DELAYS_S, Reconciler
from app.services.turn_end import end
from app.services.turn_start import Begun
from app.services.upstream_wire import GenerationRecord, decode_generation
from tests.core import virtual_time
from tests.services.turning import answered, begin, check_sums, ending, rows_of


def record(**fields: object) -> GenerationRecord:
    data = {"id": "gen-1", "total_cost": 0.25, "native_tokens_prompt": 7, "native_tokens_completion": 9} | fields
    return decode_generation(json.dumps({"data": data}).encode())


Told = GenerationRecord | AppError | None


class Provided:
    """Providers whose one client tells what the test says, by upstream id; the last answer stays."""

    def __init__(self, **told: list[Told]) -> None:
        self.told = told
        self.asked: list[tuple[float, str]] = []
        self.missing = False

    def current(self) -> Provider:
        if self.missing:
            raise MissingKey
        return Provider("openrouter", self, demo=False)  # type: ignore[arg-type]

    async def generation(self, upstream_id: str) -> GenerationRecord | None:
        self.asked.append((asyncio.get_running_loop().time(), upstream_id))
        answers = self.told[upstream_id]
        told = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(told, AppError):
            raise told
        return told


async def unknown(store: Store, upstream_id: str | None = "one") -> Begun:
    """A call whose stream was cut before it told its cost."""
    begun = await begin(store)
    await store.write(end, ending(begun, cost=None, upstream_id=upstream_id, status="stopped"))
    return begun


@asynccontextmanager
async def reconciling(store: Store, provided: Provided, *delays_s: float) -> AsyncIterator[tuple[Reconciler, Changes]]:
    changes = Changes()
    changes.listen(lambda: None)
    reconciler = Reconciler(store, changes, provided, delays_s or DELAYS_S)  # type: ignore[arg-type]
    await reconciler.open()
    yield reconciler, changes
    await reconciler.close()


async def settled(store: Store, state: str = "reconciled") -> None:
    """Until no row has another state."""
    for _ in range(2000):
        if all(row["state"] == state for row in await store.read(rows_of, "usage_logs")):
            return
        await asyncio.sleep(0)
    raise AssertionError("never")


async def test_a_cost_that_is_told_is_stored_everywhere(store: Store) -> None:
    """Ledger, generation, message, session, rollup; and the page is told."""
    begun = await unknown(store)
    assert begun.start is not None
    provided = Provided(one=[record(provider_name="P2", native_tokens_cached=3)])
    async with reconciling(store, provided, 0.0) as (_, changes):
        await settled(store)
        await asyncio.sleep(0)
        assert (changes.since(0) or b"").count(b"event: changed") == 2
    (ledger,) = await store.read(rows_of, "usage_logs")
    assert (ledger["cost_picousd"], ledger["cost_text"], ledger["upstream_provider"]) == (25 * 10**10, "0.25", "P2")
    assert (ledger["prompt_tokens"], ledger["total_tokens"], ledger["cached_tokens"]) == (7, 16, 3)
    generation = await store.read(generations.get, begun.generation_id)
    assert generation is not None
    assert generation.usage is not None
    assert (generation.usage.cost_usd, generation.usage.cost_state) == (Decimal("0.25"), "reconciled")
    session = await store.read(sessions.get, begun.start.session_id)
    assert session is not None
    assert (session.totals.cost_usd, session.totals.unknown_calls) == (Decimal("0.25"), 0)
    await store.read(check_sums)


@pytest.mark.parametrize(
    "reluctant",
    [
        [None, None],
        [UpstreamUnavailable(), None],
        [record(total_cost=None), record(total_cost="-1")],
        [record(native_tokens_prompt=2**70, total_cost=None), UpstreamUnavailable()],
    ],
)
async def test_a_record_that_is_not_there_yet_is_asked_for_again(store: Store, reluctant: list[Told]) -> None:
    await unknown(store)
    provided = Provided(one=[*reluctant, record()])
    async with reconciling(store, provided, 0, 0, 0, 0):
        await settled(store)
    assert len(provided.asked) == 3
    await store.read(check_sums)


async def test_impossible_figures_do_not_keep_the_cost_out(store: Store) -> None:
    """The cost is stored, the count that no column holds is not."""
    await unknown(store)
    async with reconciling(store, Provided(one=[record(native_tokens_prompt=2**70)]), 0):
        await settled(store)
    (ledger,) = await store.read(rows_of, "usage_logs")
    assert (ledger["prompt_tokens"], ledger["completion_tokens"]) == (None, 9)


async def test_a_store_that_refuses_is_tried_again(tmp_path: Path) -> None:
    """The answer of the provider is not lost with a full disk, nor is the work of the others."""

    class Refusing(Store):
        refusals = 2

        async def write(self, f, *args, **kwargs):  # type: ignore[no-untyped-def]
            if f.__name__ == "_reconcile" and self.refusals:
                self.refusals -= 1
                raise DiskFull
            return await super().write(f, *args, **kwargs)

    store = await Refusing.open(tmp_path / "console.db")
    await unknown(store)
    await unknown(store, "two")
    async with reconciling(store, Provided(one=[record()], two=[record()]), 0, 0, 0):
        await settled(store)
    await store.read(check_sums)
    await store.close()


def test_without_a_provider_it_waits(tmp_path: Path) -> None:
    """A key that is set in time is enough."""

    async def main() -> None:
        store = await Store.open(tmp_path / "console.db")
        await unknown(store)
        provided = Provided(one=[record()])
        provided.missing = True
        async with reconciling(store, provided, 10.0, 10.0):
            await asyncio.sleep(15)
            assert provided.asked == []
            provided.missing = False
            await asyncio.sleep(15)
        (ledger,) = await store.read(rows_of, "usage_logs")
        assert ledger["state"] == "reconciled"
        await store.close()

    virtual_time.run(main())


async def test_what_has_no_upstream_id_or_is_settled_is_not_asked_for(store: Store) -> None:
    await unknown(store, None)
    await answered(store)
    provided = Provided()
    async with reconciling(store, provided, 0):
        for _ in range(100):
            await asyncio.sleep(0)
    assert provided.asked == []


async def test_a_call_is_counted_once_however_often_it_is_noticed(store: Store) -> None:
    begun = await unknown(store)
    async with reconciling(store, Provided(one=[record()]), 0) as (reconciler, _):
        reconciler.notice(begun.generation_id, "one")
        await settled(store)
        reconciler.notice(begun.generation_id, "one")
        for _ in range(200):
            await asyncio.sleep(0)
    await store.read(check_sums)


def test_the_waits_grow_as_given(tmp_path: Path) -> None:
    """Each attempt waits its own delay after the one before; after the last the cost stays unknown."""
    delays_s = (2.0, 5.0, 15.0, 60.0)

    async def main() -> None:
        store = await Store.open(tmp_path / "console.db")
        await unknown(store)
        provided = Provided(one=[None])
        began_s = asyncio.get_running_loop().time()
        async with reconciling(store, provided, *delays_s):
            await asyncio.sleep(1000)
        times_s = [began_s, *(at_s for at_s, _ in provided.asked)]
        waits_s = [after - before for before, after in itertools.pairwise(times_s)]
        assert waits_s == pytest.approx(delays_s)
        (ledger,) = await store.read(rows_of, "usage_logs")
        assert ledger["state"] == "unknown"
        await store.close()

    virtual_time.run(main())


def test_many_calls_wait_each_for_themselves(tmp_path: Path) -> None:
    """A new one is asked for in its own time, though an old one waits for a day."""

    async def main() -> None:
        store = await Store.open(tmp_path / "console.db")
        await unknown(store, "old")
        provided = Provided(old=[None], new=[None])
        async with reconciling(store, provided, 10.0, 1000.0) as (reconciler, _):
            await asyncio.sleep(50)
            reconciler.notice("g", "new")
            await asyncio.sleep(11)
            assert [upstream_id for _, upstream_id in provided.asked] == ["old", "new"]
        await store.close()

    virtual_time.run(main())


async def test_a_reconciler_that_never_opened_closes(store: Store) -> None:
    await Reconciler(store, Changes(), Provided()).close()  # type: ignore[arg-type]
