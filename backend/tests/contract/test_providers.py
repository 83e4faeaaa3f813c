"""Servers beside OpenRouter through the wire: two upstreams, one console."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from emulator import Emulator
from tests.harness import ConsoleClient, ConsoleProcess, console_app

Json = dict[str, Any]
MAIN_KEY = "main-key-of-the-test"
LAB_KEY = "lab-key-of-the-test"
FILE = """\
[providers.lab]
label = "The lab"
base_url = "{url}"
api_key = "${{LAB_KEY}}"
default_model = "openai/gpt-4o"
max_retries = 0
parameters = {{ top_p = 0.9 }}

[providers.lab.models."openai/gpt-4o"]
name = "Four"
context_length = 1000
temperature = 1.5

[providers.lab.models."openai/o3-mini"]

[providers.home]
base_url = "{url}"
"""


@pytest.fixture
async def lab() -> AsyncIterator[Emulator]:
    """A second upstream, which asks for no key."""
    async with Emulator(needs_key=False) as running:
        yield running


def written(data: Path, lab: Emulator, head: str = "") -> None:
    data.mkdir(parents=True)
    (data / "providers.toml").write_text(head + FILE.format(url=lab.base_url))


@pytest.fixture
async def both(
    data: Path, emulator: Emulator, lab: Emulator, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[ConsoleClient]:
    """A console with OpenRouter's stand-in and the lab's server."""
    monkeypatch.setenv("LAB_KEY", LAB_KEY)
    written(data, lab)
    async with console_app(data, upstream=emulator.base_url, openrouter_api_key=MAIN_KEY) as running:
        yield running.client


def chats(emulator: Emulator) -> list[Any]:
    return [record for record in emulator.requests if record.path.endswith("/chat/completions")]


async def test_the_prefix_of_a_model_names_its_provider(both: ConsoleClient, emulator: Emulator, lab: Emulator) -> None:
    """It is asked by its own name for the model; the rest goes where it always went."""
    there = await both.answer("Hi", model="lab/openai/gpt-4o")
    here = await both.answer("Hi", model="openai/gpt-4o")
    assert [record.body["model"] for record in chats(lab)] == ["openai/gpt-4o"]
    assert [record.body["model"] for record in chats(emulator)] == ["openai/gpt-4o"]
    generation = await both.generation(there.generation_id)
    assert (generation["model"], generation["provider"], generation["status"]) == (
        "lab/openai/gpt-4o",
        "lab",
        "completed",
    )
    assert (await both.generation(here.generation_id))["provider"] == "custom"
    rows = (await both.get("/api/usage"))["items"]
    assert {row["model"] for row in rows} == {"lab/openai/gpt-4o", "openai/gpt-4o"}


async def test_a_key_goes_to_its_own_server_alone(both: ConsoleClient, emulator: Emulator, lab: Emulator) -> None:
    """And nothing that the console shows has it."""
    await both.answer("Hi", model="lab/openai/gpt-4o")
    await both.answer("Hi", model="openai/gpt-4o")
    await both.answer("Hi", model="home/openai/gpt-4o")
    assert lab.ledger.spent_by(LAB_KEY) > 0 == lab.ledger.spent_by(MAIN_KEY)
    assert emulator.ledger.spent_by(MAIN_KEY) > 0 == emulator.ledger.spent_by(LAB_KEY)
    assert lab.ledger.spent_by("") > 0
    shown = [
        await both.ask("GET", path) for path in ("/api/providers", "/models/config", "/api/settings", "/api/models")
    ]
    for told in shown:
        assert told.status_code == 200
        assert LAB_KEY not in told.text
        assert MAIN_KEY not in told.text


async def test_a_model_s_parameters_apply_below_profile_and_request(both: ConsoleClient, lab: Emulator) -> None:
    """And above the settings."""
    await both.ask("PATCH", "/api/settings", json={"temperature": 0.1, "max_tokens": 77})
    profile = await both.post("/api/profiles", {"name": "p", "temperature": 0.2})
    await both.answer("Hi", model="lab/openai/gpt-4o")
    await both.answer("Hi", model="lab/openai/o3-mini")
    await both.answer("Hi", model="lab/openai/gpt-4o", profile_id=profile["id"])
    await both.answer("Hi", model="lab/openai/gpt-4o", temperature=0.4, top_p=0.5)
    sent = [(record.body["temperature"], record.body["top_p"]) for record in chats(lab)]
    assert sent == [(1.5, 0.9), (0.1, 0.9), (0.2, 0.9), (0.4, 0.5)]
    assert chats(lab)[0].body["max_tokens"] == 77


async def test_a_provider_that_lists_models_takes_no_others(both: ConsoleClient, lab: Emulator) -> None:
    """Nothing is stored and nothing is sent; a provider that lists none takes every model."""
    reply = await both.ask("POST", "/api/generations", json={"content": "Hi", "model": "lab/openai/gpt-5"})
    assert (reply.status_code, reply.json()["error_code"]) == (404, "upstream_model_not_found")
    assert reply.json()["details"]["models"] == ["openai/gpt-4o", "openai/o3-mini"]
    assert (await both.get("/api/sessions"))["items"] == []
    assert chats(lab) == []
    assert (await both.answer("Hi", model="home/openai/gpt-5")).data_of("done")["status"] == "completed"


@pytest.mark.parametrize("head", ["", 'default_provider = "lab"\n'])
async def test_without_a_key_the_demo_answers_for_the_rest(
    data: Path, lab: Emulator, monkeypatch: pytest.MonkeyPatch, head: str
) -> None:
    """The file's servers need no key of OpenRouter's; a default provider is asked where no model is named."""
    monkeypatch.setenv("LAB_KEY", LAB_KEY)
    written(data, lab, head)
    async with console_app(data) as running:
        client = running.client
        for model, demo in (("lab/openai/gpt-4o", None), ("openai/gpt-4o", "1")):
            async with client.stream("/api/stream", body={"content": "Hi", "model": model}) as stream:
                assert stream.headers.get("x-console-demo") == demo
                async for _ in stream:
                    pass
        started = await client.post("/api/generations", {"content": "Hi"})
        done = await client.follow(started["generation"]["id"])
        assert done.data_of("done")["status"] == "completed"
        named = "lab/openai/gpt-4o" if head else "openai/gpt-4o-mini"
        assert started["generation"]["model"] == named
        health = await client.get("/api/health")
        assert (health["upstream"], health["demo"]) == (("lab", False) if head else ("demo", True))
    assert len(chats(lab)) == (2 if head else 1)


async def test_a_bare_name_is_the_default_provider_s(
    data: Path, emulator: Emulator, lab: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is recorded under its whole name; a name with an author stays OpenRouter's."""
    monkeypatch.setenv("LAB_KEY", LAB_KEY)
    written(data, lab, 'default_provider = "home"\n')
    file = data / "providers.toml"
    file.write_text(file.read_text() + 'default_model = "llama"\n')
    async with console_app(data, upstream=emulator.base_url) as running:
        started = await running.client.start("Hi", model="some-model")
        await running.client.follow(started["generation"]["id"])
        assert (started["generation"]["model"], started["generation"]["provider"]) == ("home/some-model", "home")
    assert [record.body["model"] for record in chats(lab)] == ["some-model"]
    assert chats(emulator) == []


