"""How the catalogue is kept fresh: hourly, patiently, whatever the providers do. Waits in virtual time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from app.core.errors import MissingKey, UpstreamUnavailable
from app.schemas.models import ModelQuery
from app.services.catalog.catalog import Catalog, Refresh
from app.services.changes import Changes
from app.services.providers.providers import Provider
from app.services.upstream.wire import WireModel, decode_models
from tests.core import virtual_time
from tests.services.pretended import InlineStore

STEADY = Refresh(jitter=lambda: 1.0)
Told = list[str] | Exception


class Client:
    """Lists what it is told to, one answer after the other; the last one stays."""

    def __init__(self, *told: Told) -> None:
        self.told = list(told)
        self.asked_at: list[float] = []

    async def list_models(self) -> list[WireModel]:
        self.asked_at.append(asyncio.get_running_loop().time() - 1000)
        told = self.told.pop(0) if len(self.told) > 1 else self.told[0]
        if isinstance(told, Exception):
            raise told
        return decode_models(json.dumps({"data": [{"id": model_id} for model_id in told]}).encode())


class Configured:
    """Providers by name, in order."""

    def __init__(self, **clients: Client) -> None:
        self.clients = clients

    def every(self) -> list[Provider]:
        if not self.clients:
            raise MissingKey
        return [
            Provider(name, client, demo=False, source=name, prefix="" if name == "main" else f"{name}/")  # type: ignore[arg-type]
            for name, client in self.clients.items()
        ]


Body = Callable[[Catalog, Configured], Coroutine[Any, Any, None]]


def kept_fresh(tmp_path: Path, body: Body, **clients: Client) -> None:
    """Run a test beside an open catalogue, in virtual time."""

    async def main() -> None:
        with closing(InlineStore(tmp_path / "console.db")) as store:
            configured = Configured(**clients)
            catalog = Catalog(store, Changes(), configured, STEADY)  # type: ignore[arg-type]
            catalog.open()
            try:
                await body(catalog, configured)
            finally:
                await catalog.close()

    virtual_time.run(main())


async def ids(catalog: Catalog) -> list[str]:
    return [model.id for model in (await catalog.list(ModelQuery())).items]


def test_it_is_taken_at_once_and_every_hour(tmp_path: Path) -> None:
    client = Client(["a/b"], ["a/b", "a/c"])

    async def body(catalog: Catalog, _: Configured) -> None:
        await virtual_time.passes(1)
        assert await ids(catalog) == ["a/b"]
        await virtual_time.passes(7200)
        assert await ids(catalog) == ["a/b", "a/c"]
        assert client.asked_at == [0, 3600, 7200]

    kept_fresh(tmp_path, body, main=client)


def test_failures_are_tried_again_ever_later_and_change_nothing(tmp_path: Path) -> None:
    """Typed ones and others; a list without models is a failure too."""
    failures = [UpstreamUnavailable(), RuntimeError("a bug"), UpstreamUnavailable()]
    client = Client(["a/b"], *failures, [], ["a/c"])

    async def body(catalog: Catalog, _: Configured) -> None:
        await virtual_time.passes(3600 + 15 + 30 + 60 + 119)
        assert await ids(catalog) == ["a/b"]
        await virtual_time.passes(1 + 3600)
        assert await ids(catalog) == ["a/c"]
        assert client.asked_at == [0, 3600, 3615, 3645, 3705, 3825, 7425]

    kept_fresh(tmp_path, body, main=client)


def test_waits_are_spread_and_bounded() -> None:
    """No two consoles ask in step, and no failure waits longer than a success."""
    assert {3600 * 0.9 <= Refresh().after(0) <= 3600 * 1.1 for _ in range(100)} == {True}
    assert len({Refresh().after(0) for _ in range(10)}) > 1
    assert [STEADY.after(failures) for failures in (1, 2, 8, 9, 5000)] == [15, 30, 1920, 3600, 3600]


def test_what_is_missing_is_looked_for_soon_but_not_in_a_storm(tmp_path: Path) -> None:
    client = Client(["a/b"])

    async def body(catalog: Catalog, _: Configured) -> None:
        await virtual_time.passes(30)
        catalog.refresh_soon()
        await virtual_time.passes(30)
        for _repeat in range(100):
            catalog.refresh_soon()
        await virtual_time.passes(1)
        assert client.asked_at == [0, 60]

    kept_fresh(tmp_path, body, main=client)


def test_a_provider_that_fails_does_not_keep_the_others_from_theirs(tmp_path: Path) -> None:
    """Its models stay, and a sync that was asked for says so at its end."""
    main, local = Client(["a/b"], UpstreamUnavailable("main is down"), ["a/c"]), Client(["m1"], ["m2"])

    async def body(catalog: Catalog, _: Configured) -> None:
        await virtual_time.passes(1)
        assert await ids(catalog) == ["a/b", "local/m1"]
        with pytest.raises(UpstreamUnavailable, match="main is down"):
            await catalog.sync()
        assert await ids(catalog) == ["a/b", "local/m2"]
        assert await catalog.sync() == 2
        assert await ids(catalog) == ["a/c", "local/m2"]

    kept_fresh(tmp_path, body, main=main, local=local)


def test_a_provider_that_is_gone_takes_its_models_with_it(tmp_path: Path) -> None:
    """And brings them back at once when it returns, before anybody has answered."""
    main, local = Client(["a/b"]), Client(["m1"])

    async def body(catalog: Catalog, configured: Configured) -> None:
        await virtual_time.passes(1)
        del configured.clients["local"]
        catalog.open()
        await virtual_time.passes(1)
        assert await ids(catalog) == ["a/b"]
        configured.clients["local"] = Client(UpstreamUnavailable())
        catalog.open()
        await virtual_time.passes(1)
        assert await ids(catalog) == ["a/b", "local/m1"]

    kept_fresh(tmp_path, body, main=main, local=local)


def test_without_a_provider_nothing_is_taken_away(tmp_path: Path) -> None:
    """A missing key is no reason to forget what there was, and the first one is noticed."""

    async def body(catalog: Catalog, configured: Configured) -> None:
        await virtual_time.passes(1)
        with pytest.raises(MissingKey):
            await catalog.sync()
        configured.clients["main"] = Client(["a/b"])
        await virtual_time.passes(15)
        assert await ids(catalog) == ["a/b"]

    kept_fresh(tmp_path, body)


async def collected(steps: AsyncIterator[Any]) -> list[tuple[str, int | None]]:
    return [(step.phase, step.models) async for step in steps]


def test_a_sync_tells_its_steps(tmp_path: Path) -> None:
    async def body(catalog: Catalog, _: Configured) -> None:
        assert await collected(catalog.sync_steps()) == [
            ("fetching", None),
            ("storing", 1),
            ("fetching", 1),
            ("storing", 3),
            ("done", 3),
        ]

    kept_fresh(tmp_path, body, main=Client(["a/b"]), local=Client(["m1", "m2"]))
