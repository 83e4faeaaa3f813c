"""The event decoder against the standard's own examples and against a plain reading of its grammar."""

from __future__ import annotations

import itertools
import re
import tracemalloc
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.sse_decoder import EventTooLarge, ServerSentEvent, SseDecoder
from tests.core.eventsource import CASES, Case


@dataclass
class Reference:
    """The standard's algorithm word by word, over the whole stream at once."""

    events: list[tuple[str, str, str]] = field(default_factory=list)
    retry_ms: int | None = None

    def read(self, stream: bytes) -> Reference:
        text = stream.decode("utf-8", "replace").removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}")
        data, event, last_id = "", "", ""
        lines = re.split("\r\n|\n|\r", text)
        for line in lines[:-1]:
            if line == "":
                if data:
                    self.events.append((data[:-1], event or "message", last_id))
                data, event = "", ""
                continue
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if name == "data":
                data += value + "\n"
            elif name == "event":
                event = value
            elif name == "id" and "\0" not in value:
                last_id = value
            elif name == "retry" and re.fullmatch("[0-9]{1,15}", value):
                self.retry_ms = int(value)
        return self


def decode(*reads: bytes) -> list[tuple[str, str, str]]:
    decoder = SseDecoder()
    return [_plain(event) for read in reads for event in decoder.feed(read)]


def _plain(event: ServerSentEvent) -> tuple[str, str, str]:
    return event.data.decode(), event.event, event.id


def _cut(stream: bytes, cuts: list[int]) -> list[bytes]:
    ends = [0, *sorted(cut % (len(stream) + 1) for cut in cuts), len(stream)]
    return [stream[start:end] for start, end in itertools.pairwise(ends)]


STREAMS = {
    "plain": b'data: {"a":1}\n\ndata: {"a":2}\n\ndata: [DONE]\n\n',
    "comments before, between and bare": b": OPENROUTER PROCESSING\n\n: \n\n:\n\ndata: a\n\n: x\n\ndata: b\n: y\n\n",
    "crlf": b"data: a\r\n\r\nevent: e\r\ndata: b\r\ndata: c\r\n\r\n",
    "lone cr": b"data: a\r\rdata: b\rdata: c\r\r",
    "mixed line ends": b"data: a\n\r\ndata: b\r\n\rdata: c\r\ndata: d\n\r\n",
    "no space, two spaces, empty": b"data:a\n\ndata:  b\n\ndata:\n\ndata\n\ndata\ndata\n\ndata:",
    "ids": b"id: 1\ndata: a\n\ndata: b\n\nid\ndata: c\n\nid: 4\0\ndata: d\n\nid: 5\n\ndata: e\n\n",
    "ids in the common form": b"id: 7\n\ndata: a\n\ndata: b\n\n",
    "event without data is dropped with its type": b"event: x\n\ndata: a\n\n",
    "retry": b"retry: 30\nretry: x\nretry: -1\nretry: 99999999999999999999\ndata: a\n\n",
    "unknown fields and near names": b"datax: a\nDATA: b\n data: c\ndata : d\nfoo\ndata: e\n\n",
    "bom": b"\xef\xbb\xbfdata: a\n\n\xef\xbb\xbfdata: b\n\ndata: c\n\n",
    "half a bom": b"\xef\xbbdata: a\n\ndata: b\n\n",
    "utf-8 of every width": "data: ä€😀\n\ndata: 漢字\n\n".encode(),
    "bad utf-8": b"data: a\xffb\n\ndata: \xe2\x82\n\ndata: \xf0\x9f\ndata: \xed\xa0\x80\n\nevent: \xff\ndata: x\n\n",
    "unfinished event": b"data: a\n\ndata: b\n",
    "leading blank lines": b"\n\n\r\n\rdata: a\n\n",
    "multi-line between plain ones": b"data: a\n\ndata: b\ndata: c\n\ndata: d\n\n",
    "three line feeds": b"data: a\n\n\ndata: b\n\n\n\ndata: c\n\n",
}


