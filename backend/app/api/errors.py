"""Errors on the wire: every ``AppError``, and every other failure, in the shape of the door it came through."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import msgspec
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from app.api.paths import OPENROUTER_PREFIX, Dialect, dialect_of, route_path
from app.core.errors import (
    AppError,
    BadHost,
    BodyTooLarge,
    ContextTooLong,
    ForbiddenOrigin,
    IdempotencyMismatch,
    InsufficientScope,
    MethodNotAllowed,
    NotFound,
    RateLimitedLocal,
    RequestTimeout,
    Restoring,
    Unauthorized,
    UnsupportedMediaType,
    UpstreamBadKey,
    UpstreamError,
    UpstreamModelNotFound,
    UpstreamNoCredit,
    UpstreamRateLimited,
    ValidationFailed,
    running_text,
)
from app.core.logging_config import request_id_var
from app.schemas.errors import ErrorBody, OpenAIError, PlainError, TypedError, typed_type

_MAX_FIELDS = 20
_MAX_LOC_CHARS = 100
_MAX_MSG_CHARS = 300
_MAX_RETRY_AFTER_S = 86_400


SHARED_ERRORS: tuple[type[AppError], ...] = (
    BadHost,
    ForbiddenOrigin,
    InsufficientScope,
    Unauthorized,
    RateLimitedLocal,
    UnsupportedMediaType,
    BodyTooLarge,
    RequestTimeout,
    MethodNotAllowed,
    ValidationFailed,
    Restoring,
    AppError,
)
"""What any route may answer before or around its own work."""

_BY_HTTP_STATUS: Mapping[int, type[AppError]] = {
    401: Unauthorized,
    404: NotFound,
    405: MethodNotAllowed,
    413: BodyTooLarge,
    415: UnsupportedMediaType,
    429: RateLimitedLocal,
}

BODY_MODELS: Mapping[Dialect, type[BaseModel]] = {
    "api": ErrorBody,
    "openai": OpenAIError,
    "typed": TypedError,
    "plain": PlainError,
}

SCHEMA_REF = "#/components/schemas/{model}"

# Codes that OpenAI's own clients and the programs built on them compare.
_OPENAI_CODES: Mapping[type[AppError], str] = {
    Unauthorized: "invalid_api_key",
    UpstreamBadKey: "invalid_api_key",
    UpstreamNoCredit: "insufficient_quota",
    UpstreamModelNotFound: "model_not_found",
    UpstreamRateLimited: "rate_limit_exceeded",
    RateLimitedLocal: "rate_limit_exceeded",
    ContextTooLong: "context_length_exceeded",
}
_REFUSALS = (400, 403, 413, 422)
# Where OpenAI's clients expect another status: the provider's key, and an invalid request.
_OPENAI_STATUSES: Mapping[type[AppError], int] = {
    UpstreamBadKey: 401,
    **dict.fromkeys((kind for kind in ValidationFailed.tree() if kind is not IdempotencyMismatch), 400),
}
_OPENAI_TYPES: Mapping[int, str] = {
    401: "authentication_error",
    402: "insufficient_quota",
    403: "permission_error",
    429: "rate_limit_error",
}


def install_error_handlers(app: FastAPI) -> None:
    """Let every failure of ``app`` leave as JSON in the dialect of its path, whatever ``Accept`` says.

    An unexpected exception becomes a 500 without its text and travels on, to be logged once with its traceback
    by ``middleware.RequestLog`` (or by the server, where that is not installed).
    """

    async def refused(request: Request, error: Exception) -> Response:
        return error_response(_as_app_error(error), path=route_path(request.scope), request_id=request_id_var.get())

    async def refused_by_router(request: Request, error: Exception) -> Response:
        response = await refused(request, error)
        if isinstance(error, HTTPException) and error.headers:
            response.headers.update(error.headers)
        return response

    for kind in (AppError, RequestValidationError, Exception):
        app.add_exception_handler(kind, refused)
    app.add_exception_handler(HTTPException, refused_by_router)


def error_response(error: AppError, *, path: str, request_id: str | None) -> Response:
    """``error`` as the reply of ``path``, with ``Retry-After`` when the error says how long to wait.

    OpenAI's clients and those made like them ask again by themselves after 408, 409, 429 and 5xx. They are told not to
    where that might pay twice.
    """
    dialect = dialect_of(path)
    status = _status_in(dialect, error)
    headers: dict[str, str] = {}
    if error.retry_after_s is not None:
        headers["Retry-After"] = str(_whole_seconds(error.retry_after_s))
    if status == 408:
        headers["Connection"] = "close"  # what may still come of the body is not waited for
    if dialect == "openai" and (error.may_be_paid or type(error) is AppError):
        headers["X-Should-Retry"] = "false"
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    body = error_body(error, dialect=dialect, request_id=request_id)
    if path.startswith(OPENROUTER_PREFIX):
        _as_openrouter(body["error"], status)
    content = to_json(body)
    return Response(content, status_code=status, headers=headers, media_type="application/json")


def _as_openrouter(error: dict[str, Any], status: int) -> None:
    """Its clients want the status as ``code`` and fail on any other (API reference, section 10)."""
    error["metadata"] = {"error_type": error["code"]}
    error["code"] = status


def error_body(error: AppError, *, dialect: Dialect, request_id: str | None) -> dict[str, Any]:
    """``error`` in the shape of a dialect, ready for ``to_json``."""
    if dialect == "typed":
        return {"error": _sentences(error), "type": typed_type(type(error))}
    if dialect == "plain":
        return {"detail": _sentences(error)}
    if dialect == "openai":
        status = _status_in(dialect, error)
        kind = _OPENAI_TYPES.get(status) or ("invalid_request_error" if status < 500 else "server_error")
        code = _OPENAI_CODES.get(type(error), error.code)
        return {"error": {"message": _sentences(error), "type": kind, "param": _first_field(error), "code": code}}
    body: dict[str, Any] = {
        "error_code": error.code,
        "message": error.message,
        "request_id": request_id,
        "details": {"hint": error.hint, **error.details},
    }
    if error.resource_type is not None:
        body["resource_type"] = error.resource_type
    if error.resource_id is not None:
        body["resource_id"] = error.resource_id
    return body


def responses_for(*errors: type[AppError], dialect: Dialect = "api") -> dict[int | str, dict[str, Any]]:
    """The ``responses`` of a route for OpenAPI: its own errors and those any route may answer.

    Their bodies are referred to, not given as models: FastAPI would make a validator of each for each route, which is
    most of the time an import takes. ``document`` adds their schemas.
    """
    schema = {"$ref": SCHEMA_REF.format(model=BODY_MODELS[dialect].__name__)}
    # FastAPI documents 422 of every route with input; this keeps it in the dialect's shape.
    by_status: dict[int, list[type[AppError]]] = {422: [ValidationFailed]} if dialect == "openai" else {}
    for error in (*errors, *SHARED_ERRORS):
        status = _OPENAI_STATUSES.get(error, error.status) if dialect == "openai" else error.status
        same = by_status.setdefault(status, [])
        if error not in same:
            same.append(error)
    return {
        status: {
            "description": " ".join(f"`{error.code}`: {error.text}" for error in same),
            "content": {"application/json": {"schema": schema}},
        }
        for status, same in sorted(by_status.items())
    }


def to_json(body: Any) -> bytes:
    """``body`` as strict UTF-8 JSON whatever it holds: NaN is null, a lone surrogate is escaped, decimals are exact."""
    try:
        return _ENCODER.encode(body)
    except (ValueError, TypeError, OverflowError, RecursionError):
        return _ENCODER.encode(_sendable(body))


def _encode_other(value: Any) -> Any:
    return value.model_dump() if isinstance(value, BaseModel) else str(value)


_ENCODER = msgspec.json.Encoder(decimal_format="number", enc_hook=_encode_other)


def _sendable(value: Any, depth: int = 0) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if depth > 20 or (isinstance(value, int) and value.bit_length() > 63):
        return str(value)[:_MAX_MSG_CHARS] if depth <= 20 else None
    if isinstance(value, BaseModel):
        value = value.model_dump()
    if isinstance(value, Mapping):
        return {_sendable(str(name)): _sendable(item, depth + 1) for name, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_sendable(item, depth + 1) for item in value]
    return value


def _as_app_error(error: Exception) -> AppError:
    if isinstance(error, AppError):
        return error
    if isinstance(error, RequestValidationError):
        return _as_validation_failed(error)
    if isinstance(error, HTTPException) and error.status_code < 500:
        known = _BY_HTTP_STATUS.get(error.status_code)
        # The router's own phrases ("Not Found") say less than ours.
        return known() if known else ValidationFailed(str(error.detail)[:_MAX_MSG_CHARS])
    return AppError()


def _as_validation_failed(error: RequestValidationError) -> ValidationFailed:
    problems = error.errors()
    if problems and problems[0]["type"] == "json_invalid":
        problems = [_unreadable(problems[0])]
    fields = [
        {
            "loc": [part if isinstance(part, int) else str(part)[:_MAX_LOC_CHARS] for part in problem["loc"]],
            "msg": str(problem["msg"])[:_MAX_MSG_CHARS],
            "type": problem["type"],
        }
        for problem in problems[:_MAX_FIELDS]
    ]
    details: dict[str, Any] = {"fields": fields}
    if len(problems) > _MAX_FIELDS:
        details["more_fields"] = len(problems) - _MAX_FIELDS
    return ValidationFailed(details=details)


def _unreadable(problem: Mapping[str, Any]) -> dict[str, Any]:
    """A body that is no JSON as one problem of the whole body, with its place and reason in words."""
    place, reason = problem["loc"][-1], problem.get("ctx", {}).get("error", "")
    return {"loc": ("body",), "msg": f"No JSON at character {place}: {reason}", "type": problem["type"]}


def _status_in(dialect: Dialect, error: AppError) -> int:
    """What clients of a dialect expect; where the provider refused what a door's client sent, its own status."""
    if type(error) is UpstreamError and dialect in ("openai", "typed"):
        told = error.details.get("status")
        return told if told in _REFUSALS else error.status
    return _OPENAI_STATUSES.get(type(error), error.status) if dialect == "openai" else error.status


def _sentences(error: AppError) -> str:
    """All that a dialect without details can say of an error: its text, the fields that are wrong, what to do next."""
    fields = error.details.get("fields")
    if not fields:
        return running_text(error.message, error.next_step)
    named = (
        f"{'.'.join(str(part) for part in field['loc'][1:]) or field['loc'][0]}: {field['msg']}" for field in fields
    )
    return f"{error.message} {'; '.join(named)}."


def _first_field(error: AppError) -> str | None:
    """The parameter OpenAI's envelope names: the first invalid field, without where it was found."""
    fields = error.details.get("fields")
    if not fields:
        return None
    return ".".join(str(part) for part in fields[0]["loc"][1:]) or None


def _whole_seconds(wait_s: float) -> int:
    return math.ceil(min(max(wait_s, 1.0), _MAX_RETRY_AFTER_S)) if math.isfinite(wait_s) else _MAX_RETRY_AFTER_S
