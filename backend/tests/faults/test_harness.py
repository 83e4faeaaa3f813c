"""The harness itself: its guards notice what they are there for."""

from __future__ import annotations

import asyncio
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from app.core.config import Settings
from emulator import Emulator
from tests.harness import Console, ConsoleProcess
from tests.harness.environment import server_environment
from tests.harness.guards import Belongings, Network, NetworkReached, OpenElsewhere, tasks_left


def test_a_connection_beyond_loopback_is_refused_and_remembered() -> None:
    """No name is looked up and no packet is sent."""
    network = Network()
    with pytest.raises(NetworkReached), socket.socket() as sock:
        network._audit("socket.connect", (sock, ("192.0.2.1", 443)))
    with pytest.raises(NetworkReached):
        network._audit("socket.getaddrinfo", ("openrouter.ai", 443, 0, 0, 0))
    assert network.attempts == ["192.0.2.1", "openrouter.ai"]


def test_a_live_store_is_kept_from_the_interpreters_sqlite(tmp_path: Path) -> None:
    """However it is named, as long as this process has it open; afterwards it may be read."""
    file = tmp_path / "console.db"
    with file.open("wb"):
        for name in (file, str(file), bytes(file), f"file:{file}?mode=ro"):
            with pytest.raises(OpenElsewhere):
                sqlite3.connect(name, uri=True)
    sqlite3.connect(file).close()


def test_what_is_left_behind_is_named() -> None:
    """A child, a socket, a file and a thread that stay are each told; once gone, nothing is."""
    before = Belongings()
    over = threading.Event()
    thread = threading.Thread(target=over.wait, name="left over")
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    file = Path(tempfile.mkdtemp())
    with socket.socket() as sock:
        left = before.left()
        assert left["processes"] == [str(child.pid)]
        assert left["files"] == [file.name]
        assert left["sockets"] == [f"{sock.fileno()}: AF_INET ('0.0.0.0', 0)"]
    child.communicate(b"\n")
    file.rmdir()
    thread.start()
    over.set()
    assert before.left() == {}


async def test_a_task_that_stays_is_named() -> None:
    """A task that only needs a turn of the loop to end is not."""
    before = asyncio.all_tasks()
    staying = asyncio.create_task(asyncio.Event().wait())
    ending = asyncio.create_task(asyncio.sleep(0))
    assert await tasks_left(before) == [staying]
    assert ending.done()
    staying.cancel()
    assert await tasks_left(before) == []


def test_a_childs_environment_settles_every_setting() -> None:
    """A `.env` file of the user's cannot change what a server of a test does."""
    environment = server_environment()
    given = Settings(_env_file=None).model_dump()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        settings = Settings(_env_file=None)
    assert settings.model_dump() == given
    told_otherwise = {"host", "port", "data_dir", "token", "log_file", "backups_dir", "providers_file"}
    assert set(Settings.model_fields) - settings.model_fields_set == told_otherwise


async def test_a_console_in_this_process_answers(console: Console, emulator: Emulator) -> None:
    """A message gets the emulator's answer, stored and costed."""
    transcript = await console.client.answer("[[tokens=20]] hello")
    (row,) = emulator.ledger.rows
    assert transcript.status == "completed"
    assert transcript.text == row.text
    assert transcript.data_of("usage")["cost_usd"] == row.cost_usd


async def test_a_console_in_a_process_of_its_own_answers(data: Path, emulator: Emulator) -> None:
    """It starts, answers, is killed, and starts again on the same data."""
    async with ConsoleProcess(data, upstream=emulator.base_url) as process:
        await process.start()
        async with process.client() as client:
            transcript = await client.answer("[[tokens=20]] hello")
        assert await process.kill() == -9
        await process.start()
        async with process.client() as client:
            assert await client.follow(transcript.generation_id) == transcript
        assert await process.interrupt() == 0
