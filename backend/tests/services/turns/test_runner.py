"""Runs from their start to their stored end: every way to end, in every phase. In virtual time."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest

from app.core.errors import (
    AppError,
    DiskFull,
    ShuttingDown,
    UpstreamBadKey,
    UpstreamGarbage,
    UpstreamMidstream,
    UpstreamTimeout,
    UpstreamTruncated,
    UpstreamUnavailable,
)
from app.schemas.events import Done, Error, Event, Text, Usage
from app.services.turns.attempts import MOST_ANSWER_CHARS, MOST_PENDING_CHARS
from app.services.turns.frames import LogReader
from tests.core import virtual_time
from tests.services.console_frames import read_frames, shown
from tests.services.engine import engine
from tests.services.pretended import HANG, PretendedClient, Script, chunks

USAGE = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5, "cost": 0.5}


def closing(events: list[Event]) -> list[str]:
    return [event.type for event in events if isinstance(event, Usage | Error | Done)]


WHOLE: Script = [chunks("Hel"), 0.01, chunks("lo"), chunks(finish="stop"), chunks(usage=USAGE)]


def test_a_whole_answer_is_stored_and_then_seen() -> None:
    """Text as it came, usage, done; readers see done only once the end is stored."""

    async def main() -> None:
        async with engine() as it:
            client = PretendedClient(*WHOLE)
            run = it.start(client)
            reader = LogReader(run.log(), after=1)
            ending = await it.ended(run)
            seen = [event for _, _, event in read_frames(reader.take())]
            assert seen == [shown(event) for event in it.store.stored("g")]
            assert "".join(event.text for event in seen if isinstance(event, Text)) == "Hello"
            assert closing(seen) == ["usage", "done"]
            assert (ending.status, ending.finish_reason, ending.last_seq) == ("completed", "stop", len(seen) + 1)
            assert (ending.bill.cost_picousd, ending.bill.cost_text) == (5 * 10**11, "0.5")
            assert ending.upstream_id == "gen-1"
            assert [(attempt.status, attempt.error_code) for attempt in ending.attempts or ()] == [(200, None)]
            assert client.calls == [{"model": "a/b"}]
            assert client.connected == 0
            assert it.unsettled == []

    virtual_time.run(main())


def test_done_waits_for_its_commit() -> None:
    """While the end is held no reader ends, and none sees what it writes."""

    async def main() -> None:
        async with engine() as it:
            run = it.start(PretendedClient(HANG))
            reader = LogReader(run.log(), after=1)
            await virtual_time.passes(1)
            it.store.open.clear()
            it.runner.stop("g")
            await virtual_time.passes(60)
            assert reader.take() == b""
            assert not reader.ended
            it.store.open.set()
            await run.over.wait()
            assert closing([event for _, _, event in read_frames(reader.take())]) == ["done"]
            assert reader.ended

    virtual_time.run(main())


# When the owner or the process ends a run: seconds after its start, and what its stream does by then.
PHASES: dict[str, tuple[PretendedClient, float | None]] = {
    "before it is sent": (PretendedClient(HANG), None),
    "while it connects": (PretendedClient(refusal=HANG), 1.0),
    "before the first word": (PretendedClient(HANG), 1.0),
    "in the middle": (PretendedClient(chunks("Hel"), HANG), 1.0),
}


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("by", ["stop", "close"])
def test_a_run_can_be_ended_in_each_phase(phase: str, by: str) -> None:
    """The text so far is kept, the connection closed, the cost unknown and asked for later."""
    client, after_s = PHASES[phase]
    client.calls.clear()

    async def main() -> None:
        async with engine() as it:
            run = it.start(client)
            if after_s is not None:
                await virtual_time.passes(after_s)
            if by == "stop":
                it.runner.stop("g")
                it.runner.stop("g")
            else:
                await it.runner.close()
            ending = await it.ended(run)
            text = "Hel" if phase == "in the middle" else ""
            assert "".join(part.text for part in ending.parts if part.type == "text") == text
            assert ending.status == ("stopped" if by == "stop" else "interrupted")
            assert closing(ending.events) == (["done"] if by == "stop" else ["error", "done"])
            assert client.connected == 0
            assert len(client.calls) == (0 if phase == "before it is sent" else 1)
            accepted = phase not in ("before it is sent", "while it connects")
            assert it.unsettled == ([("g", "gen-1", "openrouter")] if accepted else [])
            assert ending.bill.cost_picousd == (0 if phase == "before it is sent" else None)
            sent = [] if phase == "before it is sent" else [200 if accepted else None]
            assert [attempt.status for attempt in ending.attempts or ()] == sent

    virtual_time.run(main())


@pytest.mark.parametrize("by", ["stop", "close"])
def test_what_had_finished_stays_completed(by: str) -> None:
    """A stop that comes between the finish and the figures ends nothing that is not over."""

    async def main() -> None:
        async with engine() as it:
            run = it.start(PretendedClient(chunks("Hi", finish="stop"), HANG))
            await virtual_time.passes(1)
            if by == "stop":
                it.runner.stop("g")
            else:
                await it.runner.close()
            ending = await it.ended(run)
            assert (ending.status, ending.error, ending.bill.cost_picousd) == ("completed", None, None)
            assert it.unsettled == [("g", "gen-1", "openrouter")]

    virtual_time.run(main())


def test_after_closing_nothing_starts() -> None:
    """What was launched at the last moment is interrupted without a call."""

    async def main() -> None:
        async with engine() as it:
            it.runner.refuse_when_closing()
            await it.runner.close()
            with pytest.raises(ShuttingDown):
                it.runner.refuse_when_closing()
            client = PretendedClient(*WHOLE)
            ending = await it.ended(it.start(client))
            assert ending.status == "interrupted"
            assert client.calls == []
            await it.runner.close()

    virtual_time.run(main())


def test_stopping_a_session_waits_for_its_runs() -> None:
    """Only for its own."""

    async def main() -> None:
        async with engine() as it:
            run = it.start(PretendedClient(HANG))
            await it.runner.stop_session("other")
            assert not run.closed
            await it.runner.stop_session("s")
            assert run.closed
            it.runner.stop("g")
            it.runner.stop("unknown")

    virtual_time.run(main())


FAILURES: list[tuple[PretendedClient, str, str, int | None, int | None]] = [
    (PretendedClient(refusal=UpstreamBadKey(details={"status": 401})), "failed", "upstream_bad_key", 401, 0),
    (
        PretendedClient(refusal=UpstreamUnavailable(details={"reason": "dns"})),
        "failed", "upstream_unavailable", None, 0,
    ),
    (PretendedClient(refusal=UpstreamTimeout(details={"phase": "connect"})), "failed", "upstream_timeout", None, 0),
    (
        PretendedClient(refusal=UpstreamTimeout(details={"phase": "first_byte"})),
        "failed", "upstream_timeout", None, None,
    ),
    (
        PretendedClient(refusal=UpstreamUnavailable(details={"reason": "hung_up"})),
        "failed", "upstream_unavailable", None, None,
    ),
    (PretendedClient(refusal=UpstreamTruncated()), "truncated", "upstream_truncated", None, None),
    (PretendedClient(chunks("a"), UpstreamTimeout(details={"phase": "idle"})), "failed", "upstream_timeout", 200, None),
    (PretendedClient(chunks("a"), UpstreamTruncated()), "truncated", "upstream_truncated", 200, None),
    (PretendedClient(chunks("a")), "truncated", "upstream_truncated", 200, None),
    (PretendedClient(chunks("a", finish="stop"), UpstreamTruncated()), "truncated", "upstream_truncated", 200, None),
    (PretendedClient(chunks("a", usage=USAGE), UpstreamGarbage()), "failed", "upstream_garbage", 200, 5 * 10**11),
    (PretendedClient(chunks("a"), KeyError("a mistake")), "failed", "upstream_garbage", 200, None),
    (
        PretendedClient(chunks("a", error={"code": 502}), chunks("b"), reported=UpstreamMidstream()),
        "failed", "upstream_midstream", 200, None,
    ),
    (PretendedClient(chunks("a", error={"code": 502}, finish="error")), "failed", "upstream_midstream", 200, None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("client", "status", "code", "attempt", "cost"), FAILURES, ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_failure_keeps_the_text_and_says_why(
    client: PretendedClient, status: str, code: str, attempt: int | None, cost: int | None
) -> None:
    """Refused calls cost nothing; of all others only the provider knows, and is asked if it named the call."""

    async def main() -> None:
        async with engine() as it:
            ending = await it.ended(it.start(client))
            assert ending.error is not None
            assert (ending.status, ending.error.error_code, ending.error.request_id) == (status, code, "r-1")
            assert ending.attempts is not None
            assert {(each.status, each.error_code) for each in ending.attempts} == {(attempt, code)}
            assert ending.bill.cost_picousd == cost
            given = "".join(part.text for part in ending.parts if part.type == "text")
            assert given == "" or given.startswith("a")
            assert it.unsettled == ([("g", "gen-1", "openrouter")] if cost is None and attempt == 200 else [])
            assert closing(ending.events)[-2:] == ["error", "done"]

    virtual_time.run(main())


@pytest.mark.parametrize(
    ("usage", "demo", "cost", "text"),
    [
        (USAGE, False, 5 * 10**11, "0.5"),
        (USAGE | {"cost": 0}, False, 0, "0"),
        (USAGE | {"cost": None}, False, None, None),
        (USAGE | {"cost": "-1"}, False, None, "-1"),
        (USAGE, True, 0, "0"),
        (None, True, 0, "0"),
        (None, False, None, None),
        (USAGE | {"prompt_tokens_details": {"cache_write_tokens": 2**70}}, False, 5 * 10**11, "0.5"),
    ],
)
def test_the_bill(usage: dict[str, Any] | None, demo: bool, cost: int | None, text: str | None) -> None:
    """The provider's own figure; silence is unknown; the demo is free."""

    async def main() -> None:
        async with engine() as it:
            script = [chunks("a", finish="stop"), *([chunks(usage=usage)] if usage else [])]
            ending = await it.ended(it.start(PretendedClient(*script), demo=demo))
            assert (ending.bill.cost_picousd, ending.bill.cost_text) == (cost, text)
            assert ending.bill.cache_write_tokens is None
            assert (ending.usage is None) == (usage is None)
            assert ending.upstream_provider == ("demo" if demo else "openrouter")

    virtual_time.run(main())


