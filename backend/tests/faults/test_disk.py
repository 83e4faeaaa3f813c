"""A full disk, or a lock that somebody else holds: nothing is paid that cannot be stored, and then all goes on.

The quota is the limit of the size of files that a process may write, set from outside: SQLite meets it as it would meet
a full disk, whatever machine the tests run on.
"""

from __future__ import annotations

import asyncio
import random
import resource
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import psutil
import pytest

from emulator import Emulator
from tests.faults import audit
from tests.faults.failpoints import FailingConsole
from tests.faults.figures import Figures
from tests.harness import ConsoleClient, ConsoleProcess, Json, reading, soon
from tests.harness.client import MODEL, exact
from tests.harness.frames import Frame
from tests.harness.scale import Scale
from tests.harness.stored import store_of

pytestmark = pytest.mark.faults

HELD = "[[tokens=40; stall after=20]] hello"
"""An answer of 40 tokens that stands still after 20 until the emulator lets it go on."""
MESSAGES = [{"role": "user", "content": "Hello"}]
PAID: list[tuple[str, Json]] = [
    ("/api/generations", {"content": "Hello", "model": MODEL}),
    ("/api/stream", {"content": "Hello", "model": MODEL}),
    ("/v1/chat/completions", {"model": MODEL, "messages": MESSAGES}),
    ("/v1/chat/completions", {"model": MODEL, "messages": MESSAGES, "stream": True}),
    ("/v1/embeddings", {"model": "openai/text-embedding-3-small", "input": "Hello"}),
    ("/chat", {"message": "Hello", "model": MODEL}),
]
FREE: list[tuple[str, str, Json]] = [
    ("POST", "/api/sessions", {"title": "x" * 100}),
    ("POST", "/api/profiles", {"name": "x" * 100}),
    ("PATCH", "/api/settings", {"theme": "dark"}),
]

OF_UNSTORED = {"a ledger row without a generation", "an answer and its generation disagree"}
"""What calls have whose text is not stored, embeddings and ``/chat`` without a session."""


def calls_of(emulator: Emulator) -> int:
    """How often the provider was asked for what it is paid for."""
    return sum(request.method == "POST" for request in emulator.requests)


def limit_files(process: ConsoleProcess, size_bytes: int) -> None:
    """From now on the process can make no file larger than that; what is there already can be read and changed."""
    psutil.Process(process.pid).rlimit(resource.RLIMIT_FSIZE, (size_bytes, resource.RLIM_INFINITY))


@asynccontextmanager
async def full_disk(process: ConsoleProcess) -> AsyncIterator[None]:
    """No room for another page of the store's log."""
    limit_files(process, (process.data / "console.db-wal").stat().st_size)
    try:
        yield
    finally:
        if process.process is not None:
            limit_files(process, resource.RLIM_INFINITY)


@pytest.fixture
async def process(data: Path, emulator: Emulator) -> AsyncIterator[ConsoleProcess]:
    async with ConsoleProcess(data, upstream=emulator.base_url) as process:
        yield await process.start()


async def test_nothing_is_paid_that_cannot_be_stored(process: ConsoleProcess, emulator: Emulator) -> None:
    """Every door that spends is 507 before the provider is asked, and every write; reads go on, and then writes."""
    async with process.client() as client:
        await client.post("/api/models/sync")
        await client.answer("before")
        sessions = await client.get("/api/sessions")
        async with full_disk(process):
            asked = calls_of(emulator)
            for path, body in PAID:
                reply = await client.ask("POST", path, json=body)
                assert (path, reply.status_code) == (path, 507), reply.text
                assert "disk" in reply.text.lower(), path
            for method, path, body in FREE:
                reply = await client.ask(method, path, json=body)
                assert (path, reply.status_code, reply.json()["error_code"]) == (path, 507, "disk_full")
            assert calls_of(emulator) == asked
            assert await client.get("/api/sessions") == sessions
            assert (await client.get("/api/settings"))["theme"] == "system"
        for path, body in PAID:
            reply = await client.ask("POST", path, json=body)
            assert (path, reply.status_code < 300) == (path, True), reply.text
        for method, path, body in FREE:
            assert (await client.ask(method, path, json=body)).is_success
    assert await process.interrupt() == 0
    with store_of(process.data) as conn:
        assert audit.broken_rules(conn).keys() <= OF_UNSTORED


