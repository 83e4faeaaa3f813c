"""The programs under test and the fake upstream: how each is started, on which processor, and when it is ready."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

BACKEND = Path(__file__).resolve().parents[1]
START_LIMIT_S = 30.0
STOP_LIMIT_S = 20.0

# Both keep their answers in a table ``messages`` of this file in their data folder.
DATABASE = "console.db"


class ServerFailedError(Exception):
    """A server ended, or did not become ready in time; the message holds the last of what it printed."""


@dataclass(frozen=True, slots=True)
class Server:
    """``ready`` finds, in what the server prints, the line that gives its address as the group ``url``."""

    name: str
    arguments: tuple[str, ...]
    ready: re.Pattern[str]
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Running:
    """A server that is ready."""

    pid: int
    url: str
    start_s: float


_READY = re.compile(r"^Ready: (?P<url>http://[^/\s]+)", re.MULTILINE)
_UVICORN_READY = re.compile(r"Uvicorn running on (?P<url>http://[^/\s]+)")


def upstream() -> Server:
    """The fake OpenRouter."""
    return Server("upstream", ("-m", "benchmarks.upstream"), _READY)


def naive(data: Path, upstream_url: str) -> Server:
    """The reference relay: one uvicorn worker with uvloop and httptools, no access log."""
    options = ("--port", "0", "--loop", "uvloop", "--http", "httptools", "--no-access-log")
    return Server(
        "naive",
        ("-m", "uvicorn", "--factory", "benchmarks.naive:create_app", *options),
        _UVICORN_READY,
        {"NAIVE_DB": str(data / DATABASE), **_provider(upstream_url)},
    )


def ours(data: Path, upstream_url: str) -> Server:
    """The console as it is shipped."""
    return Server(
        "ours",
        ("-m", "app.cli.main", "serve", "--port", "0", "--data", str(data), "--no-browser"),
        _READY,
        _provider(upstream_url),
    )


def _provider(upstream_url: str) -> dict[str, str]:
    return {"OPENROUTER_BASE_URL": f"{upstream_url}/api/v1", "OPENROUTER_API_KEY": "bench-key"}


@contextmanager
def running(server: Server, folder: Path, processor: int) -> Iterator[Running]:
    """Start a server, alone on ``processor`` as far as we are asked; its output goes to a file in ``folder``.

    On leaving it is asked to end, and killed if that takes too long. ``ServerFailedError`` if it did not become ready,
    or had ended by itself.
    """
    log = folder / f"{server.name}.log"
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    began = time.monotonic()
    with log.open("wb") as output:
        child = subprocess.Popen(
            [sys.executable, *server.arguments],
            cwd=BACKEND,
            env=environment | server.environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        os.sched_setaffinity(child.pid, {processor})
        url = _wait(server, child, log, began)
        yield Running(child.pid, url, time.monotonic() - began)
    finally:
        if not _stop(child):
            raise ServerFailedError(f"{server.name} ended by itself:\n{_printed(log)[-2000:]}")


def _wait(server: Server, child: subprocess.Popen[bytes], log: Path, began: float) -> str:
    while child.poll() is None:
        if found := server.ready.search(_printed(log)):
            return found["url"]
        if time.monotonic() - began > START_LIMIT_S:
            raise ServerFailedError(f"{server.name} was not ready in time:\n{_printed(log)[-2000:]}")
        time.sleep(0.005)
    raise ServerFailedError(f"{server.name} ended while starting")


def _printed(log: Path) -> str:
    return log.read_text(errors="replace")


def _stop(child: subprocess.Popen[bytes]) -> bool:
    """End a server; whether it was still there."""
    running = child.poll() is None
    child.terminate()
    try:
        child.wait(STOP_LIMIT_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
    return running
