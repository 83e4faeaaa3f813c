"""How a generation ended, and what it cost, for every combination of what may have happened."""

from __future__ import annotations

import itertools
import json
from decimal import Decimal
from typing import Any

import pytest

from app.core.errors import AppError, UpstreamBadKey, UpstreamMidstream, UpstreamTimeout, UpstreamTruncated
from app.core.money import MAX_CALL_PICOUSD, to_usd
from app.schemas.events import Usage
from app.services.upstream.deltas import DeltaReader
from app.services.upstream.outcome import cost_picousd, error_event, judge, usage_event
from app.services.upstream.wire import UsageWire, decode_chunk


def reader_of(finish: str | None = None, **fields: Any) -> DeltaReader:
    """A stream that said some text and perhaps why it finished."""
    reader = DeltaReader()
    choice = {"index": 0, "delta": {"content": "text"}, "finish_reason": finish}
    reader.feed([decode_chunk(json.dumps({"id": "gen-1", "choices": [choice]} | fields).encode())])
    return reader


FINISHES = (None, "stop", "length", "content_filter", "error")
FAILURES: tuple[AppError | None, ...] = (None, UpstreamTruncated(), UpstreamTimeout(), UpstreamMidstream())
WISHES = ("nobody", "the owner", "the process", "both")


def expected(finish: str | None, failure: AppError | None, wish: str) -> tuple[str, str | None, str | None]:
    """Status, finish reason and error code, in words: the finish stands, then who ended it, then why."""
    finished = finish not in (None, "error")
    if finished and failure is None:
        return "completed", finish, None
    if wish in ("the process", "both"):
        return "interrupted", None, "interrupted"
    if wish == "the owner":
        return "stopped", None, None
    if failure is None:
        return (
            ("failed", "error", "upstream_midstream")
            if finish == "error"
            else ("truncated", None, "upstream_truncated")
        )
    cut = finished or isinstance(failure, UpstreamTruncated)
    return "truncated" if cut else "failed", finish, failure.code


@pytest.mark.parametrize(("finish", "failure", "wish"), list(itertools.product(FINISHES, FAILURES, WISHES)))
def test_every_ending_is_judged(finish: str | None, failure: AppError | None, wish: str) -> None:
    """All combinations of finish reason, failure, stop and shutdown."""
    outcome = judge(
        reader_of(finish),
        failure,
        stop_requested=wish in ("the owner", "both"),
        interrupted=wish in ("the process", "both"),
    )
    code = outcome.error.code if outcome.error else None
    assert (outcome.status, outcome.finish_reason, code) == expected(finish, failure, wish)
    assert (outcome.error is None) == (outcome.status in ("completed", "stopped"))


def _with_call(finish: str | None, arguments: str) -> DeltaReader:
    reader = DeltaReader()
    delta = {"tool_calls": [{"index": 0, "id": "a", "function": {"name": "f", "arguments": arguments}}]}
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    reader.feed([decode_chunk(json.dumps({"id": "gen-1", "choices": [choice]}).encode())])
    return reader


@pytest.mark.parametrize(
    ("finish", "arguments", "failure", "stopped", "status", "reason"),
    [
        ("tool_calls", "{}", None, False, "completed", "tool_calls"),
        ("stop", "{}", None, False, "completed", "tool_calls"),
        ("stop", '{"x":', None, False, "completed", "tool_calls"),
        (None, "", None, False, "completed", "tool_calls"),
        (None, '{"x":1}', None, False, "completed", "tool_calls"),
        (None, '{"x":', None, False, "truncated", None),
        (None, '{"x":1}', UpstreamTruncated(), False, "truncated", None),
        (None, '{"x":1}', None, True, "stopped", None),
        ("length", '{"x":', None, False, "completed", "length"),
    ],
)
def test_calls_finish_a_stream_that_does_not_say_so(
    finish: str | None, arguments: str, failure: AppError | None, stopped: bool, status: str, reason: str | None
) -> None:
    """Some providers say `stop` or nothing after tool calls; a call cut short finishes nothing."""
    outcome = judge(_with_call(finish, arguments), failure, stop_requested=stopped, interrupted=False)
    assert (outcome.status, outcome.finish_reason) == (status, reason)


def test_an_error_is_told_with_its_way_out() -> None:
    """Code, text, hint and whether to try again come from the tree."""
    event = error_event(UpstreamBadKey("no such key"), "r-1")
    assert (event.error_code, event.message, event.retryable, event.hint, event.request_id) == (
        "upstream_bad_key", "no such key", False, UpstreamBadKey.hint, "r-1",
    )  # fmt: skip


def wire_of(usage: Any) -> UsageWire | None:
    return decode_chunk(json.dumps({"usage": usage}).encode()).usage


