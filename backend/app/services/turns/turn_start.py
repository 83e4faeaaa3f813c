"""The first transaction of a turn: everything is stored before anything is sent.

One unit writes the user message if it is new, the assistant's placeholder, the generation, its ``start`` event, the
open ledger row and the idempotency key, or nothing at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from msgspec import structs

from app.core.caller import current_token_id
from app.core.clock import now
from app.core.errors import Conflict, GenerationRunning, NotFound, NothingToAnswer
from app.core.ids import new_id
from app.core.json import decode
from app.db.types import Conn, Row
from app.repo import generations, journal, messages, models, sessions
from app.repo.models import Known
from app.schemas.events import Start, encode_events
from app.schemas.parts import Part, TextPart
from app.schemas.sessions import Session
from app.schemas.types import Purpose
from app.services.catalog.fallbacks import candidates, with_known_fallbacks
from app.services.catalog.known_models import refuse_incapable
from app.services.context.context import Fit
from app.services.providers.providers import Provider, Route
from app.services.turns.keys import Key, earlier, remember
from app.services.turns.meter import Rate
from app.services.turns.posting import Place, Posted, checked, new_place, place_in, store
from app.services.turns.prompt import Defaults, Resolved
from app.services.turns.reservation import reserve
from app.services.turns.resolution import resolve_in
from app.services.turns.runs import Run
from app.services.turns.tool_results import check_complete
from app.services.turns.turn_body import fitted_body
from app.services.turns.worst_cost import worst_cost_picousd
from app.services.upstream.request import in_one_piece, thinking_by_default

LONGEST_PATH = 100_000
_ANSWERED = ("user", "tool")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a request wants started; ``generation_id`` is chosen beforehand so that the run can be found at once."""

    generation_id: str = field(default_factory=new_id)
    model: str | None
    profile_id: int | None
    given: dict[str, Any]
    defaults: Defaults
    route: Callable[[str], Route]
    key: Key | None = None
    reply_is_answer: bool = False
    """Whether the answer itself is the reply to the key, so that a refusal is none to keep."""
    purpose: Purpose = "chat"
    thinks_by_default: bool = False
    """Whether a reasoning model thinks although neither the request nor a profile says how hard."""
    token_id: str | None = field(default_factory=current_token_id)
    """The named token on whose account it is."""


