"""The settings page through the wire, and where the provider's key is and is not."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from app.core.token import KEY_FILE
from emulator import Emulator
from tests.contract import openai_client, typed_client
from tests.harness import ConsoleClient, console_app

SECRET = "sk-pasted-0123456789-last"


async def test_the_page_shows_defaults_and_keeps_changes(client: ConsoleClient) -> None:
    """What was not changed keeps its default."""
    before = await client.get("/api/settings")
    assert {name: before[name] for name in ("model", "max_tokens", "system_prompt", "theme", "send_key")} == {
        "model": "openai/gpt-4o-mini",
        "max_tokens": 2048,
        "system_prompt": "",
        "theme": "system",
        "send_key": "enter",
    }
    assert (before["app_title"], before["demo"]) == ("LLM Console", False)
    changed = (await client.ask("PATCH", "/api/settings", json={"theme": "dark", "max_tokens": 5})).json()
    assert (changed["theme"], changed["max_tokens"], changed["send_key"]) == ("dark", 5, "enter")
    assert (await client.ask("PATCH", "/api/settings", json={"theme": None})).json()["theme"] == "dark"
    assert await client.get("/api/settings") == await client.get("/api/settings")


async def test_a_key_of_the_environment_is_told_by_its_end(client: ConsoleClient) -> None:
    """Four characters; a pasted one does not replace it."""
    shown = (await client.get("/api/settings"))["key"]
    assert shown == {"source": "env", "last4": "-key"}
    put = await client.ask("PUT", "/api/settings/key", json={"key": SECRET})
    assert put.json() == {"source": "env", "last4": "-key"}


async def test_a_pasted_key_stays_private(data: Path, emulator: Emulator) -> None:
    """In a file of its own that only its owner reads, in no reply, and in no other file while the console runs."""
    async with console_app(data, openrouter_base_url=emulator.base_url) as running:
        client = running.client
        assert (await client.get("/api/settings"))["key"] == {"source": "none", "last4": None}
        reply = await client.ask("PUT", "/api/settings/key", json={"key": SECRET})
        assert (reply.status_code, reply.json()) == (200, {"source": "file", "last4": "last"})
        assert stat.S_IMODE((data / KEY_FILE).stat().st_mode) == 0o600
        shown = await client.ask("GET", "/api/settings")
        assert SECRET not in shown.text + reply.text
        await client.answer("Hello")
        for file in (path for path in data.rglob("*") if path.is_file() and path.name != KEY_FILE):
            assert SECRET.encode() not in file.read_bytes(), file.name
        gone = await client.ask("DELETE", "/api/settings/key")
        assert gone.json() == {"source": "none", "last4": None}
        assert not (data / KEY_FILE).exists()


async def test_the_key_survives_a_restart_and_the_database_never_had_it(data: Path, emulator: Emulator) -> None:
    """The next process reads it from its file; the closed store's bytes do not hold it."""
    async with console_app(data, openrouter_base_url=emulator.base_url) as running:
        await running.client.ask("PUT", "/api/settings/key", json={"key": SECRET})
        await running.client.answer("Hello")
    assert SECRET.encode() not in (data / "console.db").read_bytes()
    async with console_app(data, openrouter_base_url=emulator.base_url) as running:
        assert (await running.client.get("/api/settings"))["key"] == {"source": "file", "last4": "last"}


@pytest.mark.parametrize(
    "key", ["", "short", "sk-or-v1-xxxxx", "your-api-key-here", " " * 20, "schlüssel-schlüssel", "a\nb" * 10, "k" * 513]
)
async def test_what_is_no_key_is_refused_and_not_quoted(client: ConsoleClient, data: Path, key: str) -> None:
    """422, nothing is stored, and the reply does not repeat what may be a mistyped secret."""
    reply = await client.ask("PUT", "/api/settings/key", json={"key": key})
    assert (reply.status_code, reply.json()["error_code"]) == (422, "validation_failed")
    assert not (data / KEY_FILE).exists()
    if len(key.strip()) > 8:
        assert key not in reply.text


