"""Readers of stored and of running answers: what is missing, exactly; a snapshot where that cannot be known."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from app.core.errors import Interrupted, NotFound
from app.core.sse_decoder import SseDecoder
from app.db.store import Store
from app.repo import generations, journal
from app.schemas.events import Done, Event, Reasoning, Text, encode_events
from app.schemas.parts import ImagePart, ReasoningPart
from app.services.turns.replay import Replays
from app.services.turns.runs import Run, Runs
from app.services.turns.turn_end import end
from app.services.turns.turn_start import Begun
from app.services.upstream.outcome import error_event
from tests.services.console_frames import read_frames, shown
from tests.services.turning import answered, begin, ending, usage_of


def said() -> list[Event]:
    return [Reasoning(text="hm"), Text(text="Hel"), Text(text="lo")]


async def whole(store: Store) -> Begun:
    """An ended answer with all its events, seq 1 to 6."""
    begun = await begin(store)
    await store.write(journal.append, [(begun.generation_id, 4, encode_events(said()))])
    last = ending(begun, text="", usage=usage_of(3, 2, cost=5), cost=5, last_seq=6, base=[ReasoningPart(text="hm")])
    last.events = last.events[1:]
    last.parts = [ReasoningPart(text="hm"), *ending(begun, text="Hello").parts]
    await store.write(end, last)
    return begun


async def live(store: Store, runs: Runs, begun: Begun, *ticks: list[Event]) -> Run:
    """Its run, with ticks stored and published."""
    run = Run(begun.generation_id)
    assert begun.start is not None
    runs.add(run)
    run.begin(begun.start, begun.base)
    for events in ticks:
        await tick(store, run, events)
    return run


async def tick(store: Store, run: Run, events: list[Event], *, publish: bool = True) -> None:
    run.add(events)
    taken = run.take()
    assert taken is not None
    await store.write_relaxed(journal.append, [(run.id, taken.last_seq, encode_events(taken.events))])
    if publish:
        run.publish(taken)


def snapshot_of(data: bytes) -> tuple[dict[str, Any], list[str]]:
    """The snapshot's data and the events after it."""
    first, *rest = SseDecoder().feed(data)
    assert first.event == "snapshot"
    content: dict[str, Any] = msgspec.json.decode(first.data)
    assert first.id == f"{content['generation_id']}:{content['last_seq']}"
    return content, [frame.event for frame in rest]


async def test_an_ended_answer_is_replayed_from_any_seq(store: Store) -> None:
    """Exactly what follows the seq, from the journal; nothing for a reader that has it all."""
    begun = await whole(store)
    replays = Replays(store, Runs())
    events = await store.read(journal.read, begun.generation_id)
    assert len(events) == 6
    for after in range(6):
        reader = await replays.attach(begun.generation_id, after)
        assert reader is not None
        expected = [(begun.generation_id, seq, shown(event)) for seq, event in enumerate(events, 1) if seq > after]
        assert read_frames(reader.take()) == expected
        assert reader.ended
    assert await replays.attach(begun.generation_id, 6) is None


async def test_a_seq_that_never_was_gets_a_snapshot(store: Store) -> None:
    """And done, so that the reader comes to an end."""
    begun = await whole(store)
    reader = await Replays(store, Runs()).attach(begun.generation_id, 99)
    assert reader is not None
    content, rest = snapshot_of(reader.take())
    assert (content["last_seq"], content["message"]["content"], rest) == (6, "Hello", ["done"])


async def test_a_pruned_answer_is_told_in_short(store: Store) -> None:
    """Start, one reasoning, one token, usage, done; its last seq is the one of the journal."""
    begun = await whole(store)
    await store.write(lambda conn: journal.prune(conn, ended_before="9999"))
    replays = Replays(store, Runs())
    reader = await replays.attach(begun.generation_id, None)
    assert reader is not None
    frames = read_frames(reader.take())
    assert [event.type for _, _, event in frames] == ["start", "reasoning", "text", "usage", "done"]
    assert [seq for _, seq, _ in frames] == [2, 3, 4, 5, 6]
    assert frames[2][2] == Text(text="Hello")
    cursor = await replays.attach(begun.generation_id, 3)
    assert cursor is not None
    content, rest = snapshot_of(cursor.take())
    assert (content["message"]["content"], rest) == ("Hello", ["done"])
    assert await replays.attach(begun.generation_id, 6) is None


