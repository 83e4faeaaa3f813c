"""The one tree of errors a client can meet.

::

    AppError
    ├── NotFound 404               ├── Unauthorized 401            └── UpstreamError 502
    ├── ValidationFailed 422       ├── ForbiddenOrigin 403             ├── UpstreamBadKey 502
    │   ├── BadCursor              ├── MethodNotAllowed 405            ├── UpstreamNoCredit 402
    │   ├── IdempotencyMismatch    ├── BodyTooLarge 413                ├── UpstreamModerated 403
    │   ├── BadBackup              ├── UnsupportedMediaType 415        ├── UpstreamModelNotFound 404
    │   │   └── BackupTooNew       ├── RangeNotSatisfiable 416         ├── ManagementKeyNeeded 403
    │   ├── BadToolResult          ├── RequestTimeout 408              │
    │   ├── ModelIncapable         ├── TargetTooLong 414               │
    │   │                          ├── HeadersTooLarge 431             │
    │   │                          ├── BadHost 421                     ├── ContextTooLong 400
    │   └── UnsupportedSort        ├── RateLimitedLocal 429            ├── UpstreamRateLimited 429
    ├── Conflict 409               ├── InsufficientScope 403           ├── UpstreamUnavailable 503
    │   ├── NothingToAnswer        ├── BudgetExceeded 403              ├── UpstreamTimeout 504
    │   ├── GenerationRunning      ├── ModelNotAllowed 403             ├── UpstreamMidstream   (in streams)
    │   ├── ToolResultsMissing     ├── PriceCap 403                    ├── UpstreamTruncated   (in streams)
    │   ├── Stopped                ├── Restoring 503                   └── UpstreamGarbage     (in streams)
    │   ├── Stale                  ├── ShuttingDown 503
    │   │                          └── Interrupted (in streams)
    │   ├── BackupDamaged
    │   └── MissingKey
    ├── StoreBusy 503
    ├── BackupsUnavailable 503
    └── DiskFull 507

A class fixes code, HTTP status, whether the same call may be tried again, and the hint that says what to do
next; an instance adds the message and details. Codes never change once released (contracts, section 5).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Self, TypeVar


class AppError(Exception):
    """An outcome the client must be told about, in the error shape of the door it used."""

    code: ClassVar[str] = "internal_error"
    status: ClassVar[int] = 500
    retryable: ClassVar[bool] = False
    text: ClassVar[str] = "Something went wrong inside the console."
    hint: ClassVar[str] = "Look up the request id in the log."
    promises_text: ClassVar[bool] = False
    """Whether the hint says that the text so far is kept."""
    may_be_paid: bool = False
    """Whether the call that it ended may cost something, so that sending it again may pay twice; set on an instance."""

    def __init__(
        self,
        message: str | None = None,
        *,
        details: Mapping[str, Any] | None = None,
        resource_type: str | None = None,
        resource_id: str | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        self.message = message or self.text
        self.details = dict(details or {})
        self.resource_type = resource_type
        self.resource_id = resource_id
        self.retry_after_s = retry_after_s
        super().__init__(self.message)

    def of_unstored(self) -> Self:
        """Itself, as the error of a call whose text is not stored: what to do next is told in its details."""
        if self.promises_text:
            self.details.setdefault("hint", "The text of such a call is not stored; ask again.")
        return self

    @property
    def next_step(self) -> str:
        """What to do next: the hint of its class, unless its details know better."""
        return str(self.details.get("hint", self.hint))

    @classmethod
    def named(cls, code: str) -> type[AppError]:
        """The class of a code, as stored errors and events carry it; AppError itself for one that is not ours."""
        return next((kind for kind in cls.tree() if kind.code == code), AppError)

    @classmethod
    def tree(cls) -> Iterator[type[AppError]]:
        """This class and all below it."""
        yield cls
        for child in cls.__subclasses__():
            yield from child.tree()


E = TypeVar("E", bound=AppError)


def paid_perhaps(error: E) -> E:
    """The same error, of a call that may have been paid."""
    error.may_be_paid = True
    return error


def running_text(message: str, hint: str) -> str:
    """What happened and what to do next, for dialects that know one text; foreign messages may lack their full stop."""
    return f"{message}{'' if message.endswith(('.', '!', '?', '…')) else '.'} {hint}"


class NotFound(AppError):
    code, status = "not_found", 404
    text, hint = "There is no such thing here.", "Check the id or the path."

    @classmethod
    def of(cls, resource_type: str, resource_id: object) -> NotFound:
        """The usual form: an id that names nothing."""
        shown = str(resource_id)[:128]
        return cls(f"No {resource_type} {shown!r}.", resource_type=resource_type, resource_id=shown)


class ValidationFailed(AppError):
    code, status = "validation_failed", 422
    text, hint = "The request is not valid.", "Correct the request."


class BadCursor(ValidationFailed):
    code = "bad_cursor"
    text, hint = "That cursor was not made by this list.", "Start again without a cursor."


class UnsupportedSort(ValidationFailed):
    code = "unsupported_sort"
    text = "The provider does not rank its models by that."
    hint = "Sort by price, context, name or age."


class IdempotencyMismatch(ValidationFailed):
    code = "idempotency_mismatch"
    text = "This request id was used for another request."
    hint = "Use a new id for a new request."


class BadBackup(ValidationFailed):
    code = "bad_backup"
    text, hint = "That file is no backup of a console.", "Nothing was changed. Choose another backup."


class BackupTooNew(BadBackup):
    code = "backup_too_new"
    text, hint = "That backup is of a newer release.", "Nothing was changed. Restore it with that release."


class ModelIncapable(ValidationFailed):
    code = "model_incapable"
    text = "The model cannot do what the request asks of it."
    hint = "Pick a model that can, or leave that out."


class BadToolResult(ValidationFailed):
    code = "bad_tool_result"
    text = "That result belongs to no open call."
    hint = "Post one result for each call of the answer above, by its id."


class Conflict(AppError):
    code, status = "conflict", 409
    text, hint = "That clashes with what is stored.", "Reload and try again."


class NothingToAnswer(Conflict):
    code = "nothing_to_answer"
    text, hint = "This session has no user message to answer.", "Post a message first."


class GenerationRunning(Conflict):
    code = "generation_running"
    text, hint = "An answer is still being written here.", "Wait for it or stop it."


class Stopped(Conflict):
    code = "stopped"
    text = "The answer was stopped before it was finished."
    hint = "Ask again for a whole one."


class ToolResultsMissing(Conflict):
    code = "tool_results_missing"
    text = "Some calls of the answer have no result yet."
    hint = "Post a result for each call named in details, then ask again."


class Stale(Conflict):
    code = "stale"
    text = "Somebody changed this in the meantime."
    hint = "Take the current object from details and apply your change to it."


class BackupDamaged(Conflict):
    code = "backup_damaged"
    text = "The backup is not what was written."
    hint = "Do not rely on it: make a new one."


class MissingKey(Conflict):
    code = "missing_key"
    text = "No provider key is set."
    hint = "Set OPENROUTER_API_KEY or paste a key in the settings."


class Unauthorized(AppError):
    code, status = "unauthorized", 401
    text, hint = (
        "This console wants its token.",
        "Send Authorization: Bearer with the token of the Ready link.",
    )


class InsufficientScope(AppError):
    code, status = "insufficient_scope", 403
    text = "This token is not for that."
    hint = "Use a token with a wider scope, or the console's own."


class ForbiddenOrigin(AppError):
    code, status = "forbidden_origin", 403
    text = "Pages of other origins may not use this console."
    hint = "List the origin in APP_ORIGINS if it is yours."


class BadHost(AppError):
    code, status = "bad_host", 421
    text = "This console does not answer to that host name."
    hint = "Use 127.0.0.1 or list the name in CONSOLE_HOSTS."


class RequestTimeout(AppError):
    code, status, retryable = "request_timeout", 408, True
    text, hint = "The rest of the request did not come.", "Send the request again, without pausing in its body."


class BodyTooLarge(AppError):
    code, status = "body_too_large", 413
    text, hint = "The request body is too large.", "Send less at once."


class TargetTooLong(AppError):
    code, status = "target_too_long", 414
    text, hint = "The address of the request is too long.", "Send what is long in a body."


class HeadersTooLarge(AppError):
    code, status = "headers_too_large", 431
    text, hint = "The headers of the request are too many or too large.", "Send fewer, or shorter ones."


class RangeNotSatisfiable(AppError):
    code, status = "range_not_satisfiable", 416
    text, hint = "The file ends before that.", "Ask for less, or for all of it."


class MethodNotAllowed(AppError):
    code, status = "method_not_allowed", 405
    text, hint = "This path does not take that method.", "See /docs for the methods it takes."


class UnsupportedMediaType(AppError):
    code, status = "unsupported_media_type", 415
    text, hint = "That content type is not accepted here.", "Send application/json."


class RateLimitedLocal(AppError):
    code, status, retryable = "rate_limited_local", 429, True
    text, hint = "Too many requests.", "Wait as long as Retry-After says."


class BudgetExceeded(AppError):
    code, status = "budget_exceeded", 403
    text, hint = "The budget does not allow this call.", "Raise the budget or wait for the next period."


class ModelNotAllowed(AppError):
    code, status = "model_not_allowed", 403
    text, hint = "The settings do not allow this model.", "Pick a model that they allow, or add it to allowed_models."


class PriceCap(AppError):
    code, status = "price_cap", 403
    text, hint = "The model is dearer than the settings allow.", "Pick a cheaper model, or raise the cap."


SPENDING_REFUSALS = (BudgetExceeded, ModelNotAllowed, PriceCap)
"""What the owner's own rules may say to any call that costs something."""


