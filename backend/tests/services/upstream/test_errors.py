"""Each refusal on record becomes the error that says what to do next, and never shows a key or a page."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.errors import (
    ContextTooLong,
    UpstreamBadKey,
    UpstreamError,
    UpstreamMidstream,
    UpstreamModelNotFound,
    UpstreamModerated,
    UpstreamNoCredit,
    UpstreamRateLimited,
    UpstreamTimeout,
    UpstreamUnavailable,
)
from app.services.upstream.errors import MESSAGE_CHARS, refusal, stream_failure

NOW_S = 1_741_305_000.0
KEY = "sk-or-v1-" + "0f" * 8
OVERFLOW = (
    "This endpoint's maximum context length is 8192 tokens. However, you requested about 9000 tokens "
    "(8000 of text input, 1000 in the output)."
)
PROVIDER_FAILED = "Provider returned error"


def refused(status: int, error: Any = None, headers: dict[str, str] | None = None, **siblings: Any) -> UpstreamError:
    body = json.dumps({"error": error, "user_id": "user_1"} | siblings).encode()
    return refusal(status, headers or {}, body, now_s=NOW_S, secret=KEY)


@pytest.mark.parametrize(
    ("status", "message", "metadata", "expected"),
    [
        (400, "Invalid request parameters", {}, UpstreamError),
        (400, "foo/bar is not a valid model ID", {}, UpstreamModelNotFound),
        (400, OVERFLOW, {}, ContextTooLong),
        (400, "x", {"error_type": "context_length_exceeded"}, ContextTooLong),
        (400, PROVIDER_FAILED, {"raw": '{"error":{"message":"prompt is too long: 9 > 8"}}'}, ContextTooLong),
        (
            400,
            PROVIDER_FAILED,
            {"raw": '{"error":{"code":"content_filter","message":"content filter"}}'},
            UpstreamModerated,
        ),
        (400, "x", {"error_type": "content_policy_violation"}, UpstreamModerated),
        (
            400,
            "Reasoning is mandatory for this endpoint and cannot be disabled.",
            {"provider_name": None},
            UpstreamError,
        ),
        (401, "User not found.", {}, UpstreamBadKey),
        (401, "No auth credentials found", {}, UpstreamBadKey),
        (402, "Insufficient credits. Add more", {}, UpstreamNoCredit),
        (402, "Prompt tokens limit exceeded: 9 > 8", {}, UpstreamNoCredit),
        (403, "Your input was flagged", {"reasons": ["violence"], "flagged_input": "a…b"}, UpstreamModerated),
        (403, "Blocked", {"patterns": ["x"]}, UpstreamModerated),
        (403, "Key limit exceeded (total limit). Manage it using https://x", {}, UpstreamNoCredit),
        (403, "Not available in your region", {"error_type": "permission_denied"}, UpstreamError),
        (404, "No endpoints found for a/b.", {}, UpstreamModelNotFound),
        (404, "No endpoints found that support tool use.", {}, UpstreamModelNotFound),
        (
            404,
            "No endpoints available matching your guardrail restrictions and data policy.",
            {},
            UpstreamModelNotFound,
        ),
        (408, "Operation timed out. Please try again later.", {}, UpstreamTimeout),
        (410, "Gone", {}, UpstreamModelNotFound),
        (413, "Request payload too large", {}, ContextTooLong),
        (422, "Invalid argument", {}, UpstreamError),
        (429, "Rate limit exceeded: free-models-per-min.", {}, UpstreamRateLimited),
        (500, "Internal Server Error", {}, UpstreamUnavailable),
        (502, PROVIDER_FAILED, {"provider_name": "P"}, UpstreamUnavailable),
        (502, "Upstream idle timeout exceeded", {}, UpstreamTimeout),
        (503, "Service temporarily unavailable", {}, UpstreamUnavailable),
        (504, "x", {}, UpstreamTimeout),
        (524, "x", {}, UpstreamTimeout),
        (529, PROVIDER_FAILED, {}, UpstreamUnavailable),
    ],
)
def test_every_status_of_the_reference(
    status: int, message: str, metadata: dict[str, Any], expected: type[UpstreamError]
) -> None:
    """Section 6.2, with the distinctions of 6.3 and 6.4."""
    error = refused(status, {"code": status, "message": message, "metadata": metadata})
    assert type(error) is expected
    assert error.details["status"] == status


@pytest.mark.parametrize("status", [*range(400, 600)])
def test_every_status_without_a_body_is_typed_and_retryable_only_if_it_may_pass(status: int) -> None:
    """Rate limits, time-outs and 5xx may pass; nothing else does by itself."""
    error = refusal(status, {}, b"", now_s=NOW_S)
    assert isinstance(error, UpstreamError)
    assert error.retryable is (status in {408, 429} or status >= 500)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_an_error_that_names_the_base_url(status: int) -> None:
    """It is never followed."""
    error = refusal(status, {"location": "https://elsewhere.example/"}, b"", now_s=NOW_S)
    assert (type(error), error.details["reason"]) == (UpstreamError, "redirect")
    assert "base URL" in error.message


def test_the_providers_words_are_kept() -> None:
    """Its name and what it said inside `raw`, in place of the platform's empty phrase."""
    error = refused(
        429,
        {
            "code": 429,
            "message": PROVIDER_FAILED,
            "metadata": {
                "provider_name": "Chutes",
                "raw": json.dumps({"error": {"message": "tokens per minute exhausted"}}),
                "error_type": "rate_limit_exceeded",
                "provider_code": 1302,
            },
        },
        {"x-generation-id": "gen-7"},
    )
    assert error.message == "Chutes: tokens per minute exhausted"
    assert error.details == {
        "status": 429,
        "provider": "Chutes",
        "error_type": "rate_limit_exceeded",
        "provider_code": "1302",
        "provider_message": "tokens per minute exhausted",
        "upstream_id": "gen-7",
    }


