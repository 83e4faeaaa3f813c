"""A well-behaved stream, as the recordings show it."""

from __future__ import annotations

import asyncio
import re
from decimal import Decimal
from typing import Any

import aiohttp
import httpx
import pytest

from emulator import Emulator, ManualClock

from .conftest import client_of
from .wire import CHAT, HEADER, KEY, body_of, stream


async def test_a_stream_has_comments_deltas_finish_usage_and_done_in_this_order(client: httpx.AsyncClient) -> None:
    """Comments come first and between chunks; the finish stands alone; usage is last but ``[DONE]``."""
    answer = await stream(client, "Why is the sky blue?")

    assert answer.raw.startswith(b": OPENROUTER PROCESSING\n\n")
    assert answer.comments > 2
    assert all(delta["role"] == "assistant" for delta in answer.deltas)
    assert [finish for finish in answer.finishes if finish] == ["stop", "stop"]
    assert answer.deltas[-2]["content"] == answer.deltas[-1]["content"] == ""
    assert list(answer.chunks[-1]) == ["id", "object", "created", "model", "provider", "choices", "usage"]
    assert answer.raw.endswith(b"data: [DONE]\n\n")
    assert "sky blue" in answer.text


async def test_all_chunks_carry_the_id_of_the_header_and_the_dated_model(client: httpx.AsyncClient) -> None:
    """The generation id is known before the body, and the answering model is not spelled as asked."""
    answer = await stream(client)

    generation_id = answer.response.headers["X-Generation-Id"]
    assert re.fullmatch(r"gen-\d{10}-[0-9A-Za-z]{20}", generation_id)
    assert {chunk["id"] for chunk in answer.chunks} == {generation_id}
    assert {chunk["model"] for chunk in answer.chunks} == {"openai/gpt-4o-mini-2024-07-18"}
    assert answer.response.headers["X-Provider-Name"] == answer.chunks[0]["provider"] == "OpenAI"
    assert answer.response.headers["Content-Type"] == "text/event-stream"


async def test_cost_is_printed_as_the_exact_decimal_of_the_ledger(
    client: httpx.AsyncClient, emulator: Emulator
) -> None:
    """The raw bytes hold the product of token counts and price strings, without exponent or rounding."""
    answer = await stream(client, "Hello", "tokens=7")

    (usage,) = answer.usages
    expected = usage["prompt_tokens"] * Decimal("0.00000015") + 7 * Decimal("0.0000006")
    assert emulator.ledger.rows[0].cost_usd == expected
    (printed,) = re.findall(rb'"cost":([0-9.e-]+)', answer.raw)
    assert Decimal(printed.decode()) == expected
    assert b"e" not in printed


@pytest.mark.parametrize(
    ("form", "choices"),
    [
        ("empty", []),
        ("choice", [None]),
        ("repeat", ["stop"]),
    ],
)
async def test_the_usage_chunk_comes_in_each_recorded_form(
    client: httpx.AsyncClient, form: str, choices: list[str | None]
) -> None:
    """No choice, one that is not finished, or one that repeats the finish reason."""
    answer = await stream(client, scenario=f"tokens=2; usage_form={form}")

    last = answer.chunks[-1]
    assert "usage" in last
    assert [choice["finish_reason"] for choice in last["choices"]] == choices


@pytest.mark.parametrize(
    ("scenario", "seen"),
    [("missing_usage", 0), ("usage_form=null", 0), ("usage_form=finish", 1), ("usage_form=twice", 2)],
)
async def test_usage_may_be_missing_null_early_or_twice(client: httpx.AsyncClient, scenario: str, seen: int) -> None:
    """The ledger knows the cost all the same."""
    answer = await stream(client, scenario=f"tokens=2; {scenario}")

    assert len(answer.usages) == seen
    assert answer.done


@pytest.mark.parametrize(
    ("style", "cost"), [("null", None), ("missing", ...), ("string", "0.00000195"), ("exponent", 1.95e-06)]
)
async def test_cost_may_be_null_missing_a_string_or_have_an_exponent(
    client: httpx.AsyncClient, style: str, cost: object
) -> None:
    """The odd spellings of one amount."""
    answer = await stream(client, scenario=f"tokens=2; cost={style}")

    assert answer.usages[0].get("cost", ...) == cost


async def test_own_keys_cost_nothing_here_and_show_the_providers_bill(
    client: httpx.AsyncClient, emulator: Emulator
) -> None:
    """BYOK: the account is not charged, ``upstream_inference_cost`` is what the provider takes."""
    answer = await stream(client, scenario="tokens=2; byok")

    (usage,) = answer.usages
    assert (usage["cost"], usage["is_byok"]) == (0, True)
    assert usage["cost_details"]["upstream_inference_cost"] == 0.00000195
    assert emulator.ledger.total_usd == 0


