"""Everything the emulator says no to, with the status and the shape on record."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import httpx
import pytest

from emulator import Emulator

from .conftest import client_of
from .wire import CHAT, HEADER, KEY, MODEL, ask, body_of

USER = {"role": "user", "content": "Hello"}


def error_of(response: httpx.Response, status: int) -> dict[str, Any]:
    assert response.status_code == status, response.text
    error: dict[str, Any] = response.json()["error"]
    assert error["code"] == status
    return error


BAD: list[tuple[str, Any]] = [
    ("messages", []),
    ("messages", "hello"),
    ("messages", ["hello"]),
    ("messages", [{"role": "king", "content": "x"}]),
    ("messages", [{"role": "user"}]),
    ("messages", [{"role": "user", "content": 5}]),
    ("messages", [{"role": "user", "content": [{"type": "smell"}]}]),
    ("messages", [{"role": "user", "content": [{"type": "text"}]}]),
    ("messages", [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]),
    ("messages", [{"role": "tool", "content": "x"}]),
    ("messages", [{"role": "assistant", "tool_calls": ["x"]}]),
    ("model", 5),
    ("models", "a/b"),
    ("models", ["a/b", 5]),
    ("models", ["a/b", "a/c", "a/d", "a/e"]),
    ("temperature", 2.1),
    ("temperature", "1"),
    ("temperature", True),
    ("top_p", 0),
    ("top_k", -1),
    ("frequency_penalty", -3),
    ("repetition_penalty", 0),
    ("max_tokens", 0),
    ("max_tokens", 1.5),
    ("max_completion_tokens", -1),
    ("stop", ["a", "b", "c", "d", "e"]),
    ("stop", [1]),
    ("top_logprobs", 3),
    ("stream", "yes"),
    ("tools", [{"type": "function"}]),
    ("tools", [{"type": "function", "function": {"name": "x" * 65}}]),
    ("tool_choice", "maybe"),
    ("reasoning", {"effort": "enormous"}),
    ("reasoning", {"effort": "low", "max_tokens": 5}),
    ("reasoning", "high"),
    ("provider", {"order": "openai"}),
    ("session_id", "x" * 257),
]


@pytest.mark.parametrize(("name", "value"), BAD)
async def test_a_bad_body_is_400(client: httpx.AsyncClient, emulator: Emulator, name: str, value: Any) -> None:
    """Wrong types, ranges and shapes are refused before anything is paid."""
    response = await ask(client, {**body_of(), name: value})

    error_of(response, 400)
    assert emulator.ledger.rows == []


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b'"x"', b'{"messages": NaN}', b"\xff\xfe", b'{"model": "\\ud800"}'])
async def test_what_is_no_json_object_is_400(client: httpx.AsyncClient, raw: bytes) -> None:
    """Lone surrogates and NaN are not JSON either."""
    error_of(await client.post(CHAT, content=raw), 400)


async def test_missing_messages_are_named(client: httpx.AsyncClient) -> None:
    """Null means absent."""
    error = error_of(await client.post(CHAT, json={"model": MODEL, "messages": None}), 400)

    assert error["message"] == 'Input required: specify "prompt" or "messages"'


async def test_contradicting_efforts_are_400(client: httpx.AsyncClient) -> None:
    """Two efforts that agree pass."""
    twice = body_of(model="openai/o3", reasoning={"effort": "low"}, reasoning_effort="high")
    error_of(await ask(client, twice), 400)

    assert (await ask(client, {**twice, "reasoning_effort": "low"})).status_code == 200


async def test_unknown_and_null_fields_pass(client: httpx.AsyncClient) -> None:
    """Unknown parameters are ignored silently."""
    body = body_of(color="red", temperature=None, tools=None, reasoning=None, provider=None)

    assert (await ask(client, body)).status_code == 200


@pytest.mark.parametrize("how", [{"enabled": False}, {"effort": "none"}])
async def test_mandatory_reasoning_cannot_be_disabled(client: httpx.AsyncClient, how: dict[str, Any]) -> None:
    """400, and no provider to blame."""
    error = error_of(await ask(client, body_of(model="deepseek/deepseek-r1", reasoning=how)), 400)

    assert error["message"].startswith("Reasoning is mandatory")
    assert error["metadata"] == {"provider_name": None}


async def test_too_long_a_prompt_is_400_and_names_the_numbers(client: httpx.AsyncClient) -> None:
    """The bound is the provider's context, which is smaller than the model's."""
    body = body_of("word " * 10, "deepseek/deepseek-r1", max_tokens=64_000)
    message = error_of(await ask(client, body_of("word " * 64_000, "deepseek/deepseek-r1")), 400)["message"]

    assert message.startswith("This endpoint's maximum context length is 64000 tokens. However, you requested about 6")
    assert (await ask(client, body, "tokens=1")).status_code == 200


@pytest.mark.parametrize("header", [None, "", "Bearer", f"Basic {KEY}"])
async def test_without_a_key_it_is_401(emulator: Emulator, header: str | None) -> None:
    """Chat, generation, key and credits all need one."""
    headers = {} if header is None else {"Authorization": header}
    async with httpx.AsyncClient(base_url=emulator.base_url, headers=headers) as client:
        refused = [
            await client.post(CHAT, json=body_of()),
            *[await client.get(path) for path in ("/generation?id=x", "/key", "/credits")],
        ]

    assert {error_of(response, 401)["message"] for response in refused} == {"Missing Authentication header"}


async def test_a_revoked_key_is_401_in_words_of_its_own() -> None:
    """Any other key passes."""
    async with Emulator(revoked_keys=[KEY]) as emulator, client_of(emulator) as client:
        revoked = await ask(client, body_of())
        other = await client.post(CHAT, json=body_of(), headers={"Authorization": "bearer other"})

    assert error_of(revoked, 401)["message"] == "User not found."
    assert other.status_code == 200


async def test_a_keyless_emulator_asks_for_none() -> None:
    """Demo mode."""
    async with Emulator(needs_key=False) as emulator, httpx.AsyncClient(base_url=emulator.base_url) as client:
        assert (await client.post(CHAT, json=body_of())).status_code == 200


async def test_an_empty_account_is_402_except_for_free_models() -> None:
    """A negative balance blocks even those."""
    async with Emulator(credit_usd=Decimal(0)) as emulator, client_of(emulator) as client:
        broke = await ask(client, body_of())
        free = await ask(client, body_of(model="deepseek/deepseek-r1:free"))
        await client.post(f"{emulator.origin}/__emulator/account", json={"credit_usd": "-0.01"})
        below = await ask(client, body_of(model="deepseek/deepseek-r1:free"))

    assert error_of(broke, 402)["message"].startswith("Insufficient credits.")
    assert free.status_code == 200
    error_of(below, 402)


async def test_credit_is_checked_against_max_tokens_or_the_models_maximum() -> None:
    """A bound that can be afforded passes; the text names it."""
    async with Emulator(credit_usd=Decimal("0.001")) as emulator, client_of(emulator) as client:
        unbounded = await ask(client, body_of())
        bounded = await ask(client, body_of(max_tokens=500))
        hopeless = await ask(client, body_of("word " * 9000, max_tokens=1))

    message = error_of(unbounded, 402)["message"]
    assert "You requested up to 16384 tokens, but can only afford 166" in message
    assert bounded.status_code == 200
    assert "can only afford 0." in error_of(hopeless, 402)["message"]


async def test_models_that_nobody_knows_or_serves(client: httpx.AsyncClient) -> None:
    """What is no slug is 400, what nobody serves is 404."""
    assert error_of(await ask(client, body_of(model="gpt")), 400)["message"] == "gpt is not a valid model ID"
    message = error_of(await ask(client, body_of(model="openai/gpt-99")), 404)["message"]
    assert message == "No endpoints found for openai/gpt-99."
    error_of(await ask(client, body_of(model="openai/gpt-4o:free")), 404)


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("openai/gpt-4o-mini:nitro", "openai/gpt-4o-mini"),
        ("openai/gpt-4o-mini-2024-07-18", "openai/gpt-4o-mini"),
        ("openai/gpt-4o@preset/mine", "openai/gpt-4o"),
        ("@preset/mine", "openai/gpt-4o-mini"),
        ("openrouter/auto", "openai/gpt-4o-mini"),
        ("meta-llama/llama-3.3-70b-instruct:free", "meta-llama/llama-3.3-70b-instruct:free"),
    ],
)
async def test_model_strings_lead_to_a_concrete_model(
    client: httpx.AsyncClient, emulator: Emulator, asked: str, answered: str
) -> None:
    """Variants, dated slugs, presets and routers."""
    assert (await ask(client, body_of(model=asked))).status_code == 200
    assert emulator.ledger.rows[0].model.id == answered


async def test_the_account_has_a_default_model_and_fallbacks(client: httpx.AsyncClient, emulator: Emulator) -> None:
    """Without ``model`` the router answers; ``models`` are tried in order, and the last one's refusal stands."""
    emulator.set_scenario("error=503", "openai/gpt-4o")
    default = await client.post(CHAT, json={"messages": [USER]})
    fallback = await ask(client, body_of(model="openai/gpt-4o", models=["openai/gpt-99", "anthropic/claude-3-opus"]))
    nobody = await ask(client, body_of(model="openai/gpt-99", models=["openai/gpt-98"]))

    assert default.json()["model"] == "openai/gpt-4o-mini-2024-07-18"
    assert fallback.json()["model"] == "anthropic/claude-3-opus"
    assert "gpt-98" in error_of(nobody, 404)["message"]


