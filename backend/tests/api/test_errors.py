"""Every failure leaves as JSON in the dialect of its path, and documents itself."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Annotated, Any

import httpx
import pytest
from fastapi import FastAPI, Query
from pydantic import BaseModel, ConfigDict, Field, field_validator

from app.api.errors import (
    SHARED_ERRORS,
    error_body,
    error_response,
    install_error_handlers,
    responses_for,
    to_json,
)
from app.api.middleware import RequestLog
from app.core.errors import (
    AppError,
    BudgetExceeded,
    Conflict,
    ContextTooLong,
    IdempotencyMismatch,
    Interrupted,
    MissingKey,
    NotFound,
    RateLimitedLocal,
    Stale,
    ToolResultsMissing,
    Unauthorized,
    UpstreamBadKey,
    UpstreamError,
    UpstreamGarbage,
    UpstreamMidstream,
    UpstreamModelNotFound,
    UpstreamNoCredit,
    UpstreamRateLimited,
    UpstreamTimeout,
    UpstreamTruncated,
    UpstreamUnavailable,
    ValidationFailed,
)
from app.schemas.errors import typed_type


class Note(BaseModel):
    model_config = ConfigDict(extra="forbid")

    count: Annotated[int, Field(ge=0, le=2**63 - 1)]
    ratio: float = Field(1.0, allow_inf_nan=False)
    text: str = ""

    @field_validator("text")
    @classmethod
    def _refuse(cls, value: str) -> str:
        if "no" in value:
            raise ValueError(f"refused {value!a}")
        return value


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI(openapi_url=None)
    install_error_handlers(app)
    app.add_middleware(RequestLog)

    @app.get("/api/fail")
    @app.get("/v1/fail")
    @app.get("/chat/fail")
    @app.get("/models/fail")
    async def fail() -> None:
        raise RateLimitedLocal(retry_after_s=1.2)

    @app.get("/api/boom")
    @app.get("/v1/boom")
    @app.get("/chat/boom")
    async def boom() -> None:
        raise RuntimeError("a secret detail")

    @app.get("/api/odd")
    async def odd() -> None:
        raise NotFound.of("session", "\ud800")

    @app.post("/api/notes")
    @app.post("/v1/notes")
    @app.post("/chat/notes")
    async def note(note: Note, limit: Annotated[int, Query(ge=1)] = 1) -> Note:
        return note

    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
        yield http


HTML = {"accept": "text/html"}


async def test_our_shape_has_the_contracts_keys_and_the_hint_in_details(client: httpx.AsyncClient) -> None:
    """The id in the body is the one in the header; Retry-After is whole seconds, rounded up."""
    reply = await client.get("/api/fail", headers=HTML)
    assert reply.status_code == 429
    assert reply.headers["retry-after"] == "2"
    assert reply.json() == {
        "error_code": "rate_limited_local",
        "message": "Too many requests.",
        "request_id": reply.headers["x-request-id"],
        "details": {"hint": "Wait as long as Retry-After says."},
    }


async def test_the_other_dialects(client: httpx.AsyncClient) -> None:
    """The same failure through the other doors."""
    text = "Too many requests. Wait as long as Retry-After says."
    reply = await client.get("/v1/fail")
    assert (reply.status_code, reply.headers["retry-after"]) == (429, "2")
    assert reply.json() == {
        "error": {"message": text, "type": "rate_limit_error", "param": None, "code": "rate_limit_exceeded"}
    }
    assert (await client.get("/chat/fail")).json() == {"error": text, "type": "api_error"}
    assert (await client.get("/models/fail")).json() == {"detail": text}


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (UpstreamError("No such tool"), "No such tool. Correct the request as the provider says."),
        (UpstreamError("Why so many?"), "Why so many? Correct the request as the provider says."),
        (Conflict("Not stored.", details={"hint": "Use a new key."}), "Not stored. Use a new key."),
    ],
)
def test_dialects_of_one_text_say_all_of_an_error_in_sentences(error: AppError, text: str) -> None:
    """Its own hint where it has one; a provider's message without a full stop does not run into ours."""
    assert error_body(error, dialect="typed", request_id=None)["error"] == text
    assert error_body(error, dialect="plain", request_id=None)["detail"] == text
    assert error_body(error, dialect="openai", request_id=None)["error"]["message"] == text


@pytest.mark.parametrize("kind", list(AppError.tree()))
def test_no_hint_speaks_of_what_other_dialects_leave_out(kind: type[AppError]) -> None:
    """Only the console's own shape has details; the results that are missing can be posted nowhere else."""
    assert "details" not in kind.hint or kind in (Stale, ToolResultsMissing)


@pytest.mark.parametrize(("body", "why"), [(b'{"count": 1} x', "Extra data"), (b"{", "Expecting")])
async def test_what_is_no_json_is_told_with_its_reason(client: httpx.AsyncClient, body: bytes, why: str) -> None:
    """It is no field of the request, so no parameter is named."""
    reply = await client.post("/v1/notes", content=body, headers={"content-type": "application/json"})
    error = reply.json()["error"]
    assert (reply.status_code, error["param"]) == (400, None)
    assert "No JSON at character" in error["message"]
    assert why in error["message"]


