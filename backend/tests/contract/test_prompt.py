"""What is sent upstream: the conversation, the parameters by their precedence, the attribution headers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from emulator import Emulator
from tests.harness import ConsoleClient, console_app

Json = dict[str, Any]


def _body(emulator: Emulator) -> Json:
    """The newest chat call's body."""
    found: Json = emulator.requests[-1].body
    return found


async def _ask(client: ConsoleClient, emulator: Emulator, **fields: Any) -> Json:
    """What one answer makes the console send."""
    started = await client.post("/api/generations", {"content": "Hello", **fields})
    await client.follow(started["generation"]["id"])
    return _body(emulator)


async def test_defaults_apply_when_nobody_says_otherwise(client: ConsoleClient, emulator: Emulator) -> None:
    """The seed's temperature and limit, and no system prompt."""
    body = await _ask(client, emulator)
    assert body["model"] == "openai/gpt-4o-mini"
    assert (body["temperature"], body["max_tokens"], body["stream"]) == (0.7, 2048, True)
    assert body["messages"] == [{"role": "user", "content": "Hello"}]
    assert not {"preset", "reasoning", "top_p"} & body.keys()


async def test_the_request_goes_before_the_profile_and_the_profile_before_the_settings(
    client: ConsoleClient, emulator: Emulator
) -> None:
    """Value by value."""
    page = {"model": "openai/gpt-4o", "temperature": 0.1, "max_tokens": 11, "system_prompt": "from settings"}
    await client.ask("PATCH", "/api/settings", json=page)
    body = await _ask(client, emulator)
    assert (body["model"], body["temperature"], body["max_tokens"]) == ("openai/gpt-4o", 0.1, 11)
    assert body["messages"][0] == {"role": "system", "content": "from settings"}

    profile = await client.post(
        "/api/profiles",
        {
            "name": "p",
            "model": "openai/o3-mini",
            "temperature": 0.2,
            "max_tokens": 22,
            "system_prompt": "from profile",
            "params": {"top_p": 0.5, "stop": ["END"]},
            "reasoning": {"effort": "low"},
            "openrouter_preset": "mine",
        },
    )
    body = await _ask(client, emulator, profile_id=profile["id"])
    assert (body["model"], body["temperature"], body["max_tokens"]) == ("openai/o3-mini", 0.2, 22)
    assert (body["top_p"], body["stop"], body["reasoning"], body["preset"]) == (0.5, ["END"], {"effort": "low"}, "mine")
    assert body["messages"][0] == {"role": "system", "content": "from profile"}

    asked = {"model": "openai/gpt-5", "temperature": 0.3, "max_tokens": 33, "top_p": 0.9, "reasoning_effort": "high"}
    body = await _ask(client, emulator, profile_id=profile["id"], **asked)
    assert (body["model"], body["temperature"], body["max_tokens"]) == ("openai/gpt-5", 0.3, 33)
    assert (body["top_p"], body["stop"], body["reasoning"]) == (0.9, ["END"], {"effort": "high"})


async def test_a_session_s_model_and_profile_apply_to_its_turns(client: ConsoleClient, emulator: Emulator) -> None:
    """The session's model stands between the request's and the profile's."""
    profile = await client.post("/api/profiles", {"name": "p", "model": "openai/gpt-4o", "temperature": 0.4})
    session = await client.create_session(profile_id=profile["id"])
    body = await _ask(client, emulator, session_id=session["id"])
    assert (body["model"], body["temperature"]) == ("openai/gpt-4o", 0.4)
    await client.ask("PATCH", f"/api/sessions/{session['id']}", json={"model": "openai/gpt-5-mini"})
    assert (await _ask(client, emulator, session_id=session["id"]))["model"] == "openai/gpt-5-mini"
    body = await _ask(client, emulator, session_id=session["id"], model="openai/gpt-4o-mini")
    assert (body["model"], body["temperature"]) == ("openai/gpt-4o-mini", 0.4)


async def test_the_default_profile_applies_where_none_is_named(client: ConsoleClient, emulator: Emulator) -> None:
    """A session without a profile uses it."""
    await client.post("/api/profiles", {"name": "d", "temperature": 0.9, "is_default": True})
    assert (await _ask(client, emulator))["temperature"] == 0.9


async def test_a_new_session_remembers_what_it_was_begun_with(client: ConsoleClient, emulator: Emulator) -> None:
    """The next turn needs no model and no profile."""
    profile = await client.post("/api/profiles", {"name": "p", "temperature": 0.6})
    started = await client.start("Hello", model="openai/gpt-4o", profile_id=profile["id"])
    await client.follow(started["generation"]["id"])
    body = await _ask(client, emulator, session_id=started["session"]["id"])
    assert (body["model"], body["temperature"]) == ("openai/gpt-4o", 0.6)


async def test_zero_is_a_value(client: ConsoleClient, emulator: Emulator) -> None:
    """Falsy parameters are sent, not replaced by defaults."""
    body = await _ask(client, emulator, temperature=0, seed=0, presence_penalty=0)
    assert (body["temperature"], body["seed"], body["presence_penalty"]) == (0, 0, 0)


async def test_the_active_path_is_the_conversation(client: ConsoleClient, emulator: Emulator) -> None:
    """Other branches, and answers without text, are not part of it."""
    emulator.set_scenario("text=first")
    first = await client.answer("one")
    session_id = first.data_of("start")["session_id"]
    root_id = first.data_of("start")["user_message_id"]
    emulator.set_scenario("error=503")
    await client.answer("two", session_id=session_id)
    emulator.set_scenario("text=third")
    body = await _ask(client, emulator, session_id=session_id)
    assert body["messages"] == [
        {"role": "user", "content": "one"},
        {"role": "assistant", "content": "first"},
        {"role": "user", "content": "two"},
        {"role": "user", "content": "Hello"},
    ]
    body = await _ask(client, emulator, session_id=session_id, parent_id=root_id)
    assert body["messages"] == [{"role": "user", "content": "one"}, {"role": "user", "content": "Hello"}]


async def test_the_generation_keeps_the_parameters_it_was_sent_with(client: ConsoleClient, emulator: Emulator) -> None:
    """Whoever asks later learns what was really asked."""
    transcript = await client.answer("Hello", temperature=0.5, top_k=7)
    params = (await client.generation(transcript.generation_id))["params"]
    assert {name: float(value) for name, value in params.items()} == {
        "temperature": 0.5,
        "max_tokens": 2048,
        "top_k": 7,
    }


async def test_every_upstream_call_carries_the_attribution_headers(data: Path, emulator: Emulator) -> None:
    """Chat, models and generation lookups alike, from the settings."""
    named = console_app(data, upstream=emulator.base_url, http_referer="https://console.example", x_title="My console")
    async with named as running:
        client = running.client
        await client.post("/api/models/sync")
        emulator.set_scenario("drop=3")
        started = await client.start("count")
        async with client.stream("/api/events", session=started["session"]["id"]) as stream:
            await client.follow(started["generation"]["id"])
            async for frame in stream:
                if frame.event == "changed" and frame.data["kind"] == "generation":
                    break
    asked = {record.path.split("?")[0].rpartition("/")[2] for record in emulator.requests}
    assert asked == {"models", "completions", "generation"}
    for record in emulator.requests:
        headers = {name.lower(): value for name, value in record.headers.items()}
        assert headers["http-referer"] == "https://console.example", record.path
        assert headers["x-openrouter-title"] == headers["x-title"] == "My console", record.path
