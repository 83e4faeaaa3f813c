"""Streams that go wrong, and what the ledger says of them afterwards."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import httpx
import pytest

from emulator import Emulator

from .wire import CHAT, HEADER, MODEL, body_of, stream


@pytest.mark.parametrize("form", ["eof", "fin"])
async def test_a_dropped_stream_ends_without_finish_and_is_billed_for_its_tokens(
    client: httpx.AsyncClient, emulator: Emulator, form: str
) -> None:
    """``eof`` ends the body properly, ``fin`` in the middle of it."""
    answer = await stream(client, scenario=f"tokens=20; drop after=5 form={form}")

    assert len(answer.text.split()) == 5
    assert not answer.done
    assert not any(answer.finishes)
    assert isinstance(answer.error, httpx.RemoteProtocolError) is (form == "fin")
    (row,) = emulator.ledger.rows
    assert (row.status, row.completion_tokens, row.text) == ("truncated", 5, answer.text)
    assert row.cost_usd == row.prompt_tokens * Decimal("0.00000015") + 5 * Decimal("0.0000006")


async def test_a_reset_stream_breaks_the_connection(client: httpx.AsyncClient, emulator: Emulator) -> None:
    """The client sees an error, the ledger what had been produced."""
    answer = await stream(client, scenario="tokens=20; reset after=5")

    assert isinstance(answer.error, httpx.ReadError)
    assert (emulator.ledger.rows[0].status, emulator.ledger.rows[0].completion_tokens) == ("truncated", 5)


async def test_a_fault_beyond_the_answer_strikes_at_its_end(client: httpx.AsyncClient) -> None:
    """All tokens come, the finish does not."""
    answer = await stream(client, scenario="tokens=3; drop after=1000")

    assert len(answer.text.split()) == 3
    assert not any(answer.finishes)


async def test_a_drop_before_the_first_token_is_free(client: httpx.AsyncClient, emulator: Emulator) -> None:
    """Nothing produced and no finish reason: insured."""
    answer = await stream(client, scenario="drop after=0")

    assert answer.chunks == []
    assert emulator.ledger.total_usd == 0


async def test_a_hang_up_gives_no_response_and_no_row(client: httpx.AsyncClient, emulator: Emulator) -> None:
    """The connection ends before a status line."""
    with pytest.raises(httpx.RemoteProtocolError):
        await client.post(CHAT, json=body_of(), headers={HEADER: "hangup"})

    assert emulator.ledger.rows == []
    assert emulator.requests[0].status is None


@pytest.mark.parametrize(
    ("form", "code", "has_choices"),
    [
        ("documented", 502, True),
        ("empty", 502, True),
        ("null", 502, False),
        ("bare", 502, False),
        ("string_code", "server_error", True),
        ("no_metadata", 502, True),
        ("choice", 502, True),
        ("idle", 502, True),
    ],
)
async def test_an_error_in_mid_stream_comes_in_each_recorded_form_and_is_free(
    client: httpx.AsyncClient, emulator: Emulator, form: str, code: object, has_choices: bool
) -> None:
    """The text so far came; after the error nothing does; an error finish is not charged."""
    answer = await stream(client, scenario=f"tokens=9; mid_stream_error after=4 form={form}")

    assert len(answer.text.split()) == 4
    (error,) = answer.errors
    assert error["code"] == code
    assert isinstance(answer.chunks[-1].get("choices"), list) is has_choices
    assert not answer.done
    (row,) = emulator.ledger.rows
    assert (row.status, row.cost_usd, row.completion_tokens) == ("failed", Decimal(0), 4)


async def test_the_token_limit_error_comes_after_a_finish_with_usage_and_is_billed(
    client: httpx.AsyncClient, emulator: Emulator
) -> None:
    """Finish ``length``, then error and usage in one chunk, then ``[DONE]``."""
    answer = await stream(client, scenario="tokens=9; mid_stream_error after=4 form=length_usage")

    assert answer.finishes[-2:] == ["length", None]
    assert answer.errors == [{"code": 400, "message": "Token limit reached"}]
    assert answer.usages[0]["completion_tokens"] == 4
    assert answer.done
    assert emulator.ledger.total_usd > 0


@pytest.mark.parametrize("form", ["json", "bytes", "html"])
async def test_garbage_stands_between_good_events(client: httpx.AsyncClient, form: str) -> None:
    """What is no event does not keep the rest from coming."""
    answer = await stream(client, scenario=f"tokens=6; garbage after=2 form={form}")

    assert answer.broken
    assert len(answer.text.split()) == 6
    assert answer.done


@pytest.mark.parametrize("form", ["null_choices", "nested"])
async def test_a_chunk_may_have_no_choices(client: httpx.AsyncClient, form: str) -> None:
    """Null choices, with the real chunk nested under ``provider`` in one of the recordings."""
    answer = await stream(client, scenario=f"tokens=6; garbage after=2 form={form}")

    (odd,) = [chunk for chunk in answer.chunks if chunk["choices"] is None]
    assert isinstance(odd["provider"], dict) is (form == "nested")


@pytest.mark.parametrize("kind", ["image", "text"])
async def test_a_huge_frame_is_one_event_of_megabytes(client: httpx.AsyncClient, kind: str) -> None:
    """It is a single line."""
    answer = await stream(client, scenario=f"tokens=2; huge_frame=2 after=1 kind={kind}")

    assert max(map(len, answer.raw.split(b"\n"))) > 2 * 1024 * 1024
    assert (len(answer.text) > 2 * 1024 * 1024) is (kind == "text")
    assert answer.done


@pytest.mark.parametrize("framing", ["crlf", "framing=crlf", "framing=cr", "framing=nospace", "framing=multiline"])
async def test_any_legal_framing_carries_the_same_answer(client: httpx.AsyncClient, framing: str) -> None:
    """Line ends, the blank after the colon and the number of data lines are the server's choice."""
    plain = await stream(client, "Grüße 🦀", "echo")
    odd = await stream(client, "Grüße 🦀", f"echo; {framing}")

    assert odd.text == plain.text
    assert odd.done
    assert odd.raw.replace(odd.chunks[0]["id"].encode(), plain.chunks[0]["id"].encode()) != plain.raw


