"""Crowds: some never read, some vanish, many write at once. Nobody else notices, and nothing stays behind."""

from __future__ import annotations

import asyncio
import random
import socket
import struct
import sys
import time
from contextlib import AsyncExitStack, closing
from itertools import pairwise
from pathlib import Path

import psutil
import pytest

from emulator import Emulator
from tests.faults import audit
from tests.faults.figures import Figures, spread
from tests.harness import Console, ConsoleClient, ConsoleProcess, Json, ServerProcess, reading, stuck
from tests.harness.scale import Scale
from tests.harness.stored import store_of

pytestmark = pytest.mark.faults

MB = 2**20
LONGEST_GAP_MS = 150
MOST_HELD_BYTES = MB
BACK_IN_S = 5.0
PACED = "[[tokens=240 rate=60]] tell me"
LONG = "[[echo; rate=4000]] " + ("\u3000" * 4_000).join(f"word{n}" for n in range(80))
"""Its echo is almost 1 MB: more than the kernel takes for a reader that does not read."""


async def gaps_ms(client: ConsoleClient, readers: int, name: str) -> list[float]:
    """What lies between the pieces of an answer that come to some readers."""
    generation_id = (await client.start(f"{PACED} {name}"))["generation"]["id"]

    async def read() -> list[float]:
        async with client.events(generation_id) as stream:
            times = [time.perf_counter() async for _ in stream]
        return [(later - earlier) * 1000 for earlier, later in pairwise(times)]

    return [gap for gaps in await asyncio.gather(*(read() for _ in range(readers))) for gap in gaps]


def high(values: list[float]) -> float:
    """The 95th percentile."""
    return sorted(values)[int(len(values) * 0.95)]


@pytest.mark.skipif(sys.platform != "linux", reason="a stuck reader needs a small receive buffer")
async def test_readers_that_never_read_delay_nobody_and_cost_little(
    data: Path, emulator: Emulator, scale: Scale, figures: Figures
) -> None:
    """Others get the next answer as evenly as without them, and the process hardly grows."""
    count = scale.of(40, 200)
    async with ConsoleProcess(data, upstream=emulator.base_url) as process, AsyncExitStack() as stack:
        await process.start()
        client = await stack.enter_async_context(process.client())
        started = await client.start(LONG, model="google/gemini-2.5-flash")
        assert (await client.follow(started["generation"]["id"])).status == "completed"
        alone = await gaps_ms(client, 5, "alone")
        before_bytes = psutil.Process(process.pid).memory_info().rss
        for _ in range(count):
            await stack.enter_async_context(
                stuck(process.url, f"/api/generations/{started['generation']['id']}/events")
            )
        beside = await gaps_ms(client, 5, "beside them")
        held_bytes = (psutil.Process(process.pid).memory_info().rss - before_bytes) / count
    # On a machine that is too busy for an even answer the crowd must not be what makes it uneven.
    assert high(beside) <= max(LONGEST_GAP_MS, 2 * high(alone))
    assert held_bytes < MOST_HELD_BYTES
    figures.tell(
        "Readers that never read",
        f"{count} stuck readers of a 1 MB answer, 5 readers of another",
        f"gaps of the others: {spread(beside, 'ms')} (without the crowd: {spread(alone, 'ms')});"
        f" {held_bytes / 1024:.0f} KiB held for each",
    )


