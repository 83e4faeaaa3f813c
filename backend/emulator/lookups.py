"""The routes that only read: models, endpoints, generation, key, credits."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
from aiohttp import web

from .admission import authorize
from .errors import ApiError, invalid_request, provider_error
from .keys import STATE
from .ledger import Row
from .pricing import ZERO
from .scenarios import resolve
from .state import State
from .wire import money

MODELS_CACHE = "public, max-age=300, stale-while-revalidate=3600"
PAGE = 500


async def models(request: web.Request) -> web.Response:
    """``GET /models``: the catalogue, whole unless ``offset`` or ``limit`` ask for a part; no key needed."""
    state = request.app[STATE]
    await misbehave(state, "models")
    needed = set(filter(None, request.query.get("supported_parameters", "").split(",")))
    rows = [row for row in state.catalogue.models if needed <= set(row.supported_parameters)]
    if "offset" in request.query or "limit" in request.query:
        offset, limit = _whole(request, "offset", 0), _whole(request, "limit", PAGE)
        rows = rows[offset : offset + limit]
    response = reply({"data": [row.as_json() for row in rows]})
    response.headers["Cache-Control"] = MODELS_CACHE
    return response


async def endpoints(request: web.Request) -> web.Response:
    """``GET /models/{author}/{slug}/endpoints``: who serves a model."""
    state = request.app[STATE]
    await misbehave(state, "endpoints")
    model_id = f"{request.match_info['author']}/{request.match_info['slug']}"
    model = state.catalogue.get(model_id)
    if model is None:
        raise ApiError(404, f"Model {model_id} not found")
    return reply({"data": model.endpoints_json()})


async def generation(request: web.Request) -> web.Response:
    """``GET /generation?id=``: one call as the ledger has it; 404 while it runs and for the first lookups after."""
    state = request.app[STATE]
    authorize(state, request)
    await misbehave(state, "generation")
    generation_id = request.query.get("id", "")
    if not generation_id:
        raise invalid_request("Invalid request parameters: id: required")
    row = state.ledger.find(generation_id)
    if row is None or row.status == "open":
        raise _unknown(generation_id)
    if row.lookup_misses > 0:
        row.lookup_misses -= 1
        raise _unknown(generation_id)
    return reply({"data": _generation(row)})


async def key(request: web.Request) -> web.Response:
    """``GET /key``: the key's own limits and spend."""
    state = request.app[STATE]
    authorize(state, request)
    await misbehave(state, "key")
    spent = money(state.ledger.total_usd)
    data = {
        "label": "sk-or-v1-demo...key",
        "limit": money(state.account.credit_usd),
        "limit_remaining": money(state.balance_usd),
        "limit_reset": None,
        "usage": spent,
        "usage_daily": spent,
        "usage_weekly": spent,
        "usage_monthly": spent,
        "byok_usage": 0,
        "include_byok_in_limit": False,
        "is_free_tier": False,
        "is_management_key": False,
        "is_provisioning_key": False,
        "creator_user_id": None,
        "rate_limit": {"requests": -1, "interval": "10s", "note": "This field is deprecated and safe to ignore."},
    }
    return reply({"data": data})


async def credits(request: web.Request) -> web.Response:  # noqa: A001 - the endpoint's name
    """``GET /credits``: bought and spent; the balance is their difference."""
    state = request.app[STATE]
    authorize(state, request)
    await misbehave(state, "credits")
    data = {"total_credits": money(state.account.credit_usd), "total_usage": money(state.ledger.total_usd)}
    return reply({"data": data})


async def misbehave(state: State, endpoint: str) -> None:
    """Do what the control API asked of this endpoint: be slow, or refuse."""
    scenario = resolve([state.endpoint_scenario(endpoint)])
    if scenario.hold:
        await state.clock.sleep(scenario.hold / 1000)
    if scenario.error:
        fault = scenario.error
        error = provider_error(fault.status, None, None)
        error.html = fault.html
        if fault.retry_after is not None:
            error.headers["Retry-After"] = str(fault.retry_after)
        raise error


def reply(body: Any) -> web.Response:
    """A JSON response; money inside stays exact."""
    return web.Response(body=msgspec.json.encode(body), content_type="application/json")


def _whole(request: web.Request, name: str, default: int) -> int:
    text = request.query.get(name, str(default))
    if not (text.isascii() and text.isdigit()):
        raise invalid_request(f"Invalid request parameters: {name}: expected a non-negative integer")
    return int(text)


def _unknown(generation_id: str) -> ApiError:
    return ApiError(404, f"Generation {generation_id} not found")


def _generation(row: Row) -> dict[str, Any]:
    cost = money(row.cost_usd)
    return {
        "id": row.id,
        "upstream_id": f"chatcmpl-{row.id[-20:]}",
        "model": row.model.canonical_slug,
        "provider_name": row.endpoint.provider_name,
        "created_at": datetime.fromtimestamp(row.created_unix, UTC).isoformat(timespec="milliseconds"),
        "streamed": row.streamed,
        "cancelled": row.cancelled,
        "finish_reason": row.finish_reason,
        "native_finish_reason": row.native_finish_reason,
        "latency": row.duration_ms,
        "generation_time": row.duration_ms,
        "moderation_latency": None,
        "tokens_prompt": row.prompt_tokens,
        "tokens_completion": row.completion_tokens,
        "native_tokens_prompt": row.prompt_tokens,
        "native_tokens_completion": row.completion_tokens,
        "native_tokens_reasoning": row.reasoning_tokens,
        "native_tokens_cached": row.cached_tokens,
        "native_tokens_completion_images": 0,
        "num_media_prompt": None,
        "num_media_completion": None,
        "num_search_results": None,
        "usage": cost,
        "total_cost": cost,
        "upstream_inference_cost": money(row.upstream_cost_usd if row.is_byok else ZERO),
        "cache_discount": None,
        "is_byok": row.is_byok,
        "app_id": None,
        "origin": "",
        "router": None,
        "service_tier": None,
        "data_region": "global",
        "api_type": "completions",
        "provider_responses": None,
    }
