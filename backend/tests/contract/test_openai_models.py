"""`/v1/models`: OpenAI's list from the stored catalogue, with OpenRouter's fields."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from emulator import Emulator
from tests.harness import ConsoleClient

Json = dict[str, Any]
MODEL = "anthropic/claude-sonnet-4.5"


@pytest.fixture
async def upstream(client: ConsoleClient, emulator: Emulator) -> dict[str, Json]:
    """The provider's own entries by id; the catalogue has been taken."""
    await client.post("/api/models/sync")
    listed = (await client.ask("GET", f"{emulator.base_url}/models")).json()["data"]
    return {entry["id"]: entry for entry in listed}


@pytest.mark.parametrize("base", ["/v1", "/api/v1"])
async def test_every_model_on_offer_is_listed_whole(
    client: ConsoleClient, upstream: dict[str, Json], base: str
) -> None:
    """One unpaged list; nothing that the provider tells is lost or changed, prices are its own text."""
    listed = (await client.ask("GET", f"{base}/models")).json()
    assert listed.keys() == {"object", "data", "total_count", "links"}
    assert (listed["total_count"], listed["links"]) == (len(upstream), {"next": None})
    assert listed["object"] == "list"
    assert [model["id"] for model in listed["data"]] == sorted(upstream)
    for model in listed["data"]:
        entry = upstream[model["id"]]
        assert model == {**entry, "object": "model", "owned_by": model["id"].partition("/")[0]}
        assert type(model["created"]) is int


@pytest.mark.parametrize("base", ["/v1", "/api/v1"])
@pytest.mark.parametrize("spelled", [MODEL, quote(MODEL, safe=""), f"{MODEL}:nitro"])
async def test_one_model_by_its_slug(client: ConsoleClient, upstream: dict[str, Json], base: str, spelled: str) -> None:
    """The slash as it is, or escaped as SDKs send it; variants lead to their model."""
    model = (await client.ask("GET", f"{base}/models/{spelled}")).json()
    assert (model["id"], model["object"], model["owned_by"]) == (MODEL, "model", "anthropic")
    assert model["pricing"] == upstream[MODEL]["pricing"]


@pytest.mark.usefixtures("upstream")
@pytest.mark.parametrize("slug", ["nobody/nothing", "x", f"{MODEL}:free", "a/b/c", "..%2F..", "%00"])
async def test_a_model_that_is_not_there_is_404(client: ConsoleClient, slug: str) -> None:
    """In OpenAI's envelope, with the code its clients compare."""
    reply = await client.ask("GET", f"/v1/models/{slug}")
    assert (reply.status_code, reply.json()["error"]["code"]) == (404, "model_not_found")


async def test_models_that_the_provider_took_back_are_gone(
    client: ConsoleClient, upstream: dict[str, Json], console: Any
) -> None:
    """Neither listed nor found."""

    def remove(conn: Any) -> None:
        conn.execute("UPDATE models SET removed_at = 'x' WHERE id = :id", {"id": MODEL})

    await console.services.store.write(remove)
    listed = (await client.ask("GET", "/v1/models")).json()["data"]
    assert len(listed) == len(upstream) - 1
    assert (await client.ask("GET", f"/v1/models/{MODEL}")).status_code == 404
