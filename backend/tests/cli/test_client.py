"""Commands as clients: of the console that runs, else of one in their own process."""

from __future__ import annotations

import asyncio
import json
import socket
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from app.bootstrap import running_elsewhere
from app.cli.client import Refused, console
from app.cli.failure import CommandFailed
from app.core.config import Settings
from app.db.errors import DataInUse
from app.db.lock import DataLock
from tests.harness import ConsoleProcess, ServerProcess


async def titles(http: httpx.AsyncClient) -> list[str]:
    return [session["title"] for session in (await http.get("/api/sessions")).json()["items"]]


@pytest.mark.faults
@pytest.mark.parametrize("auth", ["auto", "token"])
async def test_a_running_console_is_asked_over_http(data: Path, auth: str) -> None:
    """With the token of the data folder, so that it also works where one is required."""
    async with ConsoleProcess(data, variables={"CONSOLE_AUTH": auth}) as process:
        await process.start()
        async with console(data) as http:
            assert str(http.base_url).rstrip("/") == process.url
            assert (await http.post("/api/sessions", json={"title": "by command"})).status_code == 201
        async with process.client() as client:
            assert [session["title"] for session in (await client.get("/api/sessions"))["items"]] == ["by command"]
        assert await process.interrupt() == 0


@pytest.mark.faults
async def test_a_console_of_scripts_dev_is_asked_over_http(data: Path) -> None:
    """A reloading server does not tell its application where it listens; the settings do."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port = listener.getsockname()[1]
    process = ServerProcess(
        ["-m", "uvicorn", "app.cli.development:application", "--factory", "--port", str(port)],
        variables={"CONSOLE_DATA": str(data), "CONSOLE_PORT": str(port)},
    )
    async with process:
        await process.launch()
        await process.line(r"(Uvicorn running)")
        async with console(data) as http:
            assert str(http.base_url).rstrip("/") == f"http://127.0.0.1:{port}"
            assert await titles(http) == []


async def test_without_one_the_console_runs_in_the_command(data: Path) -> None:
    """On the same store, which is free again afterwards."""
    async with console(data) as http:
        await http.post("/api/sessions", json={"title": "kept"})
        with pytest.raises(DataInUse):
            DataLock(data).acquire()
    async with console(data) as http:
        assert await titles(http) == ["kept"]


async def test_what_the_console_refuses_is_told_in_one_text(data: Path) -> None:
    """The error's own message and hint, with the code for programs."""
    async with console(data) as http:
        with pytest.raises(Refused, match=r"No session 'none'\. Check the id or the path\.") as caught:
            await http.get("/api/sessions/none")
        assert (caught.value.code, caught.value.status) == ("not_found", 404)
        with pytest.raises(CommandFailed, match="/models/none/none was answered with HTTP 404"):
            await http.get("/models/none/none")


async def test_an_address_that_a_killed_console_left_is_not_believed(data: Path) -> None:
    """Whoever listens there now is not shown the token."""
    visits = []

    async def visited(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        visits.append(writer)
        writer.close()

    async with await asyncio.start_server(visited, "127.0.0.1", 0) as stranger:
        url = f"http://127.0.0.1:{stranger.sockets[0].getsockname()[1]}"
        (data / "endpoint.json").write_text(json.dumps({"url": url, "pid": 1}))
        async with console(data) as http:
            assert await titles(http) == []
    assert visits == []


async def test_a_console_that_is_just_starting_is_waited_for(data: Path) -> None:
    """Until it says where it listens; one that never does is told."""
    with DataLock(data) as lock:
        with pytest.raises(DataInUse, match=r"just starting or stopping.* started by hand.* scripts/run"):
            await running_elsewhere(Settings(data_dir=data), patience_s=0)
        asked = asyncio.create_task(running_elsewhere(Settings(data_dir=data)))
        await asyncio.sleep(0)
        lock.write_endpoint("http://127.0.0.1:4321", 1)
        assert await asked == "http://127.0.0.1:4321"


async def test_a_console_that_is_gone_is_told(data: Path) -> None:
    """A dead address is a reason in words, not a traceback."""
    with DataLock(data) as lock:
        lock.write_endpoint("http://127.0.0.1:9", 1)
        with pytest.raises(CommandFailed, match=r"the console at http://127\.0\.0\.1:9 does not answer"):
            async with console(data) as http:
                await http.get("/api/health")


async def test_a_folder_that_cannot_be_used_is_told(data: Path) -> None:
    """Whatever the start of the console says."""
    (data / "lock").mkdir()
    with pytest.raises(CommandFailed, match=str(data / "lock")):
        async with console(data):
            pass


async def test_a_setting_that_makes_no_sense_is_named(monkeypatch: pytest.MonkeyPatch, data: Path) -> None:
    monkeypatch.setenv("CONSOLE_PORT", "eighty")
    with pytest.raises(CommandFailed, match="CONSOLE_PORT: "):
        async with console(data):
            pass
