"""What a provider's refusal means: (status, headers, body) or an in-stream error object as one of our errors.

Follows the API reference, sections 4.6, 6 and 10. ``details`` of every error made here holds what is known of:
``status``, ``provider``, ``error_type``, ``provider_code``, ``provider_message``, ``reason``, ``retryable`` (what the
provider says of it), ``upstream_id``, ``moderation_reasons``, ``affordable_tokens``, ``fallback_models``; ``edge`` is
true when not the API answered but the network in front of it. Provider text is shortened and cleaned of markup and of
anything that looks like a key.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec

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
from app.services.upstream.salvage import NOT_JSON

MESSAGE_CHARS = 300
MOST_PROBLEMS = 5
_LONGEST_WAIT_S = 7 * 86400.0
_EPOCH_MS = 10**11  # larger figures are milliseconds, smaller ones seconds

_STATUS_OF_WORD = {
    "context_length_exceeded": 400,
    "invalid_request": 400,
    "invalid_request_error": 400,
    "authentication": 401,
    "authentication_error": 401,
    "invalid_api_key": 401,
    "payment_required": 402,
    "insufficient_quota": 402,
    "billing_error": 402,
    "permission_denied": 403,
    "not_found": 404,
    "model_not_found": 404,
    "payload_too_large": 413,
    "unprocessable": 422,
    "rate_limit_exceeded": 429,
    "rate_limit_error": 429,
    "capacity_exhausted": 429,
    "server": 500,
    "server_error": 500,
    "unmapped": 500,
    "provider_unavailable": 502,
    "provider_overloaded": 503,
    "overloaded_error": 529,
    "temporarily_unavailable": 503,
    "timeout": 504,
}
_CONTEXT_WORDS = {"context_length_exceeded", "string_too_long", "token_limit_exceeded"}
_POLICY_WORDS = {"content_policy_violation", "content_filter", "refusal"}
_CLASS_OF_STATUS: dict[int, type[UpstreamError]] = {
    401: UpstreamBadKey,
    402: UpstreamNoCredit,
    404: UpstreamModelNotFound,
    408: UpstreamTimeout,
    410: UpstreamModelNotFound,
    413: ContextTooLong,
    429: UpstreamRateLimited,
    504: UpstreamTimeout,
    524: UpstreamTimeout,
}
# What stays itself even in the middle of an answer, because it says better what to do next.
_NAMED_MIDSTREAM = (UpstreamModerated, UpstreamRateLimited, UpstreamNoCredit, UpstreamBadKey)

_CONTEXT = re.compile(
    r"(?i)maximum context length|context[ _](?:length|window)|prompt is too long|input is too long"
    r"|too many (?:input )?tokens|exceeds? the (?:maximum|max) (?:number of )?(?:input )?tokens"
)
_POLICY = re.compile(r"(?i)content[ _](?:filter|policy|management)|\bmoderation\b|\bflagged\b|safety system")
_KEY_LIMIT = re.compile(r"(?i)key limit exceeded")
_DATA_POLICY = re.compile(r"(?i)data policy|privacy settings|guardrail restrictions")
_DAILY_LIMIT = re.compile(r"(?i)\bper[- ]day\b|\bdaily\b")
_PROMPT_LIMIT = re.compile(r"(?i)prompt tokens limit exceeded")
_FILTERED = re.compile(r"(?i)routing requirements|no allowed providers")
_NO_MODEL = re.compile(r"(?i)not a valid model|model .{0,200}\b(?:not found|does not exist)|no such model")
_TIMED_OUT = re.compile(r"(?i)\btime(?:d )?-?out\b")
_AFFORDABLE = re.compile(r"(?i)can only afford (\d{1,9})")
_MARKUP = re.compile(r"(?i)<\s*(?:!doctype|html|head|body|script|style|title|div|center)\b")
_KEY = re.compile(r"(?i)\b(?:sk-|pk-|gsk_|xai-|hf_|r8_|AIza)[\w.*-]{4,}|\bbearer\s+[\w.~+/=*-]{4,}")
_REDACTED = "[key removed]"


@dataclass(frozen=True, slots=True)
class Redactor:
    """Makes foreign text fit to show: one line, short, no markup, no key, least of all ``secret``."""

    secret: str | None = None

    def clean(self, text: object, limit_chars: int = MESSAGE_CHARS) -> str | None:
        """The text, or None when there is none worth showing."""
        if not isinstance(text, str) or _MARKUP.search(text):
            return None
        if self.secret:
            text = text.replace(self.secret, _REDACTED)
        line = " ".join("".join(c if c.isprintable() else " " for c in text[: limit_chars * 8]).split())
        line = _KEY.sub(_REDACTED, line)
        return line if len(line) <= limit_chars else line[: limit_chars - 1].rstrip() + "…" if line else None


@dataclass(slots=True)
class _Report:
    """A provider's error object in one shape, cleaned."""

    status: int
    message: str | None
    nested: str | None
    word: str | None
    details: dict[str, Any]
    moderated: bool
    retry_after_s: float | None

    @property
    def says(self) -> str:
        return f"{self.message or ''} {self.nested or ''}"