async def test_a_pruned_picture_comes_with_the_token(store: Store) -> None:
    """A reader without a cursor misses nothing that the message shows."""
    begun = await begin(store)
    last = ending(begun, text="Here.")
    last.parts = [*last.parts, ImagePart(url="data:image/png;base64,AA==", mime="image/png")]
    await store.write(end, last)
    await store.write(lambda conn: journal.prune(conn, ended_before="9999"))
    reader = await Replays(store, Runs()).attach(begun.generation_id, 0)
    assert reader is not None
    (token,) = [event for _, _, event in read_frames(reader.take()) if isinstance(event, Text)]
    image = {"type": "image", "url": "data:image/png;base64,AA==", "name": None, "mime": "image/png"}
    assert token == Text(text="Here.", extra={"images": [image]})


async def test_a_pruned_failure_tells_its_error(store: Store) -> None:
    begun = await begin(store)
    last = ending(begun, text="", status="interrupted", cost=None)
    last.error, last.parts = error_event(Interrupted(), None), []
    await store.write(end, last)
    await store.write(lambda conn: journal.prune(conn, ended_before="9999"))
    reader = await Replays(store, Runs()).attach(begun.generation_id, 0)
    assert reader is not None
    events = [event.type for _, _, event in read_frames(reader.take())]
    assert events == ["start", "error", "done"]


async def test_a_running_answer_is_followed_from_any_seq(store: Store) -> None:
    """What is published at once, the rest as it comes."""
    runs = Runs()
    begun = await begin(store)
    run = await live(store, runs, begun, said())
    replays = Replays(store, runs)
    readers = {after: await replays.attach(run.id, after) for after in range(4)}
    await tick(store, run, [Text(text="!")])
    for after, reader in readers.items():
        assert reader is not None
        seqs = [seq for _, seq, _ in read_frames(reader.take())]
        assert seqs == list(range(after + 1, run.assigned_seq + 1))
        assert not reader.ended


async def test_a_reader_may_know_what_is_stored_and_not_yet_published(store: Store) -> None:
    """It read the message from the store; the stream goes on after that."""
    runs = Runs()
    begun = await begin(store)
    run = await live(store, runs, begun)
    await tick(store, run, [Text(text="stored")], publish=False)
    reader = await Replays(store, runs).attach(run.id, 2)
    assert reader is not None
    assert reader.take() == b""


async def test_a_seq_ahead_of_a_running_answer_gets_a_snapshot(store: Store) -> None:
    """The fold of what is stored, then what follows it, once."""
    runs = Runs()
    begun = await begin(store)
    run = await live(store, runs, begun, said())
    reader = await Replays(store, runs).attach(run.id, 50)
    assert reader is not None
    content, rest = snapshot_of(reader.take())
    assert (content["last_seq"], content["message"]["content"], rest) == (run.assigned_seq, "Hello", [])
    await tick(store, run, [Text(text="!")])
    assert [event for _, _, event in read_frames(reader.take())] == [Text(text="!")]


async def test_a_snapshot_at_the_very_end_comes_with_done(store: Store) -> None:
    """The run is still known while its end is already stored: the reader must not wait for what has gone by."""
    runs = Runs()
    begun = await begin(store)
    run = await live(store, runs, begun, [Text(text="Hello")])
    run.add([Done(status="completed", finish_reason="stop", message_id="m")])
    last = run.take_last()
    stored = ending(begun, text="Hello", last_seq=last.last_seq)
    stored.events = last.events
    await store.write(end, stored)
    reader = await Replays(store, runs).snapshot(run.id)
    run.publish(last)
    run.close()
    _, rest = snapshot_of(reader.take())
    assert rest == ["done"]
    assert reader.ended


async def test_a_reader_that_has_a_closed_run_s_end_gets_nothing(store: Store) -> None:
    runs = Runs()
    run = await live(store, runs, await begin(store), said())
    run.close()
    assert await Replays(store, runs).attach(run.id, run.assigned_seq) is None


async def test_what_is_unknown_is_not_found(store: Store) -> None:
    replays = Replays(store, Runs())
    with pytest.raises(NotFound):
        await replays.attach("nothing", None)
    with pytest.raises(NotFound):
        await replays.snapshot("nothing")


async def test_a_journal_with_a_gap_is_not_replayed(store: Store) -> None:
    """The message holds everything; events would be numbered wrongly."""
    begun = await answered(store)
    await store.write(
        lambda conn: conn.execute(
            "DELETE FROM generation_events WHERE generation_id = :id AND last_seq = 1", {"id": begun.generation_id}
        )
    )
    reader = await Replays(store, Runs()).attach(begun.generation_id, 0)
    assert reader is not None
    frames = read_frames(reader.take())
    generation = await store.read(generations.get, begun.generation_id)
    assert generation is not None
    assert frames[-1][1] == generation.last_seq
    assert [event.text for _, _, event in frames if isinstance(event, Text)] == ["Hello"]