ROUTING: list[tuple[dict[str, Any], str | None]] = [
    ({"order": ["azure"]}, "Azure"),
    ({"order": ["unknown", "azure"]}, "Azure"),
    ({"order": ["unknown"]}, "OpenAI"),
    ({"order": ["unknown"], "allow_fallbacks": False}, None),
    ({"only": ["azure"]}, "Azure"),
    ({"only": ["groq"]}, None),
    ({"ignore": ["openai"]}, "Azure"),
    ({"require_parameters": True}, "OpenAI"),
]


@pytest.mark.parametrize(("routing", "provider"), ROUTING)
async def test_routing_picks_the_provider_or_404(
    client: httpx.AsyncClient, routing: dict[str, Any], provider: str | None
) -> None:
    """Order, allow-list, block-list, fallbacks."""
    response = await ask(client, body_of(provider=routing, temperature=0))

    if provider:
        assert response.json()["provider"] == provider
    else:
        assert "No allowed providers" in error_of(response, 404)["message"]


async def test_capabilities_that_no_endpoint_has_are_404(client: httpx.AsyncClient) -> None:
    """Tools, images and required parameters."""
    tools = [{"type": "function", "function": {"name": "f"}}]
    image = [{"type": "text", "text": "?"}, {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}]
    seen = body_of(messages=[{"role": "user", "content": image}])

    no_tools = await ask(client, body_of(model="openai/o1-mini", tools=tools))
    no_eyes = await ask(client, {**seen, "model": "moonshotai/kimi-k2"})
    no_knob = await ask(client, body_of(model="openai/o1-mini", temperature=1, provider={"require_parameters": True}))
    silent = await ask(client, body_of(model="openai/o1-mini", temperature=1))

    assert "support tool use" in error_of(no_tools, 404)["message"]
    assert error_of(no_eyes, 404)["message"] == "No endpoints found that support image input"
    error_of(no_knob, 404)
    assert silent.status_code == 200
    assert (await ask(client, seen)).json()["usage"]["prompt_tokens"] > 258


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 408, 413, 422, 429, 500, 502, 503, 524, 529])
async def test_any_status_can_be_asked_for_before_the_first_byte(
    client: httpx.AsyncClient, emulator: Emulator, status: int
) -> None:
    """JSON envelope, also for a stream, and nothing is billed."""
    error_of(await ask(client, body_of(stream=True), f"error={status}"), status)

    assert emulator.ledger.rows == []
    assert emulator.requests[0].status == status


