"""The OpenAI door through the wire: official shapes, the client's own request, real statuses, exact money."""

from __future__ import annotations

from decimal import Decimal

import pytest

from emulator import Emulator
from tests.contract.openai_client import MODEL, PATH, Json, ask, body, complete, sent, stream
from tests.harness import Console, ConsoleClient
from tests.services.turning import rows_of

ANSWER = "text=one%20two%20three%20four%20five"
UNSTORED = {"X-Console-Store": "false"}
TOOL = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}}}


async def _row(client: ConsoleClient) -> Json:
    (row,) = (await client.get("/api/usage"))["items"]
    found: Json = row
    return found


@pytest.mark.parametrize("path", [PATH, "/api/v1/chat/completions"])
async def test_a_whole_answer(client: ConsoleClient, emulator: Emulator, path: str) -> None:
    """One completion with the provider's own usage, and one settled ledger row."""
    emulator.set_scenario(ANSWER)
    response = await ask(client, body(temperature=0.5), path)
    assert response.status_code == 200, response.text
    whole = response.json()
    (upstream,) = emulator.ledger.rows
    assert (whole["object"], whole["model"], whole["provider"]) == (
        "chat.completion",
        upstream.model.canonical_slug,
        upstream.endpoint.provider_name,
    )
    (choice,) = whole["choices"]
    assert (choice["index"], choice["finish_reason"], choice["native_finish_reason"]) == (
        0,
        "stop",
        upstream.native_finish_reason,
    )
    assert choice["message"] == {
        "role": "assistant",
        "content": "one two three four five",
        "refusal": None,
        "reasoning": None,
    }
    assert whole["usage"]["completion_tokens"] == 5
    assert whole["usage"]["cost_details"]
    assert whole["id"] == response.headers["x-generation-id"]
    row = await _row(client)
    assert (row["purpose"], row["state"], row["generation_id"]) == ("endpoint", "settled", whole["id"])
    assert row["cost_usd"] == upstream.cost_usd


async def test_a_stream(client: ConsoleClient, emulator: Emulator) -> None:
    """Role once, content, finish with usage and cost, ``[DONE]``; all chunks share id and model."""
    emulator.set_scenario(ANSWER)
    read = await stream(client, body())
    (upstream,) = emulator.ledger.rows
    assert read.joined("content") == "one two three four five"
    assert [delta["role"] for delta in read.deltas if "role" in delta] == ["assistant"]
    assert "role" in read.deltas[0]
    assert {(chunk["id"], chunk["object"], chunk["model"]) for chunk in read.chunks} == {
        (read.response.headers["x-generation-id"], "chat.completion.chunk", upstream.model.canonical_slug)
    }
    assert [chunk["choices"][0]["finish_reason"] for chunk in read.chunks][-2:] == [None, "stop"]
    last = read.chunks[-1]
    assert last["usage"]["cost"] == upstream.cost_usd
    assert last["choices"][0]["native_finish_reason"] == upstream.native_finish_reason
    assert all("usage" not in chunk for chunk in read.chunks[:-1])


async def test_usage_comes_apart_when_asked_for(client: ConsoleClient, emulator: Emulator) -> None:
    """As OpenAI sends it: a last chunk without choices."""
    read = await stream(client, body(stream_options={"include_usage": True}))
    finish, last = read.chunks[-2:]
    assert (finish["choices"][0]["finish_reason"], "usage" in finish) == ("stop", False)
    (upstream,) = emulator.ledger.rows
    assert (last["choices"], last["usage"]["cost"]) == ([], upstream.cost_usd)


