"""The request body of a turn: who said what, and the parameters. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from app.repo.models import UNKNOWN, Known
from app.schemas.profiles import Profile
from app.services.catalog.known_models import Offer
from app.services.context.history import Message
from app.services.providers.providers import Route
from app.services.upstream.request import layered


class Defaults(Struct, frozen=True):
    """What applies where neither the request nor a profile says otherwise."""

    model: str
    temperature: float
    max_tokens: int
    system_prompt: str


class Resolved(Struct, frozen=True):
    """Who answers, and how: the request over the session over the profile over the settings."""

    route: Route
    system_prompt: str
    params: dict[str, Any]
    profile_id: int | None
    known: Known = UNKNOWN
    """What the catalogue tells of the model."""


def resolve(
    given: dict[str, Any],
    *,
    model: str | None,
    session_model: str | None,
    profile: Profile | None,
    defaults: Defaults,
    offer_of: Callable[[str], Offer],
) -> Resolved:
    """Settle every value by its precedence. ``given`` holds only the parameters that the request named.

    What the providers file says of the model stands above the settings and below everything else. Raises as
    ``offer_of``.
    """
    route, known = offer_of(model or session_model or (profile.model if profile else None) or defaults.model)
    params: dict[str, Any] = {"temperature": defaults.temperature, "max_tokens": defaults.max_tokens}
    if route.defaults:
        params = layered(params, route.defaults)
    if profile is not None:
        params = layered(params, _of_profile(profile))
    return Resolved(
        route=route,
        system_prompt=(profile.system_prompt if profile else "") or defaults.system_prompt,
        params=layered(params, given) if given else params,
        profile_id=profile.id if profile else None,
        known=known,
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
    resolved: Resolved, messages: Sequence[Message], params: Mapping[str, Any], prefill: str = ""
) -> dict[str, Any]:
    """The provider's request: the conversation, text for the model to continue, and the parameters in their places.

    Raises ValidationFailed for parameters that the provider does not take.
    """
    said = [*messages, {"role": "assistant", "content": prefill}] if prefill else list(messages)
    return resolved.route.request({"messages": said, **params})
