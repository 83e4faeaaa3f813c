"""How answers end: the order of the last frames, what is stored, what it cost, for each thing a provider can do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from app.bootstrap import Pace
from app.services.upstream.openrouter import UpstreamTimeouts
from emulator import Emulator
from tests.contract.conformance import check_reply
from tests.harness import ConsoleClient, Transcript, console_app
from tests.harness.console import QUICK

Json = dict[str, Any]
ANSWER = "text=one%20two%20three%20four%20five"
SHORT = "one two three"
MIDSTREAM = ["documented", "empty", "null", "bare", "string_code", "no_metadata", "choice", "idle"]


async def _answer(client: ConsoleClient, emulator: Emulator, scenario: str, **fields: Any) -> Transcript:
    emulator.set_scenario(scenario)
    return await client.answer("count", **fields)


async def _row(client: ConsoleClient, transcript: Transcript) -> Json:
    """The ledger row of an answer."""
    rows = (await client.get("/api/usage"))["items"]
    (row,) = [row for row in rows if row["generation_id"] == transcript.generation_id]
    found: Json = row
    return found


async def _check_stored(client: ConsoleClient, transcript: Transcript, text: str) -> Json:
    """What was streamed is what is stored, on the generation and on the message; the message."""
    generation = await client.generation(transcript.generation_id)
    message = await client.message(generation["message_id"])
    done = transcript.data_of("done")
    assert done == {
        "done": True,
        "status": generation["status"],
        "finish_reason": message["finish_reason"],
        "message_id": message["id"],
    }
    assert generation["status"] == message["status"]
    assert generation["last_seq"] == message["last_seq"] == transcript.last_seq
    assert transcript.text == message["content"] == text
    told = [frame.data for frame in transcript.frames if frame.event == "error"]
    stored = [error for error in (generation["error"],) if error]
    assert told == stored
    assert message["error"] == generation["error"]
    return message


async def test_a_complete_answer(client: ConsoleClient, emulator: Emulator) -> None:
    """start, text, usage, done; the cost is the provider's, to the last digit."""
    transcript = await _answer(client, emulator, ANSWER)
    assert transcript.events == ["start", "token", "usage", "done"]
    message = await _check_stored(client, transcript, "one two three four five")
    assert (message["status"], message["finish_reason"]) == ("completed", "stop")
    (upstream,) = emulator.ledger.rows
    usage = transcript.data_of("usage")
    assert usage["cost_usd"] == upstream.cost_usd > 0
    assert (usage["cost_state"], usage["upstream_id"]) == ("settled", upstream.id)
    assert (usage["prompt_tokens"], usage["completion_tokens"]) == (upstream.prompt_tokens, 5)
    assert usage["total_tokens"] == usage["prompt_tokens"] + 5
    row = await _row(client, transcript)
    assert (row["state"], row["cost_usd"], row["upstream_id"]) == ("settled", upstream.cost_usd, upstream.id)


@pytest.mark.parametrize(
    "scenario",
    [
        "split_utf8",
        "split_utf8=cuts",
        "crlf",
        "framing=cr",
        "framing=nospace",
        "framing=multiline",
        "no_done",
        "comments=9; comment_every=1",
        "usage_form=choice",
        "usage_form=empty",
        "usage_form=finish",
        "usage_form=twice",
        "rate=500",
    ],
)
async def test_every_form_of_a_good_stream_gives_the_same_answer(
    client: ConsoleClient, emulator: Emulator, scenario: str
) -> None:
    """However the bytes are cut, framed or padded."""
    transcript = await _answer(client, emulator, f"text=Grüße%20👩‍🚀%20from%20Ωmega%20日本語; {scenario}")
    assert transcript.events == ["start", "token", "usage", "done"]
    message = await _check_stored(client, transcript, "Grüße 👩‍🚀 from Ωmega 日本語")
    assert message["status"] == "completed"
    assert (await _row(client, transcript))["cost_usd"] == emulator.ledger.total_usd


async def test_a_limit_is_a_complete_answer_with_its_reason(client: ConsoleClient, emulator: Emulator) -> None:
    """`length` is how it ended, not an error."""
    transcript = await _answer(client, emulator, ANSWER, max_tokens=2)
    assert transcript.events == ["start", "token", "usage", "done"]
    message = await _check_stored(client, transcript, "one two")
    assert (message["status"], message["finish_reason"]) == ("completed", "length")