@pytest.mark.parametrize("path", ["/api/boom", "/v1/boom", "/chat/boom"])
async def test_an_unexpected_exception_is_a_500_without_its_text(client: httpx.AsyncClient, path: str) -> None:
    """The text is for the log alone."""
    reply = await client.get(path, headers=HTML)
    assert reply.status_code == 500
    assert "secret" not in reply.text
    assert ("internal_error" in reply.text) == (path != "/chat/boom")
    assert ("unexpected_error" in reply.text) == (path == "/chat/boom")


async def test_unknown_paths_and_methods_are_json(client: httpx.AsyncClient) -> None:
    """404 and 405 whatever Accept says; 405 names what is allowed."""
    reply = await client.get("/api/nowhere", headers=HTML)
    assert (reply.status_code, reply.json()["error_code"]) == (404, "not_found")
    assert (await client.get("/v1/nowhere", headers=HTML)).json()["error"]["code"] == "not_found"
    assert (await client.get("/chat/nowhere", headers=HTML)).json()["type"] == "api_error"
    reply = await client.delete("/api/fail", headers=HTML)
    assert (reply.status_code, reply.json()["error_code"]) == (405, "method_not_allowed")
    assert reply.headers["allow"] == "GET"


async def test_ids_that_no_encoding_knows_survive(client: httpx.AsyncClient) -> None:
    """A lone surrogate is shown escaped, as JSON that strict parsers read."""
    reply = await client.get("/api/odd")
    assert reply.status_code == 404
    assert json.loads(reply.content.decode("utf-8", "strict"))["resource_id"] == "\\ud800"


async def test_invalid_fields_are_named(client: httpx.AsyncClient) -> None:
    """Where, why and which rule; body and query alike."""
    reply = await client.post("/api/notes?limit=0", json={"count": -1, "extra": 1})
    assert (reply.status_code, reply.json()["error_code"]) == (422, "validation_failed")
    fields = reply.json()["details"]["fields"]
    assert {(tuple(field["loc"]), field["type"]) for field in fields} == {
        (("query", "limit"), "greater_than_equal"),
        (("body", "count"), "greater_than_equal"),
        (("body", "extra"), "extra_forbidden"),
    }
    assert all(set(field) == {"loc", "msg", "type"} for field in fields)
    reply = await client.post("/v1/notes", json={"count": -1})
    assert reply.json()["error"]["param"] == "count"
    assert reply.json()["error"]["type"] == "invalid_request_error"
    typed = (await client.post("/chat/notes?limit=0", json={"count": -1})).json()
    assert typed["type"] == "api_error"
    assert typed["error"].startswith("The request is not valid. limit: ")
    assert "; count: " in typed["error"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"\\ud800"',
        b"\xff\xfe",
        b'{"count": NaN}',
        b'{"count": Infinity}',
        b'{"count": 1e400}',
        b'{"count": 9223372036854775808}',
        b'{"count": ' + b"9" * 4000 + b"}",
        b'{"count": ' + b"9" * 5000 + b"}",
        b'{"count": 1, "ratio": NaN}',
        b'{"count": 1, "\\ud800": 1}',
        b'{"count": 1, "text": "no \\ud800"}',
        b'{"count": "\\ud800"}',
        b'{"count": 1, "ratio": {"a": NaN}}',
        b"[" * 100_000,
    ],
    ids=lambda body: body[:24].decode("latin-1"),
)
async def test_odd_bodies_are_422(client: httpx.AsyncClient, body: bytes) -> None:
    """Never a 500, and always JSON that a strict reader takes."""
    reply = await client.post("/api/notes", content=body, headers={"content-type": "application/json"})
    assert reply.status_code == 422
    text = reply.content.decode("utf-8", "strict")
    assert json.loads(text, parse_constant=lambda name: pytest.fail(name))["error_code"] == "validation_failed"
    assert len(text) < 2000


async def test_large_inputs_are_not_echoed(client: httpx.AsyncClient) -> None:
    """Neither values nor names nor a thousand complaints."""
    many = {f"{number}-{'x' * 5000}": "y" * 5000 for number in range(1000)}
    reply = await client.post("/api/notes", json={"count": 1, "text": "no" * 5000, **many})
    assert reply.status_code == 422
    assert len(reply.content) < 12_000
    assert len(reply.json()["details"]["fields"]) == 20
    assert reply.json()["details"]["more_fields"] == 981


async def test_every_error_of_the_tree_is_sendable_in_every_dialect() -> None:
    """Status and code of the class, in each shape; OpenAI's clients know two of them by another status."""
    expected: dict[type[AppError], int] = {UpstreamBadKey: 401}
    expected |= {kind: 400 for kind in ValidationFailed.tree() if kind is not IdempotencyMismatch}
    for kind in AppError.tree():
        for path in ("/api/x", "/v1/x", "/chat", "/models"):
            response = error_response(kind(), path=path, request_id="r")
            assert response.status_code == (expected.get(kind, kind.status) if path == "/v1/x" else kind.status)
            assert json.loads(bytes(response.body))


