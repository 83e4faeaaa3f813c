"""Commit, then publish: the tick that stores what all live runs have said before any reader sees it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable

from msgspec import MsgspecError

from app.core.errors import DiskFull, StoreBusy
from app.db.errors import ConstraintFailed
from app.db.store import Store
from app.db.types import Conn
from app.repo import generations, journal
from app.schemas.events import Text, encode_events
from app.services.metrics import Metrics
from app.services.turns.runs import Marks, Run, Tick

log = logging.getLogger(__name__)

# What arrives within a tick's gathering shares its commit; an answer of one read ends within it and needs no tick.
GATHERING_S = 0.001
SHORTEST_PAUSE_S = 0.002
# A commit that was slow once, for a burst of starts or another program's sake, is not paid for by every reader: few
# answers wait little. Many gain from it, because a wake-up then carries several events.
PAUSE_OF_ONE_S = 0.01
PAUSE_OF_EACH_S = 0.0004
LONGEST_PAUSE_S = 0.1
# Commits may take about a fifth of the time; the rest belongs to reading and sending.
PAUSE_PER_COMMIT = 4.0
# A crowd of answers waits for one another: at two hundred a reader is woken for two events at once instead of twice.
# The pause grows with the square, so that fifty notice nothing.
CROWD = 200
CROWD_PAUSE_S = 0.04
RETRY_PAUSE_S = 0.5

MISTAKES = (
    ArithmeticError, AssertionError, AttributeError, ConstraintFailed, LookupError, MsgspecError, TypeError, ValueError,
)  # fmt: skip
"""What a write can fail with that no patience mends: what is written, not where."""


class Journal:
    """Appends the pending events of all runs in one transaction per tick.

    An idle system commits within a millisecond; a busy one waits in proportion to what its last commit took, so ticks
    grow and batching is free. A commit that fails (a full disk) is tried again with the same events until it succeeds
    or the journal is closed: nothing unstored is ever published, and a run whose events wait stops reading its
    upstream. Of a run that is not stored only the marks are written; its events share the tick all the same.

    Args:
        clock: seconds, by which a commit's length is measured.
        told: called when the store begins to refuse, and when it takes again.
    """

    def __init__(
        self,
        store: Store,
        clock: Callable[[], float] = time.monotonic,
        metrics: Metrics | None = None,
        told: Callable[[], None] = lambda: None,
    ) -> None:
        self._store, self._clock, self._metrics, self._told = store, clock, metrics or Metrics(), told
        self.refusal: str | None = None
        """Why what live answers say cannot be stored at the moment, a sentence; None while it can."""
        self._dirty: dict[str, Run] = {}
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Start ticking."""
        self._task = asyncio.create_task(self._tick_forever(), name="journal")

    async def close(self) -> None:
        """Stop ticking. All runs have ended by now, and each end wrote what was left of its run."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def mark(self, run: Run) -> None:
        """There is something to store for this run."""
        self._dirty[run.id] = run
        self._wake.set()

    def refused(self, error: Exception, runs: Iterable[Run]) -> None:
        """The store does not take what these runs say, or their ends: they and the owner are told."""
        self.refusal = f"Answers wait, because {_why(error)}. They go on by themselves once they can be stored."
        for run in runs:
            run.remark(self.refusal)
        self._told()

    def taken(self) -> None:
        """The store takes what runs say."""
        if self.refusal is not None:
            self.refusal = None
            self._told()

    async def _tick_forever(self) -> None:
        while True:
            await self._wake.wait()
            await asyncio.sleep(GATHERING_S)
            self._wake.clear()
            await asyncio.sleep(await self._tick())

    async def _tick(self) -> float:
        """One commit; the pause after it in seconds. It holds no run longer than that: an ended one may be large."""
        runs, self._dirty = [run for run in self._dirty.values() if not run.ending], {}
        if not runs:
            return 0
        began_s = self._clock()
        ticks = [tick for run in runs if (tick := run.take())]
        await self._commit(ticks, [(run, run.take_marks()) for run in runs])
        took_s = self._clock() - began_s
        self._metrics.committed(took_s, sum(len(tick.events) for tick in ticks))
        return pause_s(took_s, len(runs))

    async def _commit(self, ticks: list[Tick], marks: list[tuple[Run, Marks]]) -> None:
        rows = [(tick.run.id, tick.last_seq, _encoded(tick)) for tick in ticks if tick.run.stored]
        refused = False
        while True:
            try:
                await self._store.write_relaxed(_write_tick, rows, [_of(*mark) for mark in marks])
                self.taken()
                break
            except asyncio.CancelledError:
                raise
            except Exception as error:
                log.exception("journal tick failed, trying again", extra={"rows": len(rows)})
                if marks and isinstance(error, MISTAKES):
                    marks = await self._one_by_one(marks)
                else:
                    if not refused:
                        self.refused(error, [run for run, _ in marks])
                    refused = True
                    await asyncio.sleep(RETRY_PAUSE_S)
        for tick in ticks:
            tick.run.publish(tick)

    async def _one_by_one(self, marks: list[tuple[Run, Marks]]) -> list[tuple[Run, Marks]]:
        """Write marks that cannot all be written; the run of one that cannot is broken off. Those to try again."""
        left = []
        for run, mark in marks:
            try:
                await self._store.write_relaxed(_write_tick, [], [_of(run, mark)])
            except MISTAKES as error:
                log.exception("a mark cannot be written", extra={"generation_id": run.id})
                run.break_off(error)
            except Exception:  # noqa: BLE001 - told at the next try
                left.append((run, mark))
        return left


def pause_s(commit_s: float, runs: int) -> float:
    """How long to wait after a commit that stored the news of so many runs."""
    most_s = min(PAUSE_OF_ONE_S + PAUSE_OF_EACH_S * runs, LONGEST_PAUSE_S)
    crowd_s = CROWD_PAUSE_S * (runs / CROWD) ** 2
    return min(max(SHORTEST_PAUSE_S, PAUSE_PER_COMMIT * commit_s, crowd_s), most_s)


def _why(error: Exception) -> str:
    match error:
        case DiskFull():
            return "the disk is full"
        case StoreBusy():
            return "another program holds the database"
        case _:
            return "the database cannot be written"


def _encoded(tick: Tick) -> str:
    """A tick as its row. What cannot be written is left out, so that one answer's mistake holds up no other."""
    try:
        return encode_events(tick.events)
    except Exception:
        log.exception("events that cannot be written are left out", extra={"generation_id": tick.run.id})
    leave_out_unwritable(tick)
    return encode_events(tick.events)


def leave_out_unwritable(tick: Tick) -> None:
    """Replace events that no row can hold by ones that say nothing; their seqs stay taken."""
    for at, event in enumerate(tick.events):
        try:
            encode_events([event])
        except Exception:  # noqa: BLE001 - told by who asks
            tick.events[at] = Text(text="")


def _of(run: Run, mark: Marks) -> tuple[str, str | None, Marks]:
    return run.id, run.upstream_id, mark


def _write_tick(conn: Conn, rows: list[tuple[str, int, str]], marks: list[tuple[str, str | None, Marks]]) -> None:
    for generation_id, upstream_id, mark in marks:
        if mark.attempts is not None:
            generations.set_attempts(conn, generation_id, mark.attempts)
        if mark.accepted:
            generations.set_accepted(conn, generation_id, upstream_id)
        if mark.first_token_at:
            generations.set_first_token(conn, generation_id, mark.first_token_at)
    journal.append(conn, rows)
