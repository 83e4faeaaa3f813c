"""A full disk, a lock that somebody else holds: typed refusals before anything is paid, and then all goes on."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from emulator import Emulator
from tests.faults import audit
from tests.faults.failpoints import FailingConsole
from tests.faults.figures import Figures
from tests.harness import ConsoleClient, ConsoleProcess, Json, reading, soon
from tests.harness.client import MODEL, exact
from tests.harness.scale import Scale

pytestmark = pytest.mark.faults

STANDING_STILL = "[[tokens=40; stall after=20]] hello"
QUESTION = {"role": "user", "content": "hello"}
WRITES: dict[str, Json] = {
    "/api/sessions": {},
    "/api/profiles": {"name": "a profile"},
    "/api/admin/backups": {},
}
SPENDS: dict[str, Json] = {
    "/api/generations": {"content": "hello", "model": MODEL},
    "/api/stream": {"content": "hello", "model": MODEL},
    "/v1/chat/completions": {"messages": [QUESTION], "model": MODEL},
    "/v1/embeddings": {"input": "hello", "model": "openai/text-embedding-3-small"},
    "/chat": {"message": "hello", "model": MODEL},
}


def calls(emulator: Emulator) -> int:
    """What the provider was asked to do for money."""
    return sum(request.method == "POST" for request in emulator.requests)


async def test_a_full_disk_refuses_before_a_call_is_paid_and_the_same_process_recovers(
    data: Path, emulator: Emulator
) -> None:
    """Each door says 507 in its own words and asks nobody; what is stored is still read; an answer under way waits."""
    async with FailingConsole(data, upstream=emulator.base_url) as process:
        await process.start()
        async with process.client() as client:
            started = await client.start(STANDING_STILL)
            generation_id = started["generation"]["id"]
            async with reading(client.events(generation_id)) as reader:
                await reader.until(lambda transcript: len(transcript.text.split()) == 20)
                before = calls(emulator)
                process.control.fill_disk()
                emulator.release()
                await soon(emulator.settled())
                for path, body in {**WRITES, **SPENDS}.items():
                    refused = await client.ask("POST", path, json=body)
                    assert refused.status_code == 507, (path, refused.text)
                    assert "disk" in refused.text.lower(), path
                assert calls(emulator) == before
                (session,) = await client.every("/api/sessions")
                assert session["id"] == started["session"]["id"]
                assert len(reader.transcript.text.split()) == 20

                process.control.free_disk()
                transcript = await reader.ended()
            assert transcript.status == "completed"
            assert transcript.text == emulator.ledger.rows[0].text
            for path, body in {**WRITES, **SPENDS}.items():
                assert (await client.ask("POST", path, json=body)).is_success, path
        assert await process.interrupt() == 0
    with audit.opened(data) as conn:
        assert audit.broken_rules(conn) == {}


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
    with audit.opened(data) as conn:
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
            started = await client.start(STANDING_STILL)
            generation_id = started["generation"]["id"]
            async with reading(client.events(generation_id)) as reader:
                await reader.until(lambda transcript: len(transcript.text.split()) == 20)
                before = calls(emulator)
                with closing(sqlite3.connect(data / "console.db", isolation_level=None)) as other:
                    other.execute("BEGIN IMMEDIATE")
                    emulator.release()
                    refused = await client.ask("POST", "/api/generations", json={"content": "hello", "model": MODEL})
                    assert refused.status_code == 503
                    assert exact(refused)["error_code"] == "store_busy"
                    assert (await client.generation(generation_id))["status"] == "running"
                    assert calls(emulator) == before
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
            with audit.opened(data) as conn:
                assert audit.ids(conn, "SELECT title FROM sessions") == {"before"}
                assert (await client.answer("[[tokens=50]] hello")).status == "completed"
                assert audit.ids(conn, "SELECT title FROM sessions") == {"before"}
        assert await process.interrupt() == 0
