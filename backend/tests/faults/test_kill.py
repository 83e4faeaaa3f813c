"""SIGKILL at any instant and at any step loses nothing that was acknowledged or seen, and invents nothing."""

from __future__ import annotations

import asyncio
import random
import signal
from collections import Counter
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from emulator import Emulator
from tests.faults import audit
from tests.faults.aftermath import check_continuation, check_reader, check_store, check_texts
from tests.faults.failpoints import FailingConsole
from tests.faults.figures import Figures, spread
from tests.faults.load import Load, Record
from tests.harness import ConsoleProcess
from tests.harness.scale import Scale

pytestmark = pytest.mark.faults

LONGEST_LIFE_S = 0.7
MOST_STEPS = 600
"""More than eight streams take in that time."""
LIVES_OF_A_FOLDER = 50
CONTINUED = 2
COLD_STARTS = 10
"""Every so manyth start after a kill is one of the program as it is shipped, timed."""


class ColdStarts:
    """How long the program needs to be ready on a folder that a killed one left; it is killed again at once."""

    def __init__(self, data: Path, emulator: Emulator) -> None:
        self._process = ConsoleProcess(data, upstream=emulator.base_url)
        self.cpu_s: list[float] = []

    @property
    def ready_s(self) -> list[float]:
        return self._process.ready_s

    async def measure(self) -> None:
        async with self._process as process:
            await process.start()
            self.cpu_s.append(sum(psutil.Process(process.pid).cpu_times()[:2]))


class Lives:
    """One data folder through many processes, each killed under the load of eight streams and checked afterwards."""

    def __init__(self, process: FailingConsole, emulator: Emulator, draw: random.Random) -> None:
        self._process, self._emulator, self._draw = process, emulator, draw
        self._record, self._checked = Record(), set[str]()
        self._to_continue: list[str] = []
        self.ends: Counter[str] = Counter()
        self.frames = 0
        self.cold = ColdStarts(process.data, emulator)

    async def live_and_die(self, number: int, *, by_step: bool) -> None:
        """A life until a random instant or a random step, and the start of the next process, which must have it all."""
        process, record, control = self._process, self._record, self._process.control
        before = set(record.transcripts)
        async with process.client() as client:
            # A life that takes fewer steps than that ends by the clock.
            timer = asyncio.get_running_loop().call_later(
                LONGEST_LIFE_S if by_step else self._draw.uniform(0, LONGEST_LIFE_S), process.signal, signal.SIGKILL
            )
            if by_step:
                control.die_after(self._draw.randrange(1, MOST_STEPS))
            await Load(client, record, self._draw, f"life {number} call").run(self._to_continue)
            timer.cancel()
        assert await process.wait() == -signal.SIGKILL
        if number % COLD_STARTS == 0:
            await self.cold.measure()

        control.live()
        await process.start()
        with audit.opened(process.data) as conn:
            check_store(conn, record)
            self._to_continue = check_texts(conn, self._emulator, self._checked)[:CONTINUED]
        async with process.client() as client:
            seen = [record.transcripts[one] for one in record.transcripts if one not in before]
            await asyncio.gather(*(check_reader(client, transcript) for transcript in seen))
        self.frames += sum(len(transcript.frames) for transcript in seen)

    async def end(self) -> None:
        """The last interrupted answers go on; the process ends by itself, and nobody was called without a record."""
        async with self._process.client() as client:
            for generation_id in self._to_continue:
                await check_continuation(client, generation_id)
        assert await self._process.interrupt() == 0
        with audit.opened(self._process.data) as conn:
            self.ends.update(row["status"] for row in conn.execute("SELECT status FROM generations"))
        assert len(self._emulator.ledger.rows) <= self.ends.total()


async def test_kills_under_eight_streams_lose_and_invent_nothing(
    tmp_path: Path, draw: random.Random, scale: Scale, figures: Figures
) -> None:
    """After each kill the next process holds every acknowledged row and every character that was on a screen.

    Every second life ends at a step of the process: before or half-way through a write, a truncation, a rename.
    """
    kills = scale.of(30, 1000)
    ends: Counter[str] = Counter()
    ready_s: list[float] = []
    cpu_s: list[float] = []
    frames = 0
    for first in range(0, kills, LIVES_OF_A_FOLDER):
        async with (
            Emulator() as emulator,
            FailingConsole(tmp_path / f"data-{first}", upstream=emulator.base_url) as process,
        ):
            lives = Lives(process, emulator, draw)
            await process.start()
            for number in range(min(LIVES_OF_A_FOLDER, kills - first)):
                await lives.live_and_die(number, by_step=bool(number % 2))
            await lives.end()
        ends += lives.ends
        frames += lives.frames
        ready_s += lives.cold.ready_s
        cpu_s += lives.cold.cpu_s
    assert ends["interrupted"] >= kills
    assert ends["completed"]
    assert ends["stopped"]
    figures.tell(
        "SIGKILL under eight streams and a writer",
        f"{kills:,} kills, half of them at a counted step",
        f"{ends.total():,} answers ({ends['interrupted']:,} interrupted), {frames:,} frames seen: 0 lost, 0 invented,"
        " integrity ok",
    )
    figures.tell(
        "Ready again after SIGKILL, on a busy machine",
        f"{len(ready_s)} starts",
        f"{spread(ready_s)}; processor time of the process: {spread(cpu_s)}",
    )