@pytest.mark.parametrize("model", ["deepseek/deepseek-r1", "anthropic/claude-sonnet-4.5", "openai/gpt-5-mini"])
async def test_reasoning_comes_before_the_text_and_is_kept_apart(
    client: ConsoleClient, emulator: Emulator, model: str
) -> None:
    """Its opaque details are stored for later turns and not shown in the stream."""
    transcript = await _answer(client, emulator, ANSWER, model=model, reasoning_effort="low")
    assert transcript.events[:3] == ["start", "reasoning", "token"]
    assert transcript.events[-2:] == ["usage", "done"]
    thought = "".join(frame.data["text"] for frame in transcript.frames if frame.event == "reasoning")
    message = await _check_stored(client, transcript, "one two three four five")
    assert [part["type"] for part in message["parts"]][:2] == ["reasoning", "text"]
    assert message["parts"][0]["text"] == thought != ""
    assert message["parts"][0]["details"]
    assert all(set(frame.data) == {"text"} for frame in transcript.frames if frame.event == "reasoning")
    assert transcript.data_of("usage")["reasoning_tokens"] > 0


@pytest.mark.parametrize(
    ("scenario", "code", "retryable", "calls"),
    [
        ("error=401", "upstream_bad_key", False, 1),
        ("error=402", "upstream_no_credit", False, 1),
        ("error=403", "upstream_moderated", False, 1),
        ("error=404", "upstream_model_not_found", False, 1),
        ("error=429 retry_after=7", "upstream_rate_limited", True, 1),
        ("error=429", "upstream_rate_limited", True, 3),
        ("error=400", "upstream_error", False, 1),
        ("error=408", "upstream_timeout", True, 3),
        ("error=500", "upstream_unavailable", True, 3),
        ("error=502", "upstream_unavailable", True, 3),
        ("error=502 html", "upstream_unavailable", True, 1),
        ("error=503", "upstream_unavailable", True, 3),
        ("error=503 html", "upstream_unavailable", True, 3),
        ("error=504", "upstream_timeout", True, 3),
        ("error=524", "upstream_timeout", True, 2),
        ("error=524 html", "upstream_timeout", True, 1),
    ],
)
async def test_a_refused_call(
    client: ConsoleClient, emulator: Emulator, scenario: str, code: str, retryable: bool, calls: int
) -> None:
    """start, error, done; it says what to do, was asked again if that was safe, and is known to have cost nothing.

    What a page of the edge leaves open is unknown.
    """
    transcript = await _answer(client, emulator, scenario)
    assert transcript.events == ["start", *(["retry"] if calls > 1 else []), "error", "done"]
    error = transcript.data_of("error")
    assert (error["error_code"], error["retryable"]) == (code, retryable)
    assert error["hint"]
    assert error["message"]
    assert "<" not in error["message"], "no markup of an edge's page"
    message = await _check_stored(client, transcript, "")
    assert (message["status"], message["usage"]) == ("failed", None)
    attempts = (await client.generation(transcript.generation_id))["attempts"]
    status = int(scenario.split("=")[1][:3])
    assert [(each["status"], each["error_code"]) for each in attempts] == [(status, code)] * calls
    is_unknown = scenario in ("error=502 html", "error=524 html")
    row = await _row(client, transcript)
    assert (row["state"], row["cost_usd"]) == (("unknown", None) if is_unknown else ("settled", 0))
    session = await client.get(f"/api/sessions/{message['session_id']}")
    assert session["totals"]["unknown_calls"] == is_unknown


async def test_a_conversation_that_is_too_long(client: ConsoleClient, emulator: Emulator) -> None:
    """The provider's own 400 is told apart from any other."""
    transcript = await _answer(client, emulator, "", model="qwen/qwq-32b-preview", max_tokens=20_000)
    assert transcript.data_of("error")["error_code"] == "context_too_long"
    await _check_stored(client, transcript, "")


@pytest.mark.parametrize("form", MIDSTREAM)
async def test_an_error_in_mid_stream(client: ConsoleClient, emulator: Emulator, form: str) -> None:
    """In every recorded form: the text so far is kept, the error told, then done."""
    transcript = await _answer(client, emulator, f"{ANSWER}; mid_stream_error={3} form={form}")
    assert transcript.events == ["start", "token", "error", "done"]
    error = transcript.data_of("error")
    assert error["retryable"]
    assert error["error_code"] in {"upstream_midstream", "upstream_timeout", "upstream_unavailable"}
    message = await _check_stored(client, transcript, SHORT)
    assert message["status"] == "failed"