@pytest.mark.parametrize(
    "raw",
    [
        "busy",
        '{"message":"busy"}',
        {"error": {"message": "busy"}},
        [{"error": {"message": "busy"}}],
        '"busy"',
        {"detail": "busy"},
        json.dumps({"error": json.dumps({"message": "busy"})}),
    ],
)
def test_raw_may_be_text_an_object_or_json_in_a_string(raw: Any) -> None:
    """Row 46 of section 10."""
    shown = refused(502, {"code": 502, "message": PROVIDER_FAILED, "metadata": {"raw": raw}}).message
    assert shown.strip('"') == "busy"


def test_moderation_credit_and_routing_details_are_kept() -> None:
    """What a page needs to explain the refusal."""
    moderated = refused(403, {"message": "m", "metadata": {"reasons": ["self-harm"], "flagged_input": "secret text"}})
    assert moderated.details["moderation_reasons"] == ["self-harm"]
    assert "secret text" not in repr(moderated.details)
    poor = refused(402, {"message": "You requested up to 9000 tokens, but can only afford 421. To increase, …"})
    assert poor.details["affordable_tokens"] == 421
    gone = refused(
        404,
        {
            "message": "No endpoints.",
            "http_status": 404,
            "availability": {"code": "model_deprecated", "fallback_models": ["a/b"], "retryable": False},
        },
    )
    assert (gone.details["reason"], gone.details["fallback_models"]) == ("model_deprecated", ["a/b"])
    private = refused(404, {"message": "No endpoints available matching your guardrail restrictions and data policy."})
    assert private.details["reason"] == "data_policy"
    assert "privacy settings" in private.message
    assert refused(403, {"message": "Key limit exceeded (monthly limit)."}).details["reason"] == "key_limit"