async def test_an_answer_waits_for_room(process: ConsoleProcess, emulator: Emulator) -> None:
    """What cannot be stored is not shown; with room again the same process shows and stores all of it, paid once."""
    async with process.client() as client:
        started = await client.start(HELD)
        await soon(emulator.until(lambda e: e.stalled == 1))
        (row,) = emulator.ledger.rows
        async with reading(client.events(started["generation"]["id"])) as reader:
            shown = (await reader.until(lambda transcript: transcript.text == row.text)).text
            async with full_disk(process):
                emulator.release()
                # The store tries every half second; it has surely been refused once.
                refused = asyncio.get_running_loop().time() + 10
                while "trying again" not in process.errors():
                    assert asyncio.get_running_loop().time() < refused
                    assert (await client.ask("POST", "/api/sessions", json={"title": "x" * 100})).status_code == 507
                assert reader.transcript.text == shown
                assert (await client.message(started["assistant_message"]["id"]))["content"] == shown
            transcript = await reader.ended()
        (row,) = emulator.ledger.rows
        assert (transcript.status, transcript.text) == ("completed", row.text)
        assert transcript.text.startswith(shown)
    assert await process.interrupt() == 0
    with store_of(process.data) as conn:
        assert audit.broken_rules(conn) == {}


async def test_a_disk_that_fills_in_mid_answer_is_told(process: ConsoleProcess, emulator: Emulator) -> None:
    """To the reader in a comment, to the owner by the health, to who stops it in the reply; all of it is taken back."""
    async with process.client() as client, process.client() as other:
        started = (await client.start(HELD))["generation"]["id"]
        await soon(emulator.until(lambda e: e.stalled == 1))
        assert (await client.get("/api/health"))["reason"] is None
        async with (
            asyncio.timeout(30),
            client.http.stream("GET", f"/api/generations/{started}/events") as reply,
            other.stream("/api/events") as channel,
        ):
            lines, news = reply.aiter_lines(), aiter(channel)
            async with full_disk(process):
                emulator.release()
                async for line in lines:
                    if line.startswith(": "):
                        break
                assert line.startswith(": Answers wait, because the disk is full.")
                health = await other.get("/api/health")
                assert (health["status"], health["ok"], health["reason"]) == ("degraded", False, line[2:])
                await until_settings(news)
                stopped = await other.ask("POST", f"/api/generations/{started}/stop")
                assert (stopped.status_code, stopped.json()["error_code"]) == (507, "disk_full")
                assert stopped.json()["message"] == "The answer has stopped, but that could not be stored yet."
            rest = [line async for line in lines]
            assert rest.count("event: done") == 1
            await until_settings(news)
        health = await client.get("/api/health")
        assert (health["status"], health["ok"], health["reason"]) == ("ok", True, None)
        assert (await client.follow(started)).status in ("stopped", "completed")


async def until_settings(news: AsyncIterator[Frame]) -> None:
    """Read a live channel up to what leads a page to ask for the health again."""
    async for frame in news:
        if frame.event == "changed" and frame.data["kind"] == "settings":
            return
    raise AssertionError("the live channel ended")


async def test_an_end_that_was_not_stored_is_told_by_the_status(process: ConsoleProcess, emulator: Emulator) -> None:
    """Who started it is not told that all is well; the next start keeps the text."""
    async with process.client() as client:
        started = await client.start(HELD)
        await soon(emulator.until(lambda e: e.stalled == 1))
        async with reading(client.events(started["generation"]["id"])) as reader:
            (row,) = emulator.ledger.rows
            shown = (await reader.until(lambda transcript: transcript.text == row.text)).text
            async with full_disk(process):
                assert await process.terminate() == 1
    assert "llm-console: The end of an answer could not be stored." in process.errors()
    await process.start()
    async with process.client() as client:
        message = await client.message(started["assistant_message"]["id"])
        assert (message["status"], message["content"]) == ("interrupted", shown)


async def test_a_kill_on_a_full_disk_loses_nothing_acknowledged(process: ConsoleProcess, emulator: Emulator) -> None:
    """The next process has every message that the last one took."""
    taken: list[str] = []
    async with process.client() as client:
        session = await client.create_session(title="full")
        async with full_disk(process):
            limit_files(process, (process.data / "console.db-wal").stat().st_size + 2**20)
            while True:
                content = f"{len(taken)} " + "x" * 8000
                body = {"session_id": session["id"], "role": "user", "content": content}
                reply = await client.ask("POST", "/api/messages", json=body)
                if reply.status_code != 201:
                    break
                taken.append(content)
            assert (reply.status_code, reply.json()["error_code"]) == (507, "disk_full")
            await process.kill()
            await process.start()
    assert len(taken) > 10
    async with process.client() as client:
        kept = [message["content"] for message in await client.every(f"/api/sessions/{session['id']}/messages")]
        assert sorted(kept) == sorted(taken)
        await client.post_message(session["id"], "after")