def refusal(
    status: int, headers: Mapping[str, str], body: bytes, *, now_s: float, secret: str | None = None
) -> UpstreamError:
    """The error of a reply that is not the answer.

    Args:
        status: the HTTP status; with 200 the body's own code decides.
        headers: of the reply, looked up by lower-case name.
        body: as far as it was read; anything that is not JSON is not shown, HTML least of all.
        now_s: Unix time, for waits that are given as instants.
        secret: the key in use, removed wherever it appears.
    """
    if 300 <= status < 400:
        return UpstreamError(
            "The provider redirects to another address; redirects are not followed. Check the base URL.",
            details={"status": status, "reason": "redirect"},
        )
    envelope = _json(body)
    error = envelope.get("error") if isinstance(envelope, dict) else None
    if not error and isinstance(envelope, dict):
        error = {"message": envelope.get("message"), "detail": envelope.get("detail"), "type": envelope.get("type")}
    report = _read(error, status, headers, now_s, Redactor(secret))
    if not isinstance(envelope, dict):
        report.details["edge"] = True
    return _error(_class_of(report), report)


def stream_failure(
    error: bytes,
    *,
    started: bool,
    now_s: float,
    upstream_id: str | None = None,
    secret: str | None = None,
) -> UpstreamError:
    """The error of an error object inside a 200 reply.

    Args:
        error: the raw JSON of ``error``: an object with any kind of ``code``, or a string.
        started: whether any of the answer came before it. If so it is UpstreamMidstream unless a more telling class
            fits; if not, it is the same as a refusal.
        now_s: Unix time.
        upstream_id: the provider's id of the call.
        secret: the key in use.
    """
    report = _read(_json(error), 0, {}, now_s, Redactor(secret))
    if upstream_id:
        report.details["upstream_id"] = upstream_id
    found = _class_of(report)
    if started and not issubclass(found, _NAMED_MIDSTREAM):
        found = UpstreamMidstream
    return _error(found, report)


def _error(found: type[UpstreamError], report: _Report) -> UpstreamError:
    message = report.nested if report.nested and _is_generic(report.message) else report.message
    provider = report.details.get("provider")
    if message and provider and message is report.nested:
        message = f"{provider}: {message}"
    if report.details.get("reason") == "data_policy":
        message = f"{message} The account's privacy settings at the provider exclude every endpoint."
    return found(message, details=report.details, retry_after_s=report.retry_after_s)


def _is_generic(message: str | None) -> bool:
    return message is None or message.lower().startswith("provider returned error")


def _class_of(report: _Report) -> type[UpstreamError]:
    status, says, word = report.status, report.says, report.word
    if report.moderated or word in _POLICY_WORDS:
        return UpstreamModerated
    if word in _CONTEXT_WORDS:
        return ContextTooLong
    if status == 400:
        if _CONTEXT.search(says):
            return ContextTooLong
        if _POLICY.search(says):
            return UpstreamModerated
        return UpstreamModelNotFound if _NO_MODEL.search(says) else UpstreamError
    if status == 403:
        if report.details.get("reason") == "key_limit":
            return UpstreamNoCredit
        return UpstreamModerated if _POLICY.search(says) else UpstreamError
    if status in _CLASS_OF_STATUS:
        return _CLASS_OF_STATUS[status]
    if status >= 500:
        return UpstreamTimeout if _TIMED_OUT.search(says) else UpstreamUnavailable
    return UpstreamError


