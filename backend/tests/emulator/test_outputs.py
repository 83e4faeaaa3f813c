"""What an answer may carry besides text: citations, pictures, speech, likelihoods, tiers."""

from __future__ import annotations

import base64
import struct
import zlib
from decimal import Decimal
from typing import Any

import httpx
import pytest

from emulator import Emulator
from emulator.thinking import is_altered, sealed

from .wire import MODEL, ask, body_of, stream

PAINTER = "google/gemini-2.5-flash-image"
SPEAKER = "openai/gpt-audio"
ALOUD: dict[str, Any] = {"modalities": ["text", "audio"], "audio": {"voice": "alloy", "format": "pcm16"}}


def message_of(response: httpx.Response) -> dict[str, Any]:
    message: dict[str, Any] = response.json()["choices"][0]["message"]
    return message


def part(kind: str, value: Any) -> list[dict[str, Any]]:
    return [{"role": "user", "content": [{"type": kind, kind: value}]}]


SEARCHES: list[tuple[str, dict[str, Any], int]] = [
    (f"{MODEL}:online", {}, 5),
    (MODEL, {"plugins": [{"id": "web"}]}, 5),
    (MODEL, {"plugins": [{"id": "web", "max_results": 2}]}, 2),
    (MODEL, {"plugins": [{"id": "web", "max_results": 500}]}, 25),
    (MODEL, {"plugins": [{"id": "web", "enabled": False}]}, 0),
    (MODEL, {"plugins": [{"id": "response-healing"}]}, 0),
    (MODEL, {"tools": [{"type": "openrouter:web_search", "parameters": {"max_results": 1}}]}, 1),
    (MODEL, {"tools": [{"type": "web_search_preview"}], "tool_choice": "none"}, 0),
    (MODEL, {"web_search_options": {"search_context_size": "low"}}, 2),
    (MODEL, {"web_search_options": {"search_context_size": []}}, 3),
    ("openai/o3", {"web_search_options": {}}, 0),
    (MODEL, {}, 0),
]


@pytest.mark.parametrize(("model", "fields", "count"), SEARCHES)
async def test_a_search_is_cited_and_billed(
    client: httpx.AsyncClient, emulator: Emulator, model: str, fields: dict[str, Any], count: int
) -> None:
    """By variant, plugin, server tool or native options; each page is a citation, and each has its price."""
    response = await ask(client, body_of("Who won?", model=model, **fields), "text=It%20was%20them.")

    cited = message_of(response).get("annotations", [])
    assert [note["type"] for note in cited] == ["url_citation"] * count
    assert [note["url_citation"]["url"][:8] for note in cited] == ["https://"] * count
    usage = response.json()["usage"]
    assert ("server_tool_use_details" in usage) is bool(count)
    (row,) = emulator.ledger.rows
    assert row.cost_usd - row.upstream_cost_usd == count * Decimal("0.004")
    assert Decimal(str(usage["cost_details"]["upstream_inference_cost"])) == row.upstream_cost_usd


async def test_citations_come_before_the_text_each_in_its_own_chunk(client: httpx.AsyncClient) -> None:
    """Their spans lie inside the text and their pages on the domains allowed; bare ones have neither."""
    fields: dict[str, Any] = {"plugins": [{"id": "web", "max_results": 2, "include_domains": ["example.edu"]}]}
    answer = await stream(client, "Who?", "text=It%20was%20them.", **fields)
    bare = await stream(client, "Who?", "text=x; citations=1 form=bare")

    noted = [delta["annotations"] for delta in answer.deltas if "annotations" in delta]
    first_text = next(at for at, delta in enumerate(answer.deltas) if delta["content"])
    assert [len(notes) for notes in noted] == [1, 1]
    assert all("annotations" in delta for delta in answer.deltas[:first_text])
    spans = [(note["url_citation"]["start_index"], note["url_citation"]["end_index"]) for (note,) in noted]
    assert spans == [(0, 6), (6, 12)]
    assert all(note["url_citation"]["url"].startswith("https://example.edu/") for (note,) in noted)
    (plain,) = [note["url_citation"] for delta in bare.deltas for note in delta.get("annotations", [])]
    assert (plain["title"], plain["start_index"], plain["end_index"]) == ("", 0, 0)