@pytest.mark.parametrize(
    ("headers", "error", "wait_s"),
    [
        ({"retry-after": "7"}, {}, 7),
        ({"retry-after": "0"}, {}, 0),
        ({"retry-after": "1.5"}, {}, 1.5),
        ({"retry-after": "-3"}, {}, 0),
        ({"retry-after": "9" * 12}, {}, 7 * 86400),
        ({"retry-after": "Fri, 07 Mar 2025 00:00:00 GMT"}, {}, 1_741_305_600 - NOW_S),
        ({"retry-after": "soon"}, {}, None),
        ({"retry-after": "nan"}, {}, None),
        ({"x-ratelimit-reset": "1741305600000"}, {}, 600),
        ({"x-ratelimit-reset": "1741305600"}, {}, 600),
        ({"x-ratelimit-reset": "1741300000000"}, {}, 0),
        ({"x-ratelimit-reset": "12"}, {}, None),
        ({"retry-after": "7", "x-ratelimit-reset": "1741305600000"}, {}, 7),
        ({}, {"metadata": {"headers": {"X-RateLimit-Reset": "1741305600000", "X-RateLimit-Limit": "20"}}}, 600),
        ({}, {"metadata": {"headers": {"Retry-After": "4"}}}, 4),
        ({}, {"metadata": {"headers": "none"}}, None),
        ({}, {"availability": {"code": "capacity_exhausted", "retry_after": 30}}, 30),
        ({}, {}, None),
    ],
)
def test_how_long_to_wait(headers: dict[str, str], error: dict[str, Any], wait_s: float | None) -> None:
    """Retry-After in seconds or as a date, else the reset in milliseconds (section 6.7)."""
    assert refused(429, {"message": "slow down"} | error, headers).retry_after_s == wait_s


@pytest.mark.parametrize(
    "body",
    [
        b"<!DOCTYPE html><html><title>502 Bad gateway | Cloudflare</title></html>",
        json.dumps({"error": {"message": "<html><body>Cloudflare</body></html>"}}).encode(),
        json.dumps({"error": {"message": PROVIDER_FAILED, "metadata": {"raw": "<!doctype html>Cloudflare"}}}).encode(),
    ],
)
def test_pages_are_never_shown(body: bytes) -> None:
    """Row 12 of section 10, also when the page hides in JSON."""
    error = refusal(502, {}, body, now_s=NOW_S)
    assert type(error) is UpstreamUnavailable
    assert "Cloudflare" not in error.message + repr(error.details)


@pytest.mark.parametrize(
    "text",
    [
        KEY,
        f"Incorrect API key provided: {KEY}.",
        "Incorrect API key provided: sk-proj-abcd****wxyz.",
        "header Authorization: Bearer abcdef123456 is wrong",
        "bad key gsk_0123456789abcdef, AIzaSyA0123456789, hf_abcdefgh",
        f"{'x ' * 140}{KEY}",
    ],
)
def test_keys_are_removed_wherever_they_stand(text: str) -> None:
    """In messages, nested messages and every detail; ours and those of other companies."""
    error = refused(
        401,
        {
            "code": 401,
            "message": text,
            "type": text,
            "metadata": {"raw": text, "provider_name": text, "provider_code": text, "reasons": [text]},
            "availability": {"code": text, "fallback_models": [text]},
        },
        {"x-generation-id": text},
    )
    shown = error.message + repr(error.details)
    for key in (KEY, KEY[:16], "sk-proj", "abcdef123456", "gsk_", "AIza", "hf_a"):
        assert key not in shown


def test_a_secret_of_unusual_form_is_removed_too() -> None:
    """The key in use is known, so its form does not matter."""
    error = refusal(400, {}, b'{"error":"no such user hunter2hunter2"}', now_s=NOW_S, secret="hunter2hunter2")
    assert "hunter2" not in error.message


def test_foreign_text_is_one_short_line() -> None:
    """Control characters and floods do not reach a log or a page."""
    error = refused(400, {"message": "a\x1b[31m\r\nb\u202e" + "z" * 5000})
    assert error.message.startswith("a [31m b z")
    assert len(error.message) == MESSAGE_CHARS


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"error": "model 'x' not found, try pulling it first"}, "model 'x' not found, try pulling it first"),
        ({"object": "error", "message": "bad", "type": "BadRequestError", "code": 400}, "bad"),
        ({"detail": "Not Found"}, "Not Found"),
        ({"detail": [{"loc": ["body"], "msg": "x"}]}, "x"),
        ([1], UpstreamError.text),
        ({"error": []}, UpstreamError.text),
    ],
)
def test_envelopes_of_other_servers(body: Any, message: str) -> None:
    """OpenAI-compatible servers have shapes of their own."""
    assert refusal(422, {}, json.dumps(body).encode(), now_s=NOW_S).message == message


