"""Runs generations: reads the upstream, feeds the journal, ends each run in one transaction.

A run is a task of the application, never of a request: nobody's leaving ends it. Only a stop, the end of its stream or
the end of the process does.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

from app.core.errors import AppError, Restoring, ShuttingDown, StoreBusy, UpstreamGarbage
from app.db.store import Store
from app.schemas.events import Done, Error, Start, Usage
from app.services.changes import Changes
from app.services.context.context import Fit
from app.services.metrics import Metrics, Paid
from app.services.providers.providers import Provider
from app.services.turns.attempts import Attempts, context_event
from app.services.turns.bill import Bill, bill_of, known_bill
from app.services.turns.journal import MISTAKES, Journal, leave_out_unwritable
from app.services.turns.meter import Meter, Rate
from app.services.turns.reservation import hold_more
from app.services.turns.runs import Run, Runs
from app.services.turns.turn_end import Ending, end
from app.services.upstream.outcome import error_event, judge, usage_event
from app.services.upstream.retry import RetryPolicy

log = logging.getLogger(__name__)

RETRY_PAUSE_S = 0.5
PATIENCE_S = 5.0
START_PAUSE_S = 0.01
RESTORING_S = 2.0
"""When to ask again, as who is refused while a backup is restored is told."""


class Unsettled(Protocol):
    """Who is told of a call whose cost the provider may still tell."""

    def __call__(self, generation_id: str, upstream_id: str, provider: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Call:
    """What a run sends, to whom, and for which request."""

    start: Start
    body: dict[str, Any]
    provider: Provider
    request_id: str | None
    fit: Fit | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    """What its client wants the provider to be told in headers."""
    key: str | None = None
    """The stored id of the idempotency key whose reply the answer is; freed where there is none and nothing is paid."""
    rate: Rate | None = None
    """What it costs as it is written, where a budget pays."""


class Runner:
    """The live runs' engine. ``close`` ends all of them as ``interrupted``; after that nothing starts.

    Args:
        retries: how often and how long an answer that has not begun is asked for again.
        jitter: a number from 0 to 1 at random, which spreads the retries of many runs.
    """

    def __init__(
        self,
        store: Store,
        journal: Journal,
        runs: Runs,
        changes: Changes,
        unsettled: Unsettled,
        retries: RetryPolicy | None = None,
        metrics: Metrics | None = None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._store, self._journal, self._runs, self._changes = store, journal, runs, changes
        self._unsettled, self._metrics = unsettled, metrics or Metrics()
        self._retries, self._jitter = retries or RetryPolicy(), jitter
        self._tasks: dict[asyncio.Task[None], Run] = {}
        self._closing = self._held = False
        self.all_stored = True
        """False once the end of a run was given up."""

    def refuse_when_closing(self) -> None:
        """Raises ShuttingDown once ``close`` has begun, Restoring while nothing may start."""
        if self._closing:
            raise ShuttingDown
        if self._held:
            raise Restoring(retry_after_s=RESTORING_S)

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """No run lives as long as this lasts: those there were are interrupted and stored before it begins.

        Raises StoreBusy when the end of one cannot be stored for too long.
        """
        self._held = True
        try:
            try:
                async with asyncio.timeout(PATIENCE_S):
                    await self._interrupt_all()
            except TimeoutError as error:
                raise StoreBusy("The answers have stopped, but their ends could not be stored yet.") from error
            yield
        finally:
            self._held = False

    async def _interrupt_all(self) -> None:
        await asyncio.sleep(0)  # a start that was let in is among the runs from the loop's next turn on
        while runs := self._runs.all():
            for run in runs:
                run.interrupted = True
                _cancel(run)
            # One whose start is being stored has no task yet.
            await asyncio.wait(self._tasks or [asyncio.create_task(asyncio.sleep(START_PAUSE_S))])

    def launch(self, run: Run, call: Call) -> None:
        """Let a stored run go; returns at once."""
        if call.provider.demo:  # it takes the names of other providers' models; nobody else serves it
            run.learn(None, call.provider.name)
        if call.fit is not None and call.fit.is_partial:
            run.add([context_event(call.fit)])
            self._journal.mark(run)
        task = asyncio.create_task(self._run(run, call), name=f"run {run.id}")
        self._tasks[task] = run
        task.add_done_callback(self._tasks.pop)
        self._runs.announce(run)

    def stop(self, generation_id: str) -> None:
        """End a run because its owner asked to; the request is stored by now. Ended and unknown runs are left alone."""
        run = self._runs.get(generation_id)
        if run is not None and not run.closed:
            run.stop_requested = True
            _cancel(run)

    async def stop_session(self, session_id: str) -> None:
        """Stop the runs of a session and wait until they have ended. Raises StoreBusy when the disk lets none end."""
        for run in self._runs.all():
            if run.session_id == session_id:
                self.stop(run.id)
                await self.ended(run)

    async def ended(self, run: Run) -> None:
        """Wait until a stopped run has ended. Raises StoreBusy when its end cannot be stored for too long."""
        try:
            await asyncio.wait_for(run.over.wait(), PATIENCE_S)
        except TimeoutError as error:
            raise StoreBusy("The answer has stopped, but its end could not be stored yet.") from error

    async def close(self) -> None:
        """Interrupt every run, store its end and hand it to its readers.

        An end that the disk refuses for too long is given up: the next start finds that run as after a kill.
        """
        self._closing = True
        for run in self._runs.all():
            run.interrupted = True
            _cancel(run)
        if not self._tasks:
            return
        _, late = await asyncio.wait(self._tasks, timeout=PATIENCE_S)
        stuck = {task: self._tasks[task] for task in late}
        for task, run in stuck.items():
            log.error("an end could not be stored", extra={"generation_id": run.id})
            self.all_stored = False
            task.cancel()
            run.close()
        await asyncio.gather(*stuck, return_exceptions=True)

    async def _run(self, run: Run, call: Call) -> None:
        retries = self._retries.with_retries(call.provider.entry.max_retries)
        attempts = Attempts(
            run, call.provider, call.body, call.headers, call.fit, self._journal, self._metrics, retries, self._jitter
        )
        attempts.meter = None if call.rate is None else Meter(call.rate, partial(self._hold_more, run.id))
        run.interrupted = run.interrupted or self._closing or self._held
        if not run.stop_requested and not run.interrupted:
            run.reading = asyncio.create_task(attempts.read(), name=f"read {run.id}")
            await _over(run.reading)
        failure = _failure(run)
        try:
            ending = self._ending(run, attempts, failure, call)
        except Exception as error:  # noqa: BLE001 - it ends this answer, with its text, and no other
            free = _is_free(attempts, call)
            bill = known_bill(run.id, attempts.reader, failure, accepted=run.accepted, free=free)
            ending = _broken(run, call, error, bill)
            ending.upstream_id = run.upstream_id or attempts.reader.upstream_id
            ending.attempts, ending.fit = attempts.ended(run.failure), attempts.fit
        await self._end(run, ending, call)

    async def _hold_more(self, generation_id: str, least_picousd: int, most_picousd: int) -> int:
        return await self._store.write(hold_more, generation_id, least_picousd, most_picousd)

    def _ending(self, run: Run, attempts: Attempts, failure: AppError | None, call: Call) -> Ending:
        """Assign the last seqs: what is still pending, then usage if known, error if any, done.

        Raises what nothing foresaw, and what broke the run off.
        """
        reader = attempts.reader
        outcome = judge(reader, failure, stop_requested=run.stop_requested, interrupted=run.interrupted)
        run.failure = outcome.error if run.stored or outcome.error is None else outcome.error.of_unstored()
        if outcome.status == "completed":
            run.add(reader.finish())
        latency_ms = run.elapsed_ms
        upstream_id = run.upstream_id or reader.upstream_id
        bill = bill_of(reader, failure, accepted=run.accepted, free=_is_free(attempts, call))
        if run.failure is not None:
            run.failure.may_be_paid = bill.cost_picousd != 0
        # The demo takes other models' names; nobody else has served it.
        served_by = call.provider.name if call.provider.demo else reader.provider or call.provider.name
        usage = usage_event(
            reader,
            requested_model=call.start.model,
            provider=served_by,
            cost=bill.cost_picousd,
            upstream_id=upstream_id,
            latency_ms=latency_ms,
            first_token_ms=run.first_token_ms,
            finish_reason=outcome.finish_reason,
            demo=call.provider.demo,
        )
        error = error_event(run.failure, call.request_id) if run.failure else None
        done = Done(
            status=outcome.status,
            finish_reason=outcome.finish_reason,
            message_id=call.start.assistant_message_id,
            extra=reader.extra or None,
        )
        run.take_last()
        if run.broken is not None:
            raise run.broken
        parts = run.accumulator.parts()
        tick = run.take_last([event for event in (usage, error, done) if event is not None])
        return Ending(
            generation_id=run.id,
            session_id=run.session_id,
            message_id=call.start.assistant_message_id,
            status=outcome.status,
            finish_reason=outcome.finish_reason,
            parts=parts,
            events=tick.events,
            last_seq=tick.last_seq,
            usage=usage,
            error=error,
            bill=bill,
            upstream_id=upstream_id,
            upstream_provider=served_by,
            latency_ms=latency_ms,
            first_token_ms=run.first_token_ms,
            first_token_at=run.first_token_at,
            attempts=attempts.ended(outcome.error),
            fit=attempts.fit,
            freed_key=call.key if _is_refused(run, attempts) else None,
            estimated_for=call.start.model if call.provider.plain else None,
        )

    async def _end(self, run: Run, ending: Ending, call: Call) -> None:
        """Store the end, however long the disk refuses; then publish it. Given up only when the store is closed.

        The ticks before it come first: one that the disk refused would be a gap in the journal. An end that no disk
        would take is replaced by one that says so.
        """
        replaced = refused = False
        while run.last_tick is not None and run.published_seq < run.last_tick.first_seq - 1:
            await run.drained()
        while True:
            try:
                revision = await self._store.write(end, ending)
                self._journal.taken()
                break
            except ShuttingDown:
                log.exception("the store closed before a run had ended", extra={"generation_id": run.id})
                run.close()
                self._runs.remove(run)
                return
            except Exception as error:
                if isinstance(error, MISTAKES) and not replaced:
                    ending, replaced = _broken(run, call, error, Bill(cost_picousd=ending.bill.cost_picousd)), True
                    continue
                log.exception("could not store the end of a run, trying again", extra={"generation_id": run.id})
                if not refused:
                    self._journal.refused(error, [run])
                refused = True
                await asyncio.sleep(RETRY_PAUSE_S)
        if run.last_tick is not None:
            run.publish(run.last_tick)
        run.close()
        self._runs.remove(run)
        self._tell(ending, revision, call)

    def _tell(self, ending: Ending, revision: int | None, call: Call) -> None:
        if ending.session_id is not None:
            self._changes.publish("message", ending.message_id, session_id=ending.session_id)
            self._changes.publish("session", ending.session_id, session_id=ending.session_id, revision=revision)
        usage = ending.usage
        provider, model = call.provider.name, call.start.model
        self._metrics.ended(provider, model, ending.status, ending.latency_ms or 0, ending.first_token_ms)
        self._metrics.paid(Paid(provider=provider, model=model, usage=usage, cost_picousd=ending.bill.cost_picousd))
        log.info(
            "turn ended",
            extra={
                "request_id": call.request_id,
                "generation_id": ending.generation_id,
                "session_id": ending.session_id,
                "model": call.start.model,
                "provider": ending.upstream_provider,
                "status": ending.status,
                "finish_reason": ending.finish_reason,
                "error_code": ending.error.error_code if ending.error else None,
                "latency_ms": ending.latency_ms,
                "first_token_ms": ending.first_token_ms,
                "prompt_tokens": usage.prompt_tokens if usage else None,
                "completion_tokens": usage.completion_tokens if usage else None,
                "cost_usd": str(usage.cost_usd) if usage and usage.cost_usd is not None else None,
                "upstream_id": ending.upstream_id,
            },
        )
        if ending.bill.cost_picousd is None and ending.upstream_id is not None:
            self._unsettled(ending.generation_id, ending.upstream_id, call.provider.name)


async def _over(task: asyncio.Task[None]) -> None:
    """Wait until a task has ended, however it did; cancelling the wait leaves it alone."""
    ended = asyncio.get_running_loop().create_future()
    task.add_done_callback(lambda _: None if ended.done() else ended.set_result(None))
    await ended


def _cancel(run: Run) -> None:
    if run.reading is not None:
        run.reading.cancel()


def _failure(run: Run) -> AppError | None:
    """What broke the stream, on the wire or in the provider's own words."""
    if run.reading is None or run.reading.cancelled():
        return None
    error = run.reading.exception()
    if error is None or isinstance(error, AppError):
        # The frames of its traceback hold it and the run: a cycle, which would keep the text until a collection.
        return error and error.with_traceback(None)
    log.error("reading the upstream failed", exc_info=error, extra={"generation_id": run.id})
    return UpstreamGarbage("Reading the provider's answer failed.")