async def test_the_request_goes_on_as_it_came(client: ConsoleClient, emulator: Emulator) -> None:
    """Messages with everything in them, parameters we know and fields we have never heard of."""
    request: Json = {
        "model": MODEL,
        "messages": [
            {"role": "system", "content": [{"type": "text", "text": "Hm.", "cache_control": {"type": "ephemeral"}}]},
            {"role": "user", "content": "a", "name": "ann"},
            {"role": "assistant", "content": None, "refusal": None, "tool_calls": [
                {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": "{ }"}}
            ]},
            {"role": "tool", "tool_call_id": "c1", "content": "sunny", "x": 1},
            {"role": "user", "content": [{"type": "text", "text": "b"}]},
        ],
        "tools": [TOOL],
        "max_tokens": 50,
        "temperature": 1,
        "session_id": "theirs",
        "of_the_future": {"deep": [1, 2.5, None, True]},
    }  # fmt: skip
    await complete(client, request, **UNSTORED)
    (got,) = sent(emulator)
    assert got == {**request, "stream": True}


async def test_what_is_meant_for_openrouter_s_headers_gets_there(client: ConsoleClient, emulator: Emulator) -> None:
    """Its own switches pass; a key or an app's name of the client's does not, and odd ones are refused."""
    passed = {"X-OpenRouter-Metadata": "enabled", "X-Anthropic-Beta": "a-1, b-2", "X-Session-Id": "s"}
    kept = {"X-Title": "Their app", "HTTP-Referer": "https://a.example", "X-Provider-API-Keys": "{}"}
    await ask(client, body(), **passed, **kept)
    (call,) = [record for record in emulator.requests if record.path.endswith("/chat/completions")]
    got = {name.lower(): value for name, value in call.headers.items()}
    assert {name: got.get(name.lower()) for name in passed} == passed
    assert got["x-title"] != "Their app"
    assert got["http-referer"] != "https://a.example"
    assert "x-provider-api-keys" not in got
    refused = await ask(client, body(), **{"X-Session-Id": "x" * 257})
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "validation_failed")


async def test_text_that_is_not_stored_is_nowhere(console: Console, emulator: Emulator) -> None:
    """Only the generation and the ledger know of the call; nothing has its words."""
    emulator.set_scenario("text=unheard")
    response = await ask(console.client, body("unseen"), **UNSTORED)
    assert response.json()["choices"][0]["message"]["content"] == "unheard"
    assert "x-console-session-id" not in response.headers
    generation = await console.client.generation(response.headers["x-generation-id"])
    assert (generation["session_id"], generation["status"]) == (None, "completed")
    row = await _row(console.client)
    assert (row["session_id"], row["state"]) == (None, "settled")
    for table in ("sessions", "messages", "generation_events"):
        assert await console.services.store.read(rows_of, table) == []
    for file in console.services.settings.data_dir.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            assert b"unseen" not in content, file
            assert b"unheard" not in content, file
    assert (await console.client.ask("GET", f"/api/generations/{generation['id']}/events")).status_code == 404


STATUSES = [
    ("error=400", 400, "upstream_error", "invalid_request_error"),
    ("error=401", 401, "invalid_api_key", "authentication_error"),
    ("error=402", 402, "insufficient_quota", "insufficient_quota"),
    ("error=403", 403, "upstream_moderated", "permission_error"),
    ("error=404", 404, "model_not_found", "invalid_request_error"),
    ("error=429 retry_after=7", 429, "rate_limit_exceeded", "rate_limit_error"),
    ("error=503", 503, "upstream_unavailable", "server_error"),
]


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize(("scenario", "status", "code", "kind"), STATUSES)
async def test_a_refusal_is_a_real_status(
    client: ConsoleClient, emulator: Emulator, scenario: str, status: int, code: str, kind: str, streamed: bool
) -> None:
    """Before the first word nothing is committed: OpenAI's envelope, at the status its clients look for."""
    emulator.set_scenario(scenario)
    response = await ask(client, body(stream=streamed))
    assert response.status_code == status, response.text
    error = response.json()["error"]
    assert (error["code"], error["type"]) == (code, kind)
    assert response.headers["x-generation-id"]
    assert response.headers.get("retry-after") == ("7" if status == 429 else None)


async def test_an_unknown_model_is_404(client: ConsoleClient) -> None:
    response = await ask(client, {**body(), "model": "nobody/nothing"})
    assert (response.status_code, response.json()["error"]["code"]) == (404, "model_not_found")


async def test_an_error_in_the_middle_is_told_in_the_stream(client: ConsoleClient, emulator: Emulator) -> None:
    """The documented chunk, after the text and before the end; in one piece it is a status."""
    emulator.set_scenario(f"{ANSWER}; mid_stream_error after=3")
    read = await stream(client, body())
    assert read.joined("content") == "one two three"
    last = read.chunks[-1]
    assert (last["error"]["code"], last["error"]["metadata"]["error_type"]) == (502, "upstream_midstream")
    assert last["choices"][0]["finish_reason"] == "error"
    response = await ask(client, body())
    assert (response.status_code, response.json()["error"]["code"]) == (502, "upstream_midstream")


