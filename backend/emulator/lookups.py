"""The routes that only read: models, endpoints, generation, key, credits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from aiohttp import web

from . import listing, providers
from .access import authorize, authorize_management
from .catalogue import Model
from .errors import ApiError, invalid_request, provider_error
from .keys import STATE
from .ledger import Row
from .pricing import ZERO
from .scenarios import resolve
from .state import State
from .wire import money

MODELS_CACHE = "public, max-age=300, stale-while-revalidate=3600"


async def models(request: web.Request) -> web.Response:
    """``GET /models``: the catalogue, filtered, sorted, paged; no key needed."""
    return await _listed(request, request.app[STATE].catalogue.everything, request.query)


async def user_models(request: web.Request) -> web.Response:
    """``GET /models/user``: the same for the account, so a key is needed."""
    authorize(request.app[STATE], request)
    return await models(request)


async def embedding_models(request: web.Request) -> web.Response:
    """``GET /embeddings/models``: those that make vectors."""
    query = {**request.query, "output_modalities": "embeddings"}
    return await _listed(request, request.app[STATE].catalogue.everything, query)


async def image_models(request: web.Request) -> web.Response:
    """``GET /images/models``: those that draw."""
    query = {**request.query, "output_modalities": "image"}
    return await _listed(request, request.app[STATE].catalogue.everything, query)


async def _listed(request: web.Request, rows: Sequence[Model], query: Mapping[str, str]) -> web.Response:
    await misbehave(request.app[STATE], "models")
    response = reply(listing.page_of(rows, query, request.path))
    response.headers["Cache-Control"] = MODELS_CACHE
    return response


async def count(request: web.Request) -> web.Response:
    """``GET /models/count``: how many there are."""
    rows = listing.select(request.app[STATE].catalogue.everything, request.query)
    return reply({"data": {"count": len(rows)}})


async def model(request: web.Request) -> web.Response:
    """``GET /model/{author}/{slug}``: one row; variants and aliases lead to it."""
    state = request.app[STATE]
    await misbehave(state, "models")
    return reply({"data": _model_of(state, request).as_json()})


async def endpoints(request: web.Request) -> web.Response:
    """``GET /models/{author}/{slug}/endpoints``: who serves a model; latency and throughput only with a key."""
    state = request.app[STATE]
    await misbehave(state, "endpoints")
    measured = "Authorization" in request.headers
    return reply({"data": _model_of(state, request).endpoints_json(measured=measured)})


async def zdr_endpoints(request: web.Request) -> web.Response:
    """``GET /endpoints/zdr``: the endpoints that keep nothing."""
    rows = request.app[STATE].catalogue.everything
    kept = [row.endpoint_json(it, measured=False) for row in rows for it in row.endpoints if not it.retains]
    return reply({"data": kept})


async def companies(request: web.Request) -> web.Response:
    """``GET /providers``: the companies that serve the models."""
    rows = request.app[STATE].catalogue.everything
    return reply({"data": providers.as_json(endpoint for row in rows for endpoint in row.endpoints)})


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
    own = authorize(state, request)
    await misbehave(state, "key")
    limit, used = state.account.key_limits_usd.get(own), state.ledger.spent_by(own)
    if limit is None:
        limit, used = state.account.credit_usd, state.ledger.total_usd
    spent = money(used)
    data = {
        "label": "sk-or-v1-demo...key",
        "limit": money(limit),
        "limit_remaining": money(max(limit - used, ZERO)),
        "limit_reset": None,
        "usage": spent,
        "usage_daily": spent,
        "usage_weekly": spent,
        "usage_monthly": spent,
        "byok_usage": 0,
        "byok_usage_daily": 0,
        "byok_usage_weekly": 0,
        "byok_usage_monthly": 0,
        "include_byok_in_limit": False,
        "is_free_tier": False,
        "is_management_key": False,
        "is_provisioning_key": False,
        "creator_user_id": None,
        "organization_id": None,
        "workspace_id": None,
        "allowed_data_regions": ["global"],
        "free_model_daily_requests": {"limit": 50, "used": 0, "remaining": 50},
        "rate_limit": {"requests": -1, "interval": "10s", "note": "This field is deprecated and safe to ignore."},
    }
    return reply({"data": data})


async def credits(request: web.Request) -> web.Response:  # noqa: A001 - the endpoint's name
    """``GET /credits``: bought and spent; the balance is their difference."""
    state = request.app[STATE]
    authorize_management(state, request)
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


def _model_of(state: State, request: web.Request) -> Model:
    model_id = f"{request.match_info['author']}/{request.match_info['slug']}"
    found = state.catalogue.find(model_id)
    if found is None:
        raise ApiError(404, f"Model {model_id} not found")
    return found


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
        "native_tokens_completion_images": row.image_tokens,
        "num_media_prompt": None,
        "num_media_completion": None,
        "num_search_results": row.search_results or None,
        "usage": cost,
        "total_cost": cost,
        "upstream_inference_cost": money(row.upstream_cost_usd if row.is_byok else ZERO),
        "cache_discount": None,
        "is_byok": row.is_byok,
        "external_user": None,
        "http_referer": None,
        "num_fetches": None,
        "num_input_audio_prompt": None,
        "preset_id": None,
        "user_agent": None,
        "web_search_engine": None,
        "workspace_id": None,
        "app_id": None,
        "origin": "",
        "router": None,
        "service_tier": row.service_tier,
        "data_region": "global",
        "api_type": row.api_type,
        "provider_responses": None,
    }