@pytest.mark.parametrize("mode", ["split_utf8", "split_utf8=cuts"])
async def test_characters_are_cut_between_reads(client: httpx.AsyncClient, mode: str) -> None:
    """Some piece that arrives ends inside a character, and nothing is lost."""
    pieces: list[bytes] = []
    body = body_of("Grüße, 東京 🦀", stream=True)
    async with client.stream("POST", CHAT, json=body, headers={HEADER: f"echo; comments=0; {mode}"}) as response:
        pieces.extend([piece async for piece in response.aiter_raw()])

    assert any(piece[-1] >= 0x80 and not _decodes(piece) for piece in pieces)
    assert "🦀" in b"".join(pieces).decode()


def _decodes(piece: bytes) -> bool:
    try:
        piece.decode()
    except UnicodeDecodeError:
        return False
    return True


async def test_a_stalled_stream_waits_for_release(client: httpx.AsyncClient, emulator: Emulator) -> None:
    """A test can look at the world at exactly three tokens, then let the stream go on."""
    asking = asyncio.create_task(stream(client, scenario="tokens=6; stall after=3"))
    await emulator.until(lambda running: running.stalled == 1)
    assert emulator.ledger.rows[0].completion_tokens == 3
    emulator.release()

    answer = await asking
    assert len(answer.text.split()) == 6
    assert answer.done


@pytest.mark.parametrize("end", [" ms=3", ""])
async def test_a_stall_may_keep_the_line_awake(client: httpx.AsyncClient, emulator: Emulator, end: str) -> None:
    """Heartbeats are comments: bytes without meaning."""
    asking = asyncio.create_task(stream(client, scenario=f"tokens=2; stall after=1 heartbeat=1{end}"))
    if not end:
        await emulator.until(lambda running: running.stalled == 1)
        emulator.release()

    answer = await asking
    assert answer.comments >= 2
    assert answer.done


@pytest.mark.parametrize("streamed", [True, False])
async def test_a_slow_loris_never_says_anything(client: httpx.AsyncClient, emulator: Emulator, streamed: bool) -> None:
    """Headers, then filler for ever; leaving ends it."""
    body = body_of(stream=streamed)
    async with client.stream("POST", CHAT, json=body, headers={HEADER: "slow_loris=1"}) as response:
        seen = b""
        async for piece in response.aiter_raw():
            seen += piece
            if len(seen) > 60:
                break
    await emulator.settled()

    assert b"data" not in seen
    assert b"{" not in seen


@pytest.mark.parametrize(
    ("model", "is_billed_whole"),
    [(MODEL, False), ("anthropic/claude-sonnet-4.5", False), ("google/gemini-2.5-flash", True)],
)
async def test_leaving_a_stream_cancels_it_where_the_provider_can_stop(
    client: httpx.AsyncClient, emulator: Emulator, model: str, is_billed_whole: bool
) -> None:
    """Billed for what was produced; in full where the provider runs to the end."""
    body = body_of(model=model, stream=True)
    async with client.stream("POST", CHAT, json=body, headers={HEADER: "tokens=50; stall after=4"}) as response:
        await emulator.until(lambda running: running.stalled == 1)
        generation_id = response.headers["X-Generation-Id"]
    await emulator.settled()

    (row,) = emulator.ledger.rows
    assert (row.id, row.status, row.cancelled) == (generation_id, "cancelled", True)
    assert row.completion_tokens == (50 if is_billed_whole else 4)
    assert row.cost_usd > 0


async def test_leaving_a_plain_call_does_not_cancel_it(client: httpx.AsyncClient, emulator: Emulator) -> None:
    """A call that is not streamed runs to its end and is billed."""
    asking = asyncio.create_task(client.post(CHAT, json=body_of(), headers={HEADER: "tokens=50; stall"}))
    await emulator.until(lambda running: running.stalled == 1)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    await emulator.settled()

    (row,) = emulator.ledger.rows
    assert (row.status, row.cancelled, row.completion_tokens) == ("completed", False, 50)


async def test_a_fault_ends_after_its_times(client: httpx.AsyncClient) -> None:
    """The same body fails once and then succeeds, with the pace and answer it asked for."""
    header = {HEADER: "error=503 retry_after=1; times=1; tokens=2"}
    first = await client.post(CHAT, json=body_of(stream=True), headers=header)
    second = await client.post(CHAT, json=body_of(stream=True), headers=header)
    other = await client.post(CHAT, json=body_of("other", stream=True), headers=header)

    assert (first.status_code, first.headers["Retry-After"]) == (503, "1")
    assert second.status_code == 200
    assert b'"completion_tokens":2' in second.content
    assert other.status_code == 503
