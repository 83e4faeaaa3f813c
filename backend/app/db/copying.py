"""Copies of the open database, made on a connection and a thread of their own beside everything else."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Generator
from functools import partial
from pathlib import Path

from app.db.snapshot import Copied, Facts, copy_steps
from app.db.sqlite import open_reader
from app.db.thread import ConnectionThread


async def copying(database: Path, target: Path) -> AsyncGenerator[Copied | Facts, None]:
    """Copy one snapshot of a database that is open in this process, told piece by piece; the facts come last.

    Holds up neither writer nor readers. Closed early or cancelled it ends soon and leaves nothing. Raises `DiskFull`,
    `StoreCorrupt` or OSError, leaving nothing either.
    """
    thread = await ConnectionThread.open(partial(open_reader, database))
    given_up = threading.Event()
    # Nothing of it runs before the first step, which the thread takes.
    steps = await thread.run(partial(copy_steps, target=target, given_up=given_up.is_set))
    try:
        while (step := await thread.run(lambda _: next(steps, None))) is not None:
            yield step
    finally:
        given_up.set()
        # Cancelled again, it would leave the thread behind.
        await asyncio.shield(asyncio.create_task(_end(thread, steps), name="end of a copy"))


async def _end(thread: ConnectionThread, steps: Generator[Copied | Facts, None, None]) -> None:
    await thread.run(lambda _: steps.close())
    await thread.close()