@dataclass(slots=True, kw_only=True)
class Begun:
    """A generation that is stored and not yet running. ``replayed``: an earlier request made it.

    ``run`` is set by ``Turns`` once it has been let go; it may be over by the time anybody looks.
    """

    generation_id: str
    start: Start | None = None
    provider: Provider | None = None
    body: dict[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    fit: Fit | None = None
    base: list[Part] = field(default_factory=list)
    rate: Rate | None = None
    """What it costs as it is written, where a budget pays."""
    replayed: bool = False
    run: Run | None = None


class Composed(NamedTuple):
    """A request that is ready to be sent; ``named`` is every model that may answer, by its slug, the first at first."""

    resolved: Resolved
    fit: Fit
    body: dict[str, Any]
    named: dict[str, Known]

    @property
    def offers(self) -> dict[str, Row | None]:
        """The prices of each model."""
        return {slug: known.prices for slug, known in self.named.items()}


def start_new(conn: Conn, plan: Plan, session_id: str | None, posted: Posted) -> Begun:
    """Store a new message and start its answer; makes the session when none is named."""
    if (made := begun_earlier(conn, plan)) is not None:
        return made
    at = now()
    place, path = path_of_new(conn, plan, session_id, posted, at)
    return _start(conn, plan, place, path, at, new=path[:1])


def path_of_new(conn: Conn, plan: Plan, session_id: str | None, posted: Posted, at: str) -> tuple[Place, list[Row]]:
    """Where a new message goes, and the path from it up to the root; it is checked, not stored. Raises as ``post``."""
    place = new_place(conn, plan.model, plan.profile_id) if session_id is None else place_in(_session(conn, session_id))
    row = checked(conn, place, posted, at=at)
    above = [] if row["parent_id"] is None else _path(conn, place, row["parent_id"])
    return place, [row, *above]


def path_of_stored(conn: Conn, session_id: str, message_id: str | None) -> tuple[Place, list[Row]]:
    """The same for a stored message, or the newest of the active path. Raises NotFound, NothingToAnswer."""
    session = _session(conn, session_id)
    place = place_in(session)
    return place, _path(conn, place, _to_answer(conn, session, message_id))


def start_stored(conn: Conn, plan: Plan, session_id: str, message_id: str | None) -> Begun:
    """Start the first answer to a stored message: the named one, or the newest of the active path that waits for one.

    Raises NotFound, NothingToAnswer, ToolResultsMissing; GenerationRunning or Conflict when there is one already.
    """
    if (made := begun_earlier(conn, plan)) is not None:
        return made
    session = _session(conn, session_id)
    user_message_id = _to_answer(conn, session, message_id)
    _refuse_second(conn, user_message_id)
    if (existing := generations.newest_of(conn, user_message_id)) is not None:
        raise Conflict("That message has an answer already; regenerate it.", details={"generation_id": existing})
    return _start_below(conn, plan, session, user_message_id)


def start_sibling(conn: Conn, plan: Plan, message_id: str) -> Begun:
    """Start another answer beside an assistant message that has ended."""
    if (made := begun_earlier(conn, plan)) is not None:
        return made
    row = messages.get(conn, message_id)
    if row is None or row["role"] != "assistant" or row["parent_id"] is None:
        raise NotFound.of("assistant message", message_id)
    _refuse_second(conn, row["parent_id"])
    plan = replace(plan, purpose="regenerate")
    return _start_below(conn, plan, _session(conn, row["session_id"]), row["parent_id"])


def start_continuation(conn: Conn, plan: Plan, generation_id: str) -> Begun:
    """Start an answer that goes on where an ended one stopped; it keeps the old text as its first part."""
    if (made := begun_earlier(conn, plan)) is not None:
        return made
    generation = generations.get(conn, generation_id)
    row = messages.get(conn, generation.message_id) if generation else None
    if row is None or row["parent_id"] is None:
        raise NotFound.of("generation", generation_id)
    _refuse_second(conn, row["parent_id"])
    if any(part["type"] == "tool_call" for part in decode(row["parts"])):
        raise Conflict("That answer waits for the results of its tools; post them instead.")
    plan = replace(plan, purpose="continue")
    return _start_below(conn, plan, _session(conn, row["session_id"]), row["parent_id"], prefill=row["content"])


def newest_answer(conn: Conn, session_id: str, message_id: str | None) -> str | None:
    """The latest attempt's id at the named message, or the newest to answer of the active path; None if there is none.

    Raises NotFound for an unknown session or message, NothingToAnswer for a session without a user message.
    """
    return generations.newest_of(conn, _to_answer(conn, _session(conn, session_id), message_id))


def start_or_find(conn: Conn, plan: Plan, session_id: str, message_id: str | None) -> Begun:
    """Answer a stored message, unless it has a generation in any state: then that one, ``start`` left None."""
    session = _session(conn, session_id)
    user_message_id = _to_answer(conn, session, message_id)
    existing = generations.newest_of(conn, user_message_id)
    if existing is not None:
        return Begun(generation_id=existing)
    return _start_below(conn, plan, session, user_message_id)


def compose(conn: Conn, plan: Plan, place: Place, path: Sequence[Row], prefill: str = "") -> Composed:
    """The request that answers the first message of ``path``, which leads up to the root.

    Raises NotFound, ToolResultsMissing, ValidationFailed, ContextTooLong, ModelIncapable, UpstreamModelNotFound.
    """
    resolved = resolve_in(
        conn,
        place,
        model=plan.model,
        profile_id=plan.profile_id,
        given=plan.given,
        defaults=plan.defaults,
        route=plan.route,
    )
    check_complete(path)
    known = resolved.known
    if plan.thinks_by_default:
        params = thinking_by_default(resolved.params, model=resolved.route.slug, facts=known.facts)
        resolved = structs.replace(resolved, params=params)
    fit, body = fitted_body(conn, resolved, path[::-1], known.facts, prefill)
    body = in_one_piece(with_known_fallbacks(conn, plan.route, resolved.route, body))
    named = {
        slug: known if slug == resolved.route.slug else models.known(conn, slug)
        for slug in candidates(resolved.route, body)
    }
    refuse_incapable([each.facts for each in named.values()], body)
    return Composed(resolved, fit, body, named)


def _start_below(conn: Conn, plan: Plan, session: Session, user_message_id: str, *, prefill: str = "") -> Begun:
    """Start an answer to a stored message."""
    place = place_in(session)
    return _start(conn, plan, place, _path(conn, place, user_message_id), now(), prefill=prefill)


def _start(
    conn: Conn,
    plan: Plan,
    place: Place,
    path: list[Row],
    at: str,
    *,
    new: Sequence[Row] = (),
    prefill: str = "",
) -> Begun:
    """Start an answer to the first message of ``path``, which leads up to the root; ``new`` of it is not stored yet."""
    composed = compose(conn, plan, place, path, prefill)
    resolved, fit, body, _ = composed
    base: list[Part] = [TextPart(text=prefill)] if prefill else []
    user_message_id, message_id = path[0]["id"], new_id()
    answer = messages.new_row(
        message_id=message_id,
        session_id=place.session_id,
        parent_id=user_message_id,
        role="assistant",
        content=prefill,
        parts=base,
        status="queued",
        model=resolved.route.slug,
        generation_id=plan.generation_id,
        now=at,
    )
    store(conn, place, [*new, answer], at=at)
    generations.insert(
        conn,
        generation_id=plan.generation_id,
        session_id=place.session_id,
        user_message_id=user_message_id,
        message_id=message_id,
        request_id=plan.key.request_id if plan.key else None,
        model=resolved.route.slug,
        provider=resolved.route.provider.name,
        params=resolved.params,
        context=fit.use,
        now=at,
    )
    start = Start(
        generation_id=plan.generation_id,
        session_id=place.session_id,
        user_message_id=user_message_id,
        assistant_message_id=message_id,
        model=resolved.route.slug,
    )
    journal.append(conn, [(plan.generation_id, 1, encode_events([start]))])
    rate = _reserve(conn, plan, place.session_id, resolved, body, composed.offers, at)
    remember(conn, plan.key, "generation", plan.generation_id, at)
    return Begun(
        generation_id=plan.generation_id,
        start=start,
        provider=resolved.route.provider,
        body=body,
        fit=fit,
        base=base,
        rate=rate,
    )


def _reserve(
    conn: Conn,
    plan: Plan,
    session_id: str,
    resolved: Resolved,
    body: dict[str, Any],
    offers: Mapping[str, Row | None],
    at: str,
) -> Rate | None:
    listed = offers[resolved.route.slug]
    return reserve(
        conn,
        {
            "id": new_id(),
            "session_id": session_id,
            "profile_id": resolved.profile_id,
            "generation_id": plan.generation_id,
            "purpose": plan.purpose,
            "model": resolved.route.slug,
            "catalogue_id": listed["id"] if listed else resolved.route.slug,
            "provider": resolved.route.provider.name,
            "reserved_picousd": worst_cost_picousd(body, list(offers.values())),
            "now": at,
        },
        plan.token_id,
        body,
        offers,
    )


def begun_earlier(conn: Conn, plan: Plan) -> Begun | None:
    """What an earlier request under the same key began. Raises IdempotencyMismatch for another request."""
    generation_id = earlier(conn, plan.key, "generation")
    return Begun(generation_id=generation_id, replayed=True) if generation_id else None


def _to_answer(conn: Conn, session: Session, message_id: str | None) -> str:
    """The message to answer: the named one, or the newest of the active path. A user's, or the result of a tool."""
    if message_id is not None:
        row = messages.get(conn, message_id)
        if row is None or row["session_id"] != session.id or row["role"] not in _ANSWERED:
            raise NotFound.of("user message", message_id)
        return message_id
    path = _path(conn, place_in(session), session.active_leaf_id or "")
    newest = next((row["id"] for row in path if row["role"] in _ANSWERED), None)
    if newest is None:
        raise NothingToAnswer
    return str(newest)


def _path(conn: Conn, place: Place, leaf_id: str) -> list[Row]:
    return messages.path_up(conn, place.session_id, leaf_id, limit=LONGEST_PATH)


def _session(conn: Conn, session_id: str) -> Session:
    session = sessions.get(conn, session_id)
    if session is None:
        raise NotFound.of("session", session_id)
    return session


def _refuse_second(conn: Conn, user_message_id: str) -> None:
    """One click is one paid call: while any answer to a message is being written, no other is started."""
    generation_id = generations.running_answer(conn, user_message_id)
    if generation_id is not None:
        raise GenerationRunning(details={"generation_id": generation_id})