async def test_cached_tokens_are_part_of_the_prompt_and_cheaper(client: httpx.AsyncClient, emulator: Emulator) -> None:
    """Cached tokens are counted once, at their own price."""
    answer = await stream(client, "one two three four", "tokens=0; cached=3")

    (usage,) = answer.usages
    assert usage["prompt_tokens_details"]["cached_tokens"] == 3
    plain = usage["prompt_tokens"] - 3
    assert emulator.ledger.total_usd == plain * Decimal("0.00000015") + 3 * Decimal("0.000000075")


FAMILIES = [
    ("openai/gpt-5-mini", "openai-responses-v1", ["reasoning.summary", "reasoning.encrypted"]),
    ("x-ai/grok-4", "xai-responses-v1", ["reasoning.summary", "reasoning.encrypted"]),
    ("google/gemini-2.5-pro", "google-gemini-v1", ["reasoning.text", "reasoning.encrypted"]),
    ("deepseek/deepseek-r1", "unknown", ["reasoning.text"]),
    ("qwen/qwen3-next-80b-a3b-thinking", "unknown", ["reasoning.text"]),
]


@pytest.mark.parametrize(("model", "shape", "kinds"), FAMILIES)
async def test_each_family_hands_back_reasoning_in_its_own_shape(
    client: httpx.AsyncClient, model: str, shape: str, kinds: list[str]
) -> None:
    """Readable fragments repeat ``reasoning``; an encrypted detail comes whole, in a delta of its own."""
    answer = await stream(client, model=model)

    assert answer.reasoning
    assert list(dict.fromkeys(detail["type"] for detail in answer.details)) == kinds
    assert {detail["format"] for detail in answer.details} == {shape}
    assert "".join(detail.get("text", detail.get("summary", "")) for detail in answer.details) == answer.reasoning
    assert answer.usages[0]["completion_tokens_details"]["reasoning_tokens"] > 0
    assert answer.deltas[-2]["reasoning"] is None


async def test_a_claude_signature_comes_after_the_text_has_begun(client: httpx.AsyncClient) -> None:
    """It has no text, no ``reasoning`` key, and the index of the block it signs."""
    answer = await stream(client, model="anthropic/claude-sonnet-4.5", reasoning={"effort": "low"})

    (at,) = [at for at, delta in enumerate(answer.deltas) if "signature" in str(delta)]
    (detail,) = answer.deltas[at]["reasoning_details"]
    assert answer.deltas[at - 1]["content"]
    assert "text" not in detail
    assert "reasoning" not in answer.deltas[at]
    assert detail["index"] == 0


REASONING: list[tuple[str, dict[str, Any], bool, bool]] = [
    ("anthropic/claude-sonnet-4.5", {}, False, False),
    ("anthropic/claude-sonnet-4.5", {"reasoning": {"enabled": True}}, True, True),
    ("anthropic/claude-sonnet-4.5", {"include_reasoning": True}, True, True),
    ("openai/gpt-5-mini", {"reasoning": {"enabled": False}}, False, False),
    ("openai/gpt-5-mini", {"reasoning": {"effort": "none"}}, False, False),
    ("openai/gpt-5-mini", {"reasoning": {"exclude": True}}, True, False),
    ("openai/gpt-5-mini", {"include_reasoning": False}, True, False),
    ("openai/gpt-5-mini", {"reasoning_effort": "high"}, True, True),
    ("openai/gpt-4o", {"reasoning": {"effort": "high"}}, False, False),
]


@pytest.mark.parametrize(("model", "fields", "billed", "shown"), REASONING)
async def test_reasoning_follows_the_request(
    client: httpx.AsyncClient, model: str, fields: dict[str, Any], billed: bool, shown: bool
) -> None:
    """On, off, or billed but hidden, by every field that can say so."""
    answer = await stream(client, model=model, **fields)

    assert bool(answer.reasoning) is shown
    assert (answer.usages[0]["completion_tokens_details"]["reasoning_tokens"] > 0) is billed


async def test_more_effort_means_more_reasoning_and_a_budget_bounds_it(client: httpx.AsyncClient) -> None:
    """The length of the reasoning follows ``effort`` and never exceeds ``max_tokens``."""
    model = "google/gemini-2.5-flash"
    low = await stream(client, model=model, reasoning={"effort": "low"})
    high = await stream(client, model=model, reasoning={"effort": "high"})
    bounded = await stream(client, model=model, reasoning={"max_tokens": 4})

    assert len(low.reasoning) < len(high.reasoning)
    assert bounded.usages[0]["completion_tokens_details"]["reasoning_tokens"] == 4


