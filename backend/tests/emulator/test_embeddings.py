"""Vectors: deterministic, of any size, paid for."""

from __future__ import annotations

import base64
import math
import struct
from decimal import Decimal
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator import Emulator
from emulator.embeddings import vector_of

from .conftest import client_of
from .wire import KEY

SMALL = "openai/text-embedding-3-small"


async def embed(client: httpx.AsyncClient, given: Any, **fields: Any) -> httpx.Response:
    return await client.post("/embeddings", json={"model": SMALL, "input": given, **fields})


def nearness(one: list[float], other: list[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


@given(st.text(), st.integers(1, 300))
def test_any_text_has_one_unit_vector_of_any_size(text: str, dimensions: int) -> None:
    """The same again for the same text."""
    vector = vector_of(text, dimensions)

    assert len(vector) == dimensions
    assert math.isclose(math.hypot(*vector), 1, abs_tol=1e-4)
    assert vector == vector_of(text, dimensions)


def test_texts_that_share_words_are_near_each_other() -> None:
    """So that a search by vectors finds something."""
    cats, kittens, rates = (
        vector_of(text, 256) for text in ("cats like warm milk", "small cats like milk", "interest rates rose in June")
    )

    assert nearness(cats, kittens) > 0.5 > abs(nearness(cats, rates))


async def test_one_input_or_many_are_answered_in_order_and_billed(
    client: httpx.AsyncClient, emulator: Emulator
) -> None:
    """Text, texts, token ids and parts; the size is the model's own unless asked for."""
    one = (await embed(client, "hello world")).json()
    many = (await embed(client, ["hello world", "bye"], dimensions=64)).json()
    ids = (await embed(client, [5, 6, 7])).json()
    rows_of_ids = (await embed(client, [[5, 6, 7], [8]])).json()
    parts = (await embed(client, [{"content": [{"type": "text", "text": "hello world"}]}])).json()

    assert (one["object"], one["model"], one["data"][0]["object"]) == ("list", SMALL, "embedding")
    assert len(one["data"][0]["embedding"]) == 1536
    assert [len(entry["embedding"]) for entry in many["data"]] == [64, 64]
    assert [entry["index"] for entry in many["data"]] == [0, 1]
    assert ids["usage"]["prompt_tokens"] == 3
    assert rows_of_ids["data"][0]["embedding"] == ids["data"][0]["embedding"]
    assert parts["data"] == one["data"]
    assert Decimal(str(one["usage"]["cost"])) == one["usage"]["prompt_tokens"] * Decimal("0.00000002")
    assert len(one["usage"]["cost_details"]) == 3
    assert [row.api_type for row in emulator.ledger.rows] == ["embeddings"] * 5
    assert emulator.ledger.rows[0].cost_usd == Decimal(str(one["usage"]["cost"])) > 0


async def test_a_vector_travels_as_numbers_or_as_base64(client: httpx.AsyncClient) -> None:
    """Little-endian 32-bit floats, as SDKs unpack them."""
    plain = (await embed(client, "hello", dimensions=8)).json()["data"][0]["embedding"]
    packed = (await embed(client, "hello", dimensions=8, encoding_format="base64")).json()["data"][0]["embedding"]

    assert list(struct.unpack("<8f", base64.b64decode(packed))) == pytest.approx(plain, abs=1e-6)


async def test_a_generation_record_knows_the_call(client: httpx.AsyncClient) -> None:
    """By the header's id, after the first miss."""
    generation_id = (await embed(client, "hello")).headers["X-Generation-Id"]
    found = [await client.get("/generation", params={"id": generation_id}) for _ in range(2)]

    assert found[0].status_code == 404
    assert found[1].json()["data"]["api_type"] == "embeddings"


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"input": None}, 400),
        ({"input": ""}, 400),
        ({"input": []}, 400),
        ({"input": ["a", ""]}, 400),
        ({"input": 5}, 400),
        ({"input": [-1]}, 400),
        ({"input": ["a", 5]}, 400),
        ({"input": ["a"] * 2049}, 400),
        ({"input": [{"content": []}]}, 400),
        ({"dimensions": 0}, 400),
        ({"dimensions": 1.5}, 400),
        ({"encoding_format": "hex"}, 400),
        ({"model": None}, 400),
        ({"model": "small"}, 400),
        ({"model": "openai/none"}, 404),
        ({"model": "openai/gpt-4o"}, 404),
        ({"input": "word " * 9000}, 400),
        ({"provider": {"only": ["groq"]}}, 404),
    ],
)
async def test_what_cannot_be_embedded_is_refused_and_free(
    client: httpx.AsyncClient, emulator: Emulator, fields: dict[str, Any], status: int
) -> None:
    """Bad inputs are 400; models that answer in words are 404."""
    response = await client.post("/embeddings", json={"model": SMALL, "input": "a", **fields})

    assert (response.status_code, response.json()["error"]["code"]) == (status, status)
    assert emulator.ledger.rows == []


@pytest.mark.parametrize("value", [-1, True, "x", [[]], {"type": "json_schema"}])
async def test_parameters_of_chat_are_ignored(client: httpx.AsyncClient, value: object) -> None:
    """Unknown here, so nobody looks at what they hold."""
    asked = {"model": SMALL, "input": "a", "response_format": value}
    response = await client.post("/embeddings", json=asked)

    assert response.status_code == 200, response.text


async def test_embeddings_need_a_key_and_credit_and_can_be_made_to_fail() -> None:
    """Like every paid call."""
    async with Emulator(credit_usd=Decimal(0)) as emulator, client_of(emulator) as client:
        broke = await embed(client, "a")
        emulator.set_scenario("error=503", "embeddings")
        down = await embed(client, "a")
        client.headers.pop("Authorization")
        keyless = await embed(client, "a")

    assert [response.status_code for response in (broke, down, keyless)] == [402, 503, 401]


async def test_a_key_with_a_limit_of_its_own_is_403_once_it_is_spent(emulator: Emulator) -> None:
    """Other keys go on, and the key's own page says what is left."""
    async with client_of(emulator) as client:
        control = f"{emulator.origin}/__emulator/account"
        await client.post(control, json={"key_limits_usd": {KEY: "0.00000001"}})
        first = await embed(client, "hello world")
        second = await embed(client, "hello world")
        chat = await client.post("/chat/completions", json={"messages": [{"role": "user", "content": "x"}]})
        other = await client.post(
            "/embeddings", json={"model": SMALL, "input": "a"}, headers={"Authorization": "Bearer other"}
        )
        left = (await client.get("/key")).json()["data"]

    assert [response.status_code for response in (first, second, chat, other)] == [200, 403, 403, 200]
    assert second.json()["error"]["message"].startswith("Key limit exceeded (total limit)")
    assert left["limit_remaining"] == 0
    assert Decimal(str(left["usage"])) == Decimal(str(first.json()["usage"]["cost"]))
