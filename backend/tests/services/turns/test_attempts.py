"""Runs whose provider fails before the first word: what is repeated, what readers see, what is stored and when."""

from __future__ import annotations

import pytest

from app.core.errors import (
    UpstreamMidstream,
    UpstreamNoCredit,
    UpstreamRateLimited,
    UpstreamTimeout,
    UpstreamUnavailable,
)
from app.schemas.events import Retry
from app.services.turns.frames import LogReader
from tests.core import virtual_time
from tests.services.console_frames import read_frames, shown
from tests.services.engine import Engine, engine
from tests.services.pretended import HANG, PretendedClient, PretendedSeries, chunks

USAGE = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5, "cost": 0.5}
NOTHING = {"prompt_tokens": 3, "completion_tokens": 0, "total_tokens": 3, "cost": 0}


def down(status: int = 503, retry_after_s: float | None = None) -> PretendedClient:
    return PretendedClient(refusal=UpstreamUnavailable(details={"status": status}, retry_after_s=retry_after_s))


def whole(upstream_id: str = "gen-2") -> PretendedClient:
    return PretendedClient(chunks("Hello"), chunks(finish="stop"), chunks(usage=USAGE), upstream_id=upstream_id)


def retries(it: Engine) -> list[Retry]:
    return [event for event in it.store.stored("g") if isinstance(event, Retry)]


def test_a_provider_that_comes_back_answers() -> None:
    """Each wait is seen as it begins, in order with the answer; the attempts are those made; one bill."""

    async def main() -> None:
        async with engine() as it:
            series = PretendedSeries(down(502), down(503), whole())
            run = it.start(series)
            reader = LogReader(run.log(), after=1)
            await virtual_time.passes(0.1)
            (waiting,) = [event for _, _, event in read_frames(reader.take())]
            assert isinstance(waiting, Retry)
            assert (waiting.attempt, waiting.error_code, waiting.wait_ms) == (2, "upstream_unavailable", 375)
            ending = await it.ended(run)
            assert [at - 1000 for at in series.sent_at] == pytest.approx([0, 0.375, 1.125])
            assert series.calls == [{"model": "a/b"}] * 3
            assert (ending.status, ending.bill.cost_picousd, ending.upstream_id) == ("completed", 5 * 10**11, "gen-2")
            assert [(a.status, a.error_code, a.waited_ms) for a in ending.attempts or ()] == [
                (502, "upstream_unavailable", 0), (503, "upstream_unavailable", 375), (200, None, 750),
            ]  # fmt: skip
            assert all(attempt.at for attempt in ending.attempts or ())
            seen = [waiting, *(event for _, _, event in read_frames(reader.take()))]
            assert seen == [shown(event) for event in it.store.stored("g")]
            assert [event.type for event in seen] == ["retry", "retry", "text", "usage", "done"]

    virtual_time.run(main())


def test_each_attempt_is_stored_as_it_fails() -> None:
    """Before the wait, so that a crash during it leaves them known; then as the next one is accepted."""

    async def main() -> None:
        async with engine() as it:
            run = it.start(PretendedSeries(down(), PretendedClient(chunks("a"), HANG)))
            await virtual_time.passes(0.1)
            _, _, mark = it.store.marks[-1]
            assert [(a.status, a.error_code) for a in mark.attempts or ()] == [(503, "upstream_unavailable")]
            await virtual_time.passes(1)
            told = [mark.attempts for _, _, mark in it.store.marks if mark.attempts]
            assert [(a.status, a.error_code) for a in told[-1]] == [(503, "upstream_unavailable"), (200, None)]
            it.runner.stop("g")
            await it.ended(run)

    virtual_time.run(main())


@pytest.mark.parametrize("by", ["stop", "close"])
def test_a_wait_ends_at_once_and_costs_nothing(by: str) -> None:
    """Nobody is waited for, no call is out."""

    async def main() -> None:
        async with engine() as it:
            series = PretendedSeries(down(retry_after_s=20), whole())
            run = it.start(series)
            await virtual_time.passes(1)
            if by == "stop":
                it.runner.stop("g")
            else:
                await it.runner.close()
            ending = await it.ended(run)
            assert it.store.ticks[-1][0] < 1002
            assert ending.status == ("stopped" if by == "stop" else "interrupted")
            assert ending.bill.cost_picousd == 0
            assert len(series.calls) == len(ending.attempts or ()) == 1

    virtual_time.run(main())


@pytest.mark.parametrize(
    "first",
    [
        PretendedClient(chunks("a"), UpstreamUnavailable(details={"status": 503})),
        PretendedClient(chunks("a", error={"code": 502}), reported=UpstreamUnavailable(details={"status": 502})),
        PretendedClient(chunks("a", finish="error")),
        PretendedClient(refusal=UpstreamTimeout(details={"phase": "first_byte"})),
        PretendedClient(refusal=UpstreamUnavailable(details={"reason": "hung_up"})),
        PretendedClient(UpstreamTimeout(details={"phase": "idle"})),
        PretendedClient(),
    ],
    ids=["broke", "reported", "finish", "no head", "no answer", "silent", "nothing"],
)
def test_no_call_is_repeated_that_may_have_been_answered(first: PretendedClient) -> None:
    """After any output, and when the provider had the call and nobody knows what became of it."""

    async def main() -> None:
        async with engine() as it:
            series = PretendedSeries(first, whole())
            ending = await it.ended(it.start(series))
            assert len(series.calls) == len(ending.attempts or ()) == 1
            assert ending.error is not None
            assert retries(it) == []

    virtual_time.run(main())


