"""Writes notes from eight tasks for ever, printing each when it is acknowledged: ``... PATH MIGRATIONS NAME``.

A note and its reply are one unit: whoever finds one without the other has found half a unit.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from app.db.store import Store
from app.db.types import Conn
from tests.db.units import add_note, add_reply


def add_pair(conn: Conn, text: str) -> None:
    add_reply(conn, add_note(conn, text))


async def main(path: Path, migrations: Path, name: str) -> None:
    store = await Store.open(path, migrations=migrations)

    async def write(task: int) -> None:
        number = 0
        while True:
            text = f"{name}-{task}-{number}"
            await (store.write if number % 3 else store.write_relaxed)(add_pair, text)
            sys.stdout.write(text + "\n")
            sys.stdout.flush()
            number += 1

    await asyncio.gather(*(write(task) for task in range(8)))


asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]))