async def test_a_file_is_parsed_once_when_its_annotation_is_sent_back(client: httpx.AsyncClient) -> None:
    """Otherwise again with each turn."""
    (asked,) = part("file", {"filename": "a.pdf", "file_data": "data:application/pdf;base64,AAAA"})
    first = message_of(await ask(client, {"model": MODEL, "messages": [asked]}))
    follow = {"role": "user", "content": "And?"}
    kept = message_of(await ask(client, {"model": MODEL, "messages": [asked, first, follow]}))

    (note,) = first["annotations"]
    assert (note["type"], note["file"]["name"]) == ("file", "a.pdf")
    assert note["file"]["content"][0]["type"] == "text"
    assert "annotations" not in kept


async def test_a_picture_is_drawn_when_it_is_asked_for(client: httpx.AsyncClient, emulator: Emulator) -> None:
    """A PNG that decodes, in the shape asked for, the same in both modes, at its own price."""
    fields = {"modalities": ["image", "text"], "image_config": {"aspect_ratio": "16:9"}}
    response = await ask(client, body_of("A cat", model=PAINTER, **fields), "tokens=3")
    answer = await stream(client, "A cat", "tokens=3", model=PAINTER, **fields)
    words = await ask(client, body_of("A cat", model=PAINTER), "tokens=3")

    (image,) = message_of(response)["images"]
    (streamed,) = [image for delta in answer.deltas for image in delta.get("images", [])]
    assert image == streamed
    png = base64.b64decode(image["image_url"]["url"].removeprefix("data:image/png;base64,"))
    assert struct.unpack(">II", png[16:24]) == (16, 9)
    assert len(zlib.decompress(png[png.index(b"IDAT") + 4 :])) == 9 * (1 + 16 * 3)
    assert "images" not in message_of(words)
    usage = response.json()["usage"]
    assert usage["completion_tokens"] == 1293
    assert usage["completion_tokens_details"]["image_tokens"] == 1290
    assert answer.usages[0] == usage
    drawn, _, worded = [row.cost_usd for row in emulator.ledger.rows]
    assert drawn - worded == 1290 * Decimal("0.00003")


async def test_speech_streams_transcript_and_sound(client: httpx.AsyncClient, emulator: Emulator) -> None:
    """Samples and words in turn under one id, with an expiry; the text itself stays empty."""
    answer = await stream(client, "Hi", "text=Good%20day", model=SPEAKER, **ALOUD)

    parts = [delta["audio"] for delta in answer.deltas if "audio" in delta]
    assert len({piece["id"] for piece in parts}) == 1
    assert "".join(piece.get("transcript", "") for piece in parts) == "Good day"
    samples = b"".join(base64.b64decode(piece["data"]) for piece in parts if "data" in piece)
    assert len(samples) == 2 * 240 * 2
    assert max(struct.unpack("<480h", samples)) > 1000
    assert parts[-1]["expires_at"] > 0
    assert answer.text == ""
    assert answer.usages[0]["completion_tokens_details"]["audio_tokens"] == 2
    assert emulator.ledger.rows[0].text == "Good day"


@pytest.mark.parametrize(
    ("model", "fields", "status"),
    [
        (SPEAKER, {**ALOUD, "stream": False}, 400),
        (SPEAKER, {"modalities": ["audio"], "stream": True}, 400),
        (MODEL, {**ALOUD, "stream": True}, 404),
        (MODEL, {"modalities": ["image", "text"]}, 404),
        (MODEL, {"modalities": ["smell"]}, 400),
        (MODEL, {"modalities": ["text"]}, 200),
    ],
)
async def test_modalities_are_refused_where_they_cannot_be_had(
    client: httpx.AsyncClient, model: str, fields: dict[str, Any], status: int
) -> None:
    """Sound only as a stream; what a model cannot make is 404."""
    assert (await ask(client, body_of(model=model, **fields), "tokens=1")).status_code == status


