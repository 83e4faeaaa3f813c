"""Which failures are worth another call, when it goes out, and with what."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import (
    AppError,
    ContextTooLong,
    UpstreamBadKey,
    UpstreamError,
    UpstreamGarbage,
    UpstreamMidstream,
    UpstreamModerated,
    UpstreamNoCredit,
    UpstreamRateLimited,
    UpstreamTimeout,
    UpstreamTruncated,
    UpstreamUnavailable,
    ValidationFailed,
)
from app.services.upstream.errors import refusal, stream_failure
from app.services.upstream.retry import Again, Failed, Reason, RetryPolicy, again, silent_end
from app.services.upstream.transport import Phase, UpstreamTimeouts, timed_out
from app.services.upstream.wire import UsageWire, decode_chunk
from tests.core.properties import MANY

BODY: dict[str, Any] = {"model": "a/b", "messages": [], "max_tokens": 2048}
POLICY = RetryPolicy()


def refused(status: int, message: str = "Provider returned error", **error: Any) -> UpstreamError:
    """What the API answers in its own words."""
    return refusal(status, {}, json.dumps({"error": {"code": status, "message": message, **error}}).encode(), now_s=0)


def page(status: int) -> UpstreamError:
    """What the network in front of it answers."""
    return refusal(status, {}, b"<html><body>Error</body></html>", now_s=0)


def usage(**fields: Any) -> UsageWire | None:
    return decode_chunk(json.dumps({"usage": fields}).encode()).usage


def next_of(error: AppError, **fields: Any) -> Again | None:
    return again(Failed(error=error, body=fields.pop("body", BODY), **fields), POLICY, jitter=0.5)


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504, 524, 529])
def test_what_the_provider_refuses_for_now_is_asked_again(status: int) -> None:
    """Its own word says that nothing was produced (4.7); the same inside a stream that has not begun."""
    error = json.dumps({"code": status, "message": "x"}).encode()
    for failure in (refused(status), stream_failure(error, started=False, now_s=0)):
        retry = next_of(failure)
        assert retry is not None
        assert retry.reason == ("edge_timeout" if status == 524 else "transient")
        assert (retry.body, retry.max_tokens) == (BODY, None)


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 409, 410, 412, 413, 422, 501])
def test_what_time_does_not_change_is_not(status: int) -> None:
    """Rows 41 and 44."""
    assert next_of(refused(status)) is None


@pytest.mark.parametrize(("status", "repeated"), [(429, True), (503, True), (521, True), (523, True), (530, True)])
def test_a_page_of_the_edge_that_passed_nothing_on(status: int, repeated: bool) -> None:
    assert (next_of(page(status)) is not None) == repeated


@pytest.mark.parametrize("status", [500, 502, 504, 520, 522, 524])
def test_a_page_of_the_edge_that_may_have_passed_the_call_on_is_final(status: int) -> None:
    """Nobody knows whether the call is being answered, and billed (4.8)."""
    assert next_of(page(status)) is None


@pytest.mark.parametrize(
    "failure",
    [
        UpstreamUnavailable(details={"reason": "hung_up"}),
        UpstreamTruncated(details={"reason": "hung_up"}),
        UpstreamTruncated(),
        UpstreamUnavailable(details={"reason": "tls"}),
        UpstreamUnavailable(details={"reason": "circuit_open", "status": 503}),
        UpstreamError(details={"reason": "bad_base_url"}),
        UpstreamBadKey(details={"reason": "malformed_key"}),
        UpstreamGarbage(),
        UpstreamGarbage(details={"status": 204, "reason": "unexpected_reply"}),
        UpstreamModerated(details={"status": 403}),
        ContextTooLong(details={"status": 400}),
        ValidationFailed(),
        refused(429, "Rate limit exceeded: free-models-per-day. Add 10 credits to unlock 1000 requests per day"),
        refused(429, "slow", metadata={"limit_source": "openrouter_free_tier_daily"}),
        refused(503, "No provider meets routing requirements"),
        refused(503, "x", availability={"code": "constraint_filtered", "retryable": False}),
        refused(404, "No endpoints found that support image input"),
    ],
    ids=lambda failure: f"{failure.code} {failure.details}",
)
def test_what_may_have_been_taken_or_will_not_change_is_final(failure: AppError) -> None:
    """Among them the daily limit (row 45) and calls whose answer vanished."""
    assert next_of(failure) is None


@pytest.mark.parametrize("phase", ["connect", "first_byte", "idle", "comments_only", "total"])
def test_of_the_time_outs_only_the_one_before_sending_is_repeated(phase: Phase) -> None:
    assert (next_of(timed_out(phase, UpstreamTimeouts())) is not None) == (phase == "connect")


@pytest.mark.parametrize("reason", ["connect", "dns"])
def test_what_never_left_is_asked_again(reason: str) -> None:
    assert next_of(UpstreamUnavailable(details={"reason": reason})) is not None


def test_the_waits_double_and_are_spread() -> None:
    """Between half and all of 0.5 s, 1 s, 2 s."""
    policy = RetryPolicy(max_retries=3)
    for number, longest in ((1, 0.5), (2, 1.0), (3, 2.0)):
        waits = [
            retry.wait_s
            for jitter in (0.0, 0.5, 1.0)
            if (retry := again(Failed(error=refused(503), body=BODY, number=number), policy, jitter=jitter))
        ]
        assert waits == [longest / 2, longest * 0.75, longest]


def test_the_providers_own_wait_comes_first() -> None:
    """Never sooner than it asks."""
    error = UpstreamRateLimited(details={"status": 429}, retry_after_s=7)
    assert [again(Failed(error=error, body=BODY), POLICY, jitter=j).wait_s for j in (0, 1)] == [7, 7.5]  # type: ignore[union-attr]


def test_nobody_waits_longer_than_is_bearable() -> None:
    """In all; the error says when instead."""
    error = UpstreamRateLimited(details={"status": 429}, retry_after_s=29)
    assert next_of(error, waited_s=0) is not None
    assert next_of(error, waited_s=1) is None
    assert next_of(UpstreamRateLimited(details={"status": 429}, retry_after_s=31)) is None


def test_the_number_of_calls_is_bounded() -> None:
    assert next_of(refused(503), number=2) is not None
    assert next_of(refused(503), number=3) is None
    assert again(Failed(error=refused(503), body=BODY), RetryPolicy(max_retries=0), jitter=0) is None


@pytest.mark.parametrize(
    ("reported", "repeated"),
    [
        ({"completion_tokens": 0, "cost": 0}, True),
        ({"completion_tokens": 0}, True),
        ({"completion_tokens": 0, "cost": None}, True),
        ({"completion_tokens": 0, "cost": 0.001}, False),
        ({"completion_tokens": 3, "cost": 0}, False),
        ({"prompt_tokens": 3}, False),
        (None, False),
    ],
)
def test_an_empty_answer_is_asked_again_when_the_provider_says_that_it_was_free(
    reported: dict[str, Any] | None, repeated: bool
) -> None:
    """Row 56. What it does not say is not known."""
    failure = silent_end(None)
    assert isinstance(failure, UpstreamTruncated)
    told = usage(**reported) if reported is not None else None
    assert (next_of(failure, usage=told) is not None) == repeated


def test_a_malformed_call_is_asked_again_once() -> None:
    """Row 34: the finish is an error, and the provider says that nothing came of it; else nobody knows the cost."""
    failure = silent_end("error")
    assert isinstance(failure, UpstreamMidstream)
    nothing = usage(completion_tokens=0, cost=0)
    retry = next_of(failure, usage=nothing)
    assert retry is not None
    assert retry.reason == "error_finish"
    assert next_of(failure, usage=nothing, earlier=frozenset({retry.reason})) is None
    for told in (None, usage(prompt_tokens=3), usage(completion_tokens=0, cost=0.01), usage(completion_tokens=1)):
        assert next_of(failure, usage=told) is None


def test_a_finish_explains_an_empty_answer() -> None:
    """A filter, or a limit that the reasoning used up."""
    assert [silent_end(reason) for reason in ("stop", "length", "content_filter", "tool_calls")] == [None] * 4


def test_nothing_is_repeated_that_cost_something() -> None:
    assert next_of(refused(502), usage=usage(completion_tokens=9)) is None
    assert next_of(refused(502), usage=usage(cost="0.1")) is None


@pytest.mark.parametrize(("modalities", "repeated"), [(["image", "text"], True), (["text"], False), (None, False)])
def test_a_missing_endpoint_for_images_gets_one_more_chance(modalities: list[str] | None, repeated: bool) -> None:
    """Row 53; not when the account's privacy settings are the reason (row 42)."""
    failure = refused(404, "No endpoints found")
    body = BODY | {"modalities": modalities}
    assert (next_of(failure, body=body) is not None) == repeated
    assert next_of(failure, body=body, earlier=frozenset({"no_image_endpoint"})) is None
    assert next_of(refused(404, "No endpoints available matching your data policy"), body=body) is None