async def test_a_cut_stream_is_no_whole_answer(client: ConsoleClient, emulator: Emulator) -> None:
    emulator.set_scenario(f"{ANSWER}; drop after=3")
    read = await stream(client, body())
    assert read.chunks[-1]["error"]["metadata"]["error_type"] == "upstream_truncated"
    assert (await ask(client, body())).json()["error"]["code"] == "upstream_truncated"


@pytest.mark.parametrize("scenario", ["mid_stream_error", "drop", "garbage"])
async def test_text_is_said_to_be_kept_only_where_it_is(
    client: ConsoleClient, emulator: Emulator, scenario: str
) -> None:
    """What to do next after a broken answer, in a stream and in one piece."""
    emulator.set_scenario(f"{ANSWER}; {scenario} after=3")
    for headers, kept in (({}, True), (UNSTORED, False)):
        in_stream = (await stream(client, body(), **headers)).chunks[-1]["error"]["message"]
        at_once = (await ask(client, body(), **headers)).json()["error"]["message"]
        assert in_stream == at_once
        assert ("is kept" in at_once, "not stored" in at_once) == (kept, not kept)


async def test_an_answer_at_its_limit_is_whole(client: ConsoleClient, emulator: Emulator) -> None:
    """Also when the provider complains after its finish (row 11 of the reference)."""
    emulator.set_scenario(f"{ANSWER}; mid_stream_error after=3 form=length_usage")
    whole = await complete(client, body())
    assert (whole["choices"][0]["finish_reason"], whole["choices"][0]["message"]["content"]) == (
        "length",
        "one two three",
    )
    read = await stream(client, body())
    assert (read.chunks[-1]["choices"][0]["finish_reason"], "error" in read.chunks[-1]) == ("length", False)


async def test_tool_calls_arrive_whole_and_apart(client: ConsoleClient, emulator: Emulator) -> None:
    """Parallel and interleaved: id and name once each, the arguments of each call joined by its index."""
    emulator.set_scenario("tool_calls=2")
    request = body("Weather in Oslo and Rome?", tools=[TOOL])
    read = await stream(client, request)
    fragments = [call for delta in read.deltas for call in delta.get("tool_calls", ())]
    calls: dict[int, Json] = {}
    for fragment in fragments:
        call = calls.setdefault(fragment["index"], {"arguments": ""})
        call["arguments"] += fragment["function"]["arguments"]
        for name in ("id", "type"):
            assert name not in call or name not in fragment
            call |= {name: fragment[name]} if name in fragment else {}
        assert "name" not in call or "name" not in fragment["function"]
        call |= {"name": fragment["function"]["name"]} if "name" in fragment["function"] else {}
    assert sorted(calls) == [0, 1]
    assert read.chunks[-1]["choices"][0]["finish_reason"] == "tool_calls"
    whole = await complete(client, request)
    message = whole["choices"][0]["message"]
    assert message["content"] is None
    assert [(call["index"], call["function"]["name"]) for call in message["tool_calls"]] == [
        (0, "weather"),
        (1, "weather"),
    ]
    assert [call["function"]["arguments"] for call in message["tool_calls"]] == [c["arguments"] for c in calls.values()]


async def test_reasoning_is_passed_with_its_details(client: ConsoleClient, emulator: Emulator) -> None:
    request = body("Think.", reasoning={"effort": "low"}) | {"model": "anthropic/claude-sonnet-4.5"}
    read = await stream(client, request)
    details = [detail for delta in read.deltas for detail in delta.get("reasoning_details", ())]
    assert read.joined("reasoning") == "".join(detail.get("text") or "" for detail in details) != ""
    assert any(detail.get("signature") for detail in details)
    message = (await complete(client, request))["choices"][0]["message"]
    assert message["reasoning"] == read.joined("reasoning")
    assert any(detail.get("signature") for detail in message["reasoning_details"])


async def test_images_are_passed(client: ConsoleClient, emulator: Emulator) -> None:
    """As the provider sent them, streamed and whole."""
    emulator.set_scenario("huge_frame mb=0.01 kind=image")
    read = await stream(client, body())
    (image,) = [image for delta in read.deltas for image in delta.get("images", ())]
    assert image["image_url"]["url"].startswith("data:image/png;base64,AAAA")
    message = (await complete(client, body()))["choices"][0]["message"]
    assert message["images"] == [image]