async def test_a_provider_has_its_own_number_of_retries(both: ConsoleClient, lab: Emulator) -> None:
    """None, where its file says so."""
    lab.set_scenario("error=503")
    failed = await both.answer("Hi", model="lab/openai/gpt-4o")
    assert failed.data_of("error")["error_code"] == "upstream_unavailable"
    assert len(chats(lab)) == 1


async def test_embeddings_are_routed_too(both: ConsoleClient, lab: Emulator) -> None:
    """By the same prefix, and recorded under the whole name."""
    model = "home/openai/text-embedding-3-small"
    reply = await both.ask("POST", "/v1/embeddings", json={"model": model, "input": "Hi"})
    assert reply.status_code == 200, reply.text
    (asked,) = [record for record in lab.requests if record.path.endswith("/embeddings")]
    assert asked.body["model"] == "openai/text-embedding-3-small"
    assert [row["model"] for row in (await both.get("/api/usage"))["items"]] == [model]


async def test_the_cost_of_a_cut_call_is_asked_of_its_own_provider(
    both: ConsoleClient, emulator: Emulator, lab: Emulator
) -> None:
    """Nobody else knows the call."""
    lab.set_scenario("drop=3")
    started = await both.start("count", model="home/openai/gpt-4o")
    session_id = started["session"]["id"]
    async with asyncio.timeout(20), both.stream("/api/events", session=session_id) as stream:
        await both.follow(started["generation"]["id"])
        async for frame in stream:
            if frame.event == "changed" and frame.data["kind"] == "generation":
                break
    assert any("/generation?" in record.path for record in lab.requests)
    assert not any("/generation?" in record.path for record in emulator.requests)
    assert (await both.generation(started["generation"]["id"]))["usage"]["cost_state"] == "reconciled"


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("providers.toml", '[providers.x]\nbase_url = "http://h"\napi_key = "${NOT_SET}"\n', "NOT_SET is not set"),
        ("providers.json", '{"providers": {\n"x": {\n"base_uri": ""}}}', "is not known here"),
        ("providers.yaml", "default_provider:\n\n  nobody: 1\n", "default_provider"),
    ],
)
async def test_a_wrong_file_ends_the_start_with_its_line(data: Path, name: str, text: str, said: str) -> None:
    """One line per mistake on standard error, exit status 1, nothing opened."""
    data.mkdir()
    (data / name).write_text(text)
    async with ConsoleProcess(data) as console:
        await console.launch()
        assert await console.wait() == 1
        assert re.search(rf"^llm-console: {re.escape(str(data))}/{name}:[13]: .*{said}", console.errors(), re.MULTILINE)
        assert "Traceback" not in console.errors()
    assert not (data / "console.db").exists()


