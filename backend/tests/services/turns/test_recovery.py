"""After a crash: exactly what the journal holds, marked interrupted, and nothing sent."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.db.store import Store
from app.db.types import Conn
from app.repo import generations, journal
from app.schemas.events import Done, Error, Event, Reasoning, Text, encode_events
from app.schemas.parts import ReasoningPart, TextPart
from app.services.doors.door_start import DoorCall, start_call
from app.services.turns import transcript
from app.services.turns.recovery import recover
from app.services.turns.replay import Replays
from app.services.turns.runs import Runs
from app.services.turns.turn_end import end
from app.services.turns.turn_start import start_continuation
from app.services.upstream.accumulator import fold
from tests.core.properties import FEW
from tests.services.turning import answered, begin, check_sums, contents, ending, plan, rows_of


async def test_what_was_running_is_interrupted_with_its_text(store: Store) -> None:
    """Parts as journaled, an error that says how to go on, then done; the cost is unknown."""
    begun = await begin(store)
    assert begun.start is not None
    said: list[Event] = [Reasoning(text="hm"), Text(text="Hel"), Text(text="lo")]
    await store.write(journal.append, [(begun.generation_id, 3, encode_events(said[:2]))])
    await store.write(journal.append, [(begun.generation_id, 4, encode_events(said[2:]))])
    await store.write(generations.set_accepted, begun.generation_id, "gen-1")
    assert await recover(store) == 1

    message = await store.read(transcript.get, begun.start.assistant_message_id)
    assert message.parts == [ReasoningPart(text="hm"), TextPart(text="Hello")]
    assert (message.content, message.status, message.last_seq) == ("Hello", "interrupted", 6)
    assert message.error is not None
    assert message.error.error_code == "interrupted"
    events = await store.read(journal.read, begun.generation_id)
    assert events[1:4] == said
    assert isinstance(events[4], Error)
    assert events[5:] == [Done(status="interrupted", finish_reason=None, message_id=message.id)]
    (ledger,) = await store.read(rows_of, "usage_logs")
    assert (ledger["state"], ledger["cost_picousd"], ledger["upstream_id"]) == ("unknown", None, "gen-1")
    await store.read(check_sums)


async def test_a_damaged_journal_costs_only_what_cannot_be_read(store: Store) -> None:
    """The console starts all the same, with the text before the damage, and readers get the stored message."""
    begun = await begin(store)
    assert begun.start is not None
    rows = [(begun.generation_id, 2, encode_events([Text(text="kept")])), (begun.generation_id, 3, "[{]")]
    await store.write(journal.append, rows)
    assert await recover(store) == 1
    message = await store.read(transcript.get, begun.start.assistant_message_id)
    assert (message.content, message.status, message.last_seq) == ("kept", "interrupted", 5)
    reader = await Replays(store, Runs()).attach(begun.generation_id, None)
    assert reader is not None
    assert b"kept" in reader.take()
    assert await recover(store) == 0


async def test_a_call_that_is_not_stored_ends_too(store: Store) -> None:
    """Its text is gone with the process; its cost is unknown, and can be asked for."""
    call = DoorCall(messages=[{"role": "user", "content": "unseen"}], params={}, store=False)
    begun = await store.write(start_call, plan(), call, [])
    await store.write(generations.set_accepted, begun.generation_id, "gen-1")
    assert await recover(store) == 1
    generation = await store.read(generations.get, begun.generation_id)
    assert generation is not None
    assert (generation.status, generation.session_id) == ("interrupted", None)
    assert generation.error is not None
    assert generation.error.hint == "The text of such a call is not stored; ask again."
    (ledger,) = await store.read(rows_of, "usage_logs")
    assert (ledger["state"], ledger["purpose"], ledger["upstream_id"]) == ("unknown", "endpoint", "gen-1")
    assert await store.read(rows_of, "generation_events") == []
    await store.read(check_sums)


async def test_recovering_twice_changes_nothing(store: Store) -> None:
    await begin(store)
    await recover(store)
    before = await store.read(contents)
    assert await recover(store) == 0
    assert await store.read(contents) == before


async def test_what_had_ended_is_left_alone(store: Store) -> None:
    await answered(store)
    before = await store.read(contents)
    assert await recover(store) == 0
    assert await store.read(contents) == before


async def test_a_continued_answer_keeps_its_old_text(store: Store) -> None:
    first = await begin(store)
    await store.write(end, ending(first, text="Once ", status="stopped"))
    second = await store.write(start_continuation, plan(), first.generation_id)
    assert second.start is not None
    await store.write(journal.append, [(second.generation_id, 2, encode_events([Text(text="upon")]))])
    await recover(store)
    message = await store.read(transcript.get, second.start.assistant_message_id)
    assert message.content == "Once upon"


async def test_a_stop_that_was_asked_for_is_a_stop(store: Store) -> None:
    """It was stored before it acted, so the death of the process does not undo it."""
    begun = await begin(store)
    await store.write(lambda conn: generations.request_stop(conn, begun.generation_id, now="now"))
    await recover(store)
    generation = await store.read(generations.get, begun.generation_id)
    assert generation is not None
    assert (generation.status, generation.error) == ("stopped", None)
    events = await store.read(journal.read, begun.generation_id)
    assert events[1:] == [Done(status="stopped", finish_reason=None, message_id=generation.message_id)]


async def test_the_demo_costs_nothing_after_a_crash_too(store: Store) -> None:
    """Nobody can be asked what it cost, and nobody is paid."""
    begun = await begin(store, provider="demo")
    await recover(store)
    (ledger,) = await store.read(rows_of, "usage_logs")
    assert (ledger["state"], ledger["cost_picousd"]) == ("settled", 0)
    assert begun.start is not None
    await store.read(check_sums)


async def test_a_recovery_is_one_transaction(store: Store) -> None:
    """When one generation cannot be ended none is, so that the next start finds them all."""
    first, second = await begin(store), await begin(store)

    def spoil(conn: Conn) -> None:
        conn.execute(
            "CREATE TRIGGER refuse BEFORE UPDATE OF ended_at ON generations "
            f"WHEN NEW.id = '{second.generation_id}' BEGIN SELECT RAISE(ABORT, 'refused'); END"
        )

    await store.write(spoil)
    before = await store.read(contents)
    with pytest.raises(Exception, match="refused"):
        await recover(store)
    assert await store.read(contents) == before
    assert first.generation_id < second.generation_id


SAID = st.lists(
    st.lists(
        st.builds(lambda text: Text(text=text), st.text(max_size=3))
        | st.builds(lambda text: Reasoning(text=text), st.text(max_size=3)),
        min_size=1,
        max_size=3,
    ),
    max_size=5,
)


async def _crash(path: Path, ticks: list[list[Event]]) -> None:
    store = await Store.open(path)
    try:
        begun = await begin(store)
        assert begun.start is not None
        seq = 1
        for events in ticks:
            seq += len(events)
            await store.write_relaxed(journal.append, [(begun.generation_id, seq, encode_events(events))])
        shown = await store.read(transcript.get, begun.start.assistant_message_id)
        await recover(store)
        message = await store.read(transcript.get, begun.start.assistant_message_id)
        assert message.parts == shown.parts == fold(event for events in ticks for event in events).parts()
        assert message.last_seq == seq + 2
        assert message.usage is None
    finally:
        await store.close()


@FEW
@given(SAID)
def test_the_journal_is_folded_exactly(tmp_path_factory: pytest.TempPathFactory, ticks: list[list[Event]]) -> None:
    """Whatever ticks were stored: the message is what a page showed before the crash."""
    asyncio.run(_crash(tmp_path_factory.mktemp("crash") / "console.db", ticks))