class Restoring(AppError):
    code, status, retryable = "restoring", 503, True
    text, hint = "A backup is being restored.", "Try again in a moment."


class ShuttingDown(AppError):
    code, status, retryable = "shutting_down", 503, True
    text, hint = "The console is stopping.", "Try again when it is back."


class StoreBusy(AppError):
    code, status, retryable = "store_busy", 503, True
    text, hint = "The store is busy.", "Try again in a moment."


class DiskFull(AppError):
    code, status = "disk_full", 507
    text, hint = "The disk is full; nothing was changed.", "Free some space and try again."


class BackupsUnavailable(AppError):
    code, status = "backups_unavailable", 503
    text = "The folder of the backups cannot be used."
    hint = "See that it exists and that the console may write to it (CONSOLE_BACKUPS)."


class UpstreamError(AppError):
    code, status = "upstream_error", 502
    text, hint = "The provider refused the request.", "Correct the request as the provider says."


class UpstreamBadKey(UpstreamError):
    code, status = "upstream_bad_key", 502
    text, hint = "The provider does not accept the key.", "Check the key in the settings."


class UpstreamNoCredit(UpstreamError):
    code, status = "upstream_no_credit", 402
    text, hint = "The provider account has not enough credit.", "Top up, or ask for fewer tokens."