async def test_a_backup_without_room_leaves_the_disk_as_it_was(process: ConsoleProcess, data: Path) -> None:
    """507, no file, and the answers beside it go on."""
    async with process.client() as client:
        await client.answer("x" * 50_000)
        made = await client.post("/api/admin/backups")
        limit_files(process, made["size_bytes"] - 4096)
        reply = await client.ask("POST", "/api/admin/backups")
        assert (reply.status_code, reply.json()["error_code"]) == (507, "disk_full")
        steps = await client.ask("POST", "/api/admin/backups", headers={"Accept": "text/event-stream"})
        assert (steps.status_code, steps.json()["error_code"]) == (507, "disk_full")
        assert {file.name for file in (data / "backups").iterdir()} == {made["name"], f"{made['name']}.json"}
        limit_files(process, resource.RLIM_INFINITY)
        assert (await client.ask("POST", "/api/admin/backups")).status_code == 201


async def test_a_disk_that_fills_and_frees_loses_nothing_that_was_acknowledged(
    data: Path, emulator: Emulator, draw: random.Random, scale: Scale, figures: Figures
) -> None:
    """Writers and starters meet 507 or success, nothing else; each success is stored, each 507 is not."""
    times = scale.of(10, 300)
    told: Counter[int] = Counter()
    kept: set[str] = set()
    refused: set[str] = set()
    over = False

    async def write(client: ConsoleClient, writer: int) -> None:
        number = 0
        while not over:
            number += 1
            title = f"{writer}: {number}"
            response = await client.ask("POST", "/api/sessions", json={"title": title})
            told[response.status_code] += 1
            (kept if response.status_code == 201 else refused).add(title)

    async with FailingConsole(data, upstream=emulator.base_url) as process:
        await process.start()
        async with process.client() as client:
            writers = [asyncio.create_task(write(client, number)) for number in range(4)]
            for _ in range(times):
                started = await client.ask("POST", "/api/generations", json={"content": "[[tokens=50 rate=500]] hello"})
                assert started.status_code in (201, 507)
                process.control.fill_disk()
                full = told[507]
                while told[507] < full + draw.randrange(1, 20):
                    await client.get("/health")
                process.control.free_disk()
                free = told[201]
                while told[201] < free + draw.randrange(1, 20):
                    await client.get("/health")
                if started.status_code == 201:
                    transcript = await client.follow(exact(started)["generation"]["id"])
                    assert transcript.status == "completed"
            over = True
            await asyncio.gather(*writers)
        assert await process.interrupt() == 0
    assert set(told) == {201, 507}
    with store_of(data) as conn:
        titles = [row["title"] for row in conn.execute("SELECT title FROM sessions")]
        assert kept <= set(titles)
        assert not refused & set(titles)
        assert audit.broken_rules(conn) == {}
    figures.tell(
        "A disk that fills and frees",
        f"{times} times, under 4 writers and an answer each",
        f"{told[201]:,} writes acknowledged and stored, {told[507]:,} refused with 507 and not stored;"
        " every answer completed",
    )


async def test_a_lock_held_from_outside_is_waited_for_then_refused_and_nothing_is_lost(
    data: Path, emulator: Emulator
) -> None:
    """Another program writes to the file and does not end: typed 503, nobody is paid; once it ends, all goes on."""
    async with ConsoleProcess(data, upstream=emulator.base_url) as process:
        await process.start()
        async with process.client() as client:
            started = await client.start(HELD)
            generation_id = started["generation"]["id"]
            async with reading(client.events(generation_id)) as reader:
                await reader.until(lambda transcript: len(transcript.text.split()) == 20)
                before = calls_of(emulator)
                with closing(sqlite3.connect(data / "console.db", isolation_level=None)) as other:
                    other.execute("BEGIN IMMEDIATE")
                    emulator.release()
                    refused = await client.ask("POST", "/api/generations", json={"content": "hello", "model": MODEL})
                    assert refused.status_code == 503
                    assert exact(refused)["error_code"] == "store_busy"
                    assert (await client.generation(generation_id))["status"] == "running"
                    assert calls_of(emulator) == before
                    other.execute("ROLLBACK")
                transcript = await reader.ended()
            assert transcript.status == "completed"
            assert transcript.text == emulator.ledger.rows[0].text
            assert (await client.answer("[[tokens=5]] again")).status == "completed"


async def test_a_reader_from_outside_that_never_ends_holds_up_nobody(data: Path, emulator: Emulator) -> None:
    """It sees the file as it was; the console writes on."""
    async with ConsoleProcess(data, upstream=emulator.base_url) as process:
        await process.start()
        async with process.client() as client:
            await client.create_session(title="before")
            with store_of(data) as conn:
                assert audit.ids(conn, "SELECT title FROM sessions") == {"before"}
                assert (await client.answer("[[tokens=50]] hello")).status == "completed"
                assert audit.ids(conn, "SELECT title FROM sessions") == {"before"}
        assert await process.interrupt() == 0
