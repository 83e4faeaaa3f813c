"""SIGKILL at any instant and at any step loses nothing that was acknowledged or seen, and invents nothing."""

from __future__ import annotations

import os
import random
from collections import Counter
from pathlib import Path

import psutil
import pytest

from emulator import Emulator
from tests.faults.failpoints import FailingConsole
from tests.faults.figures import Figures, spread
from tests.faults.lives import Lives
from tests.harness import ConsoleProcess
from tests.harness.scale import Scale

pytestmark = pytest.mark.faults

LIVES_OF_A_FOLDER = 50


class ColdStarts:
    """How long the program needs to be ready on a folder that a killed one left; it is killed again at once."""

    def __init__(self, data: Path, emulator: Emulator) -> None:
        self._process = ConsoleProcess(data, upstream=emulator.base_url)
        self.cpu_s: list[float] = []
        self.loads: list[float] = []

    @property
    def ready_s(self) -> list[float]:
        return self._process.ready_s

    async def measure(self) -> None:
        """One start."""
        async with self._process as process:
            self.loads.append(os.getloadavg()[0])
            await process.start()
            self.cpu_s.append(sum(psutil.Process(process.pid).cpu_times()[:2]))


async def test_kills_under_eight_streams_lose_and_invent_nothing(
    tmp_path: Path, draw: random.Random, scale: Scale, figures: Figures
) -> None:
    """After each kill the next process holds every acknowledged row and every character that was on a screen.

    Every second life ends at a step of the process: before or half-way through a write, a truncation, a rename.
    """
    kills = scale.of(20, 1000)
    ends: Counter[str] = Counter()
    frames = 0
    for first in range(0, kills, LIVES_OF_A_FOLDER):
        async with (
            Emulator() as emulator,
            FailingConsole(tmp_path / f"data-{first}", upstream=emulator.base_url) as process,
        ):
            lives = Lives(process, emulator, draw)
            await process.start()
            for number in range(min(LIVES_OF_A_FOLDER, kills - first)):
                await lives.live(number, by_step=bool(number % 2))
                await lives.start_again()
            await lives.end()
        ends += lives.ends
        frames += lives.frames
        done = min(first + LIVES_OF_A_FOLDER, kills)
        # After each folder: a run that is broken off has counted what it did.
        figures.tell(
            "SIGKILL under eight streams and a writer",
            f"{done:,} kills, half of them at a counted step",
            f"{ends.total():,} answers ({ends['interrupted']:,} interrupted), {frames:,} frames seen: 0 lost,"
            " 0 invented, integrity ok",
        )
    assert ends["interrupted"] >= kills
    assert ends["completed"]
    assert ends["stopped"]


async def test_a_killed_console_is_ready_again_at_once(
    tmp_path: Path, draw: random.Random, scale: Scale, figures: Figures
) -> None:
    """Starts of the program as it is shipped, imports and all, on what a kill under eight streams left."""
    async with Emulator() as emulator, FailingConsole(tmp_path / "data", upstream=emulator.base_url) as process:
        lives, cold = Lives(process, emulator, draw), ColdStarts(process.data, emulator)
        await process.start()
        for number in range(scale.of(1, 50)):
            await lives.live(number, by_step=False)
            await cold.measure()
            await lives.start_again()
        await lives.end()
    load = sorted(cold.loads)[len(cold.loads) // 2]
    figures.tell(
        "Ready again after SIGKILL",
        f"{len(cold.ready_s)} starts of the program at a load of {load:.1f}",
        f"on the clock {spread(cold.ready_s)}; processor time {spread(cold.cpu_s)}",
    )
