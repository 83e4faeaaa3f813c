"""What streams have been seen to do (API reference, section 10), and what the console makes of it, row by row."""

from __future__ import annotations

import gzip
import itertools
import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from app.bootstrap import Pace
from tests.contract.surprises import (
    BILL,
    CHUNKED,
    DONE,
    FINISH,
    GOOD,
    USAGE,
    ask,
    asking,
    chunk,
    sse,
    stream_of,
    streamed,
    text,
    whole,
)
from tests.harness import Json
from tests.harness.console import QUICK
from tests.services.raw_provider import STREAM_HEAD, Exchange, chunked
from tests.services.upstream_streams import OUTCOMES, STREAMS

COMMENT = ": OPENROUTER PROCESSING\n\n"
DISCONNECTED = {"code": 502, "message": "Provider disconnected"}


async def test_row_01_comments_before_and_between_events(data: Path) -> None:
    """They leave no trace."""
    told = await ask(data, streamed(*[COMMENT] * 30, text("He"), COMMENT, text("llo"), COMMENT, FINISH, BILL, DONE))
    assert told.transcript.events == ["start", "token", "usage", "done"]
    assert (told.end, told.message["content"]) == (("completed", "stop", None), "Hello")


async def test_row_02_comments_of_nothing(data: Path) -> None:
    """A colon, a colon and a space, and one inside an event."""
    told = await ask(
        data, streamed(": \n\n", ":\n\n", text("Hel"), ":\n: \n", text("lo"), ": data: x\n\n", FINISH, BILL)
    )
    assert (told.end, told.message["content"]) == (("completed", "stop", None), "Hello")


async def test_row_03_a_dead_stream_kept_alive_by_comments(data: Path) -> None:
    """Signs of life are no progress: the answer ends in a time-out with the text so far, long before the last byte."""

    async def play(exchange: Exchange) -> None:
        await exchange.send(CHUNKED + chunked(sse(text("Hel"))))
        while True:
            await exchange.send(chunked(COMMENT.encode()))

    waits = replace(QUICK.timeouts, comments_only_s=0.3)
    async with asking(data, play, pace=Pace(waits, QUICK.reconcile_delays_s, QUICK.retries)) as it:
        told = await it.answer()
        assert (told.end, told.message["content"]) == (("failed", None, "upstream_timeout"), "Hel")
        assert told.error["retryable"]
        assert len(it.provider.calls) == 1


async def test_row_08_an_error_that_is_none(data: Path) -> None:
    """The key alone says nothing, at the top or in a choice."""
    values: list[Any] = [None, {}, False, ""]
    async with asking(data, GOOD) as it:
        for nothing in values:
            choice = {"index": 0, "delta": {"content": "lo"}, "finish_reason": None, "error": nothing}
            it.provider.answers = [streamed(text("Hel", error=nothing), chunk(choices=[choice]), FINISH, BILL, DONE)]
            told = await it.answer()
            assert (told.end, told.message["content"]) == (("completed", "stop", None), "Hello"), nothing


async def test_row_09_an_error_without_choices(data: Path) -> None:
    """Told as what it is; the text before it is kept."""
    shapes: list[Json] = [{"choices": []}, {"choices": None}, {}]
    async with asking(data, GOOD) as it:
        for beside in shapes:
            it.provider.answers = [streamed(text("Hel"), {**beside, "error": DISCONNECTED})]
            told = await it.answer()
            assert (told.end, told.message["content"]) == (("failed", None, "upstream_midstream"), "Hel")
            assert told.error["message"] == "Provider disconnected"


CODES: list[tuple[Any, str, str]] = [
    ("429", "upstream_rate_limited", "upstream_rate_limited"),
    ("rate_limit_exceeded", "upstream_rate_limited", "upstream_rate_limited"),
    (400, "upstream_error", "upstream_midstream"),
    ("server_error", "upstream_unavailable", "upstream_midstream"),
    ("no such word", "upstream_unavailable", "upstream_midstream"),
    (None, "upstream_unavailable", "upstream_midstream"),
    (True, "upstream_unavailable", "upstream_midstream"),
    (402, "upstream_no_credit", "upstream_no_credit"),
]


async def test_row_10_codes_of_every_kind(data: Path) -> None:
    """Numbers, their text, words and nothing; in the middle, and before the first word."""
    async with asking(data, GOOD) as it:
        for code, before, after in CODES:
            failed = chunk({"content": ""}, "error", error={"code": code, "message": "no"})
            it.provider.answers = [streamed(text("Hel"), failed)]
            told = await it.answer()
            assert (told.error_code, told.message["content"]) == (after, "Hel"), code
            it.provider.answers = [streamed(COMMENT, failed)]
            assert (await it.answer()).error_code == before, code


