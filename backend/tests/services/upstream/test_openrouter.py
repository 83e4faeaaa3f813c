"""The provider client against the emulator: answers, catalogue, refusals, and the provider's bad manners."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest

from app.core.errors import (
    UpstreamError,
    UpstreamGarbage,
    UpstreamMidstream,
    UpstreamTimeout,
    UpstreamTruncated,
    UpstreamUnavailable,
)
from app.services.upstream.openrouter import ChunkStream, OpenRouter, UpstreamTimeouts
from app.services.upstream.wire import Chunk, UsageWire
from emulator import Emulator

KEY = "sk-or-v1-" + "test"
BODY: dict[str, Any] = {"model": "openai/gpt-4o-mini", "messages": [{"role": "user", "content": "Tell me something."}]}


def client(provider: Emulator, *, key: str | None = KEY, timeouts: UpstreamTimeouts | None = None) -> OpenRouter:
    return OpenRouter(
        base_url=provider.base_url,
        key=key,
        referer="http://localhost:8000",
        title="LLM Console",
        timeouts=timeouts,
    )


@pytest.fixture
async def provider() -> AsyncIterator[Emulator]:
    async with Emulator() as emulator:
        yield emulator


@pytest.fixture
async def openrouter(provider: Emulator) -> AsyncIterator[OpenRouter]:
    openrouter = client(provider)
    yield openrouter
    await openrouter.aclose()


async def read(stream: ChunkStream, chunks: list[Chunk] | None = None) -> list[Chunk]:
    """All chunks, or as many as came before the stream broke, in ``chunks``."""
    chunks = [] if chunks is None else chunks
    async for some in stream:
        assert some, "a read without chunks is not worth a wake-up"
        chunks += some
    return chunks


def text_of(chunks: list[Chunk]) -> str:
    deltas = [choice.delta for chunk in chunks for choice in chunk.choices or ()]
    return "".join(delta.content for delta in deltas if delta and delta.content)


def usage_of(chunks: list[Chunk]) -> UsageWire | None:
    return next((chunk.usage for chunk in reversed(chunks) if chunk.usage), None)


async def test_an_answer_streams_whole(provider: Emulator, openrouter: OpenRouter) -> None:
    """Text, ids, tokens and money are those of the provider's own book."""
    async with openrouter.stream(BODY) as stream:
        (row,) = provider.ledger.rows
        assert stream.upstream_id == row.id
        chunks = await read(stream)
        assert stream.saw_done
        assert stream.provider == row.endpoint.provider_name
    usage = usage_of(chunks)
    assert usage is not None
    assert text_of(chunks) == row.text
    assert (usage.prompt_tokens, usage.completion_tokens) == (row.prompt_tokens, row.completion_tokens)
    assert Decimal(usage.cost_text or "") == row.cost_usd
    assert provider.requests[-1].body == BODY | {"stream": True}


async def test_an_answer_comes_whole_without_streaming(provider: Emulator, openrouter: OpenRouter) -> None:
    """Behind the white space that keeps the connection alive."""
    completion = await openrouter.complete(BODY | {"stream": True})
    (row,) = provider.ledger.rows
    assert completion.choices is not None
    assert completion.choices[0].message is not None
    assert completion.choices[0].message.content == row.text
    assert (completion.id, row.streamed) == (row.id, False)


@pytest.mark.parametrize(
    "scenario",
    [
        *(f"framing={framing}" for framing in ("lf", "crlf", "cr", "nospace", "multiline")),
        *("split_utf8=bytes", "split_utf8=cuts", "split_utf8=bytes framing=crlf", "split_utf8=bytes framing=cr"),
        *("comments=30 comment_every=1", "comments=0", "no_done"),
    ],
)
async def test_framing_does_not_change_the_answer(provider: Emulator, openrouter: OpenRouter, scenario: str) -> None:
    """Line ends, cuts in the middle of characters, comments anywhere (rows 1, 2, 15, 35 and 36)."""
    provider.set_scenario(f"{scenario}; text={'äöü%20漢字%20😀%20' * 9}")
    async with openrouter.stream(BODY) as stream:
        chunks = await read(stream)
        assert stream.saw_done is ("no_done" not in scenario)
    (row,) = provider.ledger.rows
    assert text_of(chunks) == row.text
    assert "😀" in row.text
    assert any(choice.finish_reason == "stop" for chunk in chunks for choice in chunk.choices or ())


@pytest.mark.parametrize("form", ["repeat", "choice", "empty", "finish", "twice"])
async def test_usage_is_found_in_every_form(provider: Emulator, openrouter: OpenRouter, form: str) -> None:
    """Rows 17 and 18."""
    provider.set_scenario(f"usage_form={form}")
    async with openrouter.stream(BODY) as stream:
        usage = usage_of(await read(stream))
    assert usage is not None
    assert Decimal(usage.cost_text or "") == provider.ledger.total_usd