async def test_moderation_tells_reasons_and_a_cut_excerpt(client: httpx.AsyncClient) -> None:
    """The excerpt has at most 100 characters with its middle cut out."""
    metadata = error_of(await ask(client, body_of("a" * 80 + "b" * 80), "error=403"), 403)["metadata"]

    assert metadata["reasons"]
    assert metadata["model_slug"] == "openai/gpt-4o-mini-2024-07-18"
    assert len(metadata["flagged_input"]) == 100
    assert "a…b" in metadata["flagged_input"]
    short = error_of(await ask(client, body_of("ugly"), "error=403"), 403)["metadata"]
    assert short["flagged_input"] == "ugly"


async def test_too_many_requests_come_from_the_provider_or_from_the_platform(client: httpx.AsyncClient) -> None:
    """The provider's has raw text and maybe Retry-After; the platform's has limits as headers and in metadata."""
    upstream = await ask(client, body_of(), "error=429")
    hinted = await ask(client, body_of(), "error=429 retry_after=7")
    platform = await ask(client, body_of(), "error=429 platform")

    assert "Retry-After" not in upstream.headers
    assert "rate-limited upstream" in error_of(upstream, 429)["metadata"]["raw"]
    assert hinted.headers["Retry-After"] == "7"
    limits = error_of(platform, 429)["metadata"]["headers"]
    assert platform.headers["X-RateLimit-Reset"] == limits["X-RateLimit-Reset"]
    assert int(limits["X-RateLimit-Reset"]) > 10**12