class UpstreamModerated(UpstreamError):
    code, status = "upstream_moderated", 403
    text, hint = "The provider refused the content.", "Rephrase it or pick another model."


class ManagementKeyNeeded(UpstreamError):
    code, status = "management_key_needed", 403
    text = "The provider tells this to management keys alone."
    hint = "Make one at the provider and set OPENROUTER_MANAGEMENT_KEY; it cannot pay for calls."


class UpstreamModelNotFound(UpstreamError):
    code, status = "upstream_model_not_found", 404
    text, hint = "The provider does not offer this model.", "Pick another model."


class ContextTooLong(UpstreamError):
    code, status = "context_too_long", 400
    text = "The conversation is longer than the model can read."
    hint = "Start a new session or pick a model with a larger context."


class UpstreamRateLimited(UpstreamError):
    code, status, retryable = "upstream_rate_limited", 429, True
    text, hint = "The provider asks us to slow down.", "Wait a little, then regenerate."


class UpstreamUnavailable(UpstreamError):
    code, status, retryable = "upstream_unavailable", 503, True
    text, hint = "The provider cannot be reached.", "Check the connection, then regenerate."


class UpstreamTimeout(UpstreamError):
    code, status, retryable = "upstream_timeout", 504, True
    text, hint = "The provider took too long.", "Regenerate, or pick a faster model."


class UpstreamMidstream(UpstreamError):
    promises_text = True
    code, retryable = "upstream_midstream", True
    text, hint = (
        "The provider failed in the middle of the answer.",
        "The text so far is kept; continue or regenerate.",
    )


class UpstreamTruncated(UpstreamError):
    promises_text = True
    code, retryable = "upstream_truncated", True
    text, hint = (
        "The provider hung up before the answer was finished.",
        "The text so far is kept; continue it.",
    )


class UpstreamGarbage(UpstreamError):
    promises_text = True
    code, retryable = "upstream_garbage", True
    text, hint = "The provider sent something unreadable.", "The text so far is kept; regenerate."


class Interrupted(AppError):
    promises_text = True
    code, status, retryable = "interrupted", 503, True
    text, hint = (
        "The console stopped while this answer was being written.",
        "The text so far is kept; continue it.",
    )
