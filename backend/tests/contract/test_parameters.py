"""Every parameter of the API arrives at the provider where its reference says, by request and by profile; none unasked.

From the bodies that the emulator recorded. ``EVERY`` is complete: a parameter without a row fails.
"""

from __future__ import annotations

from typing import Any

import pytest

from app.schemas.parameters import NAMES
from app.schemas.profiles import ELSEWHERE
from app.services.upstream.request import FLAGGED_SEARCH
from emulator import Emulator
from tests.harness import ConsoleClient
from tests.harness.client import exact

Json = dict[str, Any]

TOOL: Json = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather",
        "parameters": {"type": "object", "properties": {"city": {"enum": ["Oslo", None]}}},
        "strict": True,
    },
    "cache_control": {"type": "ephemeral", "ttl": "1h"},
    "eager_input_streaming": True,
}
SEARCH: Json = {"type": "openrouter:web_search", "parameters": {"engine": "exa", "max_results": 3}}
SCHEMA: Json = {
    "type": "json_schema",
    "json_schema": {"name": "city", "description": "d", "strict": True, "schema": {"type": "object", "default": None}},
}
ROUTING: Json = {
    "order": ["azure", "openai"],
    "allow_fallbacks": False,
    "only": ["azure", "openai", "deepinfra/turbo"],
    "ignore": ["novita"],
    "require_parameters": False,
    "data_collection": "deny",
    "zdr": True,
    "enforce_distillable_text": False,
    "quantizations": ["fp8", "unknown"],
    "sort": {"by": "throughput", "partition": "none"},
    "preferred_min_throughput": {"p50": 10.5, "p99": 2},
    "preferred_max_latency": 3,
    "max_price": {"prompt": 1.25, "completion": 10, "request": 0, "image": 0.1, "audio": 2},
    "options": {"azure": {"x": [1, None]}},
}
PLUGINS: list[Json] = [
    {"id": "web", "engine": "exa", "max_results": 3, "search_prompt": "s", "include_domains": ["a.example"],
     "exclude_domains": ["b.example"], "max_uses": 2, "mode": "m", "user_location": {"country": "NO"}},
    {"id": "web-fetch", "max_uses": 1, "max_content_tokens": 10, "allowed_domains": ["a"], "blocked_domains": ["b"]},
    {"id": "file-parser", "pdf": {"engine": "cloudflare-ai"}},
    {"id": "response-healing", "enabled": False},
    {"id": "context-compression", "engine": "middle-out"},
    {"id": "moderation"},
    {"id": "auto-router", "allowed_models": ["openai/*"], "excluded_models": ["x-ai/*"], "cost_tier": "low",
     "cost_quality_tradeoff": 3, "pin_model": True},
    {"id": "fusion", "anything": {"goes": None}},
]  # fmt: skip

