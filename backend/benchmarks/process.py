"""What Linux knows of a process and its children, and of the whole machine."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")
_TICK_S = 1 / os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_POLL_S = 0.1


def tree(pid: int) -> list[int]:
    """A process and all its living descendants."""
    found = [pid]
    for each in found:
        for children in (PROC / str(each) / "task").glob("*/children"):
            with suppress(FileNotFoundError, ProcessLookupError):  # a thread that has just ended
                found.extend(int(child) for child in children.read_text().split())
    return found


def cpu_s(pid: int) -> float:
    """User and system time of a process and its descendants, those included that have ended and were waited for."""
    return sum(sum(map(int, _stat(each)[11:15])) for each in tree(pid)) * _TICK_S


def resident_bytes(pid: int) -> int:
    """Memory held by a process and its descendants; pages they share count for each."""
    return sum(int(_stat(each)[21]) for each in tree(pid)) * _PAGE_BYTES


def settle(pid: int, quiet_s: float = 0.4, limit_s: float = 5.0) -> None:
    """Wait until a process has used no CPU for ``quiet_s``, so that work it put off counts, for ``limit_s`` at most."""
    began = quiet_since = time.monotonic()
    used = cpu_s(pid)
    while (now := time.monotonic()) - quiet_since < quiet_s and now - began < limit_s:
        time.sleep(_POLL_S)
        if (latest := cpu_s(pid)) != used:
            used, quiet_since = latest, now


def machine_busy_s() -> float:
    """Time that all processors together have been busy since the machine started."""
    user, nice, system, _idle, _wait, *rest = map(int, (PROC / "stat").read_text().split()[1:8])
    return (user + nice + system + sum(rest)) * _TICK_S


def _stat(pid: int) -> list[str]:
    """The fields of ``/proc/PID/stat`` after the name, which may hold anything."""
    return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
