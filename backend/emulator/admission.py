"""From an HTTP request to an accepted call: key, body, model, scenario, credit, in the order the real API asks."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from aiohttp import web

from . import chaos, errors, presets, replay, routing, strictness, validation
from .access import authorize, check_credit, check_key_limit
from .catalogue import DEFAULT_MODEL, Endpoint, Model, variants_of
from .errors import ApiError, invalid_request
from .prompt import Prompt, read
from .reply import Reply, compose, limit_of
from .scenarios import HEADER, Refuse, Scenario, Tree, parse, resolve, without_faults
from .state import State


@dataclass(frozen=True, slots=True)
class Call:
    """A request that will be answered; ``given`` is its body before it was made one of chat's."""

    model: Model
    endpoint: Endpoint
    given: Mapping[str, Any]
    body: Mapping[str, Any]
    prompt: Prompt
    reply: Reply
    scenario: Scenario
    digest: str
    key: str
    service_tier: str | None

    @property
    def streamed(self) -> bool:
        return bool(self.body.get("stream"))


@dataclass(frozen=True, slots=True)
class Asked:
    """A request for one model, before it is known whether it can be answered."""

    model: str
    given: Mapping[str, Any]
    body: Mapping[str, Any]
    prompt: Prompt
    scenario: Scenario
    digest: str
    key: str


async def admit(state: State, request: web.Request, as_chat: Callable[[dict[str, Any]], dict[str, Any]]) -> Call | None:
    """The call to answer, or None when the scenario hangs up instead; ``as_chat`` makes a body one of chat's.

    Raises:
        ApiError: any refusal before the first byte.
    """
    key = authorize(state, request)
    check_key_limit(state, key)
    raw = await request.read()
    given = validation.decode(raw)
    body = presets.applied(as_chat(given), state.presets)
    validation.check(body)
    digest = hashlib.sha256(raw).hexdigest()
    prompt = read(body["messages"])
    attempt = state.attempt(digest)
    candidates = [*([body["model"]] if "model" in body else []), *body.get("models", [])] or [DEFAULT_MODEL]
    for at, candidate in enumerate(candidates):
        is_last = at == len(candidates) - 1
        try:
            name, _, suffix = candidate.partition("#")
            scenario = _scenario(state, request, name, parse(suffix), prompt, digest, attempt)
            if scenario.hold:
                await state.clock.sleep(scenario.hold / 1000)
            if scenario.hangup:
                return None
            return _accept(state, Asked(name, given, body, prompt, scenario, digest, key))
        except ApiError:
            if is_last:
                raise
    raise AssertionError("unreachable")  # pragma: no cover


def _scenario(
    state: State, request: web.Request, model: str, suffix: Tree, prompt: Prompt, digest: str, attempt: int
) -> Scenario:
    header = parse(request.headers.get(HEADER, ""))
    layers = [*state.scenario_of(model), suffix, header, prompt.scenario]
    scenario = resolve(layers)
    if scenario.chaos:
        layers.insert(0, chaos.pick(scenario.chaos.seed, digest, attempt))
    if scenario.times is not None and attempt > scenario.times:
        layers = [without_faults(layer) for layer in layers]
    return resolve(layers)


def _accept(state: State, asked: Asked) -> Call:
    body, prompt, scenario = asked.body, asked.prompt, asked.scenario
    model, variants = state.catalogue.resolve(asked.model), variants_of(asked.model)
    if "thinking" in variants:
        body = {"reasoning": {"enabled": True}, **body}
    _check_capabilities(model, body, prompt)
    endpoint = routing.choose(model, body, variants)
    strictness.check_provider_rules(model, endpoint, body)
    replay.check(model, endpoint, body["messages"])
    if scenario.error:
        raise refusal(state, scenario.error, model, endpoint, prompt)
    reply = compose(model, endpoint, body, prompt, scenario, variants)
    prompt = _fitted(model, body, prompt)
    tier = _tier(model, body)
    check_credit(state, model.pricing_at(endpoint), prompt.tokens, limit_of(model, body))
    return Call(model, endpoint, asked.given, body, prompt, reply, scenario, asked.digest, asked.key, tier)


def _check_capabilities(model: Model, body: Mapping[str, Any], prompt: Prompt) -> None:
    if body.get("tools") and "tools" not in model.supported_parameters:
        raise ApiError(
            404,
            "No endpoints found that support tool use. To learn more about provider routing, "
            "visit: https://openrouter.ai/docs/provider-routing",
        )
    asked = body.get("modalities", [])
    if not set(asked) <= set(model.output_modalities):
        raise ApiError(404, f"No endpoints found that support the requested output modalities: {', '.join(asked)}")
    for modality in sorted(prompt.modalities - set(model.input_modalities)):
        raise ApiError(404, f"No endpoints found that support {modality} input")


def _tier(model: Model, body: Mapping[str, Any]) -> str | None:
    """The tier that serves the call: flex is had or not, priority falls back."""
    asked = body.get("service_tier")
    if asked in (None, "auto") or model.family in ("openai", "google"):
        return None if asked == "auto" else asked
    if asked == "flex":
        raise errors.no_endpoints(model.id)
    return "default"


def _fitted(model: Model, body: Mapping[str, Any], prompt: Prompt) -> Prompt:
    """The prompt, its middle left out when it is too long and that was asked for."""
    output = min(limit_of(model, body), body.get("max_completion_tokens") or body.get("max_tokens") or 0)
    requested = prompt.tokens + output
    if requested <= model.usable_context:
        return prompt
    if "middle-out" in body.get("transforms", []) or any(
        plugin["id"] == "context-compression" and plugin.get("enabled") is not False
        for plugin in body.get("plugins", [])
    ):
        return replace(prompt, tokens=max(model.usable_context - output, 1))
    raise ApiError(
        400,
        f"This endpoint's maximum context length is {model.usable_context} tokens. However, you requested about "
        f"{requested} tokens ({prompt.tokens} of text input, {output} in the output). Please reduce the length "
        'of either one, or use the "middle-out" transform to compress your prompt automatically.',
        metadata={"error_type": "context_length_exceeded"},
    )


def refusal(state: State, fault: Refuse, model: Model, endpoint: Endpoint, prompt: Prompt) -> ApiError:
    """The error a scenario asks for, in the shape its status has on record (section 6)."""
    error = _shaped(state, fault, model, endpoint, prompt)
    if fault.message:
        error.message = fault.message
    if fault.retry_after is not None:
        error.headers["Retry-After"] = str(fault.retry_after)
    error.html = fault.html
    return error


def _shaped(state: State, fault: Refuse, model: Model, endpoint: Endpoint, prompt: Prompt) -> ApiError:
    provider = endpoint.provider_name
    match fault.status:
        case 400:
            return invalid_request("Invalid request parameters")
        case 401:
            return errors.revoked_key()
        case 402:
            return errors.no_credit()
        case 403:
            return errors.moderated(prompt.question, provider, model.canonical_slug)
        case 404:
            return errors.no_endpoints(model.id)
        case 429 if fault.platform:
            return errors.free_limit(int(state.clock.unix() // 60 + 1) * 60_000)
        case 429:
            return errors.provider_error(
                429, provider, f"{model.id} is temporarily rate-limited upstream. Please retry shortly."
            )
        case status if status in errors.PLATFORM_MESSAGES:
            return ApiError(status, errors.PLATFORM_MESSAGES[status])
        case status:
            return errors.provider_error(status, provider, '{"error":{"message":"overloaded","type":"server_error"}}')