async def test_another_file_is_named_by_the_settings(data: Path, lab: Emulator) -> None:
    """Relative to the data folder; one that is not there is an error."""
    data.mkdir()
    (data / "mine.toml").write_text('[providers.home]\nbase_url = "http://127.0.0.1:9/v1"\n')
    async with ConsoleProcess(data, variables={"CONSOLE_PROVIDERS": "mine.toml"}) as console:
        await console.start()
        async with console.client() as client:
            assert "home" in {item["name"] for item in (await client.get("/api/providers"))["items"]}
    async with ConsoleProcess(data, variables={"CONSOLE_PROVIDERS": "other.toml"}) as console:
        await console.launch()
        assert await console.wait() == 1
        assert "other.toml: cannot be read" in console.errors()


async def test_providers_are_listed(both: ConsoleClient) -> None:
    """With models, default, and where the key comes from."""
    items = {item["name"]: item for item in (await both.get("/api/providers"))["items"]}
    assert list(items) == ["custom", "lab", "home"]
    lab = items["lab"]
    assert (lab["label"], lab["default"], lab["default_model"]) == ("The lab", False, "lab/openai/gpt-4o")
    assert (lab["supports_custom_model"], lab["key"], lab["demo"]) == (False, "env", False)
    assert {"id": "lab/openai/gpt-4o", "name": "Four"} in lab["models"]
    assert (items["home"]["supports_custom_model"], items["home"]["key"]) == (True, "none")
    assert items["custom"]["default"] is True


