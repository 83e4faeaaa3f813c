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

from emulator import DEMO, Emulator, ManualClock
from emulator.__main__ import main, serve
from emulator.recording import KEPT_BYTES, KEPT_REQUESTS, Recorder
from emulator.surface import routes, scenarios

from .conftest import client_of
from .wire import CHAT, KEY, MODEL, ask, body_of, stream

BACKEND = Path(__file__).parents[2]


async def test_requests_are_recorded_without_the_key_and_can_be_forgotten(
    client: httpx.AsyncClient, emulator: Emulator
) -> None:
    """Method, path, headers, body, status and duration; control calls leave no trace."""
    secrets = {"Cookie": f"a={KEY}", "X-Api-Key": KEY, "X-Provider-API-Keys": KEY}
    named = {"HTTP-Referer": "http://localhost", "X-Title": "Console", **secrets}
    await client.post(CHAT, json=body_of(), headers=named)
    await client.post(CHAT, content=b"no json")
    await client.get("/models?limit=1")
    recorded: list[dict[str, Any]] = (await client.get(f"{emulator.origin}/__emulator/requests")).json()

    assert [(record["method"], record["path"], record["status"], record["kind"]) for record in recorded] == [
        ("POST", "/api/v1/chat/completions", 200, "chat.completions"),
        ("POST", "/api/v1/chat/completions", 400, "chat.completions"),
        ("GET", "/api/v1/models?limit=1", 200, "models"),
    ]
    headers = {name.lower(): value for name, value in recorded[0]["headers"].items()}
    assert (headers["http-referer"], headers["x-title"]) == ("http://localhost", "Console")
    assert [record["body"] for record in recorded] == [body_of(), "no json", None]
    assert [record["n"] for record in recorded] == [1, 2, 3]
    assert all(record["duration_ms"] >= 0 for record in recorded)
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", record["at"]) for record in recorded)
    assert KEY not in json.dumps(recorded)
    assert (await client.post(f"{emulator.origin}/__emulator/reset")).json() == {"status": "ok"}
    assert emulator.requests == []


async def test_the_other_spelling_of_the_control_routes(client: httpx.AsyncClient, emulator: Emulator) -> None:
    """The same requests as ``{requests, count}``, and a reset that says ok."""
    await client.post(CHAT, json=body_of())
    found = (await client.get(f"{emulator.origin}/__parlel/requests")).json()

    assert (found["count"], found["requests"][0]["body"]) == (1, body_of())
    assert {"n", "kind", "body", "at"} <= found["requests"][0].keys()
    assert (await client.post(f"{emulator.origin}/__parlel/reset")).json() == {"ok": True}
    assert emulator.requests == []


async def test_recorded_requests_can_be_narrowed(clock: ManualClock) -> None:
    """By method, by the beginning of the path, by time, by number; the newest ones count."""
    async with Emulator(clock=clock) as emulator, client_of(emulator) as client:
        for path in ("/models", "/key", "/models/count"):
            await client.get(path)
            clock.advance(10)
        await client.post(CHAT, json=body_of())

        async def paths(**query: str) -> list[str]:
            found = await client.get(f"{emulator.origin}/__emulator/requests", params=query)
            return [record["path"].removeprefix("/api/v1") for record in found.json()]

        third = (await client.get(f"{emulator.origin}/__emulator/requests")).json()[2]["at"]
        assert await paths(method="post") == [CHAT]
        assert await paths(path="/api/v1/models") == ["/models", "/models/count"]
        assert await paths(since=third) == ["/models/count", CHAT]
        assert await paths(since=third.removesuffix("Z"), limit="1") == [CHAT]
        assert await paths(limit="0") == []
        assert await paths(limit="2", method="GET") == ["/key", "/models/count"]
        for bad in ("since=yesterday", "limit=few", "limit=-1", "bogus=1"):
            for where in ("__emulator", "__parlel"):
                assert (await client.get(f"{emulator.origin}/{where}/requests?{bad}")).status_code == 400
        refused = await client.get(f"{emulator.origin}/__emulator/ledger?method=post")
        assert (refused.status_code, "method" in refused.text) == (400, True)


async def test_a_long_body_is_shown_cut(client: httpx.AsyncClient, emulator: Emulator) -> None:
    """Its length is told; in process it is whole."""
    body = body_of("é" * 50_000)
    await client.post(CHAT, json=body)
    (shown,) = (await client.get(f"{emulator.origin}/__emulator/requests")).json()

    assert shown["body_cut"] is True
    assert len(shown["body"].encode()) <= 65_536
    assert shown["body_bytes"] > 100_000
    assert emulator.requests[0].body == body