async def test_likelihoods_are_told_token_by_token(client: httpx.AsyncClient) -> None:
    """Each with its bytes and alternatives; the same in both modes; ignored by models without them."""
    fields: dict[str, Any] = {"logprobs": True, "top_logprobs": 2}
    whole = (await ask(client, body_of(**fields), "text=na%C3%AFve%20tea")).json()["choices"][0]["logprobs"]
    answer = await stream(client, "Hello", "text=na%C3%AFve%20tea", **fields)
    plain = (await ask(client, body_of(logprobs=True), "tokens=1")).json()["choices"][0]["logprobs"]
    without = (await ask(client, body_of(), "tokens=1")).json()["choices"][0]["logprobs"]
    deaf = (await ask(client, body_of(model="openai/o3", logprobs=True), "tokens=1")).json()["choices"][0]["logprobs"]

    assert [entry["token"] for entry in whole["content"]] == ["naïve", " tea"]
    assert bytes(whole["content"][0]["bytes"]).decode() == "naïve"
    assert all(entry["logprob"] <= 0 for entry in whole["content"])
    assert [top["token"] for top in whole["content"][0]["top_logprobs"]] == ["naïve", "naïve~"]
    choices = [choice for chunk in answer.chunks for choice in chunk["choices"] if "logprobs" in choice]
    assert [entry for choice in choices for entry in choice["logprobs"]["content"]] == whole["content"]
    assert plain["content"][0]["top_logprobs"] == []
    assert (without, deaf) == (None, None)


@pytest.mark.parametrize(
    ("model", "asked", "served"),
    [(MODEL, "flex", "flex"), (MODEL, "priority", "priority"), (MODEL, "auto", None), (MODEL, None, None),
     ("x-ai/grok-4", "priority", "default"), ("x-ai/grok-4", "flex", 404)],
)  # fmt: skip
async def test_a_tier_is_echoed_as_it_was_served(
    client: httpx.AsyncClient, model: str, asked: str | None, served: str | int | None
) -> None:
    """On the finish and the usage chunk, and in a body; flex has no fallback."""
    fields = {"service_tier": asked} if asked else {}
    response = await ask(client, body_of(model=model, **fields), "tokens=1")
    if served == 404:
        assert response.status_code == 404
        return
    answer = await stream(client, scenario="tokens=1", model=model, **fields)

    assert response.json()["service_tier"] == served
    assert [chunk.get("service_tier") for chunk in answer.chunks[-2:]] == [served] * 2
    assert "service_tier" not in answer.chunks[0]


async def test_cache_writes_have_their_own_price(client: httpx.AsyncClient, emulator: Emulator) -> None:
    """Read, written and plain tokens are disjoint parts of the prompt."""
    model = "anthropic/claude-haiku-4.5"
    usage = (await ask(client, body_of(model=model), "tokens=0; cached=2; cache_write=3")).json()["usage"]

    assert usage["prompt_tokens_details"] == {
        "cached_tokens": 2,
        "cache_write_tokens": 3,
        "audio_tokens": 0,
        "video_tokens": 0,
    }
    plain = usage["prompt_tokens"] - 5
    expected = plain * Decimal("0.000001") + 2 * Decimal("0.0000001") + 3 * Decimal("0.00000125")
    assert emulator.ledger.rows[0].cost_usd == expected


