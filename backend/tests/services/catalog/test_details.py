"""A model in full: what the provider told is shown, whether or not it could be kept."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from app.core.errors import DiskFull, StoreBusy
from app.repo import models
from app.services.catalog.details import ModelDetails
from app.services.providers.provider_file import FileProvider
from app.services.providers.providers import Provider
from app.services.upstream.wire import ModelEndpoints, WireEndpoint
from tests.services.pretended import InlineStore
from tests.services.turning import priced


class Client:
    """Says that one provider serves every model."""

    asked = 0

    async def endpoints(self, author: str, name: str) -> ModelEndpoints:
        self.asked += 1
        return ModelEndpoints(endpoints=[WireEndpoint(name="One", provider_name="One")])


class Configured:
    def __init__(self, client: Client) -> None:
        self.client = client

    def every(self) -> list[Provider]:
        # The client pretends only what is asked of it here.
        return [Provider("p0", self.client, demo=False, entry=FileProvider())]  # type: ignore[arg-type]


@pytest.mark.parametrize("failure", [DiskFull(), StoreBusy()])
async def test_a_store_that_cannot_keep_it_fails_no_read(tmp_path: Path, failure: Exception) -> None:
    """The next read asks again, and keeps it if it can."""
    with closing(InlineStore(tmp_path / "console.db")) as store:
        row = priced("a/b", prompt=1, completion=1) | {"provider": "p0"}
        await store.write(models.replace_all, "p0", [row], now="t")
        client = Client()
        # So do the providers.
        details = ModelDetails(store, Configured(client))  # type: ignore[arg-type]
        store.failures = [failure]
        for asked in (1, 2, 2):
            found = await details.get("a/b")
            assert found.endpoints is not None
            assert [endpoint.provider_name for endpoint in found.endpoints] == ["One"]
            assert found.endpoints_problem is None
            assert client.asked == asked
