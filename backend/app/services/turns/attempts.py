"""One answer's calls to its provider: attempt after attempt until one begins to say something or none is left."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from typing import Any

from app.core.clock import now, stamp
from app.core.errors import AppError, ContextTooLong, UpstreamError, UpstreamGarbage
from app.schemas.events import Context, Reasoning, Retry, Text, ToolCallDelta
from app.schemas.generations import Attempt
from app.services.context.context import Fit
from app.services.metrics import Metrics
from app.services.providers.providers import Provider
from app.services.turns.journal import Journal
from app.services.turns.meter import Meter
from app.services.turns.runs import Run
from app.services.upstream.deltas import DeltaReader
from app.services.upstream.retry import Again, Failed, Reason, RetryPolicy, again, silent_end

log = logging.getLogger(__name__)

MOST_PENDING_CHARS = 1_000_000
MOST_ANSWER_CHARS = 4_000_000


def context_event(fit: Fit) -> Context:
    """What readers are told of a conversation that is not sent as it is."""
    return Context(**asdict(fit.use))


class Attempts:
    """Reads one run's answer. What its stream says goes to the run and its journal; what it means is in ``reader``.

    Every attempt is journaled as it fails or is accepted, so that a crash leaves it known. The waits are part of
    ``read``: cancelling that ends them at once.

    Args:
        policy: how often and how long an answer that has not begun is asked for again.
        jitter: a number from 0 to 1, at random.
    """

    def __init__(
        self,
        run: Run,
        provider: Provider,
        body: Mapping[str, Any],
        headers: Mapping[str, str],
        fit: Fit | None,
        journal: Journal,
        metrics: Metrics,
        policy: RetryPolicy,
        jitter: Callable[[], float],
    ) -> None:
        self._run, self._provider, self._body, self._journal = run, provider, body, journal
        self._headers, self.fit = headers, fit
        """What the calls hold of the conversation."""
        self._metrics, self._policy, self._jitter = metrics, policy, jitter
        # A server of the owner's own names nobody behind it.
        self._served_by = provider.name if provider.plain else None
        self.reader = DeltaReader()
        self.pending = False
        """Whether a call is out of which the provider may have taken notice."""
        self._failed: list[Attempt] = []
        self._earlier: frozenset[Reason] = frozenset()
        self._waited_s = 0.0
        self._next = Attempt(at="", status=None, error_code=None, waited_ms=0)
        self.meter: Meter | None = None
        """Of an answer that a budget pays."""
        self.has_spoken = False
        """Whether any of the answer has come."""

    async def read(self) -> None:
        """Call until an answer begins, and read it to its end. Raises what broke the last call."""
        while True:
            error = await self._call()
            failure = error or silent_end(self.reader.finish_reason)
            retry = self._again(failure) if failure is not None and not self.has_spoken else None
            if failure is not None and retry is not None:
                await self._wait(retry, failure)
            elif error is not None:
                raise error
            else:
                return

    def ended(self, error: AppError | None) -> list[Attempt]:
        """All attempts, the last one with the error that the answer ended with."""
        if not self.pending:
            return self._failed
        self._next.error_code = error.code if error else None
        if isinstance(error, UpstreamError):
            self._metrics.failed(self._provider.name, error)
        return [*self._failed, self._next]

    async def _call(self) -> AppError | None:
        """One attempt; what broke it."""
        self.pending = True
        self._next.at = now()
        try:
            await self._read()
        except AppError as error:
            if self._next.status is None and isinstance(error.details.get("status"), int):
                self._next.status = error.details["status"]
            return error
        return None

    async def _read(self) -> None:
        run, journal, reader = self._run, self._journal, self.reader
        async with self._provider.client.stream(self._body, self._headers, again=bool(self._failed)) as stream:
            run.upstream_id = stream.upstream_id
            run.accepted = run.marks.accepted = True
            self._next.status = 200
            run.marks.attempts = [*self._failed, replace(self._next)]
            journal.mark(run)
            async for chunks in stream:
                events = reader.feed(chunks)
                if not events:
                    continue
                self.has_spoken = True
                run.learn(reader.model, reader.provider or self._served_by)
                if run.first_token_ms is None and any(isinstance(e, Text | Reasoning | ToolCallDelta) for e in events):
                    run.first_token_ms = run.elapsed_ms
                    run.first_token_at = run.marks.first_token_at = now()
                run.add(events)
                journal.mark(run)
                if self.meter is not None:
                    await self.meter.take(events, reader.usage)
                if run.pending_chars > MOST_PENDING_CHARS:
                    await run.drained()
                if run.total_chars > MOST_ANSWER_CHARS:
                    raise UpstreamGarbage(f"The answer is longer than {MOST_ANSWER_CHARS:,} characters.")
            reader.saw_done = stream.saw_done
            if reader.failed is not None and (error := stream.error_of(reader.failed)) is not None:
                raise error

    def _again(self, failure: AppError) -> Again | None:
        shorter = self.fit.shorter(self._body) if self.fit and isinstance(failure, ContextTooLong) else None
        failed = Failed(
            error=failure,
            shorter_body=shorter[1] if shorter else None,
            body=self._body,
            number=len(self._failed) + 1,
            waited_s=self._waited_s,
            earlier=self._earlier,
            usage=self.reader.usage,
        )
        retry = again(failed, self._policy, jitter=self._jitter())
        if retry is not None and shorter is not None:
            self.fit = shorter[0]
        return retry

    async def _wait(self, retry: Again, error: AppError) -> None:
        """Make it known, let the time pass, and be ready for the next call."""
        run = self._run
        wait_ms = round(retry.wait_s * 1000)
        self.pending = False
        self._next.error_code = error.code
        self._failed = [*self._failed, self._next]
        self._next = Attempt(at="", status=None, error_code=None, waited_ms=wait_ms, max_tokens=retry.max_tokens)
        self._earlier |= {retry.reason}
        self._waited_s += retry.wait_s
        self._body = retry.body
        self.reader = DeltaReader()
        run.accepted = False
        run.upstream_id = None
        run.marks.attempts = self._failed
        number = len(self._failed) + 1
        if retry.reason == "shorter_context" and self.fit is not None:
            run.add([context_event(self.fit)])
        run.add(
            [
                Retry(
                    attempt=number,
                    error_code=error.code,
                    message=error.message,
                    wait_ms=wait_ms,
                    at=stamp(time.time_ns() + round(retry.wait_s * 1e9)),
                    max_tokens=retry.max_tokens,
                )
            ]
        )
        self._journal.mark(run)
        self._metrics.failed(self._provider.name, error)
        self._metrics.retried(self._provider.name, retry.reason, retry.wait_s)
        log.warning(
            "asking the provider again",
            extra={
                "generation_id": run.id,
                "provider": self._provider.name,
                "attempt": number,
                "error_code": error.code,
                "reason": retry.reason,
                "wait_ms": wait_ms,
                "max_tokens": retry.max_tokens,
            },
        )
        await asyncio.sleep(retry.wait_s)