class Vanishing:
    """A client that opens a raw connection, asks for something, reads a little or nothing, and is gone."""

    def __init__(self, console: Console, draw: random.Random, generation: Json) -> None:
        self._console, self._draw, self._generation = console, draw, generation

    async def come_and_go(self) -> None:
        """With a reset at times, as when a laptop's lid is closed; in the middle of the request at times."""
        url = self._console.url.removeprefix("http://")
        host, _, port = url.partition(":")
        head = f"GET {self._path()} HTTP/1.1\r\nHost: {url}\r\n\r\n".encode()
        if self._draw.random() < 0.2:
            head = head[: self._draw.randrange(1, len(head))]
        with closing(socket.socket()) as sock:
            sock.setblocking(False)
            loop = asyncio.get_running_loop()
            await loop.sock_connect(sock, (host, int(port)))
            await loop.sock_sendall(sock, head)
            if head.endswith(b"\r\n\r\n") and self._draw.random() < 0.7:
                await loop.sock_recv(sock, 4096)
            if self._draw.random() < 0.5:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def _path(self) -> str:
        return self._draw.choice(
            (
                f"/api/generations/{self._generation['id']}/events",
                f"/api/stream?session_id={self._generation['session_id']}",
                f"/api/events?session={self._generation['session_id']}",
                "/api/sessions",
            )
        )


async def test_clients_that_vanish_leave_no_task_and_no_descriptor(
    console: Console, emulator: Emulator, draw: random.Random, scale: Scale, figures: Figures
) -> None:
    """Within five seconds of the last one everything is as it was, and the answer they watched is whole."""
    count = scale.of(100, 500)
    own = psutil.Process()
    started = await console.client.start("[[tokens=400; stall after=200]] tell me")
    async with reading(console.client.events(started["generation"]["id"])) as reader:
        await reader.until(lambda transcript: len(transcript.text.split()) == 200)
        await console.client.get("/health")
        tasks, descriptors = len(asyncio.all_tasks()), own.num_fds()
        clients = [Vanishing(console, draw, started["generation"]) for _ in range(count)]
        for at in range(0, count, 50):
            await asyncio.gather(*(client.come_and_go() for client in clients[at : at + 50]))
        since = time.perf_counter()
        async with asyncio.timeout(BACK_IN_S):
            while len(asyncio.all_tasks()) > tasks or own.num_fds() > descriptors:
                # A round trip: whatever has come to the server meanwhile is dealt with.
                await console.client.get("/health")
        back_s = time.perf_counter() - since
        emulator.release()
        transcript = await reader.ended()
    assert transcript.status == "completed"
    assert transcript.text == emulator.ledger.rows[0].text
    figures.tell(
        "Clients that vanish in the middle of a stream",
        f"{count} clients",
        f"tasks and descriptors as before {back_s:.2f} s after the last one; the answer whole",
    )


async def command(data: Path, count: int) -> int:
    """A command line that writes through the running console; its exit status."""
    async with ServerProcess(["-m", "tests.faults.writing_command", str(data), str(count)]) as process:
        await process.launch()
        return await process.wait(600)


async def test_writers_and_the_command_line_never_meet_a_locked_database(
    data: Path, emulator: Emulator, scale: Scale, figures: Figures
) -> None:
    """Every write of every writer is acknowledged once and stored once."""
    writers, writes, commanded = scale.of((16, 25, 20), (64, 500, 500))
    async with ConsoleProcess(data, upstream=emulator.base_url) as process:
        await process.start()
        async with process.client() as client:

            async def write(writer: int) -> None:
                session = await client.create_session(title=f"writer {writer}")
                for number in range(1, writes):
                    await client.post_message(session["id"], f"{writer}: {number}")

            status, *_ = await asyncio.gather(command(data, commanded), *(write(writer) for writer in range(writers)))
        assert status == 0
        assert await process.interrupt() == 0
        assert "locked" not in process.errors()
    with store_of(data) as conn:
        stored = [row["content"] for row in conn.execute("SELECT content FROM messages")]
        by_command = [row["title"] for row in conn.execute("SELECT title FROM sessions WHERE title LIKE 'by command%'")]
        assert audit.broken_rules(conn) == {}
    assert sorted(stored) == sorted(f"{writer}: {n}" for writer in range(writers) for n in range(1, writes))
    assert sorted(by_command) == sorted(f"by command: {n}" for n in range(commanded))
    figures.tell(
        "Writers beside the command line",
        f"{writers} writers x {writes} writes, {commanded} by the command line's client meanwhile",
        '0 "database is locked", each write acknowledged and stored once',
    )