def test_the_record_stays_within_its_bounds() -> None:
    """The oldest go first, by number and by bytes; the newest stays, however big."""
    recorder = Recorder()
    for _ in range(KEPT_REQUESTS + 5):
        recorder.add(0, "GET", "/", {})
    assert next(record.number for record in recorder) == 6
    for _ in range(3):
        recorder.take_body(recorder.add(0, "POST", "/", {}), b"x" * (KEPT_BYTES // 2 + 1))
    assert [record.number for record in recorder] == [KEPT_REQUESTS + 8]
    recorder.clear()
    assert list(recorder) == []


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Host": "localhost:4861"}, 200),
        ({"Host": "emulator:4861"}, 200),
        ({"Host": "[::1]:4861"}, 200),
        ({"Host": "evil.example"}, 403),
        ({"Host": "evil.example:4861", "Origin": "http://evil.example:4861"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Host": "localhost:4861", "Origin": "http://localhost:4861", "Sec-Fetch-Site": "same-origin"}, 200),
    ],
)
async def test_the_control_routes_are_not_for_web_pages_of_others(
    client: httpx.AsyncClient, emulator: Emulator, headers: dict[str, str], status: int
) -> None:
    """Neither by another origin nor by a name that was bent to this machine."""
    for path in ("/__emulator", "/__emulator/requests", "/__parlel/requests"):
        assert (await client.get(f"{emulator.origin}{path}", headers=headers)).status_code == status
    assert (await client.get("/models", headers=headers)).status_code == 200


async def test_the_live_page_is_whole_and_runs_nothing_inline(client: httpx.AsyncClient, emulator: Emulator) -> None:
    """Page, script and style; no markup is made of what was received."""
    page = await client.get(f"{emulator.origin}/__emulator")
    names = re.findall(r'(?:src|href)="(/__emulator/[^"]+)"', page.text)
    assets = [await client.get(f"{emulator.origin}{name}") for name in names]

    assert page.headers["Content-Type"].startswith("text/html")
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    assert not re.search(r"<script>|<style>|\son\w+=|\sstyle=", page.text)
    assert [asset.headers["Content-Type"].partition(";")[0] for asset in assets] == ["text/css", "text/javascript"]
    assert not re.search(r"innerHTML|insertAdjacentHTML|document\.write", assets[1].text)
    used = set(re.findall(r'at\("(\w+)"\)|\["(\w+)", "(\w+)"\]', assets[1].text))
    assert {name for names in used for name in names if name} <= set(re.findall(r'id="(\w+)"', page.text))
    assert (await client.get(f"{emulator.origin}/__emulator/server.py")).status_code == 404


async def test_the_ledger_is_readable_from_outside(client: httpx.AsyncClient, emulator: Emulator) -> None:
    """Exact decimal strings that add up."""
    await ask(client, body_of(), "tokens=3")
    await stream(client, scenario="tokens=4; drop after=2")
    ledger = (await client.get(f"{emulator.origin}/__emulator/ledger")).json()
    cut = (await client.get(f"{emulator.origin}/__emulator/ledger?limit=1")).json()

    assert cut == {**ledger, "rows": ledger["rows"][1:]}
    assert ledger["count"] == 2
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
        ("account", b'{"key_limits_usd": {"a": "much"}}'),
        ("account", b'{"key_limits_usd": 5}'),
        ("account", b'{"credit_usd": "NaN"}'),
        ("account", b'{"credits": 5}'),
        ("account", b'{"revoked_keys": "sk-or-v1-one"}'),
        ("account", b"\xff"),
        ("scenario", b'{"scenario": "", "modle": "openai/gpt-4o"}'),
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


FILE = """
# a comment
latency=0; tokens=4
* : rate=100000
openai/gpt-4o: tokens=2
key: error=500
"""


async def test_a_file_holds_a_scenario_per_target() -> None:
    """One per line, for all calls, a model or a reading endpoint; a reset leads back to it."""
    async with Emulator(scenario=FILE) as emulator, client_of(emulator) as other:

        async def tokens_of(model: str) -> int:
            count: int = (await ask(other, body_of(model=model))).json()["usage"]["completion_tokens"]
            return count

        emulator.set_scenario("tokens=9")
        emulator.reset()
        assert (await tokens_of(MODEL), await tokens_of("openai/gpt-4o")) == (4, 2)
        assert (await other.get("/key")).status_code == 500


def test_a_misspelt_scenario_ends_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    """Before it listens."""
    with pytest.raises(SystemExit):
        main(["--scenario", "nonsense"])

    assert "line 1: 'nonsense' is unknown" in capsys.readouterr().err


def test_a_misspelt_scenario_file_names_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """So does one that is no text."""
    path = tmp_path / "calls.txt"
    path.write_text("rate=5\n\nopenai/gpt-4o: nonsense\n")
    with pytest.raises(SystemExit):
        main(["--scenario", str(path)])
    path.write_bytes(b"\xff")
    with pytest.raises(SystemExit):
        main(["--scenario", str(path)])

    assert "line 3: 'nonsense' is unknown" in capsys.readouterr().err


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


def test_every_route_and_every_scenario_is_described() -> None:
    """The reference document is made of these."""
    assert all(told for _, told in routes())
    assert all(taken and told for _, taken, told in scenarios())
    assert ("POST /api/v1/chat/completions", "an answer as a stream or as one body") in routes()
    assert next(taken for name, taken, _ in scenarios() if name == "drop") == "after=number, form=eof|fin"