def _read(error: object, status: int, headers: Mapping[str, str], now_s: float, redactor: Redactor) -> _Report:
    if isinstance(error, str):
        error = {"message": error}
    fields: dict[str, Any] = error if isinstance(error, dict) else {}
    metadata = _dict(fields.get("metadata"))
    availability = _dict(fields.get("availability"))
    code = fields.get("code")
    word = next(
        (w for w in (fields.get("error_type"), metadata.get("error_type"), code, fields.get("type")) if _is_word(w)),
        None,
    )
    known = _status(code) or _status(fields.get("http_status")) or (status if status >= 400 else None)
    message = redactor.clean(_words(fields.get("message")) or _words(fields.get("detail")))
    nested = redactor.clean(_nested_message(metadata.get("raw")))
    known = known or _STATUS_OF_WORD.get(word or "", 502)
    details: dict[str, Any] = {
        "status": known,
        "provider": redactor.clean(metadata.get("provider_name") or headers.get("x-provider-name"), 80),
        "error_type": redactor.clean(word, 80),
        "provider_code": redactor.clean(_plain(metadata.get("provider_code")), 80),
        "provider_message": nested or message,
        "reason": _reason(known, f"{message or ''} {nested or ''}", metadata, availability, redactor),
        "retryable": availability.get("retryable") if isinstance(availability.get("retryable"), bool) else None,
        "upstream_id": redactor.clean(headers.get("x-generation-id"), 120),
        "moderation_reasons": _texts(metadata.get("reasons"), redactor),
        "affordable_tokens": int(found[1]) if (found := _AFFORDABLE.search(message or "")) else None,
        "fallback_models": _texts(availability.get("fallback_models"), redactor),
    }
    return _Report(
        status=known,
        message=message,
        nested=nested,
        word=word,
        details={name: value for name, value in details.items() if value is not None},
        moderated=any(name in metadata for name in ("reasons", "flagged_input", "patterns")),
        retry_after_s=_retry_after_s(headers, metadata, availability, now_s),
    )


def _reason(
    status: int, says: str, metadata: dict[str, Any], availability: dict[str, Any], redactor: Redactor
) -> str | None:
    if _KEY_LIMIT.search(says):
        return "key_limit"
    if _PROMPT_LIMIT.search(says):
        return "prompt_limit"
    if status == 429 and _DAILY_LIMIT.search(f"{says} {metadata.get('limit_source')}".replace("_", " ")):
        return "daily_limit"
    if status == 503 and _FILTERED.search(says):
        return "filtered"
    if _DATA_POLICY.search(says):
        return "data_policy"
    return redactor.clean(availability.get("code"), 80)


def _words(told: object) -> str | None:
    """A message, which servers made with FastAPI or NestJS tell as a list of problems."""
    if isinstance(told, list):
        return "; ".join(words for problem in told[:MOST_PROBLEMS] if (words := _words(problem))) or None
    if isinstance(told, dict):
        told = told.get("msg") or told.get("message")
    return told if isinstance(told, str) else None


def _nested_message(raw: object) -> object:
    """The message inside ``metadata.raw``, which is an object, JSON in a string, or plain text."""
    for _ in range(3):
        if isinstance(raw, str):
            parsed = _json(raw.encode("utf-8", "replace"))
            if not isinstance(parsed, (dict, list)):
                return raw
            raw = parsed
        if isinstance(raw, list):
            raw = raw[0] if raw else None
        if not isinstance(raw, dict):
            return None
        raw = raw.get("error") or raw.get("message") or raw.get("detail")
    return None


def _retry_after_s(
    headers: Mapping[str, str], metadata: dict[str, Any], availability: dict[str, Any], now_s: float
) -> float | None:
    told = {name.lower(): value for name, value in _dict(metadata.get("headers")).items() if isinstance(name, str)}
    for after in (headers.get("retry-after"), told.get("retry-after"), availability.get("retry_after")):
        wait_s = _seconds(after)
        if wait_s is None and isinstance(after, str):
            wait_s = _seconds_until(after, now_s)
        if wait_s is not None:
            return wait_s
    for reset in (headers.get("x-ratelimit-reset"), told.get("x-ratelimit-reset")):
        instant = _float(reset)
        if instant is not None and instant > now_s / 2:
            return _bounded((instant / 1000 if instant > _EPOCH_MS else instant) - now_s)
    return None


def _seconds(value: object) -> float | None:
    number = _float(value)
    return None if number is None else _bounded(number)


def _seconds_until(date: str, now_s: float) -> float | None:
    try:
        instant = parsedate_to_datetime(date)
    except (ValueError, TypeError, OverflowError):
        return None
    return _bounded((instant if instant.tzinfo else instant.replace(tzinfo=UTC)).timestamp() - now_s)


def _bounded(wait_s: float) -> float:
    return min(max(wait_s, 0.0), _LONGEST_WAIT_S)


def _float(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if abs(number) < 1e15 else None  # NaN is not either


def _status(code: object) -> int | None:
    number = _float(code)
    return int(number) if number is not None and 400 <= number < 600 else None


def _is_word(value: object) -> bool:
    return isinstance(value, str) and bool(value) and _float(value) is None


def _plain(value: object) -> str | None:
    return str(value) if isinstance(value, (str, int, float)) and not isinstance(value, bool) else None


def _texts(value: object, redactor: Redactor) -> list[str] | None:
    if not isinstance(value, list):
        return None
    return [text for each in value[:5] if (text := redactor.clean(each, 80))] or None


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _json(body: bytes) -> object:
    try:
        return msgspec.json.decode(body)
    except NOT_JSON:
        return None