def test_an_end_that_cannot_be_stored_is_tried_until_it_can() -> None:
    """Nobody sees it before, only that it waits."""

    async def main() -> None:
        async with engine() as it:
            run = it.start(PretendedClient(HANG))
            reader = LogReader(run.log(), after=1)
            await virtual_time.passes(1)
            it.store.failures = [DiskFull(), OSError("disk"), None]
            it.runner.stop("g")
            await virtual_time.passes(0.9)
            assert re.fullmatch(rb": Answers wait[^\n]*\n\n", reader.take())
            assert (await it.ended(run)).status == "stopped"
            assert closing([event for _, _, event in read_frames(reader.take())]) == ["done"]

    virtual_time.run(main())


def test_an_end_waits_for_the_ticks_before_it() -> None:
    """A tick that the disk refused is stored and seen before the end, though the end could be stored at once."""

    async def main() -> None:
        async with engine() as it:
            it.store.failures = [None, DiskFull(), None, None]
            run = it.start(PretendedClient(1.0, chunks("Hel"), 0.1, chunks("lo", finish="stop")))
            reader = LogReader(run.log(), after=1)
            await it.ended(run)
            assert it.store.log == ["tick", "tick", "end"]
            seen = [event for _, _, event in read_frames(reader.take())]
            assert seen == it.store.stored("g")
            assert [event.text for event in seen if isinstance(event, Text)] == ["Hel", "lo"]
            assert reader.ended

    virtual_time.run(main())


