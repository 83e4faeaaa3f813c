"""The wire between a test and a console that fails when it is told to: three numbers in a shared file."""

from __future__ import annotations

import asyncio
import json
import mmap
import os
import signal
import struct
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

from tests.harness import ConsoleProcess, ServerProcess
from tests.harness.process import EXIT_TIMEOUT_S

_NUMBERS = struct.Struct("=qqq")
_STEPS, _DIE_AT, _FULL = range(3)


class Control:
    """Steps taken so far, the step to die at (0: none), whether the disk is full; in a shared file."""

    def __init__(self, path: Path) -> None:
        with path.open("r+b") as file:
            self._memory = mmap.mmap(file.fileno(), _NUMBERS.size)

    @classmethod
    def create(cls, path: Path) -> Self:
        path.write_bytes(bytes(_NUMBERS.size))
        return cls(path)

    def close(self) -> None:
        self._memory.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def steps(self) -> int:
        return self._get(_STEPS)

    @property
    def is_full(self) -> bool:
        return self._get(_FULL) != 0

    def step(self) -> bool:
        """Count one step; whether it is the one to die at."""
        taken = self.steps + 1
        self._set(_STEPS, taken)
        return taken == self._get(_DIE_AT)

    def die_after(self, steps: int) -> None:
        """Die at the so-manyth step from now, half-way if it is a write."""
        self._set(_DIE_AT, self.steps + steps)

    def live(self) -> None:
        """Count from nothing, and die at no step."""
        self._set(_DIE_AT, 0)
        self._set(_STEPS, 0)

    def fill_disk(self) -> None:
        """From now on there is no room for a single write."""
        self._set(_FULL, 1)

    def free_disk(self) -> None:
        self._set(_FULL, 0)

    def _get(self, at: int) -> int:
        (number,) = struct.unpack_from("=q", self._memory, at * 8)
        return int(number)

    def _set(self, at: int, number: int) -> None:
        struct.pack_into("=q", self._memory, at * 8, number)


class FailingConsole(ConsoleProcess):
    """A console process whose steps are counted by ``control``, made beside its data folder.

    Every start is a fork of one process that has imported all there is, so ``ready_s`` says nothing here.
    """

    def __init__(self, data: Path, *, upstream: str | None = None, variables: dict[str, str] | None = None) -> None:
        path = data.with_suffix(".control")
        self.control = Control.create(path)
        super().__init__(data, upstream=upstream, variables=variables)
        self._nursery = ServerProcess(
            ["-m", "tests.faults.failing_console", str(path)],
            log=self.log,
            variables=self.variables,
            stdin=asyncio.subprocess.PIPE,
        )
        self._pid: int | None = None

    async def launch(self) -> Self:
        assert self._pid is None, "it runs already"
        if self._nursery.process is None:
            await self._nursery.launch()
        self._tell(json.dumps(self.arguments[2:]))
        self._pid = int(await self._nursery.line(r"^Pid: (\d+)$"))
        return self

    async def line(self, pattern: str) -> str:
        return await self._nursery.line(pattern)

    async def start_or_die(self) -> bool:
        """Start it; whether it became ready. If not, it has ended and been waited for."""
        await self.launch()
        told = await self.line(r"^((?:Ready|Exit): \S+)$")
        if told.startswith("Ready"):
            self.link = told.removeprefix("Ready: ")
            return True
        self._let_go()
        return False

    @property
    def pid(self) -> int:
        assert self._pid is not None
        return self._pid

    def signal(self, number: signal.Signals) -> None:
        if self._pid is not None:
            os.kill(self._pid, number)

    async def wait(self, timeout_s: float = EXIT_TIMEOUT_S) -> int:
        async with asyncio.timeout(timeout_s):
            status = int(await self._nursery.line(r"^Exit: (-?\d+)$"))
        self._let_go()
        return status

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pid is not None:
            if error is not None:
                error.add_note(f"{psutil.Process(self.pid).status()}: {self.errors()[-3000:]}")
            await self.kill()
        await self._nursery.__aexit__(kind, error, trace)
        self.control.close()

    def _let_go(self) -> None:
        self._pid = None
        self._tell("gone")

    def _tell(self, line: str) -> None:
        process = self._nursery.process
        assert process is not None
        assert process.stdin is not None
        process.stdin.write(line.encode() + b"\n")