def test_what_is_too_long_is_asked_for_again_once_with_less() -> None:
    """At once; not without something to leave out, and not when it was not refused outright."""
    failure = refused(400, "This endpoint's maximum context length is 10 tokens")
    assert isinstance(failure, ContextTooLong)
    assert next_of(failure) is None
    retry = again(Failed(error=failure, body=BODY, shorter_body={"less": 1}), RetryPolicy(), jitter=0)
    assert retry is not None
    assert (retry.reason, retry.wait_s, retry.body) == ("shorter_context", 0, {"less": 1})
    earlier: frozenset[Reason] = frozenset({"shorter_context"})
    twice = Failed(error=failure, body=BODY, shorter_body={"less": 2}, earlier=earlier, number=2)
    assert again(twice, RetryPolicy(), jitter=0) is None
    late = Failed(error=ContextTooLong(), body=BODY, shorter_body={"less": 1})
    assert again(late, RetryPolicy(), jitter=0) is None


AFFORD = (
    "This request requires more credits, or fewer max_tokens. You requested up to 2048 tokens, but can only afford "
)


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        ({"max_tokens": 2048}, {"max_tokens": 700}),
        ({}, {"max_tokens": 700}),
        ({"max_completion_tokens": 2048}, {"max_completion_tokens": 700}),
        ({"max_tokens": 2048, "max_completion_tokens": 2048}, {"max_tokens": 700}),
        ({"max_tokens": 2048, "reasoning": {"max_tokens": 600}}, {"max_tokens": 700, "reasoning": {"max_tokens": 600}}),
        ({"max_tokens": 2048, "reasoning": {"max_tokens": 700}}, None),
        ({"max_tokens": 700}, None),
    ],
)
def test_a_limit_within_the_credit_is_tried_once_and_at_once(
    asked: dict[str, Any], sent: dict[str, Any] | None
) -> None:
    """Row 43: the number in the text, at once; the retry says so."""
    failure = refused(402, f"{AFFORD}700. To increase, visit the settings")
    assert isinstance(failure, UpstreamNoCredit)
    body = {"model": "a/b", **asked}
    retry = next_of(failure, body=body)
    if sent is None:
        assert retry is None
        return
    assert retry is not None
    assert (retry.wait_s, retry.max_tokens, retry.body) == (0, 700, {"model": "a/b", **sent})
    assert body == {"model": "a/b", **asked}
    assert next_of(failure, body=body, earlier=frozenset({"affordable"})) is None