BAD: list[tuple[Json, str]] = [
    ({"messages": []}, "messages"),
    ({"messages": "Hello"}, "messages"),
    ({"messages": [{"role": "robot", "content": "x"}]}, "messages.0.role"),
    ({"messages": [{"role": "user", "content": 5}]}, "messages.0.content"),
    ({"temperature": 3}, "temperature"),
    ({"temperature": "hot"}, "temperature"),
    ({"max_tokens": 0}, "max_tokens"),
    ({"n": 2}, "n"),
    ({"top_logprobs": 5}, ""),
    ({"models": ["a/b"] * 4}, "models"),
    ({"model": "no such name"}, "model"),
    ({"extra": 2**64}, ""),
    ({"messages": [{"role": "user", "content": "a\0b"}]}, ""),
    ({"stream": "maybe"}, "stream"),
    ({"tools": ["weather", {"type": "custom", "custom": {}}]}, "tools.0"),
    ({"tools": {"type": "custom"}}, "tools"),
    ({"response_format": "json"}, "response_format"),
    ({"reasoning": "high"}, "reasoning"),
    ({"provider": ["x"]}, "provider"),
    ({"models": [{}]}, "models.0"),
    ({"reasoning": {"effort": "high", "max_tokens": 5}}, "reasoning"),
]


@pytest.mark.parametrize(("fields", "param"), BAD)
async def test_what_cannot_be_right_is_400_and_names_the_field(
    client: ConsoleClient, emulator: Emulator, fields: Json, param: str
) -> None:
    """Before anything is stored or paid."""
    response = await ask(client, body() | fields)
    assert response.status_code == 400, response.text
    error = response.json()["error"]
    assert (error["type"], error["code"]) == ("invalid_request_error", "validation_failed")
    assert (error["param"] or "").startswith(param)
    assert sent(emulator) == []
    assert (await client.get("/api/usage"))["items"] == []


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"{",
        b'{"messages":[{"role":"user","content":"\\ud800"}]}',
        b'{"messages":[{"role":"user","content":"a"}],"temperature":NaN}',
        b'{"messages":[{"role":"user","content":"a"}],"x":NaN}',
        b'{"messages":[{"role":"user","content":"a"}],"n":1,"n":1}',
        b'{"messages":[{"role":"user","content":"a"}],"x":' + b"[" * 100 + b"]" * 100 + b"}",
    ],
)
async def test_odd_bodies_are_400(client: ConsoleClient, raw: bytes) -> None:
    response = await client.ask("POST", PATH, content=raw, headers={"content-type": "application/json"})
    assert response.status_code == 400, response.text
    assert response.json()["error"]["type"] == "invalid_request_error"


async def test_null_is_not_given(client: ConsoleClient) -> None:
    """SDKs send it for what their caller left out."""
    nothing = dict.fromkeys(("temperature", "max_tokens", "tools", "stop", "n", "stream_options", "model", "seed"))
    await complete(client, body() | nothing)


@pytest.mark.parametrize("key", ["sk-proj-0123456789abcdef", "x", "EMPTY"])
async def test_any_key_is_fine_where_none_is_needed(client: ConsoleClient, key: str) -> None:
    """SDKs insist on sending one; on loopback it is not looked at, and never passed on."""
    response = await ask(client, body(), Authorization=f"Bearer {key}")
    assert response.status_code == 200


async def test_a_body_with_images_may_be_large(client: ConsoleClient) -> None:
    """Larger than other bodies, up to a bound of its own."""
    large, too_large = ("data:image/png;base64," + "A" * (size_mib * 2**20) for size_mib in (30, 33))
    response = await ask(client, body(large, n=2))
    assert (response.status_code, response.json()["error"]["param"]) == (400, "n")
    response = await ask(client, body(too_large))
    assert (response.status_code, response.json()["error"]["code"]) == (413, "body_too_large")


async def test_without_a_model_the_settings_decide(client: ConsoleClient, emulator: Emulator) -> None:
    request = body()
    del request["model"]
    await complete(client, request)
    assert sent(emulator)[0]["model"] == (await client.get("/api/settings"))["model"]


async def test_costs_are_exact(client: ConsoleClient, emulator: Emulator) -> None:
    """A number with every digit of the provider's."""
    emulator.set_scenario("cost=exponent")
    whole = await complete(client, body())
    assert isinstance(whole["usage"]["cost"], Decimal)
    assert whole["usage"]["cost"] == (await _row(client))["cost_usd"] > 0