async def test_the_catalogue_lists_every_provider_s_models(both: ConsoleClient, emulator: Emulator) -> None:
    """Under the names that requests use; the file's word on a model goes before its server's."""
    await both.post("/api/models/sync")
    listed = {model["id"]: model for model in await both.every("/api/models")}
    assert {model_id for model_id, model in listed.items() if model["provider"] == "lab"} == {
        "lab/openai/gpt-4o",
        "lab/openai/o3-mini",
    }
    four = listed["lab/openai/gpt-4o"]
    assert (four["name"], four["context_length"], four["usable_context"]) == ("Four", 1000, 1000)
    assert four["openrouter_id"] == "lab/openai/gpt-4o"
    assert listed["openai/gpt-4o"]["context_length"] != 1000
    assert "home/openai/gpt-4o" in listed
    shown = {item["name"]: item for item in (await both.get("/api/providers"))["items"]}
    assert {"id": "home/openai/gpt-4o", "name": listed["home/openai/gpt-4o"]["name"]} in shown["home"]["models"]


@pytest.mark.parametrize("answer", ["off", "error=404", "error=503"])
async def test_a_server_without_a_list_has_the_models_of_its_file(
    data: Path, emulator: Emulator, lab: Emulator, answer: str
) -> None:
    """Or one that is off, if the file names all it takes; another provider's models are not touched."""
    data.mkdir()
    (data / "providers.toml").write_text(
        f'[providers.home]\nbase_url = "{lab.base_url}"\n[providers.home.models."llama3:8b"]\ncontext_length = 8192\n'
    )
    if answer == "off":
        await lab.stop()
    else:
        lab.set_scenario(answer, "models")
    async with console_app(data, upstream=emulator.base_url) as running:
        await running.client.post("/api/models/sync")
        model = await running.client.get("/api/models/home/llama3:8b")
        assert (model["provider"], model["context_length"]) == ("home", 8192)
        assert (await running.client.get("/api/models/openai/gpt-4o"))["provider"] == "custom"


async def test_a_provider_that_left_the_file_takes_its_models_along(
    data: Path, emulator: Emulator, lab: Emulator
) -> None:
    """They are not on offer any more; what was said and paid with them stays."""
    data.mkdir()
    (data / "providers.toml").write_text(f'[providers.home]\nbase_url = "{lab.base_url}"\n')
    async with console_app(data, upstream=emulator.base_url) as running:
        await running.client.post("/api/models/sync")
        await running.client.answer("Hi", model="home/openai/gpt-4o")
    (data / "providers.toml").unlink()
    async with console_app(data, upstream=emulator.base_url) as running:
        await running.client.post("/api/models/sync")
        providers = {model["provider"] for model in await running.client.every("/api/models")}
        assert providers == {"custom"}
        assert [row["model"] for row in (await running.client.get("/api/usage"))["items"]] == ["home/openai/gpt-4o"]
        reply = await running.client.ask("GET", "/api/providers")
        assert [item["name"] for item in reply.json()["items"]] == ["custom"]


async def test_a_server_of_openai_s_api_gets_nothing_of_openrouter_s(both: ConsoleClient, lab: Emulator) -> None:
    """An effort under OpenAI's name, the wish for usage; what only OpenRouter takes is refused before the call."""
    asked = {"content": "Hi", "model": "lab/openai/o3-mini"}
    started = await both.post("/api/generations", asked | {"reasoning_effort": "low"})
    await both.follow(started["generation"]["id"])
    (sent,) = chats(lab)
    assert sent.body["reasoning_effort"] == "low"
    assert "reasoning" not in sent.body
    assert sent.body["stream_options"] == {"include_usage": True}
    reply = await both.ask("POST", "/api/generations", json=asked | {"plugins": [{"id": "web"}]})
    assert (reply.status_code, reply.json()["details"]["parameter"]) == (422, "plugins")
    assert len(chats(lab)) == 1


DOORS: list[tuple[str, Json]] = [
    ("/api/stream", {"content": "Hi"}),
    ("/chat?stream=false", {"message": "Hi"}),
    ("/v1/chat/completions", {"messages": [{"role": "user", "content": "Hi"}]}),
]