@pytest.mark.parametrize("message", [f"{AFFORD}5.", "Insufficient credits.", "Prompt tokens limit exceeded: 9 > 5"])
def test_no_credit_is_final_when_no_answer_is_within_it(message: str) -> None:
    """Rows 43 and 44."""
    assert next_of(refused(402, message)) is None


FAILURES = st.one_of(
    st.builds(refused, st.integers(400, 599), st.sampled_from(["x", AFFORD + "700"])),
    st.builds(page, st.integers(400, 599)),
    st.builds(silent_end, st.sampled_from([None, "error"])).map(lambda error: error or UpstreamTimeout()),
)


@MANY
@given(
    failures=st.lists(st.tuples(FAILURES, st.none() | st.floats(0, 100), st.floats(0, 1)), min_size=12),
    max_retries=st.integers(0, 10),
    longest_wait_s=st.floats(0, 60),
)
def test_whatever_happens_calls_and_waits_are_bounded(
    failures: list[tuple[UpstreamError, float | None, float]], max_retries: int, longest_wait_s: float
) -> None:
    """And a reason that counts once counts once."""
    policy = RetryPolicy(max_retries=max_retries, longest_wait_s=longest_wait_s)
    calls, waited_s, earlier, body = 1, 0.0, frozenset[Reason](), BODY
    for error, told_s, jitter in failures:
        error.retry_after_s = told_s
        silent = usage(completion_tokens=0)
        failed = Failed(error=error, body=body, number=calls, waited_s=waited_s, earlier=earlier, usage=silent)
        retry = again(failed, policy, jitter=jitter)
        if retry is None:
            break
        assert retry.reason == "transient" or retry.reason not in earlier
        if retry.reason != "affordable":
            assert retry.wait_s >= (told_s or 0)
        calls, waited_s = calls + 1, waited_s + retry.wait_s
        earlier, body = earlier | {retry.reason}, dict(retry.body)
    assert calls <= max_retries + 1
    assert waited_s <= longest_wait_s
