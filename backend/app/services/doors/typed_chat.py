"""`POST /chat`: a stateless call, or a turn of a stored session, answered in the typed dialect."""

from __future__ import annotations

from functools import partial

from app.db.types import Conn
from app.repo import models
from app.schemas.parts import TextPart
from app.schemas.typed import TypedChat
from app.services.doors.door_start import DoorCall, route_of, start_call
from app.services.doors.doors import Door, Doors
from app.services.doors.typed import parameters_of, routing_used, upstream_messages
from app.services.doors.typed_frames import TypedDialect
from app.services.providers.providers import Providers
from app.services.turns.keys import Key, body_of, key_of
from app.services.turns.posting import Posted
from app.services.turns.prompt import Defaults
from app.services.turns.turn_start import Begun, Plan, start_new, start_stored
from app.services.turns.turns import Turns
from app.services.upstream.reasoning import canonical
from app.services.upstream.request import layered, thinking_by_default, wire_parameters


class TypedChats:
    """Starts the calls of that door."""

    def __init__(self, turns: Turns, doors: Doors, providers: Providers, defaults: Defaults) -> None:
        self._turns, self._doors, self._providers, self._defaults = turns, doors, providers, defaults

    async def call(self, request: TypedChat, request_id: str | None) -> tuple[Door, TypedDialect]:
        """Store the start of a call and let it run; its reply, and how that is to be written.

        Raises NotFound, GenerationRunning, ValidationFailed, MissingKey, IdempotencyMismatch, ShuttingDown.
        """
        given = parameters_of(request)
        plan = Plan(
            model=request.model,
            profile_id=None,
            given=given,
            thinks_by_default=True,
            defaults=self._defaults,
            route=self._providers.route,
            key=_key_of(request),
            reply_is_answer=True,
        )
        begun = await self._turns.begin(plan, request_id, partial(_start, request=request))
        door = await self._doors.door(begun, keyed=request.request_id is not None)
        generation = await self._turns.get(begun.generation_id)
        return door, TypedDialect(
            routing=routing_used(request, generation.params),
            hides_reasoning=bool((canonical(given) or {}).get("exclude")),
        )


def _key_of(request: TypedChat) -> Key | None:
    """Streamed or whole, it is the same request. A long history is written out only where there is a key."""
    if request.request_id is None:
        return None
    return key_of(request.request_id, "typed", body_of(request.model_copy(update={"stream": None})))


def _start(conn: Conn, plan: Plan, request: TypedChat) -> Begun:
    """In the session that is named, below its active leaf; else with no text stored."""
    if request.session_id is None:
        return _start_stateless(conn, plan, request)
    if request.message is None:
        return start_stored(conn, plan, request.session_id, None)
    posted = Posted(role="user", parts=[TextPart(text=request.message)])
    return start_new(conn, plan, request.session_id, posted)


def _start_stateless(conn: Conn, plan: Plan, request: TypedChat) -> Begun:
    route = route_of(conn, plan, request.model)
    facts = models.facts(conn, route.slug)
    params = thinking_by_default(layered(route.defaults, plan.given), model=route.slug, facts=facts)
    call = DoorCall(
        messages=upstream_messages(request),
        params=wire_parameters(params, model=route.slug, facts=facts),
        model=route.slug,
        store=False,
    )
    return start_call(conn, plan, call)