@pytest.mark.parametrize(
    ("code", "before", "midway"),
    [
        (502, UpstreamUnavailable, UpstreamMidstream),
        ("502", UpstreamUnavailable, UpstreamMidstream),
        ("server_error", UpstreamUnavailable, UpstreamMidstream),
        (None, UpstreamUnavailable, UpstreamMidstream),
        (True, UpstreamUnavailable, UpstreamMidstream),
        ({}, UpstreamUnavailable, UpstreamMidstream),
        (200, UpstreamUnavailable, UpstreamMidstream),
        (400, UpstreamError, UpstreamMidstream),
        (404, UpstreamModelNotFound, UpstreamMidstream),
        ("context_length_exceeded", ContextTooLong, UpstreamMidstream),
        (408, UpstreamTimeout, UpstreamMidstream),
        (401, UpstreamBadKey, UpstreamBadKey),
        (402, UpstreamNoCredit, UpstreamNoCredit),
        (429, UpstreamRateLimited, UpstreamRateLimited),
        ("rate_limit_exceeded", UpstreamRateLimited, UpstreamRateLimited),
        ("content_filter", UpstreamModerated, UpstreamModerated),
    ],
)
def test_errors_inside_a_stream(code: Any, before: type[UpstreamError], midway: type[UpstreamError]) -> None:
    """Before any output they are refusals, after it they are breaks, unless the reason tells more."""
    raw = json.dumps({"code": code, "message": "Provider disconnected"}).encode()
    first = stream_failure(raw, started=False, now_s=NOW_S)
    assert type(first) is before
    later = stream_failure(raw, started=True, now_s=NOW_S, upstream_id="gen-1")
    assert type(later) is midway
    assert later.message == "Provider disconnected"
    assert later.details["upstream_id"] == "gen-1"


def test_a_stream_error_may_be_a_bare_string_or_no_json() -> None:
    """Its text is kept when there is one."""
    assert stream_failure(b'"boom"', started=True, now_s=NOW_S).message == "boom"
    assert stream_failure(b"true", started=True, now_s=NOW_S).message == UpstreamMidstream.text
    assert stream_failure(f'"no {KEY}"'.encode(), started=True, now_s=NOW_S, secret=KEY).message == "no [key removed]"


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
_fields = ["code", "message", "metadata", "availability", "type", "error_type", "http_status"]
_meta = ["raw", "provider_name", "headers", "reasons", "error_type", "provider_code", "flagged_input"]


@settings(max_examples=200, deadline=None)
@given(
    status=st.integers(min_value=300, max_value=600),
    error=_json | st.dictionaries(st.sampled_from(_fields), _json),
    metadata=st.none() | st.dictionaries(st.sampled_from(_meta), _json),
    headers=st.dictionaries(st.sampled_from(["retry-after", "x-ratelimit-reset"]), st.text(max_size=12)),
)
def test_any_refusal_is_an_upstream_error_that_can_be_shown(
    status: int, error: Any, metadata: dict[str, Any] | None, headers: dict[str, str]
) -> None:
    """No body breaks the mapping, and what it gives can be written as JSON."""
    if isinstance(error, dict) and metadata is not None:
        error = error | {"metadata": metadata}
    found = refused(status, error, headers)
    assert isinstance(found, UpstreamError)
    assert found.message
    assert found.retry_after_s is None or 0 <= found.retry_after_s <= 7 * 86400
    json.dumps(found.details, allow_nan=False)
    assert isinstance(stream_failure(json.dumps(error).encode(), started=True, now_s=NOW_S), UpstreamError)


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (
            {"detail": [{"loc": ["body", "top_k"], "msg": "bad thing"}, {"msg": "worse thing"}]},
            "bad thing; worse thing",
        ),
        ({"detail": "no such model"}, "no such model"),
        ({"message": ["one", "two"]}, "one; two"),
        ({"detail": {"message": "nested"}}, "nested"),
        ({"error": {"message": [{"msg": "inner"}]}}, "inner"),
    ],
)
def test_a_reason_that_other_servers_tell_in_a_list(body: dict[str, Any], shown: str) -> None:
    error = refusal(422, {}, json.dumps(body).encode(), now_s=NOW_S)
    assert error.message == error.details["provider_message"] == shown
