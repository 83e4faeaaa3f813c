"""What a test must not leave behind or reach for: tasks, threads, processes, sockets, files, network, live stores."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import os
import socket
import stat
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

import psutil

THREAD_PATIENCE_S = 3.0
_DESCRIPTORS = Path("/dev/fd")


class NetworkReached(AssertionError):
    """A test tried to leave this machine."""


class Network:
    """Refuses every connection beyond loopback, for as long as the process lives, and remembers the attempts."""

    def __init__(self) -> None:
        self.attempts: list[str] = []

    def watch(self) -> None:
        sys.addaudithook(self._audit)

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in ("socket.connect", "socket.sendto"):
            sock, address = arguments[0], arguments[1]
            if sock.family in (socket.AF_INET, socket.AF_INET6):
                self._judge(str(address[0]))
        elif event == "socket.getaddrinfo":
            self._judge(arguments[0])

    def _judge(self, host: Any) -> None:
        name = host.decode() if isinstance(host, bytes) else host
        if name in (None, "", "localhost", "0.0.0.0", "::") or _is_loopback(name):  # noqa: S104
            return
        self.attempts.append(str(name))
        raise NetworkReached(str(name))


class OpenElsewhere(AssertionError):
    """A test opened a database with the interpreter's SQLite that this process has open with the product's."""


class OneSqlite:
    """Keeps the interpreter's SQLite away from files that this process has open, for as long as the process lives.

    Two SQLite libraries in one process do not know of each other's locks: closing a file drops all of the process's,
    and the last to close removes the log the other still maps, which then dies of a bus error
    (https://sqlite.org/howtocorrupt.html, section 2.2.1).
    """

    def watch(self) -> None:
        sys.addaudithook(self._audit)

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "sqlite3.connect":
            name = os.fsdecode(arguments[0]).removeprefix("file:").partition("?")[0]
            if name in _open_files():
                raise OpenElsewhere(name)


def _open_files() -> set[str]:
    found = set()
    for name in os.listdir(_DESCRIPTORS):  # noqa: PTH208 - a folder that changes while it is read
        with contextlib.suppress(OSError):
            found.add(os.readlink(_DESCRIPTORS / name))  # noqa: PTH115 - as the system says it
    return found


def _is_loopback(name: str) -> bool:
    try:
        return ipaddress.ip_address(name.partition("%")[0]).is_loopback
    except ValueError:
        return False


class Belongings:
    """What the process has at a moment; ``left`` says what a later moment has more."""

    def __init__(self) -> None:
        self._threads = set(threading.enumerate())
        self._children = _children()
        self._sockets = _sockets()
        self._files = _temporary_files()

    def left(self) -> dict[str, list[str]]:
        """New threads that do not end, children, sockets and temporary files; empty when all is tidy."""
        threads = [thread for thread in threading.enumerate() if thread not in self._threads]
        for thread in threads:
            thread.join(THREAD_PATIENCE_S)
        found = {
            "threads": [thread.name for thread in threads if thread.is_alive()],
            "processes": [str(pid) for pid in sorted(_children() - self._children)],
            "sockets": [_told(number) for number, _ in sorted(_sockets() - self._sockets)],
            "files": sorted(_temporary_files() - self._files),
        }
        return {kind: names for kind, names in found.items() if names}


async def tasks_left(before: set[asyncio.Task[Any]]) -> list[asyncio.Task[Any]]:
    """Tasks of the running loop that were not there before and do not end by themselves at once."""
    left: list[asyncio.Task[Any]] = []
    for _ in range(10):
        left = [task for task in asyncio.all_tasks() - before if task is not asyncio.current_task()]
        if not left:
            break
        await asyncio.sleep(0)
    return left


def _children() -> set[int]:
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return set()
    return {child.pid for child in psutil.Process().children()}


def _sockets() -> set[tuple[int, int]]:
    found = set()
    for name in os.listdir(_DESCRIPTORS):  # noqa: PTH208 - a folder that changes while it is read
        try:
            status = os.fstat(int(name))
        except OSError:
            continue
        if stat.S_ISSOCK(status.st_mode):
            found.add((int(name), status.st_ino))
    return found


def _told(descriptor: int) -> str:
    with socket.socket(fileno=os.dup(descriptor)) as sock:
        return f"{descriptor}: {sock.family.name} {sock.getsockname()}"


def _temporary_files() -> set[str]:
    return set(os.listdir(tempfile.gettempdir()))  # noqa: PTH208