BILLS = [
    (None, None),
    ({}, None),
    ({"cost": None}, None),
    ({"cost": 0}, 0),
    ({"cost": "0"}, 0),
    ({"cost": 0.0}, 0),
    ({"cost": 0.000837}, 837_000_000),
    ({"cost": "4.2e-7"}, 420_000),
    ({"cost": -1}, None),
    ({"cost": "free"}, None),
    ({"cost": True}, None),
    ({"cost": {"usd": 1}}, None),
    ({"cost": 1, "is_byok": False, "cost_details": {"upstream_inference_cost": 1}}, 10**12),
    ({"cost": 1, "is_byok": None, "cost_details": {"upstream_inference_cost": 1}}, 10**12),
    ({"cost": 0, "is_byok": True, "cost_details": {"upstream_inference_cost": 0.25}}, 25 * 10**10),
    ({"cost": 0.05, "is_byok": True, "cost_details": {"upstream_inference_cost": "1"}}, 105 * 10**10),
    ({"cost": 0.05, "is_byok": True, "cost_details": None}, None),
    ({"cost": 0.05, "is_byok": True, "cost_details": {"upstream_inference_cost": None}}, None),
    ({"cost": 0, "is_byok": True, "cost_details": {"upstream_inference_cost": "NaN"}}, None),
    ({"is_byok": True, "cost_details": {"upstream_inference_cost": 1}}, None),
    ({"cost": str(to_usd(MAX_CALL_PICOUSD))}, MAX_CALL_PICOUSD),
    ({"cost": str(to_usd(MAX_CALL_PICOUSD + 1))}, None),
    ({"cost": str(to_usd(MAX_CALL_PICOUSD)), "is_byok": True, "cost_details": {"upstream_inference_cost": 1}}, None),
]


@pytest.mark.parametrize(("usage", "cost"), BILLS)
def test_the_provider_s_figure_is_the_cost(usage: Any, cost: int | None) -> None:
    """An explicit 0 is 0, silence is unknown; an own key's bill is added to the provider's, and only then."""
    assert cost_picousd(wire_of(usage)) == cost


def usage_of(usage: Any, *, cost: int | None = None, first_token_ms: int | None = 400, **chunk: Any) -> Usage | None:
    return usage_event(
        reader_of("stop", usage=usage, **chunk),
        requested_model="a/b",
        provider="P",
        cost=cost,
        upstream_id="gen-1",
        latency_ms=2400,
        first_token_ms=first_token_ms,
        finish_reason="stop",
    )


def test_a_stream_without_figures_has_no_usage() -> None:
    assert usage_of(None) is None


def test_usage_tells_all_there_is() -> None:
    """Token classes, exact cost and its state, who served it, how fast."""
    told = {
        "prompt_tokens": 10,
        "completion_tokens": 50,
        "total_tokens": 60,
        "prompt_tokens_details": {"cached_tokens": 4},
        "completion_tokens_details": {"reasoning_tokens": 51},
    }
    usage = usage_of(told, cost=837_000_000, model="a/b-2025")
    assert usage == Usage(
        extra=told,
        prompt_tokens=10,
        completion_tokens=50,
        total_tokens=60,
        cached_tokens=4,
        reasoning_tokens=51,
        cost_usd=Decimal("0.000837"),
        cost_state="settled",
        model="a/b-2025",
        provider="P",
        upstream_id="gen-1",
        latency_ms=2400,
        first_token_ms=400,
        tokens_per_second=25.0,
        finish_reason="stop",
    )


def test_unknown_is_not_zero() -> None:
    """Missing figures stay missing, and the cost says why; the model is the one that was asked for."""
    usage = usage_of({"prompt_tokens": None})
    assert usage is not None
    assert (usage.prompt_tokens, usage.total_tokens, usage.cost_usd, usage.cost_state) == (None, None, None, "unknown")
    assert usage.model == "a/b"
    assert usage.tokens_per_second is None


@pytest.mark.parametrize("first_token_ms", [None, 0])
def test_speed_without_a_first_token_counts_the_whole_time(first_token_ms: int | None) -> None:
    usage = usage_of({"completion_tokens": 24}, first_token_ms=first_token_ms)
    assert usage is not None
    assert usage.tokens_per_second == 10.0


def test_an_answer_of_one_instant_has_no_speed() -> None:
    usage = usage_of({"completion_tokens": 24}, first_token_ms=2400)
    assert usage is not None
    assert usage.tokens_per_second is None


@pytest.mark.parametrize("count", [-1, 2**63, 2**70, 1e300])
def test_a_count_that_cannot_be_is_unknown(count: float) -> None:
    """No column would hold it, and the end of the answer must always be storable."""
    usage = usage_of({"prompt_tokens": count, "completion_tokens": count, "total_tokens": count})
    assert usage is not None
    assert (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) == (None, None, None)
    assert usage.tokens_per_second is None