async def test_the_edge_answers_in_html(client: httpx.AsyncClient) -> None:
    """The client must not expect JSON from a 502 or 524; a message can be chosen."""
    page = await ask(client, body_of(), "error=524 html")
    worded = await ask(client, body_of(), "error=500 message=Out%20of%20tea")

    assert (page.status_code, page.headers["Content-Type"]) == (524, "text/html; charset=UTF-8")
    assert "<h1>A timeout occurred" in page.text
    assert worded.json()["error"]["message"] == "Out of tea"


async def test_a_long_body_is_413_and_unknown_paths_are_404() -> None:
    """Also the wrong verb is an error of the API's shape."""
    async with Emulator(max_body_bytes=2000) as emulator, client_of(emulator) as client:
        error_of(await ask(client, body_of("x" * 3000)), 413)
        error_of(await client.get("/nothing"), 404)
        error_of(await client.get(CHAT), 405)


@pytest.mark.parametrize("text", ["dorp", "drop after=x", "stall=-1", "rate=0", "usage_form=odd", "drop before=3"])
async def test_a_misspelt_scenario_is_400(client: httpx.AsyncClient, text: str) -> None:
    """A test that asks for nothing real must not pass quietly."""
    response = await client.post(CHAT, json=body_of(), headers={HEADER: text})

    assert error_of(response, 400)["message"].startswith("emulator scenario:")


@pytest.mark.parametrize(
    ("brackets", "named"),
    [
        ("[[tokens=few]]", "few"),
        ("[[drop afer=5]]", "'afer'"),
        ("[[crlf; no_dome; seed=1]]", "'no_dome'"),
        ("[[tokens=1]] [[eror=429]]", "[[eror=429]]"),
        (f"[[txet={'x' * 3000}]]", "'txet'"),
    ],
)
async def test_a_misspelt_scenario_in_a_prompt_is_400(client: httpx.AsyncClient, brackets: str, named: str) -> None:
    """In both shapes; the mistake is named."""
    chat = await ask(client, body_of(f"hello {brackets}"))
    responses = await client.post("/responses", json={"model": MODEL, "input": f"hello {brackets}"})

    assert named in error_of(chat, 400)["message"]
    assert responses.status_code == 400


async def test_brackets_that_hold_no_scenario_are_text(client: httpx.AsyncClient) -> None:
    """A user may write wiki links and shell; a real directive is taken out of what is quoted."""
    for text in ("[[error handling]]", "[[ $a = b ]]", "[[a==b]]", "[[1, 2], [3]]"):
        assert text in (await ask(client, body_of(f"see {text}"))).json()["choices"][0]["message"]["content"]
    link = (await ask(client, body_of("see [[Home page]]"))).json()
    directed = (await ask(client, body_of("see [[tokens=1]] [[Home page]]"))).json()

    assert "[[Home page]]" in link["choices"][0]["message"]["content"]
    assert directed["usage"]["completion_tokens"] == 1
