"""The emulator's routes and the one middleware: record what comes, turn refusals into responses."""

from __future__ import annotations

from typing import Any

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler

from . import control, lookups, presets
from .chat import chat_completions
from .embeddings import embeddings
from .errors import PLATFORM_MESSAGES, ApiError
from .keys import STATE
from .state import RecordedRequest, State

API = "/api/v1"
RECORD = web.RequestKey("record", RecordedRequest)


def build_app(state: State, max_body_bytes: int) -> web.Application:
    """The web application around a state."""
    app = web.Application(middlewares=[answer_errors], client_max_size=max_body_bytes)
    app[STATE] = state
    app.on_response_prepare.append(_note_status)
    app.router.add_post(f"{API}/chat/completions", chat_completions)
    app.router.add_post(f"{API}/embeddings", embeddings)
    app.router.add_get(f"{API}/embeddings/models", lookups.embedding_models)
    app.router.add_get(f"{API}/models", lookups.models)
    app.router.add_get(f"{API}/models/user", lookups.user_models)
    app.router.add_get(f"{API}/models/count", lookups.count)
    app.router.add_get(f"{API}/models/{{author}}/{{slug}}/endpoints", lookups.endpoints)
    app.router.add_get(f"{API}/model/{{author}}/{{slug}}", lookups.model)
    app.router.add_get(f"{API}/endpoints/zdr", lookups.zdr_endpoints)
    app.router.add_get(f"{API}/providers", lookups.companies)
    app.router.add_get(f"{API}/generation", lookups.generation)
    app.router.add_get(f"{API}/key", lookups.key)
    app.router.add_get(f"{API}/credits", lookups.credits)
    app.router.add_post(f"{API}/presets/{{slug}}/chat/completions", presets.save)
    app.router.add_get("/health", health)
    app.router.add_get("/", index)
    for prefix in ("/__emulator", "/__parlel"):
        app.router.add_get(f"{prefix}/requests", control.requests)
        app.router.add_post(f"{prefix}/reset", control.reset)
    app.router.add_get("/__emulator/ledger", control.ledger)
    app.router.add_post("/__emulator/scenario", control.scenario)
    app.router.add_post("/__emulator/account", control.account)
    app.router.add_post("/__emulator/release", control.release)
    return app


async def health(_request: web.Request) -> web.Response:
    return web.json_response({"status": "ok"})


async def index(_request: web.Request) -> web.Response:
    return web.json_response({"name": "openrouter", "base_url": API, "status": "ok"})


@web.middleware
async def answer_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        await _record(request)
        return await handler(request)
    except ApiError as error:
        return _refused(error)
    except web.HTTPRequestEntityTooLarge:
        return _refused(ApiError(413, PLATFORM_MESSAGES[413], metadata={"error_type": "payload_too_large"}))
    except web.HTTPException as error:
        return _refused(ApiError(error.status, error.reason))


def _refused(error: ApiError) -> web.Response:
    headers = {"Content-Type": error.content_type, **error.headers}
    return web.Response(status=error.status, body=error.body(), headers=headers)


async def _record(request: web.Request) -> None:
    if request.path.startswith("/__"):
        return
    state = request.app[STATE]
    headers = {name: value for name, value in request.headers.items() if name.lower() != "authorization"}
    if "Authorization" in request.headers:
        headers["Authorization"] = "[redacted]"
    record = RecordedRequest(request.method, request.path_qs, headers, None)
    request[RECORD] = record
    state.requests.append(record)
    try:
        record.body = _decoded(await request.read())
    finally:
        state.pulse()


def _decoded(raw: bytes) -> Any:
    if not raw:
        return None
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return raw.decode(errors="replace")


async def _note_status(request: web.Request, response: web.StreamResponse) -> None:
    record = request.get(RECORD)
    is_sent = request.transport is not None and not request.transport.is_closing()
    if record is not None and is_sent:
        record.status = response.status
        request.app[STATE].pulse()
