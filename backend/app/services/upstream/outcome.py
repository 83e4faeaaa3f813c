"""How a generation ended, judged from what its stream said. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from app.core.errors import AppError, BudgetExceeded, Interrupted, UpstreamMidstream, UpstreamTruncated
from app.core.money import MAX_CALL_PICOUSD, parse_usd, to_usd
from app.schemas.events import Error, Usage
from app.schemas.types import TerminalStatus
from app.services.upstream.deltas import DeltaReader

MOST_TOKENS = 10**12
LONGEST_NAME = 200
_NOT_SENT = frozenset(
    {"circuit_open", "connect", "dns", "tls", "bad_request", "bad_base_url", "plain_http", "malformed_key"}
)
# Pages of the network in front of the API that say that the call was not passed on to it.
_NOT_PASSED_ON = frozenset({503, 521, 523, 525, 526, 530})


@dataclass(frozen=True, slots=True)
class Outcome:
    """A terminal state; ``error`` is set for everything but ``completed`` and ``stopped``."""

    status: TerminalStatus
    finish_reason: str | None = None
    error: AppError | None = None


def judge(reader: DeltaReader, failure: AppError | None, *, stop_requested: bool, interrupted: bool) -> Outcome:
    """The terminal state of a stream that is over; ``failure`` is what broke it, on the wire or in its own words.

    A finish reason makes a stream complete whether or not ``[DONE]`` followed; an error after it (API reference, row
    11) means the text is cut. A stop that was asked for before the finish wins over what the broken connection looked
    like.

    Called before the reader's ``finish``: whole tool calls at a proper end make the reason ``tool_calls`` even if the
    provider says ``stop`` or nothing (row 33). Text that is followed by its usage and ``[DONE]`` has stopped, too:
    nothing is missing but the word. An answer that its budget cannot pay any longer is stopped.
    """
    reason = reader.finish_reason
    unbroken = failure is None and not stop_requested and not interrupted
    if (reason == "stop" and reader.has_calls) or (reason is None and unbroken and reader.has_whole_calls):
        reason = "tool_calls"
    if reason is None and unbroken and reader.is_billed_text:
        reason = "stop"
    error = failure
    if error is None and reason == "error":
        error = UpstreamMidstream()
    if isinstance(error, BudgetExceeded):
        return Outcome("stopped", error=error)
    if error is None and reason is not None:
        return Outcome("completed", reason)
    if interrupted:
        return Outcome("interrupted", error=Interrupted())
    if stop_requested:
        return Outcome("stopped")
    if error is None:
        error = UpstreamTruncated()
    cut = isinstance(error, UpstreamTruncated) or (reason is not None and reason != "error")
    return Outcome("truncated" if cut else "failed", reason, error)


def error_event(error: AppError, request_id: str | None) -> Error:
    """An error as the event that tells readers of it."""
    return Error(
        error_code=error.code,
        message=error.message,
        retryable=error.retryable,
        hint=error.next_step,
        request_id=request_id,
        retry_after_ms=None if error.retry_after_s is None else round(error.retry_after_s * 1000),
    )


class Priced(Protocol):
    """Where the provider tells what a call cost: the usage of a stream, or its record of the call."""

    @property
    def cost_text(self) -> str | None: ...
    @property
    def is_byok(self) -> bool | None: ...
    @property
    def upstream_cost_text(self) -> str | None: ...


def cost_picousd(wire: Priced | None) -> int | None:
    """What the owner pays, in picodollars: the provider's figure, plus the bill of an own key used behind it.

    None when the provider left one of them out, or for more than `MAX_CALL_PICOUSD`; an explicit 0 is 0.
    """
    if wire is None or wire.cost_text is None:
        return None
    cost = parse_usd(wire.cost_text)
    bill: int | None = 0
    if wire.is_byok:
        bill = parse_usd(wire.upstream_cost_text) if wire.upstream_cost_text is not None else None
    if cost is None or bill is None or cost + bill > MAX_CALL_PICOUSD:
        return None
    return cost + bill


def was_refused(failure: AppError) -> bool:
    """Whether the provider surely never took the call: it said so itself, or nothing was sent to it.

    A page of the network in front of it says so only for what that network did not pass on. A reply of success that
    cannot be read was a call all the same.
    """
    details = failure.details
    status = details.get("status")
    if status is None:
        return details.get("phase") == "connect" or details.get("reason") in _NOT_SENT
    if status < 300:
        return False
    return not details.get("edge") or status < 500 or status in _NOT_PASSED_ON


def counted(tokens: int | None) -> int | None:
    """A provider's count of tokens; None for one that cannot be: negative, or more than a column holds."""
    return tokens if tokens is not None and 0 <= tokens <= MOST_TOKENS else None


def name_of_model(model: str | None) -> str | None:
    """What a provider calls the model that answered; None for what is too long to be a name."""
    return model if model and len(model) <= LONGEST_NAME else None


def usage_event(
    reader: DeltaReader,
    *,
    requested_model: str,
    provider: str,
    cost: int | None,
    upstream_id: str | None,
    latency_ms: int,
    first_token_ms: int | None,
    finish_reason: str | None,
    demo: bool = False,
) -> Usage | None:
    """The figures of a finished stream; None when the provider sent none, which leaves the cost unknown.

    Args:
        provider: who served the model, as far as it is known.
        cost: picodollars to the owner's account, None unknown.
        demo: nobody is paid, so that no part of the cost is anything either.
    """
    wire = reader.usage
    if wire is None:
        return None
    return Usage(
        prompt_tokens=counted(wire.prompt_tokens),
        completion_tokens=counted(wire.completion_tokens),
        total_tokens=counted(wire.total_tokens),
        cached_tokens=counted(wire.cached_tokens),
        reasoning_tokens=counted(wire.reasoning_tokens),
        cost_usd=None if cost is None else to_usd(cost),
        cost_state="unknown" if cost is None else "settled",
        model=reader.model or requested_model,
        provider=provider,
        upstream_id=upstream_id,
        latency_ms=latency_ms,
        first_token_ms=first_token_ms,
        tokens_per_second=_speed(counted(wire.completion_tokens), latency_ms, first_token_ms),
        finish_reason=finish_reason,
        extra=_unpaid(wire.whole) if demo and wire.whole else wire.whole,
    )


def _unpaid(whole: dict[str, Any]) -> dict[str, Any]:
    """The demo's usage object, whose prices are those of the models that it plays."""
    costs = whole.get("cost_details")
    parts = {name: None if value is None else 0 for name, value in costs.items()} if isinstance(costs, dict) else costs
    return whole | {"cost": 0, "cost_details": parts}


def _speed(tokens: int | None, latency_ms: int, first_token_ms: int | None) -> float | None:
    writing_ms = latency_ms - (first_token_ms or 0)
    return round(tokens * 1000 / writing_ms, 1) if tokens and writing_ms > 0 else None
