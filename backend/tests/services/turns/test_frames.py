"""Frames and the log that readers share."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.json import encode
from app.core.sse_decoder import SseDecoder
from app.schemas.events import Event, Reasoning, Text
from app.services.turns.frames import (
    MOST_TAKEN_BYTES,
    Facts,
    FrameLog,
    LogReader,
    console,
    snapshot_frame,
)
from tests.core.properties import SOME
from tests.services.console_frames import events_of_all_kinds, read_frames, shown


def test_every_kind_of_event_reads_back_from_its_frame() -> None:
    """Nothing is lost but what is not for readers, and money stays exact."""
    events = events_of_all_kinds()
    data = b"".join(console(Facts("g"))(seq, event) for seq, event in enumerate(events, 1))
    assert read_frames(data) == [("g", seq, shown(event)) for seq, event in enumerate(events, 1)]
    assert b"0.000000000001" in data or b"1E-12" in data
    assert b"opaque" not in data


@SOME
@given(st.text())
def test_any_text_survives_its_frame(text: str) -> None:
    """Line breaks, separators of other kinds, quotes: one frame, the same text."""
    assert read_frames(console(Facts("g"))(7, Text(text=text))) == [("g", 7, Text(text=text))]


def test_done_says_so_first() -> None:
    """A client that only looks for ``done`` finds it."""
    assert b'data: {"done":true,' in console(Facts("g"))(1, events_of_all_kinds()[-1])


def test_a_snapshot_moves_the_cursor() -> None:
    (frame,) = SseDecoder().feed(snapshot_frame("g", {"content": "x"}, 9))
    assert (frame.event, frame.id) == ("snapshot", "g:9")
    assert frame.data == b'{"generation_id":"g","message":{"content":"x"},"last_seq":9}'


def filled(count: int, first_seq: int = 1) -> FrameLog:
    return FrameLog(console(Facts("g")), [Text(text=str(number)) for number in range(count)], first_seq=first_seq)


@pytest.mark.parametrize("first_seq", [1, 5])
def test_a_log_knows_where_each_frame_begins(first_seq: int) -> None:
    """From any seq on, what follows is exactly the rest."""
    log = filled(3, first_seq)
    assert log.last_seq == first_seq + 2
    for after in range(first_seq - 1, first_seq + 3):
        offset = log.offset_after(after)
        assert offset is not None
        seqs = [seq for _, seq, _ in read_frames(log.since(offset))]
        assert seqs == list(range(after + 1, first_seq + 3))
    assert log.offset_after(first_seq - 2) is None
    assert log.offset_after(first_seq + 3) is None


def test_an_empty_log_begins_at_its_start() -> None:
    log = filled(0)
    assert (log.last_seq, log.size_bytes, log.offset_after(0), log.since(0)) == (0, 0, 0, b"")


def test_a_reader_may_be_ahead_of_its_log() -> None:
    """What it has was read from the store: it gets what follows once that is published, and nothing twice."""
    log = filled(2)
    reader = LogReader(log, after=4, prefix=b"p")
    assert reader.take() == b"p"
    log.append([Text(text="3")])
    assert reader.take() == b""
    log.append([Text(text="4"), Text(text="5")])
    assert [seq for _, seq, _ in read_frames(reader.take())] == [5]
    assert reader.take() == b""


def test_a_prefix_comes_first_and_once() -> None:
    log = filled(1)
    reader = LogReader(log, after=0, prefix=b"p")
    assert reader.take() == b"p" + log.since(0)
    assert reader.take() == b""


def test_readers_are_told_until_they_leave() -> None:
    """Each one attached is woken by every change, and none is kept after it has left."""
    log, woken = filled(0), list[str]()
    first, second = LogReader(log, after=0), LogReader(log, after=0)

    def wake_first() -> None:
        woken.append("first")
        first.detach(wake_first)

    def wake_second() -> None:
        woken.append("second")

    first.attach(wake_first)
    second.attach(wake_second)
    log.notify()
    log.notify()
    assert sorted(woken) == ["first", "second", "second"]
    second.detach(wake_second)
    log.notify()
    assert len(woken) == 3


def test_a_reader_ends_with_its_log() -> None:
    log = filled(1)
    reader = LogReader(log, after=0)
    assert not reader.ended
    log.close()
    assert not reader.ended
    assert reader.take() == log.since(0)
    assert reader.ended


def test_a_long_log_is_taken_in_slices_of_whole_frames() -> None:
    """A reader that does not read holds one slice; a frame longer than that comes alone."""
    log = filled(1)
    log.append([Text(text=f"{n} " * 2_000) for n in range(200)])
    log.append([Text(text="x" * 2 * MOST_TAKEN_BYTES), Text(text="end")])
    log.close()
    reader = LogReader(log, after=0)
    slices = []
    while not reader.ended:
        slices.append(reader.take())
    assert [seq for _, seq, _ in read_frames(b"".join(slices))] == list(range(1, log.last_seq + 1))
    assert all(piece.endswith(b"\n\n") for piece in slices)
    assert sorted(map(len, slices))[-2] <= MOST_TAKEN_BYTES < max(map(len, slices))
    assert reader.take() == b""


def test_an_event_that_cannot_be_encoded_keeps_its_seq(caplog: pytest.LogCaptureFixture) -> None:
    """Cursors stay true, and what comes after it is shown."""

    def encoder(seq: int, event: Event) -> bytes:
        return b"%d:%b " % (seq, event.text.encode() if isinstance(event, Text) else encode(object()))

    log = FrameLog(encoder, [Text(text="a")])
    with caplog.at_level("ERROR", "app.services.turns.frames"):
        log.append([Reasoning(text="x"), Text(text="b")])
    assert log.since(0) == b"1:a 3:b "
    assert log.last_seq == 3
    assert log.since(log.offset_after(2) or 0) == b"3:b "
    assert len(caplog.records) == 1