@pytest.mark.parametrize(
    ("first", "code"),
    [
        (PretendedClient(chunks(""), chunks(usage=NOTHING)), "upstream_truncated"),
        (PretendedClient(chunks(finish="error"), chunks(usage=NOTHING)), "upstream_midstream"),
        (
            PretendedClient(chunks(error={"code": 502}), reported=UpstreamUnavailable(details={"status": 502})),
            "upstream_unavailable",
        ),
    ],
    ids=["empty", "malformed call", "error in an empty stream"],
)
def test_a_stream_that_said_nothing_and_cost_nothing_is_asked_again(first: PretendedClient, code: str) -> None:
    """Rows 34 and 56; the answer is the second call's alone."""

    async def main() -> None:
        async with engine() as it:
            ending = await it.ended(it.start(PretendedSeries(first, whole())))
            assert [(a.status, a.error_code) for a in ending.attempts or ()] == [(200, code), (200, None)]
            assert (ending.status, ending.upstream_id) == ("completed", "gen-2")
            assert ending.usage is not None
            assert ending.usage.total_tokens == 5

    virtual_time.run(main())


def test_an_empty_answer_that_stays_empty_is_an_error() -> None:
    """Once more, not for ever; the figures of the last call are kept."""

    async def main() -> None:
        async with engine() as it:
            series = PretendedSeries(PretendedClient(chunks(usage=NOTHING)))
            ending = await it.ended(it.start(series))
            assert len(series.calls) == 2
            assert (ending.status, ending.error and ending.error.error_code) == ("truncated", "upstream_truncated")
            assert ending.bill.cost_picousd == 0

    virtual_time.run(main())


def test_the_last_failure_is_the_runs_own() -> None:
    """An id of an earlier call is not taken for the last one's; when to try again is told."""

    async def main() -> None:
        async with engine() as it:
            empty = PretendedClient(chunks(usage=NOTHING), upstream_id="gen-1")
            limited = UpstreamRateLimited(details={"status": 429}, retry_after_s=90)
            series = PretendedSeries(empty, PretendedClient(refusal=limited))
            ending = await it.ended(it.start(series))
            assert len(series.calls) == 2
            assert ending.error is not None
            assert (ending.error.error_code, ending.error.retry_after_ms) == ("upstream_rate_limited", 90_000)
            assert (ending.upstream_id, ending.bill.cost_picousd) == (None, 0)
            assert it.unsettled == []

    virtual_time.run(main())


def test_a_limit_that_the_credit_allows_is_asked_for_and_said() -> None:
    """Row 43."""

    async def main() -> None:
        async with engine() as it:
            poor = UpstreamNoCredit(details={"status": 402, "affordable_tokens": 700})
            series = PretendedSeries(PretendedClient(refusal=poor), whole())
            ending = await it.ended(it.start(series))
            assert series.calls == [{"model": "a/b"}, {"model": "a/b", "max_tokens": 700}]
            (retry,) = retries(it)
            assert (retry.max_tokens, retry.wait_ms, retry.error_code) == (700, 0, "upstream_no_credit")
            assert [attempt.max_tokens for attempt in ending.attempts or ()] == [None, 700]

    virtual_time.run(main())


def test_every_retry_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async with engine() as it:
            with caplog.at_level("WARNING", "app.services.turns.attempts"):
                await it.ended(it.start(PretendedSeries(down(), whole())))
            (line,) = caplog.records
            assert line.__dict__["generation_id"] == "g"
            assert (line.__dict__["attempt"], line.__dict__["error_code"]) == (2, "upstream_unavailable")
            assert line.__dict__["wait_ms"] == 375

    virtual_time.run(main())


def test_a_mistake_of_ours_is_not_repeated() -> None:
    async def main() -> None:
        async with engine() as it:
            series = PretendedSeries(PretendedClient(refusal=KeyError("a mistake")), whole())
            ending = await it.ended(it.start(series))
            assert len(series.calls) == 1
            assert ending.error is not None
            assert ending.error.error_code == "upstream_garbage"

    virtual_time.run(main())


def test_an_error_beside_a_cost_is_final() -> None:
    """What was paid for is not bought twice."""
    paid = PretendedClient(
        chunks(error={"code": 502}, usage={"completion_tokens": 0, "cost": 0.1}),
        reported=UpstreamMidstream(details={"status": 502}),
    )

    async def main() -> None:
        async with engine() as it:
            series = PretendedSeries(paid, whole())
            ending = await it.ended(it.start(series))
            assert len(series.calls) == 1
            assert ending.bill.cost_picousd == 10**11

    virtual_time.run(main())


def test_without_a_store_nothing_waits() -> None:
    """A first call that goes well costs no more units than before: one tick, one end."""

    async def main() -> None:
        async with engine() as it:
            await it.ended(it.start(whole()))
            assert it.store.log[-1] == "end"
            assert it.store.attempts <= 2

    virtual_time.run(main())
