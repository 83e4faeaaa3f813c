"""The emulator's routes and the one middleware: record what comes, turn refusals into responses."""

from __future__ import annotations

from aiohttp import web
from aiohttp.typedefs import Handler

from . import activity, control, live, lookups, presets
from .chat import answer, chat_completions
from .embeddings import embeddings
from .errors import PLATFORM_MESSAGES, ApiError
from .keys import STATE
from .recording import RecordedRequest
from .state import State

API = "/api/v1"
RECORD = web.RequestKey("record", RecordedRequest)


def build_app(state: State, max_body_bytes: int) -> web.Application:
    """The web application around a state."""
    app = web.Application(middlewares=[answer_errors], client_max_size=max_body_bytes)
    app[STATE] = state
    app.on_response_prepare.append(_note_status)
    app.router.add_post(f"{API}/chat/completions", chat_completions)
    app.router.add_post(f"{API}/responses", responses)
    app.router.add_post(f"{API}/embeddings", embeddings)
    app.router.add_get(f"{API}/embeddings/models", lookups.embedding_models)
    app.router.add_get(f"{API}/images/models", lookups.image_models)
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
    app.router.add_get(f"{API}/activity", activity.activity)
    app.router.add_post(f"{API}/presets/{{slug}}/chat/completions", presets.save)
    app.router.add_get("/health", health)
    app.router.add_get("/", index)
    app.router.add_get("/__emulator", live.index)
    app.router.add_get("/__emulator/{name:live\\.(?:js|css)}", live.asset)
    app.router.add_get("/__emulator/requests", control.requests)
    app.router.add_post("/__emulator/reset", control.reset)
    app.router.add_get("/__emulator/ledger", control.ledger)
    app.router.add_post("/__emulator/scenario", control.scenario)
    app.router.add_post("/__emulator/account", control.account)
    app.router.add_post("/__emulator/release", control.release)
    app.router.add_get("/__parlel/requests", control.parlel_requests)
    app.router.add_post("/__parlel/reset", control.parlel_reset)
    return app


async def responses(request: web.Request) -> web.StreamResponse:
    """``POST /responses``: the same in the Responses shape, nothing stored, as events or as one body."""
    from .responses import RESPONSES

    return await answer(request, RESPONSES)


async def health(_request: web.Request) -> web.Response:
    """``GET /health``: ready to answer."""
    return web.json_response({"status": "ok"})


async def index(_request: web.Request) -> web.Response:
    """``GET /``: what this is, and where its API begins."""
    return web.json_response({"name": "openrouter", "base_url": API, "status": "ok"})


@web.middleware
async def answer_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    began_s = request.app[STATE].clock.monotonic()
    try:
        await _record(request)
        return await handler(request)
    except ApiError as error:
        return _refused(error)
    except web.HTTPRequestEntityTooLarge:
        return _refused(ApiError(413, PLATFORM_MESSAGES[413], metadata={"error_type": "payload_too_large"}))
    except web.HTTPException as error:
        return _refused(ApiError(error.status, error.reason))
    finally:
        _note_duration(request, began_s)


def _refused(error: ApiError) -> web.Response:
    headers = {"Content-Type": error.content_type, **error.headers}
    return web.Response(status=error.status, body=error.body(), headers=headers)


async def _record(request: web.Request) -> None:
    if request.path.startswith("/__"):
        control.refuse_foreigners(request)
        return
    state = request.app[STATE]
    record = state.requests.add(state.clock.unix(), request.method, request.path_qs, request.headers)
    request[RECORD] = record
    try:
        state.requests.take_body(record, await request.read())
    finally:
        state.pulse()


def _note_duration(request: web.Request, began_s: float) -> None:
    record, state = request.get(RECORD), request.app[STATE]
    if record is not None:
        record.duration_ms = round((state.clock.monotonic() - began_s) * 1000)
        state.pulse()


async def _note_status(request: web.Request, response: web.StreamResponse) -> None:
    record = request.get(RECORD)
    is_sent = request.transport is not None and not request.transport.is_closing()
    if record is not None and is_sent:
        record.status = response.status
        request.app[STATE].pulse()
