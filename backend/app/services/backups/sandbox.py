"""Reads a backup in two processes that can do no harm, and leaves a fresh file of ours with its rows."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import msgspec

from app.core.errors import BackupTooNew, BadBackup, DiskFull
from app.services.backups.rebuild import HALF_WAY, Verdict

LEAST_S = 10.0
BYTES_A_SECOND = 10 * 2**20
"""What a slow machine reads, checks and writes; a larger file may take so much longer."""

_MODULES = "app.services.backups."
_FOLDER = Path(__file__).resolve().parents[3]


def time_for(size_bytes: int) -> float:
    """Seconds that a file of a size may take."""
    return LEAST_S + max(0.0, size_bytes - 20 * 2**20) / BYTES_A_SECOND


async def rebuild_from(source: Path, target: Path, *, page_bytes: int, limit_s: float | None = None) -> Verdict:
    """Write the rows of a backup to `target`, a file that is not there yet; what was found in it.

    Raises `BadBackup` with the reason, `BackupTooNew`, `DiskFull`; `target` is then of no use.
    """
    allowed_s = limit_s or time_for(source.lstat().st_size)
    cpu_s = str(int(allowed_s) + 1)
    read_end, write_end = os.pipe()
    judge = writer = None
    try:
        judge = await _start("judge", str(source.absolute()), cpu_s, stdin=asyncio.subprocess.DEVNULL, stdout=write_end)
        os.close(write_end)
        write_end = -1
        writer = await _start(
            "rebuild", str(target.absolute()), str(page_bytes), cpu_s, stdin=read_end, stdout=asyncio.subprocess.PIPE
        )
        os.close(read_end)
        read_end = -1
        async with asyncio.timeout(allowed_s):
            said, _ = await writer.communicate()
            await judge.wait()
    except TimeoutError:
        raise BadBackup(f"Reading it took more than {allowed_s:.0f} seconds.") from None
    finally:
        for descriptor in (read_end, write_end):
            if descriptor >= 0:
                os.close(descriptor)
        for process in (judge, writer):
            if process is not None:
                await _end(process)
    return verdict_of(said, judge.returncode)


def verdict_of(said: bytes, judge_status: int | None) -> Verdict:
    """What the writer said, unless the judge died. Raises as `rebuild_from`."""
    try:
        verdict = msgspec.json.decode(said, type=Verdict)
    except msgspec.DecodeError:
        raise BadBackup("Its rows could not be written.") from None
    if verdict.disk_full:
        raise DiskFull
    # One whose rows were refused half-way ends by that, too.
    if judge_status and verdict.refused in (None, HALF_WAY):
        raise BadBackup(f"Reading it ended the process that did so ({_status(judge_status)}).")
    if verdict.refused is not None:
        raise (BackupTooNew if verdict.too_new else BadBackup)(verdict.refused)
    return verdict


def _status(status: int) -> str:
    try:
        return signal.Signals(-status).name if status < 0 else f"status {status}"
    except ValueError:
        return f"signal {-status}"


async def _start(name: str, *arguments: str, stdin: int, stdout: int) -> asyncio.subprocess.Process:
    """A process of ours with nothing of this one: no environment, no files, another group."""
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-E", "-s", "-m", _MODULES + name, *arguments),
        cwd=_FOLDER,
        env={},
        stdin=stdin,
        stdout=stdout,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.kill()
        await process.wait()