@pytest.mark.parametrize(
    ("error", "status", "code", "kind"),
    [
        (UpstreamBadKey(), 401, "invalid_api_key", "authentication_error"),
        (Unauthorized(), 401, "invalid_api_key", "authentication_error"),
        (UpstreamNoCredit(), 402, "insufficient_quota", "insufficient_quota"),
        (UpstreamModelNotFound(), 404, "model_not_found", "invalid_request_error"),
        (UpstreamRateLimited(), 429, "rate_limit_exceeded", "rate_limit_error"),
        (ContextTooLong(), 400, "context_length_exceeded", "invalid_request_error"),
        (BudgetExceeded(), 403, "budget_exceeded", "permission_error"),
        (UpstreamUnavailable(), 503, "upstream_unavailable", "server_error"),
    ],
)
def test_openai_clients_find_the_codes_they_compare(error: AppError, status: int, code: str, kind: str) -> None:
    """A bad provider key is 502 elsewhere and 401 here."""
    response = error_response(error, path="/v1/chat/completions", request_id=None)
    body = json.loads(bytes(response.body))["error"]
    assert (response.status_code, body["code"], body["type"]) == (status, code, kind)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (UpstreamTimeout(), "timeout"),
        (UpstreamUnavailable(), "api_unavailable"),
        (UpstreamTruncated(), "connection_error"),
        (UpstreamMidstream(), "network_error"),
        (UpstreamNoCredit(), "upstream_http_error"),
        (UpstreamGarbage(), "upstream_http_error"),
        (UpstreamError(), "upstream_http_error"),
        (Interrupted(), "connection_error"),
        (MissingKey(), "api_error"),
        (AppError(), "unexpected_error"),
    ],
)
def test_the_seven_types_of_the_typed_dialect(error: AppError, kind: str) -> None:
    """Each type is in use."""
    assert typed_type(type(error)) == kind


@pytest.mark.parametrize(
    ("wait_s", "sent"), [(0.0, "1"), (-3.0, "1"), (1.0, "1"), (59.01, "60"), (1e9, "86400"), (float("nan"), "86400")]
)
def test_retry_after_is_a_sane_whole_number(wait_s: float, sent: str) -> None:
    """Never zero, which would be a busy loop, and never a fraction, which clients cannot read."""
    response = error_response(UpstreamRateLimited(retry_after_s=wait_s), path="/api", request_id=None)
    assert response.headers["retry-after"] == sent


class Priced(BaseModel):
    cost_usd: Decimal
    title: str


def test_the_current_object_of_a_stale_write_is_sent_exactly() -> None:
    """Models and exact decimals in details, also next to something unsendable."""
    for title in ("x", "\ud800"):
        current = Priced(cost_usd=Decimal("0.000000000001"), title=title)
        error = Stale(details={"current": current, "nan": float("nan"), "big": 2**70, "hint": "ours"})
        sent = to_json(error_body(error, dialect="api", request_id=None)).decode("utf-8", "strict")
        details: dict[str, Any] = json.loads(sent, parse_float=Decimal)["details"]
        assert details["current"]["cost_usd"] == Decimal("0.000000000001")
        assert details["nan"] is None
        assert details["hint"] == "ours"


def test_a_cycle_in_details_ends() -> None:
    """Depth is cut, and the reply is still JSON."""
    cycle: dict[str, Any] = {}
    cycle["again"] = cycle
    assert json.loads(to_json(cycle))


def test_routes_document_their_errors_and_the_shared_ones() -> None:
    """The model of the dialect, every code of a status in its description."""
    app = FastAPI()

    @app.get("/api/x", responses=responses_for(NotFound, BudgetExceeded))
    @app.get("/v1/x", responses=responses_for(NotFound, dialect="openai"))
    @app.get("/chat", responses=responses_for(dialect="typed"))
    async def x(limit: int) -> None: ...

    paths = app.openapi()["paths"]
    ours = paths["/api/x"]["get"]["responses"]
    assert set(ours) == {"200", "404", *(str(kind.status) for kind in SHARED_ERRORS)}
    assert "`forbidden_origin`" in ours["403"]["description"]
    assert "`budget_exceeded`" in ours["403"]["description"]
    for path, model in (("/api/x", "ErrorBody"), ("/v1/x", "OpenAIError"), ("/chat", "TypedError")):
        invalid = "400" if model == "OpenAIError" else "422"
        schema = paths[path]["get"]["responses"][invalid]["content"]["application/json"]["schema"]
        assert schema == {"$ref": f"#/components/schemas/{model}"}


def test_a_validation_error_of_ours_has_the_same_shape() -> None:
    """Services raise it with fields of their own."""
    error = ValidationFailed(details={"fields": [{"loc": ["body", "parts", 0], "msg": "blank", "type": "blank"}]})
    assert error_body(error, dialect="openai", request_id=None)["error"]["param"] == "parts.0"
