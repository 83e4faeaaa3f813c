"""Where proofs play: a folder that is thrown away, the emulator of OpenRouter and consoles, processes of their own."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urldefrag

import httpx

from app.cli.failure import CommandFailed
from app.core.config import BACKEND

SERVER = ("-m", "app.cli.proving.server")
MODEL = "openai/gpt-4o-mini"
START_TIMEOUT_S = 60.0
CALL_TIMEOUT_S = 60.0
_READY = re.compile(r"Ready: (\S+)")
# Nothing else of the user's environment reaches a child: no key, no setting, no proxy.
_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT")


class Child:
    """A Python program of ours that says when it is ready. An async context manager: killed and reaped at the end."""

    def __init__(self, arguments: Sequence[str], log: Path) -> None:
        self._arguments, self._log = arguments, log
        self._process: asyncio.subprocess.Process | None = None
        self.link = ""

    async def start(self) -> float:
        """Start it, also again after an end, and wait until it is ready; how long that took, in seconds."""
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        with self._log.open("ab") as errors:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                *self._arguments,
                cwd=BACKEND,
                env={name: os.environ[name] for name in _PASSED_ON if name in os.environ},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=errors,
                # Ctrl-C is for the command, which ends its children itself.
                start_new_session=True,
            )
        self.link = await self._ready(self._process)
        return loop.time() - began_s

    async def _ready(self, process: asyncio.subprocess.Process) -> str:
        assert process.stdout is not None  # noqa: S101  # it was asked for
        async with asyncio.timeout(START_TIMEOUT_S):
            while line := (await process.stdout.readline()).decode():
                if found := _READY.search(line):
                    return found[1]
        told = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        raise CommandFailed(f"a program of the proof did not start: {told[-1] if told else 'it said nothing'}")

    async def kill(self) -> None:
        """SIGKILL: it gets no chance to put anything in order."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> None:
        """Ctrl-C, and wait until it has stored everything."""
        await self._end(signal.SIGINT)

    async def _end(self, number: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        try:
            if process.returncode is None:
                process.send_signal(number)
            await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.kill()


class Provider(Child):
    """The emulator, and what it knows that the console cannot."""

    def __init__(self, folder: Path) -> None:
        super().__init__(["-m", "emulator", "--port", "0"], folder / "emulator.log")

    async def paid_calls(self) -> list[dict[str, Any]]:
        """Every call that was paid, as the provider booked it."""
        origin = self.link.removesuffix("/api/v1")
        async with httpx.AsyncClient(trust_env=False, timeout=CALL_TIMEOUT_S) as http:
            rows: list[dict[str, Any]] = (
                (await http.get(f"{origin}/__emulator/ledger")).raise_for_status().json()["rows"]
            )
            return rows


class ConsoleChild(Child):
    """A console on a data folder of the stage. ``program``, run by Python, takes its settings as JSON."""

    def __init__(self, data: Path, program: Sequence[str], **settings: Any) -> None:
        flags = {"data_dir": str(data), "port": 0, "log_level": "ERROR", **settings}
        super().__init__([*program, json.dumps(flags)], data.with_suffix(".log"))

    @property
    def url(self) -> str:
        """Its address, without a slash at the end."""
        return urldefrag(self.link)[0].rstrip("/")

    def client(self, token: str | None = None) -> httpx.AsyncClient:
        """A client that answers every status with the reply itself; the caller closes it."""
        return httpx.AsyncClient(
            base_url=self.url,
            headers={"Authorization": f"Bearer {token}"} if token else {},
            timeout=CALL_TIMEOUT_S,
            limits=httpx.Limits(max_connections=None),
            trust_env=False,
        )


class Stage:
    """One provider, and consoles that ask it."""

    def __init__(self, folder: Path, provider: Provider, program: Sequence[str]) -> None:
        self._folder, self.provider, self._program = folder, provider, program

    @asynccontextmanager
    async def console(self, name: str, **settings: Any) -> AsyncIterator[ConsoleChild]:
        """A console that has been started, with a data folder of its own."""
        asked = {"openrouter_base_url": self.provider.link, "openrouter_api_key": "sk-or-proof-of-nobody", **settings}
        async with ConsoleChild(self._folder / name, self._program, **asked) as console:
            await console.start()
            yield console


@asynccontextmanager
async def stage(program: Sequence[str] = SERVER) -> AsyncIterator[Stage]:
    """A stage whose consoles are that program; whatever happens, its processes end and its folder goes."""
    folder = Path(tempfile.mkdtemp(prefix="llm-console-prove-"))
    try:
        async with Provider(folder) as provider:
            await provider.start()
            yield Stage(folder, provider, program)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def json_of(response: httpx.Response) -> Any:
    """The body of a reply that has to be a success; money as Decimal. Raises `CommandFailed` for any other."""
    if not response.is_success:
        asked = f"{response.request.method} {response.request.url.path}"
        raise CommandFailed(f"{asked} was answered with HTTP {response.status_code}: {response.text[:300]}")
    return json.loads(response.content, parse_float=Decimal)
