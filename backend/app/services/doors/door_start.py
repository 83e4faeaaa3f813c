"""The first transaction of a call through a foreign door: what its client sent is the request, not the store's path."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.core.clock import now
from app.core.ids import new_id
from app.db.types import Conn, Row
from app.repo import generations, journal, messages, models, sessions
from app.repo import settings as settings_repo
from app.schemas.events import Start, encode_events
from app.schemas.model_facts import ModelFacts
from app.schemas.types import Purpose
from app.services.catalog.fallbacks import candidates, with_known_fallbacks
from app.services.catalog.known_models import known_route, refuse_incapable
from app.services.doors.door_thread import post_conversation
from app.services.doors.foreign_messages import ForeignMessage
from app.services.providers.providers import Route
from app.services.turns.keys import remember
from app.services.turns.meter import Rate
from app.services.turns.reservation import has_budget, reserve
from app.services.turns.turn_start import Begun, Plan, begun_earlier
from app.services.turns.worst_cost import worst_cost_picousd
from app.services.upstream import reasoning
from app.services.upstream.request import in_one_piece, output_limit

MOST_OUTPUT_TOKENS = 4096
"""What a client that names no limit is held to where a budget pays."""
_ONE_VALUE = (("max_tokens", "max_completion_tokens"), ("reasoning", "reasoning_effort", "include_reasoning"))
"""Names of one thing: whoever gives one of them has said it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorCall:
    """A chat request in the provider's own shape, checked and otherwise as its client wrote it.

    Args:
        messages: sent as they are.
        params: every other field of the body but ``model`` and ``stream``, sent as they are.
        model: the settings' default model when None.
        key: the client's idempotency key.
        store: whether its text is kept; its generation and ledger row always are.
        streams: whether its client reads the answer as it is written; else JSON may be repaired once it is whole.
        purpose: what the ledger calls it.
        headers: for OpenRouter, beside those that every call has.
    """

    messages: Sequence[Mapping[str, Any]]
    params: Mapping[str, Any]
    model: str | None = None
    key: str | None = None
    store: bool = True
    streams: bool = False
    purpose: Purpose = "endpoint"
    headers: Mapping[str, str] = field(default_factory=dict)

    def identity(self) -> dict[str, Any]:
        """What makes a second call under the same key the same."""
        return {"model": self.model, "messages": self.messages, "params": self.params, "store": self.store}


def start_call(conn: Conn, plan: Plan, call: DoorCall, conversation: Sequence[ForeignMessage] = ()) -> Begun:
    """Start a call: a generation and an open ledger row, and if its text is stored, its session and messages.

    Args:
        conversation: the call's messages as they are stored, empty if they are not.
    """
    if (made := begun_earlier(conn, plan)) is not None:
        return made
    at = now()
    route = route_of(conn, plan, call.model)
    body = with_known_fallbacks(conn, plan.route, route, _body(route, call))
    named = {slug: models.known(conn, slug) for slug in candidates(route, body)}
    refuse_incapable([known.facts for known in named.values()], body)
    place = post_conversation(conn, conversation, model=route.slug, at=at) if conversation else None
    offers = {slug: known.prices for slug, known in named.items()}
    whose = _whose(plan, call, route, place.session_id if place else None, offers)
    if has_budget(conn, whose):
        body = _limited(body, named[route.slug].facts)
    start = Start(
        generation_id=plan.generation_id,
        session_id=place.session_id if place else "",
        user_message_id=place.parent_id if place else "",
        assistant_message_id=new_id() if place else "",
        model=route.slug,
    )
    if place is not None:
        _post_placeholder(conn, start, at, is_shown=place.is_shown)
    rate = _open(conn, plan, call, start, whose, body, offers, at)
    if place is not None:
        journal.append(conn, [(plan.generation_id, 1, encode_events([start]))])
    return Begun(
        generation_id=plan.generation_id,
        start=start,
        provider=route.provider,
        body=body,
        headers={} if route.provider.plain else call.headers,
        rate=rate,
    )


