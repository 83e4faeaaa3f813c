"""One data folder through the lives of many processes."""

from __future__ import annotations

import asyncio
import random
import signal
from collections import Counter
from collections.abc import Awaitable, Callable

from emulator import Emulator
from tests.faults.aftermath import check_continuation, check_reader, check_store, check_texts
from tests.faults.failpoints import FailingConsole
from tests.faults.load import Load, Record
from tests.harness import ConsoleClient
from tests.harness.stored import store_of

LONGEST_LIFE_S = 0.7
MOST_STEPS = 600
"""More than eight streams take in that time."""
CONTINUED = 2

Beside = Callable[[ConsoleClient], Awaitable[None]]
"""What else happens in a life; it ends when its connection does."""


class Lives:
    """One data folder through many processes, each killed under the load of eight streams and checked afterwards."""

    def __init__(self, process: FailingConsole, emulator: Emulator, draw: random.Random) -> None:
        self._process, self._emulator, self._draw = process, emulator, draw
        self.record, self._checked, self._before = Record(), set[str](), set[str]()
        self._to_continue: list[str] = []
        self.ends: Counter[str] = Counter()
        self.frames = 0

    async def live(self, number: int, *, by_step: bool, beside: Beside | None = None) -> None:
        """A life until a random instant or a random step."""
        process, record, control = self._process, self.record, self._process.control
        self._before = set(record.transcripts)
        async with process.client() as client:
            load = Load(client, record, self._draw, f"life {number} call")
            if by_step:
                control.die_after(self._draw.randrange(1, MOST_STEPS))
            running = asyncio.gather(load.run(self._to_continue), *([beside(client)] if beside else []))
            # On a busy machine a life is no shorter.
            begun = asyncio.ensure_future(load.busy.wait())
            running.add_done_callback(lambda _: begun.cancel())
            await asyncio.gather(begun, return_exceptions=True)
            longest_s = LONGEST_LIFE_S * (1 if by_step else self._draw.random())
            await asyncio.wait([running], timeout=longest_s)
            process.signal(signal.SIGKILL)
            await running
        assert await process.wait() == -signal.SIGKILL

    async def start_again(self) -> None:
        """The next process, which must have all that was acknowledged or seen."""
        process, record = self._process, self.record
        process.control.live()
        await process.start()
        with store_of(process.data) as conn:
            check_store(conn, record)
            self._to_continue = check_texts(conn, self._emulator, self._checked)[:CONTINUED]
        async with process.client() as client:
            seen = [record.transcripts[one] for one in record.transcripts if one not in self._before]
            await asyncio.gather(*(check_reader(client, transcript) for transcript in seen))
        self.frames += sum(len(transcript.frames) for transcript in seen)

    async def end(self) -> None:
        """The last interrupted answers go on; the process ends by itself, and nobody was called without a record."""
        async with self._process.client() as client:
            for generation_id in self._to_continue:
                await check_continuation(client, generation_id)
        assert await self._process.interrupt() == 0
        with store_of(self._process.data) as conn:
            self.ends.update(row["status"] for row in conn.execute("SELECT status FROM generations"))
        assert len(self._emulator.ledger.rows) <= self.ends.total()
