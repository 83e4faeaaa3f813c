"""Whether an answer that has not begun is asked for again: when, and with what. Pure.

Only what surely produced nothing and cost nothing is repeated: what never reached the provider, what it refused in its
own words before the first token, and what it reports as empty and free (API reference, sections 4.7, 6.2 and 6.7).
A call that was sent and whose answer vanished is never repeated.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from app.core.errors import (
    AppError,
    ContextTooLong,
    UpstreamError,
    UpstreamMidstream,
    UpstreamModelNotFound,
    UpstreamNoCredit,
    UpstreamTruncated,
)
from app.services.upstream.outcome import cost_picousd, was_refused
from app.services.upstream.wire import UsageWire

Reason = Literal[
    "transient", "edge_timeout", "affordable", "no_image_endpoint", "shorter_context", "empty", "error_finish"
]
"""Why again. All but ``transient`` count once per answer."""

FEWEST_TOKENS = 16
"""Some providers accept no smaller limit, and no shorter answer is worth its call."""

_EMPTY = "empty"
_TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504, 521, 523, 529, 530})
_EDGE_TIMEOUT = 524
_NOT_CONNECTED = frozenset({"connect", "dns"})
# Refusals that time does not change, or not soon.
_LASTING = frozenset({"daily_limit", "filtered", "circuit_open"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How often and how patiently: ``max_retries`` calls after the first, ``longest_wait_s`` of waits in all."""

    max_retries: int = 2
    first_wait_s: float = 0.5
    longest_wait_s: float = 30

    def with_retries(self, max_retries: int | None) -> RetryPolicy:
        """The same with a provider's own number; None keeps it."""
        return self if max_retries is None else replace(self, max_retries=max_retries)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """A call that ended before it said anything, and what went before it.

    ``number`` counts calls from 1; ``waited_s`` is the sum of the waits so far; ``earlier`` are the reasons of the
    retries so far; ``usage`` is what the provider reported of the call; ``shorter_body`` says less of the conversation.
    """

    error: AppError
    body: Mapping[str, Any]
    number: int = 1
    waited_s: float = 0
    earlier: frozenset[Reason] = frozenset()
    usage: UsageWire | None = None
    shorter_body: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """The next call: after ``wait_s``, with ``body``; ``max_tokens`` when that was lowered."""

    reason: Reason
    wait_s: float
    body: Mapping[str, Any]
    max_tokens: int | None = None


def silent_end(finish_reason: str | None) -> UpstreamError | None:
    """The failure of a stream that ended properly without saying anything; None when its finish explains that."""
    if finish_reason is None:
        return UpstreamTruncated("The provider's answer was empty.", details={"reason": _EMPTY})
    return UpstreamMidstream() if finish_reason == "error" else None


def again(failed: Failed, policy: RetryPolicy, *, jitter: float) -> Again | None:
    """The call to make after a failed one; None when there is none to make.

    A wait is what the provider asked for and a little more, else it doubles from ``first_wait_s``, never less than
    half of that.

    Args:
        jitter: at random from 0 to 1.
    """
    if failed.number > policy.max_retries or was_billed(failed.usage):
        return None
    reason = _reason(failed)
    if reason is None or (reason != "transient" and reason in failed.earlier):
        return None
    if reason == "affordable":
        tokens: int = failed.error.details["affordable_tokens"]
        return Again(reason=reason, wait_s=0, body=_limited(failed.body, tokens), max_tokens=tokens)
    if reason == "shorter_context":
        return Again(reason=reason, wait_s=0, body=failed.shorter_body or {})
    wait_s = _wait_s(failed, policy, jitter)
    if failed.waited_s + wait_s > policy.longest_wait_s:
        return None
    return Again(reason=reason, wait_s=wait_s, body=failed.body)


def was_billed(usage: UsageWire | None) -> bool:
    """Whether the provider says that something was produced or costs something."""
    return usage is not None and ((usage.completion_tokens or 0) > 0 or (cost_picousd(usage) or 0) > 0)


def _wait_s(failed: Failed, policy: RetryPolicy, jitter: float) -> float:
    own_s = float(policy.first_wait_s * 2 ** (failed.number - 1))
    told_s = failed.error.retry_after_s
    return own_s * (1 + jitter) / 2 if told_s is None else told_s + policy.first_wait_s * jitter


def _reason(failed: Failed) -> Reason | None:
    error, details = failed.error, failed.error.details
    reason, status = details.get("reason"), details.get("status")
    if not isinstance(error, UpstreamError) or reason in _LASTING or details.get("retryable") is False:
        return None
    if isinstance(error, UpstreamNoCredit):
        return "affordable" if _can_afford(failed) else None
    if isinstance(error, ContextTooLong):
        return "shorter_context" if failed.shorter_body is not None and was_refused(error) else None
    if isinstance(error, UpstreamModelNotFound):
        # About one in fifty calls for images meets no endpoint (row 53).
        return "no_image_endpoint" if "image" in (failed.body.get("modalities") or ()) and reason is None else None
    if reason == _EMPTY or (isinstance(error, UpstreamMidstream) and status is None):
        # The provider has to say itself that nothing came: then nothing is charged (6.7).
        if failed.usage is None or failed.usage.completion_tokens != 0:
            return None
        return "empty" if reason == _EMPTY else "error_finish"
    if status is not None:
        return _reason_of_status(status) if was_refused(error) else None
    return "transient" if reason in _NOT_CONNECTED or details.get("phase") == "connect" else None


def _reason_of_status(status: int) -> Reason | None:
    if status == _EDGE_TIMEOUT:
        return "edge_timeout"
    return "transient" if status in _TRANSIENT else None


def _can_afford(failed: Failed) -> bool:
    """Whether a smaller answer is within the account's credit, and room is left beside the reasoning."""
    tokens = failed.error.details.get("affordable_tokens")
    if tokens is None or tokens < FEWEST_TOKENS:
        return False
    asked = failed.body.get("max_tokens") or failed.body.get("max_completion_tokens")
    reasoning = failed.body.get("reasoning")
    budget = reasoning.get("max_tokens") if isinstance(reasoning, Mapping) else None
    return not (isinstance(asked, int) and asked <= tokens) and not (isinstance(budget, int) and budget >= tokens)


def _limited(body: Mapping[str, Any], tokens: int) -> dict[str, Any]:
    name = "max_completion_tokens" if "max_completion_tokens" in body and "max_tokens" not in body else "max_tokens"
    limited = {each: value for each, value in body.items() if each != "max_completion_tokens"}
    return limited | {name: tokens}
