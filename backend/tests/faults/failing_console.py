"""``llm-console`` with failpoints, one process after the other: ``failing_console.py CONTROL``.

A line on standard input, a list of arguments as JSON, starts a console in a fork, so that a life costs no imports; its
process id is told as ``Pid: N``, its end as ``Exit: STATUS``. It dies, or meets a full disk, when CONTROL says so.

Steps are counted where they leave the process: each write, truncation and removal that SQLite asks of the system, and
each file that Python opens for writing, renames, removes or syncs. The product knows nothing of it. `FailingConsole` is
the other end.
"""

from __future__ import annotations

import ctypes
import errno
import gc
import importlib
import json
import os
import runpy
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn, Protocol

import apsw

from tests.faults.failpoints import Control

_libc = ctypes.CDLL(None, use_errno=True)
_WRITE = ctypes.CFUNCTYPE(ctypes.c_ssize_t, ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t, use_errno=True)
_PWRITE = ctypes.CFUNCTYPE(
    ctypes.c_ssize_t, ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int64, use_errno=True
)
_FTRUNCATE = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.c_int64, use_errno=True)
_UNLINK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_char_p, use_errno=True)

_PR_SET_PDEATHSIG = 1
# All that a life imports before it is ready.
_IMPORTED = ("app.cli.main", "app.cli.server", "uvicorn.loops.auto", "uvicorn.lifespan.on", "concurrent.futures.thread")
_WRITING = os.O_WRONLY | os.O_RDWR
_FILE_EVENTS = frozenset({"os.rename", "os.remove", "os.link", "os.truncate"})


class HasFileno(Protocol):
    """An open file, as `os.fsync` takes it."""

    def fileno(self) -> int: ...


class Failpoint:
    """Counts steps down and strikes at the one it was told."""

    def __init__(self, control: Control, data: Path) -> None:
        self._control, self._data = control, str(data)
        self._lock = threading.Lock()
        self._kept: list[Any] = []

    def install(self) -> None:
        """From here on every step counts."""
        vfs = apsw.VFS("counted", base="unix")
        for name, kind, is_write in (
            ("write", _WRITE, True),
            ("pwrite64", _PWRITE, True),
            ("ftruncate", _FTRUNCATE, False),
            ("unlink", _UNLINK, False),
        ):
            pointer = vfs.xGetSystemCall(name)
            assert pointer, f"SQLite does not call {name}"
            counted = kind(self._counted(kind(pointer), is_write))
            self._kept.append(counted)
            assert vfs.xSetSystemCall(name, ctypes.cast(counted, ctypes.c_void_p).value or 0)
        self._kept.append(vfs)
        sync = os.fsync

        def fsync(fd: int | HasFileno) -> None:
            self._step()
            sync(fd)

        os.fsync = fsync
        sys.addaudithook(self._audit)

    def _counted(self, call: Callable[..., int], is_write: bool) -> Callable[..., int]:
        def counted(*arguments: Any) -> int:
            dies = self._step(dies_here=not is_write)
            if is_write and self._control.is_full:
                ctypes.set_errno(errno.ENOSPC)
                return -1
            if dies:
                # Torn: a part of it is there, as when the power goes in between.
                descriptor, address, size, *offset = arguments
                call(descriptor, address, size // 2, *offset)
                _die()
            return call(*arguments)

        return counted

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = arguments
            if not (isinstance(flags, int) and flags & _WRITING):
                return
        elif event in _FILE_EVENTS:
            path = arguments[0]
        else:
            return
        if str(path).startswith(self._data):
            self._step()
            if event == "open" and self._control.is_full:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def _step(self, dies_here: bool = True) -> bool:
        """Whether this is the step to die at; dies at once unless the caller does it."""
        with self._lock:
            dies = self._control.step()
            if dies and dies_here:
                _die()
            return dies


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _live(control: Path, arguments: Sequence[str]) -> NoReturn:
    """Be a console from here on."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    Failpoint(Control(control), control.parent).install()
    sys.argv[1:] = arguments
    runpy.run_module("app.cli.main", run_name="__main__", alter_sys=True)
    raise SystemExit


def _nurse(control: Path) -> None:
    # What is shared with every life is looked at by no collection of theirs.
    gc.collect()
    gc.freeze()
    while line := sys.stdin.readline():
        assert threading.active_count() == 1, "a fork takes no other thread along"
        pid = os.fork()
        if pid == 0:
            _live(control, json.loads(line))
        print(f"Pid: {pid}", flush=True)  # noqa: T201
        # Not reaped before the test has let go of it: until then nobody else gets its number.
        ended = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        assert ended is not None
        status = ended.si_status if ended.si_code == os.CLD_EXITED else -ended.si_status
        print(f"Exit: {status}", flush=True)  # noqa: T201
        sys.stdin.readline()
        os.waitpid(pid, 0)


if __name__ == "__main__":
    for module in _IMPORTED:
        importlib.import_module(module)
    _nurse(Path(sys.argv[1]))