@pytest.mark.parametrize(
    "fields",
    [
        {"transforms": ["middle-out"]},
        {"plugins": [{"id": "context-compression"}]},
    ],
)
async def test_a_prompt_that_is_too_long_is_compressed_when_asked(
    client: httpx.AsyncClient, fields: dict[str, Any]
) -> None:
    """It is billed as what was left of it."""
    model = "deepseek/deepseek-r1"
    body = body_of("word " * 64_000, model, max_tokens=100, **fields)
    refused = await ask(
        client, {**body, "plugins": [{"id": "context-compression", "enabled": False}], "transforms": []}
    )

    assert refused.status_code == 400
    assert (await ask(client, body, "tokens=1")).json()["usage"]["prompt_tokens"] == 63_900


async def test_the_thinking_variant_thinks(client: httpx.AsyncClient) -> None:
    """Unless the request says otherwise itself."""
    model = "google/gemini-2.5-flash:thinking"

    assert message_of(await ask(client, body_of(model=model)))["reasoning"]
    assert message_of(await ask(client, body_of(model=model, reasoning={"enabled": False})))["reasoning"] is None


ODD: list[tuple[str, Any]] = [
    ("messages", part("image_url", {"url": "ftp://x/y.png"})),
    ("messages", part("image_url", {"url": "data:image/bmp;base64,A"})),
    ("messages", part("input_audio", {"data": "https://x/y", "format": "wav"})),
    ("messages", part("input_audio", {"data": "AA==", "format": "midi"})),
    ("messages", part("file", "a.pdf")),
    ("metadata", {f"key{at}": "x" for at in range(17)}),
    ("metadata", {"a[0]": "x"}),
    ("metadata", {"a": "x" * 513}),
    ("metadata", {"x" * 65: "a"}),
    ("plugins", ["web"]),
    ("plugins", [{"max_results": 3}]),
    ("verbosity", "loud"),
    ("prediction", {"type": "guess", "content": "x"}),
    ("cache_control", {"type": "ephemeral", "ttl": "1d"}),
    ("service_tier", "best"),
    ("transforms", ["inside-out"]),
    ("max_tool_calls", 0),
    ("audio", {"voice": "alloy", "format": "midi"}),
]


@pytest.mark.parametrize(("name", "value"), ODD)
async def test_more_bad_fields_are_400(client: httpx.AsyncClient, emulator: Emulator, name: str, value: Any) -> None:
    """Each is a documented field with a documented shape."""
    assert (await ask(client, {**body_of(), name: value})).status_code == 400
    assert emulator.ledger.rows == []


def test_a_seal_tells_an_altered_text_from_a_foreign_one() -> None:
    """Only what was ours can have been altered."""
    seal = sealed("gen-1")

    assert not is_altered(seal)
    assert is_altered(seal[:-4])
    assert is_altered(f"{seal[:-4]}AAAA")
    assert is_altered(f"{seal[:-4]}!!!!")
    assert not is_altered("made elsewhere")


@pytest.mark.parametrize(
    ("model", "key", "reason"),
    [
        ("anthropic/claude-haiku-4.5", "signature", "Invalid `signature`"),
        ("google/gemini-2.5-pro", "data", "Corrupted thought signature"),
    ],
)
async def test_reasoning_is_accepted_as_it_came_and_not_altered(
    client: httpx.AsyncClient, model: str, key: str, reason: str
) -> None:
    """A byte of a signature matters."""
    asked = {"role": "user", "content": "Hello"}
    body = {"model": model, "messages": [asked], "reasoning": {"effort": "low"}}
    message = message_of(await ask(client, body))
    kept = await ask(client, {**body, "messages": [asked, message, asked]}, "tokens=1")
    detail = next(detail for detail in message["reasoning_details"] if key in detail)
    detail[key] = f"{detail[key][:-4]}AAAA"
    altered = await ask(client, {**body, "messages": [asked, message, asked]}, "tokens=1")

    assert kept.status_code == 200
    assert altered.status_code == 400
    assert reason in altered.json()["error"]["metadata"]["raw"]
