"""Servers in processes of their own: really started, really killed, always reaped."""

from __future__ import annotations

import asyncio
import contextlib
import re
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urldefrag

from tests.harness.client import ConsoleClient
from tests.harness.environment import BACKEND, server_environment

# Of a machine that is busy with other things.
START_TIMEOUT_S = 120.0
EXIT_TIMEOUT_S = 20.0


class ServerProcess:
    """A child of the test. As an async context manager it is killed and reaped at the end if it still runs.

    Args:
        arguments: of the Python interpreter.
        log: where its standard error goes, appended to by every start; into its output when None.
        variables: environment on top of every setting's default.
        stdin: nothing to read unless it is a pipe.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        *,
        log: Path | None = None,
        variables: dict[str, str] | None = None,
        stdin: int = asyncio.subprocess.DEVNULL,
    ) -> None:
        self._stdin = stdin
        self.arguments = list(arguments)
        self.variables = variables or {}
        self.log = log
        self.process: asyncio.subprocess.Process | None = None

    async def launch(self) -> Self:
        """Start it, without waiting for anything."""
        assert self.process is None, "it runs already"
        with contextlib.ExitStack() as stack:
            errors = stack.enter_context(self.log.open("ab")) if self.log else asyncio.subprocess.STDOUT
            self.process = await asyncio.create_subprocess_exec(
                sys.executable,
                *self.arguments,
                cwd=BACKEND,
                env=server_environment(PYTHONFAULTHANDLER="1", **self.variables),
                stdin=self._stdin,
                stdout=asyncio.subprocess.PIPE,
                stderr=errors,
            )
        return self

    async def line(self, pattern: str) -> str:
        """The first group of the pattern in the next line of its output that has it; fails when it ends before."""
        assert self.process is not None
        assert self.process.stdout is not None
        async with asyncio.timeout(START_TIMEOUT_S):
            while text := (await self.process.stdout.readline()).decode():
                if found := re.search(pattern, text):
                    return found[1]
        raise AssertionError(f"it ended without {pattern!r}: {self.errors()[-3000:]}")

    def errors(self) -> str:
        """Its standard error so far, earlier starts included."""
        return self.log.read_text(encoding="utf-8") if self.log and self.log.exists() else ""

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def signal(self, number: signal.Signals) -> None:
        """Send a signal; an ended process is left alone."""
        assert self.process is not None
        if self.process.returncode is None:
            self.process.send_signal(number)

    async def wait(self, timeout_s: float = EXIT_TIMEOUT_S) -> int:
        """Its exit status; negative for a signal. It may be started again afterwards."""
        assert self.process is not None
        assert self.process.stdout is not None
        async with asyncio.timeout(timeout_s):
            # To the end of the pipe, so that its transport closes too.
            await self.process.stdout.read()
            status = await self.process.wait()
        self.process = None
        return status

    async def kill(self) -> int:
        """SIGKILL, and its exit status."""
        self.signal(signal.SIGKILL)
        return await self.wait()

    async def interrupt(self) -> int:
        """Ctrl-C, and its exit status."""
        self.signal(signal.SIGINT)
        return await self.wait()

    async def terminate(self) -> int:
        """SIGTERM, and its exit status."""
        self.signal(signal.SIGTERM)
        return await self.wait()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process is not None:
            status = self.process.returncode
            if error is not None and status is not None:
                error.add_note(f"the process had ended by itself, with status {status}: {self.errors()[-3000:]}")
            await self.kill()


class ConsoleProcess(ServerProcess):
    """``llm-console serve`` on a data folder and a free port.

    Args:
        data: its data folder, made when missing.
        upstream: the provider's base URL; the built-in demo when None.
        arguments: flags after ``serve --data DIR --no-browser``; a free port unless they say otherwise.
    """

    def __init__(
        self,
        data: Path,
        *,
        upstream: str | None = None,
        arguments: Sequence[str] = ("--port", "0"),
        variables: dict[str, str] | None = None,
    ) -> None:
        provider = {"CONSOLE_OPENROUTER_BASE_URL": upstream, "CONSOLE_OPENROUTER_API_KEY": "a-key"} if upstream else {}
        super().__init__(
            ["-m", "app.cli.main", "serve", "--data", str(data), "--no-browser", *arguments],
            log=data.with_suffix(".log"),
            variables={**provider, **(variables or {})},
        )
        self.data = data
        self.link = ""
        self.ready_s: list[float] = []

    async def start(self) -> Self:
        """Start it and wait until it is ready. May be called again after an end, on the same data.

        ``ready_s`` keeps how long each start took.
        """
        since = time.perf_counter()
        await self.launch()
        self.link = await self.line(r"^Ready: (\S+)$")
        self.ready_s.append(time.perf_counter() - since)
        return self

    @property
    def url(self) -> str:
        return urldefrag(self.link)[0].rstrip("/")

    @property
    def token(self) -> str | None:
        """The token of the link, where one is needed."""
        return urldefrag(self.link)[1].removeprefix("token=") or None

    def client(self) -> ConsoleClient:
        """A client of the running server; the caller closes it."""
        return ConsoleClient(self.url, token=self.token)