async def test_row_11_an_error_after_the_finish(data: Path) -> None:
    """The text is kept and marked as cut, and the bill that came with the error counts."""
    late = chunk({"content": ""}, error={"code": 400, "message": "Token limit reached"}, usage=USAGE)
    told = await ask(data, streamed(text("Hel"), chunk({"content": ""}, "length"), late, DONE))
    assert (told.end, told.message["content"]) == (("truncated", "length", "upstream_midstream"), "Hel")
    assert (told.row["state"], told.row["cost_usd"]) == ("settled", Decimal("0.5"))
    assert told.transcript.events == ["start", "token", "usage", "error", "done"]


async def test_row_14_the_provider_behind_fell_silent(data: Path) -> None:
    """What was said is kept, the owner may try again, the console does not."""
    failed = chunk({"content": ""}, "error", error={"code": 504, "message": "Upstream idle timeout exceeded"})
    async with asking(data, streamed(text("Hel"), COMMENT, COMMENT, failed)) as it:
        told = await it.answer()
        assert (told.end, told.message["content"]) == (("failed", "error", "upstream_midstream"), "Hel")
        assert told.error["retryable"]
        assert "idle timeout" in told.error["message"]
        assert len(it.provider.calls) == 1


async def test_row_15_no_done_after_a_finish(data: Path) -> None:
    """A finish reason makes the answer whole, whether the body ends or just its connection."""
    assert (await ask(data, streamed(text("Hello"), FINISH, BILL))).end == ("completed", "stop", None)


async def test_row_15_no_finish(data: Path) -> None:
    """Without one it is cut, `[DONE]` or not."""
    async with asking(data, GOOD) as it:
        for ending in ((), (DONE,)):
            it.provider.answers = [streamed(text("Hel"), *ending)]
            told = await it.answer()
            assert (told.end, told.message["content"]) == (("truncated", None, "upstream_truncated"), "Hel")


async def test_row_15_no_finish_and_yet_nothing_missing(data: Path) -> None:
    """Text, then its bill, then `[DONE]`: it has stopped. Without any one of the three, in this order, it is cut."""
    bill = chunk(usage=USAGE)
    cut = ("truncated", None, "upstream_truncated")
    half_a_call = chunk({"tool_calls": [{"function": {"name": "f", "arguments": "{"}}]})
    async with asking(data, GOOD) as it:
        for answer, end in (
            (streamed(text("Hello"), bill, DONE), ("completed", "stop", None)),
            (whole({**text("Hello"), "usage": USAGE}), ("completed", "stop", None)),
            (streamed(bill, text("Hello"), DONE), cut),
            (streamed(text("Hello"), chunk(usage={}), DONE), cut),
            (streamed(text("Hello", usage=USAGE), DONE), cut),
            (streamed(text("Hello"), bill), cut),
            (streamed(chunk({"reasoning": "Hm"}), bill, DONE), cut),
            (streamed(text("Hi"), half_a_call, bill, DONE), cut),
        ):
            it.provider.answers = [answer]
            assert (await it.answer()).end == end


async def test_row_16_more_after_done(data: Path) -> None:
    """Blank lines, comments, even text: the answer is over."""
    told = await ask(data, streamed(text("Hello"), FINISH, BILL, DONE, "\n\n\n", COMMENT, text(" again"), DONE))
    assert (told.end, told.message["content"]) == (("completed", "stop", None), "Hello")


BILLS: dict[str, Any] = {
    "empty": chunk(usage=USAGE),
    "absent": {"id": "gen-1", "usage": USAGE},
    "null": chunk(usage=USAGE, choices=None),
    "delta": chunk({"content": ""}, usage=USAGE),
    "finish again": chunk({"content": ""}, "stop", usage=USAGE),
    "another finish": chunk({"content": ""}, "length", usage=USAGE),
}


async def test_row_17_the_shapes_of_the_usage_chunk(data: Path) -> None:
    """The first finish counts, and the figures are found in each of them."""
    async with asking(data, GOOD) as it:
        for name, bill in BILLS.items():
            it.provider.answers = [streamed(text("Hello"), FINISH, bill, DONE)]
            told = await it.answer()
            assert (told.end, told.message["content"]) == (("completed", "stop", None), "Hello"), name
            assert (told.row["state"], told.row["total_tokens"]) == ("settled", 5), name
            assert told.row["cost_usd"] == Decimal("0.5"), name


PLACES: dict[str, tuple[Any, ...]] = {
    "before the finish": (text("Hello", usage=USAGE), FINISH),
    "twice, then null": (text("Hel", usage={**USAGE, "cost": 9}), text("lo", usage=USAGE), FINISH, chunk(usage=None)),
    "with the finish": (chunk({"content": "Hello"}, "stop", usage=USAGE),),
}


async def test_row_18_usage_in_odd_places(data: Path) -> None:
    """The last that is not null counts."""
    async with asking(data, GOOD) as it:
        for name, events in PLACES.items():
            it.provider.answers = [streamed(*events, DONE)]
            told = await it.answer()
            assert (told.end, told.message["content"]) == (("completed", "stop", None), "Hello"), name
            assert (told.row["state"], told.row["cost_usd"]) == ("settled", Decimal("0.5")), name