# What is given -> what is sent; the same unless said.
EVERY: list[tuple[Json, Json]] = [
    ({"temperature": 0}, {"temperature": 0}),
    ({"max_tokens": 7}, {"max_tokens": 7}),
    ({"max_completion_tokens": 7}, {"max_completion_tokens": 7, "max_tokens": None}),
    ({"max_completion_tokens": 7, "max_tokens": 7}, {"max_completion_tokens": 7, "max_tokens": None}),
    *[({name: value}, {name: value}) for name, value in {
        "top_p": 0.5, "top_k": 0, "min_p": 0.1, "top_a": 1, "frequency_penalty": -2, "presence_penalty": 2,
        "repetition_penalty": 1.5, "seed": -7, "structured_outputs": True, "parallel_tool_calls": False,
        "max_tool_calls": 30, "verbosity": "xhigh", "modalities": ["text", "image"], "transforms": [],
        "models": ["openai/gpt-4o", "openai/o3-mini", "x-ai/grok-4"], "route": "fallback", "service_tier": "flex",
        "user": "u-1", "prompt_cache_key": "k", "logit_bias": {"50256": -100, "11": 0.5}, "image_config": {"a": [1]},
        "prediction": {"type": "content", "content": [{"type": "text", "text": "t"}]},
        "audio": {"voice": "alloy", "format": "wav"}, "provider": ROUTING, "plugins": PLUGINS,
        "response_format": SCHEMA, "prompt_cache_options": {"mode": "explicit", "ttl": "30m"},
        "cache_control": {"type": "ephemeral", "ttl": "5m"}, "metadata": {"a": "b"}, "trace": {"trace_id": "t", "x": 1},
        "web_search_options": {"search_context_size": "low"}, "x_search_filter": {"from": "x"},
        "stop_server_tools_when": [{"type": "step_count", "steps": 3}], "debug": {"echo_upstream_body": True},
        "tools": [TOOL, SEARCH],
    }.items()],
    ({"stop": "END"}, {"stop": ["END"]}),
    ({"stop": ["a", "b"]}, {"stop": ["a", "b"]}),
    ({"logprobs": True, "top_logprobs": 20}, {"logprobs": True, "top_logprobs": 20}),
    *[({"response_format": form}, {"response_format": form}) for form in (
        {"type": "grammar", "grammar": "g"}, {"type": "json_object"}, {"type": "text"}, {"type": "python"},
    )],
    ({"provider": {"sort": "price"}}, {"provider": {"sort": "price"}}),
    ({"preset": "mine"}, {"preset": "mine"}),
    ({"preset": "@preset/mine"}, {"preset": "mine"}),
    ({"tools": [TOOL], "tool_choice": "required"}, {"tools": [TOOL], "tool_choice": "required"}),
    (
        {"tools": [TOOL], "tool_choice": {"type": "function", "function": {"name": "get_weather"}}},
        {"tools": [TOOL], "tool_choice": {"type": "function", "function": {"name": "get_weather"}}},
    ),
    (
        {"tools": [SEARCH], "tool_choice": {"type": "openrouter:web_search"}},
        {"tools": [SEARCH], "tool_choice": {"type": "openrouter:web_search"}},
    ),
    # The seeds' flag in today's form: the server tool, or the plugin where a tool would be refused.
    ({"web_search": False}, {}),
    ({"web_search": True}, {"tools": [FLAGGED_SEARCH]}),
    ({"web_search": True, "tools": [TOOL]}, {"tools": [TOOL, FLAGGED_SEARCH]}),
    ({"web_search": True, "tools": [SEARCH]}, {"tools": [SEARCH]}),
    ({"web_search": True, "plugins": [{"id": "web"}]}, {"plugins": [{"id": "web"}]}),
    (
        {"web_search": True, "models": ["openai/gpt-4o"]},
        {"models": ["openai/gpt-4o"], "plugins": [{"id": "web"}]},
    ),
    ({"web_search": True, "model": "openai/gpt-5:online"}, {"model": "openai/gpt-5:online"}),
    (
        {"web_search": True, "model": "deepseek/deepseek-r1"},
        {"model": "deepseek/deepseek-r1", "plugins": [{"id": "web"}]},
    ),
    # All forms of the reasoning wish are one object on the wire.
    ({"reasoning_effort": "low"}, {"reasoning": {"effort": "low"}}),
    ({"reasoning": {"effort": "high", "exclude": True}}, {"reasoning": {"effort": "high", "exclude": True}}),
    ({"reasoning": {"effort": "low", "summary": "auto", "context": "auto", "mode": "pro"}},
     {"reasoning": {"effort": "low", "summary": "auto", "context": "auto", "mode": "pro"}}),
    ({"include_reasoning": True}, {"reasoning": {}}),
    ({"include_reasoning": False}, {"reasoning": {"exclude": True}}),
    ({"include_reasoning": False, "reasoning_effort": "high"}, {"reasoning": {"effort": "high", "exclude": True}}),
]  # fmt: skip
ALWAYS = {"model", "messages", "stream", "temperature", "max_tokens"}
MODEL = "openai/gpt-5"


def _check(emulator: Emulator, sent: Json) -> None:
    body = emulator.requests[-1].body
    absent = {name for name, value in sent.items() if value is None}
    assert body.keys() == (ALWAYS | sent.keys()) - absent
    assert {name: body[name] for name in sent.keys() - absent} == {
        name: value for name, value in sent.items() if value is not None
    }