async def test_an_error_after_the_finish_means_the_text_is_cut(client: ConsoleClient, emulator: Emulator) -> None:
    """Usage that came with it counts; the order stays usage, error, done."""
    transcript = await _answer(client, emulator, f"{ANSWER}; mid_stream_error=3 form=length_usage")
    assert transcript.events == ["start", "token", "usage", "error", "done"]
    message = await _check_stored(client, transcript, SHORT)
    assert (message["status"], message["finish_reason"]) == ("truncated", "length")
    assert (await _row(client, transcript))["cost_usd"] == emulator.ledger.total_usd


@pytest.mark.parametrize("scenario", ["drop=3", "drop=3 form=fin", "reset=3"])
async def test_a_stream_that_breaks_off(client: ConsoleClient, emulator: Emulator, scenario: str) -> None:
    """What was sent is kept as truncated; its cost is unknown until the provider tells it, and then exact."""
    transcript = await _answer(client, emulator, f"{ANSWER}; {scenario}")
    assert transcript.events in (["start", "token", "error", "done"], ["start", "error", "done"])
    assert transcript.data_of("error")["error_code"] == "upstream_truncated"
    message = await _check_stored(client, transcript, transcript.text)
    assert message["status"] == "truncated"
    assert SHORT.startswith(transcript.text)
    if not scenario.startswith("reset"):  # a reset may overtake what was sent before it
        assert transcript.text == SHORT


async def test_an_unknown_cost_is_asked_for(client: ConsoleClient, emulator: Emulator) -> None:
    """Unknown is never zero; once the provider has told it, message, ledger and session agree with its bill."""
    emulator.set_scenario(f"{ANSWER}; drop=3")
    started = await client.start("count")
    channel = client.stream("/api/events", session=started["session"]["id"])
    async with channel as stream:
        transcript = await client.follow(started["generation"]["id"])
        async for frame in stream:
            if frame.event == "changed" and frame.data["kind"] == "generation":
                break
    row = await _row(client, transcript)
    assert (row["state"], row["cost_usd"]) == ("reconciled", emulator.ledger.total_usd)
    message = await client.message(transcript.data_of("start")["assistant_message_id"])
    assert message["usage"]["cost_state"] == "reconciled"
    assert message["usage"]["cost_usd"] == emulator.ledger.total_usd
    totals = (await client.get(f"/api/sessions/{message['session_id']}"))["totals"]
    assert (totals["cost_usd"], totals["unknown_calls"]) == (emulator.ledger.total_usd, 0)


async def test_a_missing_figure_stays_unknown(client: ConsoleClient, emulator: Emulator) -> None:
    """No usage frame, no figure: null with its state, counted as unknown, on every door."""
    emulator.set_scenario("error=404", "generation")
    transcript = await _answer(client, emulator, f"{ANSWER}; missing_usage")
    assert transcript.events == ["start", "token", "done"]
    message = await _check_stored(client, transcript, "one two three four five")
    assert (message["status"], message["usage"]) == ("completed", None)
    row = await _row(client, transcript)
    assert (row["state"], row["cost_usd"]) == ("unknown", None)
    assert (await client.get(f"/api/sessions/{message['session_id']}"))["totals"]["unknown_calls"] == 1
    assert (await client.get("/api/usage/summary"))["totals"]["unknown_calls"] == 1


@pytest.mark.parametrize("cost", ["null", "missing"])
async def test_usage_without_a_cost_has_tokens_and_an_unknown_cost(
    client: ConsoleClient, emulator: Emulator, cost: str
) -> None:
    """What is known is told."""
    emulator.set_scenario("error=404", "generation")
    transcript = await _answer(client, emulator, f"{ANSWER}; cost={cost}")
    usage = transcript.data_of("usage")
    assert (usage["completion_tokens"], usage["cost_usd"], usage["cost_state"]) == (5, None, "unknown")


@pytest.mark.parametrize("cost", ["exponent", "string"])
async def test_a_cost_in_another_spelling_is_the_same_cost(
    client: ConsoleClient, emulator: Emulator, cost: str
) -> None:
    """Exact whatever the notation."""
    transcript = await _answer(client, emulator, f"{ANSWER}; cost={cost}")
    assert transcript.data_of("usage")["cost_usd"] == emulator.ledger.total_usd


@pytest.mark.parametrize("form", ["bytes", "html", "null_choices", "nested"])
async def test_lines_that_are_no_event_change_nothing(client: ConsoleClient, emulator: Emulator, form: str) -> None:
    """Noise between the tokens, and events without a choice, leave the answer whole."""
    transcript = await _answer(client, emulator, f"{ANSWER}; garbage=3 form={form}")
    assert transcript.events == ["start", "token", "usage", "done"]
    message = await _check_stored(client, transcript, "one two three four five")
    assert message["status"] == "completed"