@pytest.mark.parametrize(
    ("form", "known"), [("exact", True), ("exponent", True), ("string", True), ("null", False), ("missing", False)]
)
async def test_cost_is_the_providers_or_unknown(
    provider: Emulator, openrouter: OpenRouter, form: str, known: bool
) -> None:
    """Row 19: null is not zero."""
    provider.set_scenario(f"cost={form}")
    usage = (await openrouter.complete(BODY)).usage
    assert usage is not None
    assert (Decimal(usage.cost_text) if usage.cost_text else None) == (provider.ledger.total_usd if known else None)


@pytest.mark.parametrize(
    "form", ["documented", "empty", "null", "bare", "string_code", "no_metadata", "choice", "idle"]
)
@pytest.mark.parametrize(("after", "expected"), [(0, UpstreamUnavailable), (5, UpstreamMidstream)])
async def test_an_error_in_the_stream_is_a_chunk_that_can_be_named(
    provider: Emulator, openrouter: OpenRouter, form: str, after: int, expected: type[UpstreamError]
) -> None:
    """Every shape of section 4.6; before any output it is what it would have been as a status."""
    provider.set_scenario(f"mid_stream_error after={after} form={form}")
    async with openrouter.stream(BODY) as stream:
        chunks = await read(stream)
        errors = [error for chunk in chunks if (error := stream.error_of(chunk))]
    (row,) = provider.ledger.rows
    assert text_of(chunks) == row.text
    (error,) = errors
    assert isinstance(error, UpstreamTimeout if (form, after) == ("idle", 0) else expected)
    assert error.details["upstream_id"] == row.id


async def test_an_error_after_the_finish_keeps_usage_and_end(provider: Emulator, openrouter: OpenRouter) -> None:
    """Row 11: "Token limit reached" after `length`, with usage in the same chunk."""
    provider.set_scenario("mid_stream_error after=5 form=length_usage")
    async with openrouter.stream(BODY) as stream:
        chunks = await read(stream)
        assert stream.saw_done
        assert [type(stream.error_of(chunk)) for chunk in chunks if chunk.failure] == [UpstreamMidstream]
    assert usage_of(chunks) is not None


async def test_garbage_in_an_event_ends_the_stream_after_what_was_readable(
    provider: Emulator, openrouter: OpenRouter
) -> None:
    """The text before it is handed over first."""
    provider.set_scenario("garbage after=5 form=json")
    chunks: list[Chunk] = []
    async with openrouter.stream(BODY) as stream:
        with pytest.raises(UpstreamGarbage):
            await read(stream, chunks)
    (row,) = provider.ledger.rows
    assert text_of(chunks)
    assert row.text.startswith(text_of(chunks))


@pytest.mark.parametrize("form", ["bytes", "html", "null_choices", "nested"])
async def test_lines_and_chunks_without_meaning_are_passed_over(
    provider: Emulator, openrouter: OpenRouter, form: str
) -> None:
    """No `data:` line, or no choices in it (rows 6 and 7)."""
    provider.set_scenario(f"garbage after=5 form={form}")
    async with openrouter.stream(BODY) as stream:
        chunks = await read(stream)
        assert stream.saw_done
    assert text_of(chunks) == provider.ledger.rows[0].text


@pytest.mark.parametrize("scenario", ["drop after=5 form=fin", "reset after=5"])
async def test_a_broken_connection_is_truncated_and_loses_nothing(
    provider: Emulator, openrouter: OpenRouter, scenario: str
) -> None:
    """Everything that arrived comes before the error."""
    provider.set_scenario(scenario)
    chunks: list[Chunk] = []
    async with openrouter.stream(BODY) as stream:
        with pytest.raises(UpstreamTruncated):
            await read(stream, chunks)
        assert not stream.saw_done
    assert provider.ledger.rows[0].text.startswith(text_of(chunks))
    if scenario.startswith("drop"):  # a reset may destroy what is still in the kernel
        assert text_of(chunks) == provider.ledger.rows[0].text


async def test_a_proper_end_without_done_is_left_to_the_reader(provider: Emulator, openrouter: OpenRouter) -> None:
    """Row 15: whether the answer is whole is for the finish reason to say."""
    provider.set_scenario("drop after=5 form=eof")
    async with openrouter.stream(BODY) as stream:
        chunks = await read(stream)
        assert not stream.saw_done
    assert not any(choice.finish_reason for chunk in chunks for choice in chunk.choices or ())


@pytest.mark.parametrize(("megabytes", "fits"), [(4, True), (17, False)])
async def test_an_event_may_be_large_but_not_without_limit(
    provider: Emulator, openrouter: OpenRouter, megabytes: int, fits: bool
) -> None:
    """Row 54: images come in one line; sixteen MiB is where it ends."""
    provider.set_scenario(f"huge_frame mb={megabytes} after=3")
    async with openrouter.stream(BODY) as stream:
        if fits:
            images = [
                choice.delta.images for chunk in await read(stream) for choice in chunk.choices or () if choice.delta
            ]
            (image,) = next(filter(None, images))
            assert len(image["image_url"]["url"]) > megabytes * 2**20
        else:
            with pytest.raises(UpstreamGarbage):
                await read(stream)