async def test_max_tokens_counts_reasoning_and_may_leave_no_text(client: httpx.AsyncClient) -> None:
    """A budget eaten by reasoning ends with ``length`` and empty content."""
    answer = await stream(client, model="deepseek/deepseek-r1", max_tokens=5)

    assert answer.text == ""
    assert answer.usages[0]["completion_tokens"] == 5
    assert answer.finishes[-1] == "length"


async def test_max_tokens_and_stop_cut_the_text(client: httpx.AsyncClient) -> None:
    """The limit gives ``length``; a stop sequence is left out and gives ``stop``, even inside a token."""
    whole = (await stream(client, scenario="text=alpha%20beta%20gamma")).text
    limited = await stream(client, scenario="text=alpha%20beta%20gamma", max_tokens=2)
    stopped = await stream(client, scenario="text=alpha%20beta%20gamma", stop=["mma", "a g"])
    unstopped = await stream(client, scenario="text=alpha%20beta%20gamma", stop="omega")

    assert whole == unstopped.text == "alpha beta gamma"
    assert (limited.text, limited.finishes[-1]) == ("alpha beta", "length")
    assert (stopped.text, stopped.finishes[-1]) == ("alpha bet", "stop")
    assert stopped.usages[0]["completion_tokens"] == 2


async def test_a_prefilled_answer_goes_on_where_it_was_left(client: httpx.AsyncClient) -> None:
    """What was kept and what comes make the first answer again, also when trailing blanks were lost."""
    whole = (await stream(client, "Tell me")).text
    at = whole.index("demo") + 2
    asked = {"role": "user", "content": "Tell me"}

    async def continued(prefix: str) -> str:
        messages = [asked, {"role": "assistant", "content": prefix}]
        return (await stream(client, messages=messages)).text

    assert whole[:at] + await continued(whole[:at]) == whole
    word = whole.index(" ")
    assert await continued(f"{whole[:word]}  ") == whole[word:].lstrip()
    paragraph = whole.index("\n\n")
    assert await continued(f"{whole[:paragraph]} ") == whole[paragraph:]
    assert await continued("Something else.") == f"\n\n{whole}"


async def test_echo_and_text_are_answered_verbatim(client: httpx.AsyncClient) -> None:
    """Any Unicode survives the way there and back."""
    odd = 'naïve — 東京 🦀 e\u0301 \u200d 👩‍💻 \\ " \t end'

    assert (await stream(client, odd, "echo")).text == odd
    assert (await stream(client, "?", "text=a%3Bb%20c")).text == "a;b c"
    assert (await stream(client, "say it [[echo]]")).text == "say it"


async def test_a_paced_stream_sends_each_token_when_it_is_due(clock: ManualClock) -> None:
    """With 10 tokens a second, each tenth of a second brings one more; a stall moves the rest back."""
    async with (
        Emulator(clock=clock, scenario="latency=500; rate=10; tokens=4; stall after=2 ms=1000") as emulator,
        client_of(emulator) as client,
    ):
        asking = asyncio.create_task(stream(client))
        seen = []
        for step_s in (0.499, 0.001, 0.1, 1.0, 0.1):
            await clock.slept_on()
            clock.advance(step_s)
            await clock.slept_on()
            seen.append(emulator.ledger.rows[0].completion_tokens)
        clock.advance(0.1)
        answer = await asking

    assert seen == [0, 1, 2, 2, 3]
    assert answer.usages[0]["completion_tokens"] == 4


async def test_hundreds_of_unpaced_streams_run_at_once(emulator: Emulator) -> None:
    """Each gets its own answer and its own row."""

    async def answer_of(session: aiohttp.ClientSession, question: str) -> str:
        async with session.post(f"{emulator.base_url}{CHAT}", json=body_of(question, stream=True)) as response:
            return await response.text()

    connector, headers = aiohttp.TCPConnector(limit=0), {"Authorization": f"Bearer {KEY}"}
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:
        answers = await asyncio.gather(*(answer_of(session, f"question-{at}") for at in range(300)))

    assert all(answer.endswith("data: [DONE]\n\n") for answer in answers)
    assert len({row.id for row in emulator.ledger.rows}) == 300
    assert len({row.text for row in emulator.ledger.rows}) == 300


async def test_a_scenario_may_stand_in_the_model_string_and_the_header_wins(client: httpx.AsyncClient) -> None:
    """The more particular place wins item by item, the rest combines."""
    body = body_of(model="openai/gpt-4o-mini#tokens=3;no_done", stream=True)
    by_model = await client.post(CHAT, json=body)
    by_header = await client.post(CHAT, json=body, headers={HEADER: "tokens=5"})

    assert b'"completion_tokens":3' in by_model.content
    assert b'"completion_tokens":5' in by_header.content
    assert b"[DONE]" not in by_header.content