def route_of(conn: Conn, plan: Plan, model: str | None) -> Route:
    """Where a call goes: to the model it names, else to the settings' one. Raises as ``known_route``."""
    return known_route(conn, plan.route, model or settings_repo.all_values(conn).get("model", plan.defaults.model))


def _post_placeholder(conn: Conn, start: Start, at: str, *, is_shown: bool) -> None:
    """The answer's message, empty until it ends."""
    messages.insert(
        conn,
        messages.new_row(
            message_id=start.assistant_message_id,
            session_id=start.session_id,
            parent_id=start.user_message_id,
            role="assistant",
            content="",
            parts=[],
            status="queued",
            model=start.model,
            generation_id=start.generation_id,
            now=at,
        ),
    )
    leaf_id = start.assistant_message_id if is_shown else None
    sessions.touch(conn, start.session_id, leaf_id=leaf_id, new_messages=1, title="", now=at)


def _body(route: Route, call: DoorCall) -> dict[str, Any]:
    """The client's request, with what the owner's providers file says where the client says nothing."""
    said = {name for names in _ONE_VALUE for name in names if any(call.params.get(one) is not None for one in names)}
    defaults = {name: value for name, value in route.defaults.items() if name not in said}
    body = route.request({"messages": list(call.messages), **defaults, **call.params})
    return body if call.streams else in_one_piece(body)


def _limited(body: dict[str, Any], facts: ModelFacts | None) -> dict[str, Any]:
    """``body`` with a limit of its answer, on top of what it may think, where its client names none.

    An answer as long as the model can write would have to be held of the budget instead, dollars for a question.
    """
    if output_limit(body):
        return body
    wish = reasoning.canonical(body) or {}
    limit = MOST_OUTPUT_TOKENS + reasoning.thinking_tokens(wish, facts, answer_tokens=MOST_OUTPUT_TOKENS)
    most = facts.max_output_tokens if facts is not None else None
    return {**body, "max_tokens": min(limit, most) if most else limit}


def _whose(
    plan: Plan, call: DoorCall, route: Route, session_id: str | None, offers: Mapping[str, Row | None]
) -> dict[str, Any]:
    """What the ledger's row says of whose call it is."""
    listed = offers[route.slug]
    return {
        "session_id": session_id,
        "profile_id": None,
        "token_id": plan.token_id,
        "purpose": call.purpose,
        "model": route.slug,
        "model_id": listed["id"] if listed else None,
        "provider": route.provider.name,
    }


def _open(
    conn: Conn,
    plan: Plan,
    call: DoorCall,
    start: Start,
    whose: dict[str, Any],
    body: dict[str, Any],
    offers: Mapping[str, Row | None],
    at: str,
) -> Rate | None:
    """The generation, its ledger row and its key; what ``reserve`` says."""
    generations.insert(
        conn,
        generation_id=plan.generation_id,
        session_id=start.session_id or None,
        user_message_id=start.user_message_id or None,
        message_id=start.assistant_message_id,
        request_id=plan.key.request_id if plan.key else None,
        model=whose["model"],
        provider=whose["provider"],
        params=dict(call.params),
        now=at,
    )
    rate = reserve(
        conn,
        {
            **whose,
            "id": new_id(),
            "generation_id": plan.generation_id,
            "catalogue_id": whose["model_id"] or whose["model"],
            "reserved_picousd": _worst_cost_picousd(body, list(offers.values())),
            "now": at,
        },
        plan.token_id,
        body,
        offers,
    )
    remember(conn, plan.key, "generation", plan.generation_id, at)
    return rate


def _worst_cost_picousd(body: dict[str, Any], prices: Sequence[Row | None]) -> int | None:
    """As for a turn; without a limit an answer is as long as any of the models can write."""
    if output_limit(body):
        return worst_cost_picousd(body, prices)
    most = (
        row["max_output_tokens"] or row["context_length"] or MOST_OUTPUT_TOKENS for row in prices if row is not None
    )
    return worst_cost_picousd({**body, "max_tokens": max(most, default=MOST_OUTPUT_TOKENS)}, prices)