@pytest.mark.parametrize("stream", STREAMS.values(), ids=STREAMS.keys())
def test_every_cut_of_a_stream_gives_what_the_standard_says(stream: bytes) -> None:
    """Whole, byte by byte, and cut in two at every place."""
    expected = Reference().read(stream).events
    assert decode(stream) == expected
    assert decode(*(stream[at : at + 1] for at in range(len(stream)))) == expected
    for at in range(len(stream) + 1):
        assert decode(stream[:at], stream[at:]) == expected, at


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_grammar_case_by_case(case: Case) -> None:
    """Whole, byte by byte, and cut in two at every place; at some places only where the stream is long."""
    stream = case.stream
    assert decode(stream) == case.events
    assert Reference().read(stream).events == case.events
    assert decode(*(stream[at : at + 1] for at in range(len(stream)))) == case.events
    for at in range(0, len(stream) + 1, len(stream) // 100 if len(stream) > 5000 else 1):
        assert decode(stream[:at], stream[at:]) == case.events, at
    decoder = SseDecoder()
    decoder.feed(stream)
    assert decoder.retry_ms == case.retry_ms


def test_the_examples_of_the_standard() -> None:
    """Section 9.2.6 names the outcome of these streams."""
    assert decode(b"data: YHOO\ndata: +2\ndata: 10\n\n") == [("YHOO\n+2\n10", "message", "")]
    assert decode(b": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n") == [
        ("first event", "message", "1"),
        ("second event", "message", ""),
        (" third event", "message", ""),
    ]
    assert decode(b"data\n\ndata\ndata\n\ndata:") == [("", "message", ""), ("\n", "message", "")]
    assert decode(b"data:test\n\ndata: test\n\n") == [("test", "message", "")] * 2


def test_the_reconnection_time_is_kept() -> None:
    """Only plain digits count."""
    decoder = SseDecoder()
    decoder.feed(b"retry: 1500\nretry: 2s\n\n")
    assert decoder.retry_ms == 1500


_lines = st.one_of(
    st.sampled_from(
        [b"data: x", b"data:y", b"data", b"", b"", b": c", b":", b"event: e", b"id: 1", b"id: \0", b"retry: 5", b"\xff"]
    ),
    st.binary(max_size=8),
    st.text(max_size=6).map(lambda text: b"data: " + text.encode("utf-8", "replace")),
)
_streams = st.lists(
    st.tuples(_lines, st.sampled_from([b"\n", b"\n", b"\n\n", b"\r\n", b"\r"])).map(b"".join), max_size=12
).map(b"".join)


@settings(max_examples=400, deadline=None)
@given(stream=_streams, cuts=st.lists(st.integers(min_value=0, max_value=400), max_size=8), bom=st.booleans())
def test_any_bytes_cut_anywhere_equal_the_reference(stream: bytes, cuts: list[int], bom: bool) -> None:
    """Also bytes that are hardly a stream."""
    if bom:
        stream = b"\xef\xbb\xbf" + stream
    assert decode(*_cut(stream, cuts)) == Reference().read(stream).events


@settings(max_examples=150, deadline=None)
@given(stream=_streams, cuts=st.lists(st.integers(min_value=0, max_value=400), max_size=8))
def test_where_the_limit_strikes_does_not_depend_on_the_cuts(stream: bytes, cuts: list[int]) -> None:
    """The same events come out before the refusal, and the refusal comes or does not."""

    def outcome(reads: list[bytes]) -> tuple[list[tuple[str, str, str]], bool]:
        decoder, events = SseDecoder(max_event_bytes=10), []
        for read in reads:
            try:
                events += decoder.feed(read)
            except EventTooLarge as exc:
                return [_plain(event) for event in events + exc.events], True
        return [_plain(event) for event in events], False

    assert outcome(_cut(stream, cuts)) == outcome([stream])


@pytest.mark.parametrize(
    "stream",
    [b"data: 0123456789", b"data: 0123456789\n\n", b": 0123456789abc\n", b"data: 0123\ndata: 45678\n\n", b"0" * 11],
    ids=["unfinished line", "line", "comment", "many data lines", "no field"],
)
def test_too_much_for_one_event_is_refused(stream: bytes) -> None:
    """Lines and the data of one event are both bounded; what was complete before is handed over."""
    decoder = SseDecoder(max_event_bytes=10)
    with pytest.raises(EventTooLarge, match="10 bytes") as refused:
        decoder.feed(b"data: ok\n\n" + stream)
    assert [event.data for event in refused.value.events] == [b"ok"]


def test_events_and_comments_without_end_stay_within_the_limit() -> None:
    """The limit is per event: a long stream of small ones passes."""
    decoder = SseDecoder(max_event_bytes=10)
    assert len(decoder.feed(b"data: ok\n\n" * 500)) == 500
    assert len(decoder.feed(b":ping\n" * 500 + b"data: ok\r\n\r\n" * 500)) == 500


def test_an_unfinished_line_takes_no_more_memory_than_its_bytes() -> None:
    """However small the reads are; a list of them would be twenty times as large."""
    decoder = SseDecoder()
    tracemalloc.start()
    try:
        for _ in range(100_000):
            decoder.feed(bytes(bytearray(b"ab")))
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 300_000


def test_an_event_of_exactly_the_default_limit_passes_in_small_reads() -> None:
    """Sixteen MiB of data, as generated images have."""
    decoder = SseDecoder()
    decoder.feed(b"data: ")
    for _ in range(2047):
        assert decoder.feed(b"x" * 8192) == []
    (event,) = decoder.feed(b"y" * (8192 - len("data: ")) + b"\n\n")
    assert len(event.data) == 2**24 - len("data: ")