async def test_the_demo_is_marked_on_every_answer(data: Path) -> None:
    """Without a key an answer comes at once, costs nothing, and says what it is."""
    async with console_app(data) as running:
        client = running.client
        assert (await client.get("/api/health"))["demo"] is True
        async with client.stream("/api/stream", body={"content": "[[rate=5000 latency=0]] Hello"}) as stream:
            frames = [frame async for frame in stream]
        assert stream.headers["x-console-demo"] == "1"
        usage = next(frame.data for frame in frames if frame.event == "usage")
        assert (usage["provider"], usage["cost_usd"]) == ("demo", 0)


async def test_no_figure_of_the_demo_costs_anything(data: Path) -> None:
    """At every door, in one piece and streamed: neither the sum nor what it is made of."""
    async with console_app(data) as console:
        typed = await typed_client.complete(console.client, typed_client.body())
        streamed = await typed_client.stream(console.client, typed_client.body())
        for usage in (typed["usage"], streamed.one("usage")):
            assert usage["completion_tokens"] > 0
            costs = {name: value for name, value in usage.items() if "cost" in name and name != "cost_state"}
            assert costs.keys() >= {"cost", "cost_usd", "prompt_cost", "completion_cost", "upstream_cost"}
            assert set(costs.values()) <= {0, None}, costs
        openai = await openai_client.complete(console.client, openai_client.body())
        assert openai["usage"]["cost"] == 0
        assert set(openai["usage"]["cost_details"].values()) <= {0, None}


async def test_a_keyless_server_is_asked_without_a_key(data: Path) -> None:
    """A base URL of the owner's own may need none."""
    async with (
        Emulator(needs_key=False) as emulator,
        console_app(data, openrouter_base_url=emulator.base_url) as running,
    ):
        assert (await running.client.answer("Hello")).status == "completed"
        assert all("Authorization" not in record.headers for record in emulator.requests)


async def test_a_changed_key_is_used_from_the_next_call_on(data: Path, emulator: Emulator) -> None:
    """What the provider refuses with the old key works with the new one, without a restart."""
    async with console_app(data, openrouter_base_url=emulator.base_url) as running:
        refused = await running.client.answer("Hello")
        assert refused.data_of("error")["error_code"] == "upstream_bad_key"
        await running.client.ask("PUT", "/api/settings/key", json={"key": SECRET})
        assert (await running.client.answer("Hello")).status == "completed"


async def test_the_owner_s_zone(data: Path) -> None:
    """The machine's until the page says otherwise; it stays over a restart."""
    async with console_app(data) as running:
        assert (await running.client.get("/api/settings"))["time_zone"] == "UTC"
        changed = await running.client.ask("PATCH", "/api/settings", json={"time_zone": "Asia/Kathmandu"})
        assert (changed.status_code, changed.json()["time_zone"]) == (200, "Asia/Kathmandu")
    async with console_app(data) as running:
        assert (await running.client.get("/api/settings"))["time_zone"] == "Asia/Kathmandu"


async def test_the_environment_may_fix_the_zone(data: Path) -> None:
    """Then the page shows it and cannot change it."""
    async with console_app(data, time_zone="Europe/Berlin") as running:
        assert (await running.client.get("/api/settings"))["time_zone"] == "Europe/Berlin"
        refused = await running.client.ask("PATCH", "/api/settings", json={"time_zone": "UTC"})
        assert (refused.status_code, refused.json()["error_code"]) == (409, "conflict")


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "Europe", "../../etc/passwd", "localtime", "a" * 65, 5])
async def test_what_is_no_zone_is_refused(client: ConsoleClient, zone: object) -> None:
    """422, and nothing changes."""
    refused = await client.ask("PATCH", "/api/settings", json={"time_zone": zone})
    assert (refused.status_code, refused.json()["error_code"]) == (422, "validation_failed")
    assert (await client.get("/api/settings"))["time_zone"] == "UTC"