async def _ask(client: ConsoleClient, **fields: Any) -> None:
    started = await client.post("/api/generations", {"content": "Hello", **fields})
    await client.follow(started["generation"]["id"])


def test_no_parameter_is_forgotten() -> None:
    assert {name for given, _ in EVERY for name in given} - {"model"} == NAMES


async def test_each_parameter_of_a_request(client: ConsoleClient, emulator: Emulator) -> None:
    """And nothing beside it; the reply names what was asked."""
    await client.post("/api/models/sync")
    for given, sent in [({}, {}), *EVERY]:
        await _ask(client, **{"model": MODEL, **given})
        _check(emulator, sent)


async def test_each_parameter_of_a_profile(client: ConsoleClient, emulator: Emulator) -> None:
    """In ``params``, or in the profile's own field where it has one."""
    await client.post("/api/models/sync")
    own = {"temperature", "max_tokens", "reasoning", "tools"}
    for given, sent in EVERY:
        if any(name in ELSEWHERE and name not in own and name != "preset" for name in given):
            continue
        fields: Json = {name: value for name, value in given.items() if name in own}
        if "preset" in given:
            fields["openrouter_preset"] = given["preset"].removeprefix("@preset/")
        fields["params"] = {name: value for name, value in given.items() if name not in ELSEWHERE and name != "model"}
        profile = await client.post("/api/profiles", {"name": "p", "model": given.get("model", MODEL), **fields})
        stored = exact(await client.ask("GET", f"/api/profiles/{profile['id']}"))
        assert stored == profile
        await _ask(client, profile_id=profile["id"])
        _check(emulator, sent)


@pytest.mark.parametrize("name", sorted(ELSEWHERE))
async def test_a_profile_has_one_place_for_each_value(client: ConsoleClient, name: str) -> None:
    """What it has a field for is refused among its ``params``, by every way in."""
    values: Json = {
        "reasoning": {},
        "tools": [TOOL],
        "preset": "x",
        "include_reasoning": True,
        "reasoning_effort": "low",
    }
    fields = {"name": "p", "params": {name: values.get(name, 1)}}
    profile = await client.post("/api/profiles", {"name": "p"})
    path = f"/api/profiles/{profile['id']}"
    for method, where in (("POST", "/api/profiles"), ("PUT", path), ("PATCH", path)):
        reply = await client.ask(method, where, json=fields)
        assert (reply.status_code, reply.json()["error_code"]) == (422, "validation_failed")
        assert ELSEWHERE[name] in reply.text


async def test_the_request_goes_before_the_profile_in_every_form(client: ConsoleClient, emulator: Emulator) -> None:
    """The two limits are one value, and so are all the ways to say how hard to think; tools replace tools."""
    profile = await client.post(
        "/api/profiles",
        {
            "name": "p",
            "max_tokens": 3000,
            "tools": [TOOL],
            "reasoning": {"effort": "high", "exclude": True},
            "params": {"provider": {"sort": "price"}, "web_search": True},
        },
    )
    fields = {"profile_id": profile["id"], "model": "x-ai/grok-4"}
    await _ask(client, **fields, max_completion_tokens=9, tools=[SEARCH], reasoning_effort="low", web_search=False)
    _check(
        emulator,
        {
            "max_completion_tokens": 9,
            "max_tokens": None,
            "tools": [SEARCH],
            "reasoning": {"effort": "low", "exclude": True},
            "provider": {"sort": "price"},
        },
    )
    await _ask(client, **fields, max_tokens=9, provider={"sort": "latency"}, tools=[])
    _check(
        emulator,
        {
            "max_tokens": 9,
            "tools": [FLAGGED_SEARCH],
            "reasoning": {"effort": "high", "exclude": True},
            "provider": {"sort": "latency"},
        },
    )