async def test_an_event_that_cannot_be_read_is_told(client: ConsoleClient, emulator: Emulator) -> None:
    """Half a JSON object may have been text: going on would leave a gap."""
    transcript = await _answer(client, emulator, f"{ANSWER}; garbage=3 form=json")
    assert transcript.events == ["start", "token", "error", "done"]
    assert transcript.data_of("error")["error_code"] == "upstream_garbage"
    message = await _check_stored(client, transcript, SHORT)
    assert message["status"] == "failed"


async def test_a_tool_call_that_was_not_offered_ends_nothing(client: ConsoleClient, emulator: Emulator) -> None:
    """Without tools in the request the model answers with text."""
    transcript = await _answer(client, emulator, f"{ANSWER}; tool_calls=2")
    assert transcript.text == "one two three four five"


@pytest.fixture
async def impatient(data: Path, emulator: Emulator) -> AsyncIterator[ConsoleClient]:
    """A client of a console that waits for nobody."""
    waits = UpstreamTimeouts(connect_s=5, first_byte_s=0.3, idle_s=0.3, comments_only_s=0.6, total_s=60)
    pace = Pace(timeouts=waits, reconcile_delays_s=QUICK.reconcile_delays_s)
    async with console_app(data, upstream=emulator.base_url, pace=pace) as running:
        running.client.http.event_hooks["response"].append(check_reply)
        yield running.client


@pytest.mark.parametrize(
    ("scenario", "text"),
    [
        ("hold", ""),
        (f"{ANSWER}; stall=3", SHORT),
        (f"{ANSWER}; stall=3 heartbeat=50", SHORT),
        ("slow_loris=50", ""),
    ],
    ids=["no answer", "silence", "only comments", "slow loris"],
)
async def test_a_provider_that_keeps_us_waiting(
    impatient: ConsoleClient, emulator: Emulator, scenario: str, text: str
) -> None:
    """A typed time-out with the text so far, and the connection given up."""
    transcript = await _answer(impatient, emulator, scenario)
    assert transcript.events == (["start", "token", "error", "done"] if text else ["start", "error", "done"])
    error = transcript.data_of("error")
    assert (error["error_code"], error["retryable"]) == ("upstream_timeout", True)
    message = await _check_stored(impatient, transcript, text)
    assert message["status"] == "failed"
    emulator.release()


async def test_nobody_listens(data: Path, unused_tcp_port: int) -> None:
    """A provider that is not there is unavailable, and nothing was paid."""
    async with console_app(data, upstream=f"http://127.0.0.1:{unused_tcp_port}/api/v1") as running:
        transcript = await running.client.answer("count")
        assert transcript.events == ["start", "retry", "error", "done"]
        assert transcript.data_of("error")["error_code"] == "upstream_unavailable"
        row = await _row(running.client, transcript)
        assert (row["state"], row["cost_usd"]) == ("settled", 0)


@pytest.mark.parametrize(
    ("setting", "scenario", "phase"),
    [
        ("first_byte_timeout_s", "hold=5000", "first_byte"),
        ("idle_timeout_s", f"{ANSWER}; stall after=2", "idle"),
        ("idle_timeout_s", f"{ANSWER}; stall after=2 heartbeat=20", "comments_only"),
        ("idle_timeout_s", "slow_loris ms=20", "comments_only"),
        ("api_timeout_s", f"{ANSWER}; stall after=2 heartbeat=20", "total"),
    ],
)
async def test_each_phase_has_its_time(data: Path, emulator: Emulator, setting: str, scenario: str, phase: str) -> None:
    """Set by the owner; signs of life are no progress. The text so far is kept, only the provider knows the cost."""
    patience: Json = {setting: 0.2}
    async with console_app(data, upstream=emulator.base_url, pace=None, **patience) as running:
        transcript = await _answer(running.client, emulator, scenario)
        assert transcript.data_of("error")["error_code"] == "upstream_timeout"
        assert transcript.text.split() == (["one", "two"] if "stall" in scenario else [])
        row = await _row(running.client, transcript)
        assert (row["state"], row["cost_usd"]) == ("unknown", None)
        document = (await running.client.ask("GET", "/metrics")).text
        assert f'code="upstream_timeout",phase="{phase}"}} 1' in document