@pytest.mark.parametrize(
    ("scenario", "limits", "phase", "entered"),
    [
        ("hold", {"first_byte_s": 0.1}, "first_byte", False),
        ("hold", {"total_s": 0.1}, "total", False),
        ("comments=0 stall after=0", {"first_byte_s": 0.1}, "first_byte", None),
        ("stall after=4", {"idle_s": 0.1}, "idle", True),
        ("stall after=4", {"total_s": 0.1}, "total", True),
        ("slow_loris ms=10", {"comments_only_s": 0.1}, "comments_only", True),
        ("slow_loris ms=10", {"total_s": 0.1}, "total", True),
        ("stall after=4 heartbeat=10", {"comments_only_s": 0.1, "idle_s": 0.05}, "comments_only", True),
    ],
)
async def test_each_phase_has_its_time_out(
    provider: Emulator, scenario: str, limits: dict[str, float], phase: str, entered: bool | None
) -> None:
    """Signs of life hold off `idle` but not `comments_only` (row 3); what came before is kept."""
    provider.set_scenario(scenario)
    openrouter = client(provider, timeouts=UpstreamTimeouts(**limits))
    chunks: list[Chunk] = []
    inside = False

    async def call() -> None:
        nonlocal inside
        async with openrouter.stream(BODY) as stream:
            inside = True
            await read(stream, chunks)

    with pytest.raises(UpstreamTimeout) as refused:
        await call()
    await openrouter.aclose()
    assert refused.value.details == {"phase": phase, "limit_s": limits[f"{phase}_s"]}
    assert entered is None or inside is entered
    await provider.settled()
    assert text_of(chunks) == "".join(row.text for row in provider.ledger.rows)


async def test_a_slow_reader_is_not_an_idle_provider(provider: Emulator) -> None:
    """Time the reader takes between reads counts neither as silence nor as signs of life."""
    provider.set_scenario("stall after=4")
    openrouter = client(provider, timeouts=UpstreamTimeouts(idle_s=0.4, comments_only_s=0.4))
    async with openrouter.stream(BODY) as stream:
        await anext(stream)
        await asyncio.sleep(1)
        asyncio.get_running_loop().call_later(0.25, provider.release)
        await read(stream)
        assert stream.saw_done
    await openrouter.aclose()


async def test_a_long_answer_is_not_mistaken_for_signs_of_life(provider: Emulator) -> None:
    """Each event starts the wait for the next anew."""
    provider.set_scenario("tokens=40 rate=60")
    openrouter = client(provider, timeouts=UpstreamTimeouts(comments_only_s=0.3))
    async with openrouter.stream(BODY) as stream:
        await read(stream)
        assert stream.saw_done
    await openrouter.aclose()


async def test_leaving_the_stream_tells_the_provider_to_stop(provider: Emulator, openrouter: OpenRouter) -> None:
    """An early exit closes the connection; the provider's book shows the call as cancelled."""
    provider.set_scenario("stall after=4")
    async with openrouter.stream(BODY) as stream:
        chunks = await anext(stream)
        assert text_of(chunks)
    await provider.settled()
    assert [row.status for row in provider.ledger.rows] == ["cancelled"]


@pytest.mark.parametrize(("scenario", "stalled"), [("stall after=4", 1), ("hold", 0)])
async def test_cancelling_the_reader_closes_the_connection_and_leaves_no_task(
    provider: Emulator, openrouter: OpenRouter, scenario: str, stalled: int
) -> None:
    """In the middle of a read, and before the headers."""
    provider.set_scenario(scenario)
    before = asyncio.all_tasks()

    async def reader() -> None:
        async with openrouter.stream(BODY) as stream:
            await read(stream)

    task = asyncio.create_task(reader())
    await provider.until(lambda emulator: len(emulator.requests) == 1 and emulator.stalled == stalled)
    during = asyncio.all_tasks() - before - {task}
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(5):  # the emulator's handlers end with the connection
        await asyncio.gather(*during, return_exceptions=True)
    assert [row.status for row in provider.ledger.rows] == ["cancelled"] * stalled
    assert asyncio.all_tasks() <= before


async def test_more_streams_than_a_pool_has_by_default(provider: Emulator, openrouter: OpenRouter) -> None:
    """The connector's own limit of one hundred must not queue the next answer."""
    provider.set_scenario("stall after=2")

    async def reader() -> str:
        async with openrouter.stream(BODY) as stream:
            return text_of(await read(stream))

    readers = [asyncio.create_task(reader()) for _ in range(120)]
    async with asyncio.timeout(30):
        await provider.until(lambda emulator: emulator.stalled == 120)
    provider.release()
    answers = await asyncio.gather(*readers)
    assert answers == [row.text for row in provider.ledger.rows][:1] * 120