def test_a_closed_store_ends_its_readers_without_done() -> None:
    """Done means stored; the next start finds the run as after a crash."""

    async def main() -> None:
        async with engine() as it:
            run = it.start(PretendedClient(HANG))
            reader = LogReader(run.log(), after=1)
            await virtual_time.passes(1)
            it.store.failures = [ShuttingDown()]
            it.runner.stop("g")
            await run.over.wait()
            assert reader.take() == b""
            assert reader.ended
            assert it.unsettled == []

    virtual_time.run(main())


def test_too_much_that_waits_pauses_the_upstream() -> None:
    """While nothing can be stored, what is held stays bounded; it goes on when it can, and all arrives."""
    piece = "x" * (MOST_PENDING_CHARS // 4)

    async def main() -> None:
        async with engine() as it:
            client = PretendedClient(*[chunks(piece) for _ in range(15)], chunks(finish="stop"))
            it.store.open.clear()
            run = it.start(client)
            await virtual_time.passes(60)
            assert client.given <= 10
            it.store.open.set()
            ending = await it.ended(run)
            assert ending.status == "completed"
            assert client.given == 16
            assert sum(len(part.text) for part in ending.parts if part.type == "text") == 15 * len(piece)

    virtual_time.run(main())


def test_an_answer_without_end_is_cut() -> None:
    """The text up to the limit is kept."""
    piece = "x" * 900_000

    async def main() -> None:
        async with engine() as it:
            client = PretendedClient(*[chunks(piece) for _ in range(100)])
            ending = await it.ended(it.start(client))
            assert (ending.status, ending.error and ending.error.error_code) == ("failed", "upstream_garbage")
            assert client.given * len(piece) <= MOST_ANSWER_CHARS + len(piece)
            assert client.connected == 0

    virtual_time.run(main())


def test_the_first_word_is_timed_and_the_call_marked() -> None:
    async def main() -> None:
        async with engine() as it:
            ending = await it.ended(it.start(PretendedClient(chunks(""), 0.01, *WHOLE)))
            assert ending.first_token_ms is not None
            assert ending.first_token_at is not None
            assert ending.latency_ms is not None
            assert ending.latency_ms >= ending.first_token_ms

    virtual_time.run(main())


def test_an_ended_turn_is_announced_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    """After its commit: message and session have changed; one line says how it went."""

    async def main() -> None:
        async with engine() as it:
            it.changes.listen(lambda: None)
            position = it.changes.position
            with caplog.at_level("INFO", "app.services.turns.runner"):
                await it.ended(it.start(PretendedClient(*WHOLE)))
                await asyncio.sleep(0)
            told = it.changes.since(position) or b""
            assert told.count(b"event: changed") == 2
            (line,) = [record for record in caplog.records if record.getMessage() == "turn ended"]
            assert line.__dict__["request_id"] == "r-1"
            assert line.__dict__["cost_usd"] == "0.5"
            assert line.__dict__["finish_reason"] == "stop"

    virtual_time.run(main())


def test_runs_do_not_hold_up_each_other() -> None:
    """One that hangs, one that fails, one that goes well."""

    async def main() -> None:
        async with engine() as it:
            hanging = it.start(PretendedClient(HANG), generation_id="g1")
            failing = it.start(PretendedClient(refusal=_refusal()), generation_id="g2")
            going_well = it.start(PretendedClient(*WHOLE), generation_id="g3")
            assert (await it.ended(failing)).status == "failed"
            assert (await it.ended(going_well)).status == "completed"
            assert not hanging.closed
            assert it.runs.all() == [hanging]

    virtual_time.run(main())


def _refusal() -> AppError:
    return UpstreamBadKey(details={"status": 401})
