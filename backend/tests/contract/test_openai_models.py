"""`/v1/models`: OpenAI's list from the stored catalogue, with OpenRouter's fields."""

from __future__ import annotations

from typing import Any, get_args
from urllib.parse import quote

import pytest

from app.schemas.openai_models import ListedSort
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


FILTERS: list[Json] = [
    {"supported_parameters": "tools,logprobs"},
    {"q": "claude", "context": "500000"},
    {"input_modalities": "image,file"},
    {"output_modalities": "text", "arch": "Claude,GPT"},
    {"model_authors": "anthropic,x-ai"},
    {"min_price": "2", "max_price": "3"},
    {"max_output_price": "0.7"},
    {"min_output_price": "20", "q": ""},
    {"category": "programming", "zdr": "true"},
    {"providers": "azure"},
    {"distillable": "true", "max_price": "1"},
    {"output_modalities": "embeddings"},
    {"output_modalities": "all"},
    {"a_filter_of_tomorrow": "1"},
]


@pytest.mark.usefixtures("upstream")
async def test_filters_are_those_of_openrouter(client: ConsoleClient, emulator: Emulator) -> None:
    """The same models as it lists under them; what it does not know is ignored, as there."""
    for query in FILTERS:
        listed = await client.get("/api/v1/models", **query)
        theirs = await client.get(f"{emulator.base_url}/models", **query)
        assert {model["id"] for model in listed["data"]} == {model["id"] for model in theirs["data"]} != set(), query
        assert listed["total_count"] == theirs["total_count"], query


@pytest.mark.usefixtures("upstream")
async def test_orders_are_those_of_openrouter(client: ConsoleClient, emulator: Emulator) -> None:
    """Ours where the catalogue has the figures, the provider's elsewhere; one that it does not know is its refusal."""
    for sort in get_args(ListedSort):
        reply = await client.ask("GET", "/v1/models", params={"sort": sort})
        theirs = await client.ask("GET", f"{emulator.base_url}/models", params={"sort": sort})
        assert reply.status_code == theirs.status_code, sort
        if reply.status_code == 400:
            assert "sort" in reply.json()["error"]["message"]
            continue
        ids, wanted = ([model["id"] for model in listed.json()["data"]] for listed in (reply, theirs))
        assert sorted(ids) == sorted(wanted)
        if sort.startswith(("throughput", "latency")):
            assert ids == wanted
    created = [model["created"] for model in (await client.get("/v1/models", sort="newest"))["data"]]
    assert created == sorted(created, reverse=True)


@pytest.mark.usefixtures("upstream")
@pytest.mark.parametrize("filters", [{}, {"category": "science"}])
async def test_pages_follow_their_links(client: ConsoleClient, filters: Json) -> None:
    """Each model once, in the order of the whole list; the last page leads nowhere."""
    whole = [model["id"] for model in (await client.get("/v1/models", sort="newest", **filters))["data"]]
    page = await client.get("/v1/models", sort="newest", limit=8, **filters)
    found = [model["id"] for model in page["data"]]
    while page["links"]["next"]:
        assert page["total_count"] == len(whole)
        page = (await client.ask("GET", page["links"]["next"])).json()
        found += [model["id"] for model in page["data"]]
    assert found == whole
    from_the_ninth = await client.get("/v1/models", sort="newest", offset=8, **filters)
    assert [model["id"] for model in from_the_ninth["data"]] == whole[8:]


async def test_a_query_that_cannot_be_is_400(client: ConsoleClient) -> None:
    """In OpenAI's envelope."""
    for query in (
        *("sort=oldest", "limit=0", "limit=1001", "offset=-1", "max_price=x", "max_price=nan", "zdr=perhaps"),
        *("min_price=2&max_price=1", "context=-1", "category=%00", "min_age_days=2&max_age_days=1"),
    ):
        for path in ("/v1/models", "/v1/models/user"):
            reply = await client.ask("GET", f"{path}?{query}")
            assert (reply.status_code, reply.json()["error"]["type"]) == (400, "invalid_request_error"), query


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
