"""Who answers, how, and what is sent: the request over the session over the profile over the settings."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest

from app.db.types import Row
from app.repo.models import UNKNOWN
from app.schemas.profiles import Profile
from app.services.catalog.known_models import Offer
from app.services.context.history import history
from app.services.providers.providers import Route
from app.services.turns.prompt import Defaults, Resolved, request_body, resolve
from app.services.upstream.request import wire_parameters
from tests.services.turning import route_at

ROUTE_OF = route_at("openrouter")
DEFAULTS = Defaults(model="d/model", temperature=0.1, max_tokens=11, system_prompt="be default")


def offer_of(model: str) -> Offer:
    return Offer(ROUTE_OF(model), UNKNOWN)


def profile(**fields: Any) -> Profile:
    plain: dict[str, Any] = {
        "id": 1, "name": "p", "system_prompt": "", "temperature": 0.2, "max_tokens": 22, "openrouter_preset": None,
        "model": None, "reasoning": None, "params": {}, "tools": [], "is_default": False, "revision": 1,
        "created_at": "", "updated_at": "",
    }  # fmt: skip
    return Profile(**(plain | fields))


@pytest.mark.parametrize(
    ("request_", "session", "in_profile", "has_profile"),
    list(itertools.product((None, "r/m"), (None, "s/m"), (None, "p/m"), (False, True))),
)
def test_the_model_by_precedence(
    request_: str | None, session: str | None, in_profile: str | None, has_profile: bool
) -> None:
    """Each level answers only when the ones before it say nothing."""
    chosen = profile(model=in_profile) if has_profile else None
    resolved = resolve({}, model=request_, session_model=session, profile=chosen, defaults=DEFAULTS, offer_of=offer_of)
    assert resolved.route.slug == (request_ or session or (in_profile if has_profile else None) or "d/model")


def _resolved(given: dict[str, Any], chosen: Profile | None) -> Resolved:
    return resolve(given, model=None, session_model=None, profile=chosen, defaults=DEFAULTS, offer_of=offer_of)


PARAMETERS: list[tuple[dict[str, Any], Profile | None, dict[str, Any]]] = [
    ({}, None, {"temperature": 0.1, "max_tokens": 11}),
    ({"temperature": 0}, None, {"temperature": 0, "max_tokens": 11}),
    ({}, profile(), {"temperature": 0.2, "max_tokens": 22}),
    ({}, profile(temperature=0.0), {"temperature": 0.0, "max_tokens": 22}),
    ({}, profile(params={"top_p": 0.5, "seed": 1}), {"temperature": 0.2, "max_tokens": 22, "top_p": 0.5, "seed": 1}),
    ({"seed": 2}, profile(params={"seed": 1}), {"temperature": 0.2, "max_tokens": 22, "seed": 2}),
    ({"max_tokens": 5}, profile(), {"temperature": 0.2, "max_tokens": 5}),
    (
        {},
        profile(reasoning={"effort": "high"}),
        {"temperature": 0.2, "max_tokens": 22, "reasoning": {"effort": "high"}},
    ),
    ({}, profile(reasoning={}), {"temperature": 0.2, "max_tokens": 22}),
    ({}, profile(reasoning=None), {"temperature": 0.2, "max_tokens": 22}),
    (
        {"reasoning_effort": "low"},
        profile(reasoning={"effort": "high"}),
        {"temperature": 0.2, "max_tokens": 22, "reasoning": {"effort": "low"}},
    ),
    ({}, profile(openrouter_preset="mine"), {"temperature": 0.2, "max_tokens": 22, "preset": "mine"}),
]


@pytest.mark.parametrize(("given", "chosen", "params"), PARAMETERS)
def test_parameters_by_precedence(given: dict[str, Any], chosen: Profile | None, params: dict[str, Any]) -> None:
    """A named 0 is a value, not an absence."""
    before = dict(chosen.params) if chosen else {}
    assert _resolved(given, chosen).params == params
    assert chosen is None or chosen.params == before


def test_what_the_providers_file_says_stands_between_the_settings_and_the_profile() -> None:
    """Value by value, and the provider is asked by its own name for the model."""

    def filed(model: str) -> Offer:
        return Offer(Route(ROUTE_OF(model).provider, f"x/{model}", model, {"temperature": 1.5, "top_k": 3}), UNKNOWN)

    asked: dict[str, Any] = {"model": "m", "session_model": None, "defaults": DEFAULTS, "offer_of": filed}
    resolved = resolve({}, profile=None, **asked)
    assert resolved.params == {"temperature": 1.5, "top_k": 3, "max_tokens": 11}
    assert (resolved.route.slug, sent(resolved, [])["model"]) == ("x/m", "m")
    resolved = resolve({"top_k": 4}, profile=profile(), **asked)
    assert resolved.params == {"temperature": 0.2, "top_k": 4, "max_tokens": 22}


@pytest.mark.parametrize(
    ("chosen", "prompt"),
    [(None, "be default"), (profile(), "be default"), (profile(system_prompt="be a pirate"), "be a pirate")],
)
def test_the_system_prompt_by_precedence(chosen: Profile | None, prompt: str) -> None:
    assert _resolved({}, chosen).system_prompt == prompt


def row(role: str, text: str) -> Row:
    parts = [{"type": "text", "text": text}] if text else []
    return {"id": "m", "pinned": 0, "role": role, "content": text, "parts": json.dumps(parts), "model": None}


def sent(resolved: Resolved, path: list[Row], prefill: str = "") -> dict[str, Any]:
    slug = resolved.route.slug
    messages = [line.message for line in history(path, model=slug, system=resolved.system_prompt)]
    return request_body(resolved, messages, wire_parameters(resolved.params, model=slug, facts=None), prefill)


PATH: list[Row] = [row("user", "Hi"), row("assistant", ""), row("user", "Again")]


def test_the_body_holds_the_path_from_the_root_on() -> None:
    """System prompt first; answers that hold no text are left out."""
    body = sent(Resolved(ROUTE_OF("a/b"), "be brief", {"temperature": 0, "max_tokens": 9}, None), PATH)
    assert body == {
        "model": "a/b",
        "messages": [
            {"role": "system", "content": "be brief"},
            {"role": "user", "content": "Hi"},
            {"role": "user", "content": "Again"},
        ],
        "temperature": 0,
        "max_tokens": 9,
    }


@pytest.mark.parametrize("prompt", ["", " \n"])
def test_a_blank_system_prompt_is_not_sent(prompt: str) -> None:
    body = sent(Resolved(ROUTE_OF("a/b"), prompt, {}, None), PATH[:1])
    assert body["messages"] == [{"role": "user", "content": "Hi"}]


def test_the_old_text_of_a_continued_answer_is_the_last_message() -> None:
    """The model goes on with what it had said."""
    body = sent(Resolved(ROUTE_OF("a/b"), "", {}, None), PATH[:1], prefill="Hello th")
    assert body["messages"][-1] == {"role": "assistant", "content": "Hello th"}


def test_reasoning_effort_is_sent_in_the_provider_s_form() -> None:
    """As ``reasoning.effort`` alone: both spellings at once are refused."""
    resolved = Resolved(ROUTE_OF("a/b"), "", {"reasoning_effort": "high"}, None)
    body = sent(resolved, [])
    assert body["reasoning"] == {"effort": "high"}
    assert "reasoning_effort" not in body
    assert resolved.params == {"reasoning_effort": "high"}