def _broken(run: Run, call: Call, error: Exception, bill: Bill) -> Ending:
    """The end of an answer that a mistake of ours broke: its words, and that it failed. Raises nothing itself."""
    extra = {"generation_id": run.id, "request_id": call.request_id}
    log.error("an answer could not be ended as it should", exc_info=error, extra=extra)
    run.failure = AppError()
    run.failure.may_be_paid = bill.cost_picousd != 0
    told = error_event(run.failure, call.request_id)
    tick = run.take_last()
    tick.events = [event for event in tick.events if not isinstance(event, Usage | Error | Done)]
    leave_out_unwritable(tick)
    run.take_last([told, Done(status="failed", finish_reason=None, message_id=call.start.assistant_message_id)])
    return Ending(
        generation_id=run.id,
        session_id=run.session_id,
        message_id=call.start.assistant_message_id,
        status="failed",
        finish_reason=None,
        parts=run.accumulator.words(),
        events=tick.events,
        last_seq=tick.last_seq,
        usage=None,
        error=told,
        bill=bill,
        upstream_provider=call.provider.name,
        latency_ms=run.elapsed_ms,
        first_token_ms=run.first_token_ms,
        first_token_at=run.first_token_at,
    )


def _is_refused(run: Run, attempts: Attempts) -> bool:
    """Whether a call came to nothing, and surely cost nothing."""
    return run.failure is not None and not run.failure.may_be_paid and not attempts.has_spoken


def _is_free(attempts: Attempts, call: Call) -> bool:
    return call.provider.demo or not attempts.pending
