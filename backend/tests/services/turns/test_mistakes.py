"""What nothing foresaw goes wrong within one answer: it ends as failed with its text, and no other notices."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from app.core.errors import AppError
from app.db.store import Store
from app.repo import journal as journal_repo
from app.schemas.events import Done, Error, Event, Text
from app.services.changes import Changes
from app.services.providers.providers import Provider
from app.services.turns import transcript
from app.services.turns.frames import LogReader
from app.services.turns.journal import Journal
from app.services.turns.runner import Call, Runner
from app.services.turns.runs import Run, Runs
from app.services.upstream.wire import Choice, Chunk, Delta, FunctionDelta, ToolCallDelta
from tests.core import virtual_time
from tests.services.console_frames import read_frames
from tests.services.engine import Engine, engine
from tests.services.pretended import HANG, PretendedClient, chunks
from tests.services.turning import begin, rows_of

USAGE = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5, "cost": 0.5}


class Brittle(str):
    """A reason that cannot be compared."""

    __slots__ = ()
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("cannot be compared")


def with_usage(**wrong: Any) -> list[Chunk]:
    """A whole ending whose figures are not what their types say."""
    ending = chunks("lo", finish="stop", usage=USAGE)
    for name, value in wrong.items():
        setattr(ending[-1].usage, name, value)
    return ending


def thinking(details: list[Any]) -> list[Chunk]:
    """Reasoning details that no provider can send, because they would not have been read."""
    return [Chunk(choices=[Choice(delta=Delta(reasoning="hm", reasoning_details=details))])]


def finishing(reason: str) -> list[Chunk]:
    return [Chunk(choices=[Choice(delta=Delta(content="lo"), finish_reason=reason)])]


BROKEN: dict[str, tuple[list[list[Chunk]], int | None]] = {
    "the verdict": ([finishing(Brittle("stop"))], None),
    "the figures": ([with_usage(prompt_tokens="three")], 5 * 10**11),
    "the bill": ([with_usage(is_byok=True, cost_details="none")], None),
}


def text_of(events: list[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, Text))


async def failed_inside(it: Engine, run: Run, reader: LogReader) -> None:
    """It has ended as failed: in the store, for its readers, and for doors."""
    ending = await asyncio.wait_for(it.ended(run), 60)
    assert (ending.status, ending.error and ending.error.error_code) == ("failed", "internal_error")
    assert (ending.error and ending.error.request_id) == "r-1"
    seen = [event for _, _, event in read_frames(reader.take())]
    assert [event.type for event in seen if isinstance(event, Error | Done)] == ["error", "done"]
    assert isinstance(seen[-1], Done)
    assert seen[-1].status == "failed"
    assert text_of(seen) == "".join(part.text for part in ending.parts if part.type == "text")
    assert ending.last_seq == len(seen) + 1
    assert reader.ended
    assert type(run.failure) is AppError


@pytest.mark.parametrize("what", BROKEN)
def test_a_mistake_at_the_end_fails_one_answer(what: str, caplog: pytest.LogCaptureFixture) -> None:
    """The text is kept, the cost as far as it was told; the others go on; one line in the log says why."""
    script, cost = BROKEN[what]

    async def main() -> None:
        async with engine() as it:
            other = it.start(PretendedClient(chunks("a"), 0.5, chunks("b", finish="stop")), generation_id="other")
            run = it.start(PretendedClient(chunks("Hel"), 0.1, *script))
            reader = LogReader(run.log(), after=1)
            await failed_inside(it, run, reader)
            assert text_of(it.store.stored("g")) == "Hello"
            (ending,) = [each for each in it.store.endings if each.generation_id == "g"]
            assert ending.bill.cost_picousd == cost
            assert it.unsettled == ([("g", "gen-1", "openrouter")] if cost is None else [])
            assert (await it.ended(other)).status == "completed"

    with caplog.at_level("ERROR"):
        virtual_time.run(main())
    assert {record.__dict__["generation_id"] for record in caplog.records} == {"g"}
    (line,) = [
        record for record in caplog.records if record.getMessage() == "an answer could not be ended as it should"
    ]
    assert line.exc_info is not None


def test_a_mistake_in_a_tick_fails_one_answer(caplog: pytest.LogCaptureFixture) -> None:
    """An event that cannot be folded ends its own answer, stops its upstream, and holds up nobody."""

    async def main() -> None:
        async with engine() as it:
            client = PretendedClient(chunks("Hel"), 0.1, thinking([None]), 0.1, chunks("lo"), HANG)
            other = it.start(PretendedClient(chunks("a"), 5.0, chunks("b", finish="stop")), generation_id="other")
            run = it.start(client)
            reader = LogReader(run.log(), after=1)
            await failed_inside(it, run, reader)
            assert client.connected == 0
            assert text_of(it.store.stored("g")) == "Hel"
            assert (await it.ended(other)).status == "completed"
            assert text_of(it.store.stored("other")) == "ab"

    with caplog.at_level("ERROR"):
        virtual_time.run(main())
    assert {record.__dict__["generation_id"] for record in caplog.records} == {"g"}


def test_an_end_that_can_never_be_written_is_written_without_what_breaks_it() -> None:
    """A mistake is not tried again for ever: the answer fails with its words."""

    async def main() -> None:
        async with engine() as it:
            run = it.start(PretendedClient(chunks("Hel"), 0.1, *[chunks("lo", finish="stop", usage=USAGE)]))
            reader = LogReader(run.log(), after=1)
            await virtual_time.passes(0.05)
            it.store.failures = [TypeError("no JSON")]
            await failed_inside(it, run, reader)
            (ending,) = it.store.endings
            assert ending.bill.cost_picousd == 5 * 10**11

    virtual_time.run(main())


async def test_what_no_row_can_hold_is_left_out(store: Store) -> None:
    """For real: the rest is in message and journal, and the ledger knows what it cost."""
    turn = await begin(store)
    assert turn.start is not None
    run = Run(turn.generation_id)
    run.begin(turn.start, [])
    journal, runs = Journal(store), Runs()
    journal.open()
    runner = Runner(store, journal, runs, Changes(), lambda *_: None)
    fragment = ToolCallDelta(index=0, id="c", function=FunctionDelta(name=object(), arguments="{}"))  # type: ignore[arg-type]
    calling = [Chunk(choices=[Choice(delta=Delta(tool_calls=[fragment]))])]
    client = PretendedClient([*chunks("Hel"), *calling, *chunks("lo", finish="stop", usage=USAGE)])
    provider = Provider("openrouter", client, demo=False)  # type: ignore[arg-type]
    runner.launch(run, Call(turn.start, {"model": "a/b"}, provider, "r-1"))
    await asyncio.wait_for(run.over.wait(), 5)
    await runner.close()
    await journal.close()
    stored = await store.read(transcript.get, turn.start.assistant_message_id)
    assert (stored.status, stored.content, stored.error and stored.error.error_code) == (
        "failed", "Hello", "internal_error",
    )  # fmt: skip
    assert list(run.published) == await store.read(journal_repo.read, run.id)
    (row,) = await store.read(rows_of, "usage_logs")
    assert (row["state"], row["cost_picousd"]) == ("settled", 5 * 10**11)


def test_a_reader_that_fails_to_wake_is_alone() -> None:
    """The other readers get everything and the answer ends as ever."""

    async def main() -> None:
        async with engine() as it:
            run = it.start(PretendedClient(chunks("Hel"), 0.1, chunks("lo", finish="stop")))
            reader, woken = LogReader(run.log(), after=1), list[int]()

            def fails() -> None:
                raise RuntimeError("no loop")

            reader.attach(fails)
            reader.attach(lambda: woken.append(1))
            assert (await it.ended(run)).status == "completed"
            assert text_of([event for _, _, event in read_frames(reader.take())]) == "Hello"
            assert woken

    virtual_time.run(main())


async def test_a_mark_that_cannot_be_written_holds_up_nobody(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    """An id that is no text: its answer is broken off, and every other is stored and seen."""
    journal = Journal(store)
    journal.open()
    runs = []
    for name in ("bad", "good"):
        turn = await begin(store)
        assert turn.start is not None
        run = Run(turn.generation_id)
        run.begin(turn.start, [])
        run.upstream_id, run.marks.accepted = f"{name}{chr(0xD800) if name == 'bad' else ''}", True
        run.add([Text(text=name)])
        runs.append(run)
    published = [run.drained() for run in runs]
    for run in runs:
        journal.mark(run)
    with caplog.at_level("ERROR"):
        await asyncio.wait_for(asyncio.gather(*published), 5)
    await journal.close()
    assert [run.broken is not None for run in runs] == [True, False]
    assert [run.published[-1] for run in runs] == [Text(text="bad"), Text(text="good")]
