"""The emulator's own routes, its start and its end."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import socket
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from emulator import DEMO, Emulator
from emulator.__main__ import main, serve

from .conftest import client_of
from .wire import CHAT, KEY, MODEL, ask, body_of, stream

BACKEND = Path(__file__).parents[2]


@pytest.mark.parametrize("prefix", ["__emulator", "__parlel"])
async def test_requests_are_recorded_without_the_key_and_can_be_forgotten(
    client: httpx.AsyncClient, emulator: Emulator, prefix: str
) -> None:
    """Method, path, headers, body and status; control calls leave no trace."""
    await client.post(CHAT, json=body_of(), headers={"HTTP-Referer": "http://localhost", "X-Title": "Console"})
    await client.post(CHAT, content=b"no json")
    await client.get("/models?limit=1")
    recorded: list[dict[str, Any]] = (await client.get(f"{emulator.origin}/{prefix}/requests")).json()

    assert [(record["method"], record["path"], record["status"]) for record in recorded] == [
        ("POST", "/api/v1/chat/completions", 200),
        ("POST", "/api/v1/chat/completions", 400),
        ("GET", "/api/v1/models?limit=1", 200),
    ]
    headers = {name.lower(): value for name, value in recorded[0]["headers"].items()}
    assert (headers["http-referer"], headers["x-title"]) == ("http://localhost", "Console")
    assert [record["body"] for record in recorded] == [body_of(), "no json", None]
    assert KEY not in json.dumps(recorded)
    assert (await client.post(f"{emulator.origin}/{prefix}/reset")).json() == {"status": "ok"}
    assert emulator.requests == []


async def test_the_ledger_is_readable_from_outside(client: httpx.AsyncClient, emulator: Emulator) -> None:
    """Exact decimal strings that add up."""
    await ask(client, body_of(), "tokens=3")
    await stream(client, scenario="tokens=4; drop after=2")
    ledger = (await client.get(f"{emulator.origin}/__emulator/ledger")).json()

    assert [row["status"] for row in ledger["rows"]] == ["completed", "truncated"]
    assert [row["completion_tokens"] for row in ledger["rows"]] == [3, 2]
    assert {row["model"] for row in ledger["rows"]} == {MODEL}
    assert sum(Decimal(row["cost"]) for row in ledger["rows"]) == Decimal(ledger["total_cost"]) > 0


async def test_a_scenario_can_be_set_for_all_for_a_model_and_for_an_endpoint(
    client: httpx.AsyncClient, emulator: Emulator
) -> None:
    """An empty text clears it, a reset clears all."""
    control = f"{emulator.origin}/__emulator/scenario"
    for body in (
        {"scenario": "tokens=2"},
        {"scenario": "tokens=3", "model": "openai/gpt-4o"},
        {"scenario": "error=500", "endpoint": "key"},
    ):
        assert (await client.post(control, json=body)).status_code == 200

    async def tokens_of(model: str) -> int:
        count: int = (await ask(client, body_of(model=model))).json()["usage"]["completion_tokens"]
        return count

    assert (await tokens_of(MODEL), await tokens_of("openai/gpt-4o")) == (2, 3)
    assert (await client.get("/key")).status_code == 500
    await client.post(control, json={"scenario": ""})
    assert await tokens_of(MODEL) > 100
    emulator.reset()
    assert (await client.get("/key")).status_code == 200


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("scenario", b"{"),
        ("scenario", b"[]"),
        ("scenario", b"{}"),
        ("scenario", b'{"scenario": "", "model": 5}'),
        ("scenario", b'{"scenario": "nonsense"}'),
        ("account", b'{"credit_usd": "much"}'),
    ],
)
async def test_a_bad_control_call_is_400(
    client: httpx.AsyncClient, emulator: Emulator, path: str, content: bytes
) -> None:
    """A misspelt test fails loudly."""
    assert (await client.post(f"{emulator.origin}/__emulator/{path}", content=content)).status_code == 400


async def test_the_account_can_change_under_a_running_emulator(client: httpx.AsyncClient, emulator: Emulator) -> None:
    """Credit runs out, a key is revoked; a reset heals both."""
    control = f"{emulator.origin}/__emulator/account"
    await client.post(control, json={"credit_usd": 0})
    broke = await ask(client, body_of())
    await client.post(control, json={"revoked_keys": [KEY]})
    revoked = await ask(client, body_of())
    emulator.reset()

    assert (broke.status_code, revoked.status_code) == (402, 401)
    assert (await ask(client, body_of())).status_code == 200


async def test_stalled_streams_can_be_released_from_outside(client: httpx.AsyncClient, emulator: Emulator) -> None:
    """The same as ``release`` in process; plain calls stall, too."""
    bodies = [body_of(stream=True), body_of(stream=False)]
    asking = [asyncio.create_task(ask(client, body, "tokens=2; stall after=1")) for body in bodies]
    await emulator.until(lambda running: running.stalled == 2)
    await client.post(f"{emulator.origin}/__emulator/release")

    assert [(await answer).status_code for answer in asking] == [200, 200]


async def test_health_and_index_answer_anyone(emulator: Emulator) -> None:
    """No key needed."""
    async with httpx.AsyncClient(base_url=emulator.origin) as client:
        assert (await client.get("/health")).json() == {"status": "ok"}
        assert (await client.get("/")).json()["base_url"] == "/api/v1"


async def test_stopping_aborts_open_streams_at_once() -> None:
    """No task, no port and no open row is left; a second stop does nothing."""
    emulator = await Emulator(scenario="stall after=1").start()
    async with client_of(emulator) as client:
        asking = [asyncio.create_task(stream(client)) for _ in range(5)]
        await emulator.until(lambda running: running.stalled == 5)
        await emulator.stop()
        await emulator.stop()
        answers = await asyncio.gather(*asking)

    assert all(isinstance(answer.error, httpx.TransportError) for answer in answers)
    assert {row.status for row in emulator.ledger.rows} == {"cancelled"}
    with pytest.raises(RuntimeError):
        _ = emulator.base_url


async def test_a_taken_port_is_an_error_that_leaves_nothing(emulator: Emulator) -> None:
    """It can be started elsewhere afterwards."""
    port = int(emulator.origin.rpartition(":")[2])
    with pytest.raises(OSError, match="address already in use"):
        await Emulator(port=port).start()


async def test_the_demo_pace_lets_a_newcomer_watch() -> None:
    """Its scenario is legal and paced; answers can be hurried by a directive."""
    async with Emulator(scenario=DEMO, needs_key=False) as emulator, client_of(emulator) as client:
        answer = await stream(client, "hello [[latency=0 rate=1000000]]")

    assert answer.done
    assert "> hello\n" in answer.text


async def test_generation_ids_do_not_come_again_after_a_reset(client: httpx.AsyncClient, emulator: Emulator) -> None:
    """A store that outlives the reset never sees one id for two calls."""
    first = (await ask(client, body_of())).json()["id"]
    emulator.reset()

    assert (await ask(client, body_of())).json()["id"] != first


async def test_serving_ends_on_a_signal(capsys: pytest.CaptureFixture[str]) -> None:
    """One ready line, exit status 0."""
    emulator = Emulator()
    serving = asyncio.create_task(serve(emulator))
    line = ""
    while not line:
        await asyncio.sleep(0)
        line = capsys.readouterr().out
    signal.raise_signal(signal.SIGTERM)

    assert await serving == 0
    assert re.fullmatch(r"Ready: http://127\.0\.0\.1:\d+/api/v1\n", line)


def test_a_taken_port_ends_the_command_with_its_reason(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit status 1 and one line."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert main(["--port", str(taken.getsockname()[1])]) == 1

    assert "in use" in capsys.readouterr().err


def test_a_misspelt_scenario_ends_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    """Before it listens."""
    with pytest.raises(SystemExit):
        main(["--scenario", "nonsense"])

    assert "'nonsense' is unknown" in capsys.readouterr().err


async def test_the_command_serves_as_a_process() -> None:
    """``python -m emulator --port 0 --no-auth`` answers without a key and ends on SIGINT."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "emulator", "--port", "0", "--no-auth", cwd=BACKEND, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        base_url = (await process.stdout.readline()).decode().removeprefix("Ready: ").strip()
        async with httpx.AsyncClient(base_url=base_url) as client:
            assert (await client.post(CHAT, json=body_of())).status_code == 200
    finally:
        process.send_signal(signal.SIGINT)
        status = await process.wait()

    assert status == 0
