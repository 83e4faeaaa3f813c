"""Every recorded shape of an answer's stream: what it comes out as, however it is cut, and when it is damaged.

A failing draw names its fixture and number; the same number draws the same again.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable

import pytest

from app.core.sse_decoder import SseDecoder
from app.schemas.events import decode_events, encode_events
from tests.harness.scale import Scale
from tests.services.upstream_streams import FOLDER, OUTCOMES, STREAMS, cut, read_answer

# Thousands of rounds of what other tests reach too: coverage would double their time and add nothing.
pytestmark = pytest.mark.no_cover

FRAMES = {path.stem: path.read_bytes() for path in sorted((FOLDER.parent / "frames").glob("*.sse"))}
SPLITS = (600, 50_000)
"""Of each stream, on top of the cut at every place: in every run, in the long form."""
WHOLE_PATH_SPLITS = 100
MUTANTS = (6_000, 20_000)
SHARES = 4
LONGEST_S = 2.0
"""Per damaged stream of a few kilobytes: a thousand times what it takes."""


def test_every_stream_has_its_outcome() -> None:
    assert STREAMS.keys() == OUTCOMES.keys()
    assert all(stream.isascii() for name, stream in STREAMS.items() if name != "unicode")


@pytest.mark.parametrize("name", STREAMS)
def test_a_recorded_shape_comes_out_as_its_outcome_says(name: str) -> None:
    """And all of it can be stored and shown."""
    answer = read_answer([STREAMS[name]])
    assert answer.shown() == OUTCOMES[name]
    assert all(answer.stored())


@pytest.mark.parametrize("ends", [b"\r\n", b"\r"], ids=["crlf", "cr"])
@pytest.mark.parametrize("name", STREAMS)
def test_other_line_ends_change_nothing(name: str, ends: bytes) -> None:
    """Proxies have been seen to write them."""
    stream = STREAMS[name].replace(b"\n", ends)
    assert read_answer([b"\xef\xbb\xbf" + stream]).shown() == OUTCOMES[name]
    assert read_answer(stream[at : at + 1] for at in range(len(stream))).shown() == OUTCOMES[name]


@pytest.mark.parametrize(
    "stream",
    [
        *(pytest.param(stream, id=name) for name, stream in STREAMS.items()),
        *(pytest.param(stream, id=f"frames {name}") for name, stream in FRAMES.items()),
    ],
)
def test_splits_anywhere_give_identical_events(stream: bytes, scale: Scale) -> None:
    """A cut at every place, inside a character or a line end too; two cuts at random, many now and then."""
    expected = SseDecoder().feed(stream)
    for at in range(len(stream) + 1):
        feed = SseDecoder().feed
        if feed(stream[:at]) + feed(stream[at:]) != expected:
            pytest.fail(f"cut at {at}")
    draw = random.Random(stream).random  # noqa: S311 - cuts
    size = len(stream) + 1
    for number in range(scale.of(*SPLITS)):
        feed = SseDecoder().feed
        if number % 50 == 0:
            events = [event for piece in cut(stream, draw, 40) for event in feed(piece)]
        else:
            first, second = sorted((int(draw() * size), int(draw() * size)))
            events = feed(stream[:first]) + feed(stream[first:second]) + feed(stream[second:])
        if events != expected:
            pytest.fail(f"split {number}")


@pytest.mark.parametrize("name", STREAMS)
def test_random_splits_give_the_same_answer(name: str) -> None:
    """The whole path: how many events the reads are merged into differs, what they say does not."""
    draw = random.Random(name).random  # noqa: S311 - cuts
    for number in range(WHOLE_PATH_SPLITS):
        pieces = cut(STREAMS[name], draw, 1 + number % 12)
        assert read_answer(pieces).shown() == OUTCOMES[name], number


def _flip(stream: bytes, draw: random.Random) -> bytes:
    damaged = bytearray(stream)
    for _ in range(draw.choice((1, 1, 3, 30))):
        damaged[draw.randrange(len(damaged))] = draw.randrange(256)
    return bytes(damaged)


def _cut_out(stream: bytes, draw: random.Random) -> bytes:
    at = draw.randrange(len(stream))
    return stream[:at] + stream[at + draw.choice((1, 1, 10, 200, len(stream))) :]


def _shuffle_lines(stream: bytes, draw: random.Random) -> bytes:
    """Lines deleted, doubled, put elsewhere."""
    lines = stream.split(b"\n")
    at, to = draw.randrange(len(lines)), draw.randrange(len(lines))
    moved = lines[at]
    kind = draw.randrange(3)
    if kind != 1:
        del lines[at]
    if kind != 0:
        lines.insert(to, moved)
    return b"\n".join(lines)


_VALUES = (
    b"null", b"true", b"false", b"0", b"-1", b"1.5", b"1e400", b"-1e-400", b"18446744073709551616", b"NaN", b"Infinity",
    b'""', b'"x"', b'"\\ud800"', b'"\\u0000"', b'"9e999999999"', b"[]", b"{}", b"[null]", b"[[]]", b'{"a":1}',
    b'[{"text":"x"}]', b'{"index":null}', b'"' + b"9" * 400 + b'"', b"9" * 400, b"[" * 2000, b"[" * 70 + b"]" * 70,
    b'{"a":' * 300 + b"1" + b"}" * 300, b'{"error":{"error":{"error":"x"}}}',
)  # fmt: skip


def _other_value(stream: bytes, draw: random.Random) -> bytes:
    """A JSON value in the place of another, often of the wrong type."""
    ends = [at for at, byte in enumerate(stream) if byte in b",}]" and at]
    if not ends:
        return stream
    end = draw.choice(ends)
    start = max(stream.rfind(b":", 0, end), stream.rfind(b"[", 0, end), stream.rfind(b",", 0, end)) + 1
    return stream[:start] + draw.choice(_VALUES) + stream[end:]


def _other_key(stream: bytes, draw: random.Random) -> bytes:
    """A key that another field has: wrong types in the known places, duplicates."""
    keys = (b'"choices"', b'"delta"', b'"error"', b'"usage"', b'"content"', b'"tool_calls"', b'"function"', b'"index"')
    old = draw.choice(keys)
    parts = stream.split(old)
    at = draw.randrange(len(parts))
    return old.join(parts[:at]) + draw.choice(keys) + old.join(parts[at:])


def _splice(stream: bytes, draw: random.Random) -> bytes:
    """The beginning of one stream and the end of another."""
    other = draw.choice(list(STREAMS.values()))
    return stream[: draw.randrange(len(stream))] + other[draw.randrange(len(other)) :]


DAMAGES: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    _flip, _cut_out, _shuffle_lines, _other_value, _other_value, _other_key, _splice
)  # fmt: skip


@pytest.mark.parametrize("share", range(SHARES))
def test_damaged_streams_end_in_a_typed_state(share: int, scale: Scale) -> None:
    """Flipped bytes, cuts, lost and doubled lines, values of wrong types, in a row: always a status, storable as it is.

    In bounded time, and without growing: what is stored is in proportion to what came.
    """
    names = list(STREAMS)
    for number in range(share, scale.of(*MUTANTS), SHARES):
        draw = random.Random(number)  # noqa: S311 - damages
        stream = STREAMS[names[number % len(names)]]
        for damage in draw.choices(DAMAGES, k=draw.choice((1, 1, 2, 4))):
            stream = damage(stream, draw) or b"\n"
        began_s = time.monotonic()
        try:
            answer = read_answer(cut(stream, draw.random, 3))
            stored = answer.stored()
            assert encode_events(decode_events(stored[0])) == stored[0], "read back from the journal"
        except Exception as exc:
            raise AssertionError(f"number {number}: {stream!r}") from exc
        assert time.monotonic() - began_s < LONGEST_S, number
        assert answer.outcome.status in {"completed", "failed", "truncated"}
        assert (answer.outcome.error is None) is (answer.outcome.status == "completed")
        assert sum(map(len, stored)) < 40 * len(stream) + 20_000, number