async def test_row_21_a_role_in_every_delta(data: Path) -> None:
    """They are one message."""
    told = await ask(data, streamed(*[text(word) for word in ("H", "e", "l", "l", "o")], FINISH, BILL, DONE))
    assert told.message["parts"] == [{"type": "text", "text": "Hello"}]


async def test_row_22_deltas_of_nothing(data: Path) -> None:
    """Null and empty content make no token, and an answer of them alone is no text."""
    nothing = [chunk({"content": None}), chunk({"content": ""}), chunk({}), chunk({"role": "assistant"})]
    told = await ask(data, streamed(*nothing, text("Hello"), *nothing, FINISH, BILL, DONE))
    assert [frame.data["text"] for frame in told.transcript.frames if frame.event == "token"] == ["Hello"]


async def test_row_23_reasoning_said_twice(data: Path) -> None:
    """As text and in the details: shown once, the details kept."""
    detail = {"type": "reasoning.text", "text": "Hm", "format": "unknown", "index": 0}
    thought = chunk({"content": "", "reasoning": "Hm", "reasoning_details": [detail]})
    told = await ask(data, streamed(thought, text("Hello"), FINISH, BILL, DONE))
    assert [frame.data["text"] for frame in told.transcript.frames if frame.event == "reasoning"] == ["Hm"]
    (part,) = told.parts("reasoning")
    assert (part["text"], part["details"]) == ("Hm", [detail])


async def test_row_35_characters_and_lines_cut_anywhere(data: Path) -> None:
    """Each byte in a piece of its own."""
    stream = sse(text("Grüße 👩‍🚀 日本語"), FINISH, BILL, DONE)
    told = await ask(data, stream_of(*(stream[at : at + 1] for at in range(len(stream)))))
    assert (told.end, told.message["content"]) == (("completed", "stop", None), "Grüße 👩‍🚀 日本語")


async def test_row_36_the_whole_grammar_of_events(data: Path) -> None:
    """All line ends, no space, an object over several lines, other fields, a byte order mark."""
    async with asking(data, GOOD) as it:
        for newline, lead in itertools.product(("\n", "\r\n", "\r"), ("data: ", "data:")):
            *fields, last = [f"{_json(name)}: {_json(value)}" for name, value in text("Hello").items()]
            lines = [f"{lead}{{", *(f"{lead}{field}," for field in fields), "event: message", "id: 7"]
            lines += ["retry: 5", "other: x", f"{lead}{last}}}", "", ""]
            body = newline.join(lines).encode() + sse(FINISH, BILL, DONE, newline=newline, lead=lead)
            it.provider.answers = [stream_of(b"\xef\xbb\xbf", body)]
            told = await it.answer()
            assert (told.end, told.message["content"]) == (("completed", "stop", None), "Hello"), (newline, lead)


def _json(value: object) -> str:
    return json.dumps(value)


async def test_row_54_megabytes_in_one_line(data: Path) -> None:
    """A generated image of five megabytes arrives, and the text around it."""
    url = "data:image/png;base64," + "A" * 5_000_000
    image = chunk({"content": "", "images": [{"type": "image_url", "image_url": {"url": url}}]})
    told = await ask(data, streamed(text("Here: "), image, text("a picture"), FINISH, BILL, DONE))
    assert (told.end, told.message["content"]) == (("completed", "stop", None), "Here: a picture")
    (part,) = told.parts("image")
    assert part["url"] == url


async def test_row_55_a_compressed_stream(data: Path) -> None:
    """None was asked for; one that comes all the same is a typed end, and nothing of it is text."""
    packed = gzip.compress(sse(text("Hello"), FINISH, BILL, DONE))
    reply = STREAM_HEAD + b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(packed)
    async with asking(data, reply + b"0\r\n\r\n") as it:
        told = await it.answer()
        assert (told.end, told.message["content"]) == (("failed", None, "upstream_garbage"), "")
        assert b"accept-encoding: identity\r\n" in it.provider.heads[0].lower()
        assert told.message["usage"] is None or told.message["usage"]["cost_usd"] is None
        (row,) = await it.client.every("/api/usage")
        assert (row["state"], row["cost_usd"]) == ("unknown", None)
        it.provider.answers = [GOOD]
        assert (await it.answer()).message["content"] == "Hello"


async def test_errors_in_the_stream_in_every_recorded_shape(data: Path) -> None:
    """Rows 9 to 11 and 14 again, with the recorded bytes: streamed and stored as told, order kept, never completed."""
    async with asking(data, GOOD) as it:
        for name in (name for name in STREAMS if name.startswith("failed-")):
            it.provider.answers = [stream_of(STREAMS[name])]
            told = await it.answer()
            assert told.end == tuple(OUTCOMES[name][key] for key in ("status", "finish_reason", "error_code")), name
            assert told.transcript.events[-2:] == ["error", "done"], name
            assert told.message["content"] == OUTCOMES[name]["content"], name
