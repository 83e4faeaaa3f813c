"""The request body of a turn: who said what, and the parameters. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from app.db.types import Row
from app.schemas.model_facts import ModelFacts
from app.schemas.profiles import Profile
from app.services.history import history
from app.services.plain_body import plain_body
from app.services.prices import dearest
from app.services.providers import Route
from app.services.request import layered, output_limit, wire_parameters
from app.services.tokens import prompt_tokens


@dataclass(frozen=True, slots=True)
class Defaults:
    """What applies where neither the request nor a profile says otherwise."""

    model: str
    temperature: float
    max_tokens: int
    system_prompt: str


@dataclass(frozen=True, slots=True)
class Resolved:
    """Who answers, and how: the request over the session over the profile over the settings."""

    route: Route
    system_prompt: str
    params: dict[str, Any]
    profile_id: int | None


def resolve(
    given: dict[str, Any],
    *,
    model: str | None,
    session_model: str | None,
    profile: Profile | None,
    defaults: Defaults,
    route_of: Callable[[str], Route],
) -> Resolved:
    """Settle every value by its precedence. ``given`` holds only the parameters that the request named.

    What the providers file says of the model stands above the settings and below everything else. Raises as
    ``Providers.route``.
    """
    route = route_of(model or session_model or (profile.model if profile else None) or defaults.model)
    params: dict[str, Any] = {"temperature": defaults.temperature, "max_tokens": defaults.max_tokens}
    params = layered(params, route.defaults)
    if profile is not None:
        params = layered(params, _of_profile(profile))
    return Resolved(
        route=route,
        system_prompt=(profile.system_prompt if profile else "") or defaults.system_prompt,
        params=layered(params, given),
        profile_id=profile.id if profile else None,
    )


def _of_profile(profile: Profile) -> dict[str, Any]:
    """A profile's parameters; where an older profile holds one under ``params`` too, that one counts."""
    own: dict[str, Any] = {"temperature": profile.temperature, "max_tokens": profile.max_tokens}
    if profile.reasoning:
        own["reasoning"] = profile.reasoning
    if profile.tools:
        own["tools"] = profile.tools
    if profile.openrouter_preset:
        own["preset"] = profile.openrouter_preset
    return layered(own, profile.params)


def request_body(
    resolved: Resolved, path: Iterable[Row], prefill: str = "", *, facts: ModelFacts | None = None
) -> dict[str, Any]:
    """The provider's request: system prompt, the path from the root on, and text for the model to continue.

    Raises ValidationFailed for parameters that contradict each other or the model.
    """
    messages = history(path, model=resolved.route.slug, facts=facts, system=resolved.system_prompt)
    if prefill:
        messages.append({"role": "assistant", "content": prefill})
    params = wire_parameters(resolved.params, model=resolved.route.slug, facts=facts)
    body = {"model": resolved.route.model, "messages": messages, **params}
    provider = resolved.route.provider
    return plain_body(body, provider.name) if provider.plain else body


def worst_cost_picousd(body: dict[str, Any], prices: Row | None) -> int | None:
    """The most a call can be expected to cost: its prompt, guessed high, and its full limit; None unpriced."""
    if prices is None:
        return None
    tokens = prompt_tokens(body)
    prompt, completion, request = (
        dearest(prices, kind, prompt_tokens=tokens) for kind in ("prompt", "completion", "request")
    )
    if prompt is None or completion is None:
        return None
    return int(min(tokens * prompt + (output_limit(body) or 0) * completion + (request or 0), 2**63 - 1))
