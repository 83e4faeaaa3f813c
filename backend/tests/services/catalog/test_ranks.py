"""Orders that only a provider knows: asked for once an hour, never made up. In virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from app.core.errors import AppError, DiskFull, ShuttingDown, UnsupportedSort, UpstreamError, UpstreamUnavailable
from app.repo import models
from app.schemas.models import ModelFilter
from app.services.catalog.ranks import FAILURE_KEPT_S, KEPT_S, PATIENCE_S, Ranks
from app.services.providers.providers import Provider
from app.services.upstream.wire import WireModel
from tests.core import virtual_time
from tests.services.pretended import InlineStore
from tests.services.turning import priced

USUAL = ["a/one", "a/two", "a/three"]


class Client:
    """Lists models in the orders it is told, in their usual one for any other; ``failure`` instead while it is set."""

    def __init__(self, **orders: list[str]) -> None:
        self.orders = orders
        self.failure: AppError | None = None
        self.slow_s = 0.0
        self.asked: list[str | None] = []

    async def list_models(self, sort: str | None = None) -> list[WireModel]:
        self.asked.append(sort)
        if self.slow_s:
            await virtual_time.passes(self.slow_s)
        if self.failure is not None:
            raise self.failure
        return [WireModel(id=name) for name in self.orders.get((sort or "").replace("-", "_"), USUAL)]


class Configured:
    def __init__(self, clients: Sequence[Client]) -> None:
        self.clients = clients

    def every(self) -> list[Provider]:
        return [Provider(f"p{number}", client, demo=False) for number, client in enumerate(self.clients)]  # type: ignore[arg-type]


def ranked(
    tmp_path: Path,
    body: Callable[[Ranks, InlineStore], Coroutine[Any, Any, None]],
    *clients: Client,
    configured: Configured | None = None,
) -> None:
    async def main() -> None:
        with closing(InlineStore(tmp_path / "console.db")) as store:
            rows = [priced(name, prompt=1, completion=1) | {"provider": "p0"} for name in (*USUAL, "z/new")]
            await store.write(models.replace_all, "p0", rows, now="t")
            # The providers pretend only what is asked of them here.
            ranks = Ranks(store, configured or Configured(clients))  # type: ignore[arg-type]
            await body(ranks, store)
            await ranks.close()

    virtual_time.run(main())


async def order(store: InlineStore) -> list[str]:
    page = await store.read(models.list_page, ModelFilter(), sort="top_weekly", limit=10)
    return [model.id for _, model in page]


def test_the_provider_s_order_is_kept_for_an_hour(tmp_path: Path) -> None:
    """A model it does not rank comes last; sorts by what is stored ask nobody."""
    client = Client(top_weekly=["a/three", "a/one", "a/two"])

    async def body(ranks: Ranks, store: InlineStore) -> None:
        await ranks.ensure("pricing_low_to_high")
        assert client.asked == []
        await asyncio.gather(ranks.ensure("top_weekly"), ranks.ensure("top_weekly"))
        assert await order(store) == ["a/three", "a/one", "a/two", "z/new"]
        await virtual_time.passes(KEPT_S - 1)
        await ranks.ensure("top_weekly")
        assert client.asked == ["top-weekly", None]
        client.orders = {"top_weekly": ["a/two", "a/one"]}
        await virtual_time.passes(1)
        await ranks.ensure("top_weekly")
        assert await order(store) == ["a/two", "a/one", "a/three", "z/new"]

    ranked(tmp_path, body, client)


@pytest.mark.parametrize("refuses", [False, True])
def test_a_provider_that_cannot_rank_is_not_believed(tmp_path: Path, refuses: bool) -> None:
    """One that lists as ever, and one that refuses the parameter; that answer is kept too."""
    client = Client()
    client.failure = UpstreamError() if refuses else None

    async def body(ranks: Ranks, store: InlineStore) -> None:
        for _ in range(2):
            with pytest.raises(UnsupportedSort):
                await ranks.ensure("latency_low_to_high")
        assert len(client.asked) == (1 if refuses else 2)

    ranked(tmp_path, body, client)


def test_the_first_provider_that_ranks_is_asked(tmp_path: Path) -> None:
    async def body(ranks: Ranks, store: InlineStore) -> None:
        await ranks.ensure("top_weekly")
        assert await order(store) == ["a/two", "a/one", "a/three", "z/new"]

    ranked(tmp_path, body, Client(), Client(top_weekly=["a/two"]))


def test_a_failure_is_remembered_for_a_minute(tmp_path: Path) -> None:
    """It is raised while there is no earlier order, at once and to everybody; then that one serves on."""
    client = Client(top_weekly=["a/two", "a/one"])
    client.failure = UpstreamUnavailable()

    async def body(ranks: Ranks, store: InlineStore) -> None:
        asked = await asyncio.gather(*(ranks.ensure("top_weekly") for _ in range(5)), return_exceptions=True)
        assert {type(error) for error in asked} == {UpstreamUnavailable}
        client.failure = None
        await virtual_time.passes(FAILURE_KEPT_S - 1)
        with pytest.raises(UpstreamUnavailable):
            await ranks.ensure("top_weekly")
        assert len(client.asked) == 1
        await virtual_time.passes(1)
        await ranks.ensure("top_weekly")
        client.failure = UpstreamUnavailable()
        await virtual_time.passes(KEPT_S)
        for _ in range(3):
            await ranks.ensure("top_weekly")
        assert len(client.asked) == 4
        assert await order(store) == ["a/two", "a/one", "a/three", "z/new"]

    ranked(tmp_path, body, client)


def test_a_new_key_asks_anew(tmp_path: Path) -> None:
    """What failed with the old one says nothing of it."""
    old, new = Client(), Client(top_weekly=["a/two"])
    old.failure = UpstreamUnavailable()

    async def body(ranks: Ranks, store: InlineStore) -> None:
        with pytest.raises(UpstreamUnavailable):
            await ranks.ensure("top_weekly")
        clients[0] = new
        await ranks.ensure("top_weekly")

    clients = [old]
    ranked(tmp_path, body, configured=Configured(clients))


def test_a_slow_provider_keeps_nobody_else_waiting(tmp_path: Path) -> None:
    """Not those who sort otherwise, and for seconds only those who have an earlier order."""
    client = Client(top_weekly=["a/two", "a/one"])

    async def body(ranks: Ranks, store: InlineStore) -> None:
        await ranks.ensure("top_weekly")
        await virtual_time.passes(KEPT_S)
        client.slow_s, client.orders = 60, {"top_weekly": ["a/three"], "throughput_high_to_low": ["a/one"]}
        began = asyncio.get_running_loop().time()
        slow = asyncio.create_task(ranks.ensure("throughput_high_to_low"))
        await ranks.ensure("top_weekly")
        assert asyncio.get_running_loop().time() - began == PATIENCE_S
        assert await order(store) == ["a/two", "a/one", "a/three", "z/new"]
        await slow
        assert asyncio.get_running_loop().time() - began == 120
        assert await order(store) == ["a/three", "a/one", "a/two", "z/new"]

    ranked(tmp_path, body, client)


def test_what_cannot_be_stored_is_not_asked_for_each_time(tmp_path: Path) -> None:
    """A full disk fails the sort, typed, and is remembered too."""
    client = Client(top_weekly=["a/two"])

    async def body(ranks: Ranks, store: InlineStore) -> None:
        store.failures = [DiskFull()]
        for _ in range(3):
            with pytest.raises(DiskFull):
                await ranks.ensure("top_weekly")
        assert len(client.asked) == 2

    ranked(tmp_path, body, client)


def test_the_end_of_the_process_gives_up_asking(tmp_path: Path) -> None:
    """Who waits is told so."""
    client = Client()
    client.slow_s = 60

    async def body(ranks: Ranks, store: InlineStore) -> None:
        waiting = asyncio.create_task(ranks.ensure("top_weekly"))
        await virtual_time.passes(1)
        await ranks.close()
        for ended in (waiting, ranks.ensure("top_weekly")):
            with pytest.raises(ShuttingDown):
                await ended

    ranked(tmp_path, body, client)