@pytest.mark.parametrize(("path", "said"), DOORS)
async def test_every_door_speaks_openai_s_api_to_such_a_server(
    both: ConsoleClient, lab: Emulator, path: str, said: Json
) -> None:
    """What only OpenRouter takes is refused before anything is stored; an effort is sent under OpenAI's name."""
    asked = said | {"model": "lab/openai/o3-mini"}
    refused = await both.ask("POST", path, json=asked | {"provider": {"order": ["a"]}})
    assert (refused.status_code, "takes no provider" in refused.text) == (400 if "/v1" in path else 422, True)
    assert chats(lab) == []
    reply = await both.ask("POST", path, json=asked | {"reasoning_effort": "low", "web_search": False})
    assert reply.status_code == 200, reply.text
    (sent,) = chats(lab)
    assert sent.body["reasoning_effort"] == "low"
    assert not {"reasoning", "provider", "web_search", "include_reasoning"} & sent.body.keys()


async def test_embeddings_too_say_nothing_of_openrouter_s(both: ConsoleClient, lab: Emulator) -> None:
    body = {"model": "home/openai/text-embedding-3-small", "input": "Hi", "provider": {"order": ["a"]}}
    reply = await both.ask("POST", "/v1/embeddings", json=body)
    assert (reply.status_code, "takes no provider" in reply.text) == (400, True)
    assert not [record for record in lab.requests if record.path.endswith("/embeddings")]


@pytest.mark.parametrize(("path", "said"), DOORS[:2])
async def test_a_model_known_by_its_id_alone_gets_the_effort_that_was_asked_for(
    data: Path, lab: Emulator, path: str, said: Json
) -> None:
    """Its server does not say whether it thinks; a budget, which such servers do not take, is refused in words."""
    data.mkdir()
    (data / "providers.toml").write_text(
        f'[providers.home]\nbase_url = "{lab.base_url}"\n[providers.home.models."openai/o3-mini"]\n'
    )
    lab.set_scenario("error=404", "models")
    async with console_app(data) as running:
        client = running.client
        await client.post("/api/models/sync")
        asked = said | {"model": "home/openai/o3-mini"}
        reply = await client.ask("POST", path, json=asked | {"reasoning_effort": "high"})
        assert reply.status_code == 200, reply.text
        budget = {"reasoning": {"max_tokens": 2000}}
        refused = await client.ask("POST", path, json=asked | {"max_tokens": 9000} | budget)
        assert (refused.status_code, "reasoning.max_tokens" in refused.text) == (422, True)
        off = {"disable_reasoning": True} if path.startswith("/chat") else {"reasoning": {"enabled": False}}
        await client.ask("POST", path, json=asked | off)
    assert [record.body["reasoning_effort"] for record in chats(lab)] == ["high", "none"]


async def test_what_a_client_says_of_reasoning_replaces_the_file_s_word(
    data: Path, emulator: Emulator, lab: Emulator
) -> None:
    """Whatever it is called: both would contradict each other."""
    data.mkdir()
    (data / "providers.toml").write_text(
        f'[providers.home]\nbase_url = "{lab.base_url}"\nparameters = {{ reasoning_effort = "high" }}\n'
    )
    async with console_app(data, upstream=emulator.base_url) as running:
        asked = {"model": "home/openai/o3-mini", "messages": [{"role": "user", "content": "Hi"}]}
        await running.client.ask("POST", "/v1/chat/completions", json=asked)
        await running.client.ask("POST", "/v1/chat/completions", json=asked | {"reasoning": {"effort": "low"}})
    assert [record.body["reasoning_effort"] for record in chats(lab)] == ["high", "low"]


async def test_what_is_wrong_with_a_server_is_mended_in_its_file(both: ConsoleClient, lab: Emulator) -> None:
    """Its key is not the one in the settings."""
    lab.set_scenario("error=401")
    error = (await both.answer("Hi", model="lab/openai/gpt-4o")).data_of("error")
    assert error["error_code"] == "upstream_bad_key"
    assert "the provider 'lab' in the providers file" in error["hint"]
    assert "settings" not in error["hint"]
    refused = await both.ask("POST", "/v1/chat/completions", json=DOORS[2][1] | {"model": "home/openai/gpt-4o"})
    assert (refused.status_code, "'home'" in refused.json()["error"]["message"]) == (401, True)