async def test_get_stream_takes_the_scalar_ones(client: ConsoleClient, emulator: Emulator) -> None:
    """As query fields, lists by repeating them; objects are no query fields."""
    session = await client.create_session(model=MODEL)
    await client.post_message(session["id"], "Hello")
    query: Json = {
        "session_id": session["id"], "stop": ["a", "b"], "models": "openai/gpt-4o", "logprobs": "true",
        "top_logprobs": 2, "reasoning_effort": "low", "preset": "@preset/mine", "seed": 3,
    }  # fmt: skip
    for bad in ({"tools": "[]"}, {"provider": "{}"}, {"metadata": "x"}, {"top_logprobs": 2, "logprobs": "false"}):
        refused = await client.ask("GET", "/api/stream", params={**query, **bad})
        assert (refused.status_code, refused.json()["error_code"]) == (422, "validation_failed"), bad
    async with client.stream("/api/stream", **query) as stream:
        assert [frame async for frame in stream][-1].data["status"] == "completed"
    _check(
        emulator,
        {
            "stop": ["a", "b"], "models": ["openai/gpt-4o"], "logprobs": True, "top_logprobs": 2,
            "reasoning": {"effort": "low"}, "preset": "mine", "seed": 3,
        },
    )  # fmt: skip


CONTRADICTIONS: dict[str, tuple[Json, str]] = {
    "effort and budget": ({"reasoning": {"effort": "low", "max_tokens": 9}}, "not both"),
    "two efforts": ({"reasoning": {"effort": "low"}, "reasoning_effort": "high"}, "reasoning_effort contradicts"),
    "flat effort and budget": ({"reasoning": {"max_tokens": 9}, "reasoning_effort": "high"}, "reasoning_effort"),
    "off and an effort": ({"reasoning": {"enabled": False, "effort": "high"}}, "enabled is false"),
    "off and a budget": ({"reasoning": {"enabled": False, "max_tokens": 9}}, "enabled is false"),
    "on and none": ({"reasoning": {"enabled": True, "effort": "none"}}, "effort is none"),
    "off and a flat effort": ({"reasoning": {"enabled": False}, "reasoning_effort": "high"}, "reasoning.enabled"),
    "hidden and shown": ({"reasoning": {"exclude": True}, "include_reasoning": True}, "include_reasoning"),
    "likely tokens without likelihoods": ({"top_logprobs": 3}, "top_logprobs needs logprobs"),
    "two limits": ({"max_tokens": 5, "max_completion_tokens": 6}, "differ"),
    "four models": ({"models": ["a/a", "b/b", "c/c", "d/d"]}, "at most 3"),
    "the model as its own fallback": ({"models": [MODEL]}, "asked first"),
    "a choice without tools": ({"tool_choice": "required"}, "there is none"),
    "a choice of another tool": (
        {"tools": [TOOL], "tool_choice": {"type": "function", "function": {"name": "f"}}}, "not among the tools",
    ),
    "two functions of a name": ({"tools": [TOOL, TOOL]}, "get_weather"),
    "a plugin twice": ({"plugins": [{"id": "web"}, {"id": "web"}]}, "twice"),
    "a budget that leaves no answer": (
        {"model": "anthropic/claude-sonnet-4.5", "reasoning": {"max_tokens": 2000}, "max_tokens": 2000}, "max_tokens",
    ),
    "off where it cannot be": ({"model": "openai/o3-mini", "reasoning_effort": "none"}, "cannot be switched off"),
}  # fmt: skip


@pytest.mark.parametrize("case", CONTRADICTIONS)
async def test_contradictions_are_refused(client: ConsoleClient, emulator: Emulator, case: str) -> None:
    """422 that says what is wrong; nothing stored, nothing sent."""
    await client.post("/api/models/sync")
    asked = len(emulator.requests)
    given, reason = CONTRADICTIONS[case]
    reply = await client.ask("POST", "/api/generations", json={"content": "Hello", "model": MODEL, **given})
    assert (reply.status_code, reply.json()["error_code"]) == (422, "validation_failed")
    assert reason in reply.text
    assert len(emulator.requests) == asked
    assert await client.every("/api/sessions") == []
