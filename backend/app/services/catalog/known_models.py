"""What is checked of a model before a call is stored or paid: that its provider has it, and that it can do the task."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from typing import Any, NamedTuple

from app.core.errors import ModelIncapable, UpstreamModelNotFound
from app.core.slugs import ROUTERS, parse_slug
from app.db.types import Conn
from app.repo import models
from app.repo.models import Known
from app.schemas.model_facts import ModelFacts
from app.services.providers.providers import Route

MOST_MATCHES = 5
LIKENESS = 0.6
_SEPARATORS = re.compile(r"[^a-z0-9]+")
_MODALITIES = {"image_url": "image", "input_audio": "audio", "video_url": "video", "input_video": "video"}


class Offer(NamedTuple):
    """Where a model is asked for, and what the catalogue tells of it."""

    route: Route
    known: Known


def known_route(conn: Conn, route_of: Callable[[str], Route], model: str) -> Route:
    """Where a model is asked for, as in ``offer_of``."""
    return offer_of(conn, route_of, model).route


def offer_of(conn: Conn, route_of: Callable[[str], Route], model: str) -> Offer:
    """Where a model is asked for, and what is known of it.

    A short name (``gpt-5``) leads to the one model on offer that is called so.

    Nothing is refused on the word of a list that is not current, has no prices, or is not all that its provider
    takes; nor is a router, an alias or a preset, which are the provider's to resolve.

    Raises UpstreamModelNotFound with close matches for a model that its provider does not list, and what
    ``route_of`` raises.
    """
    route = route_of(model)
    slug = parse_slug(route.slug)
    if route.takes_unlisted or not slug.base or slug.is_router or slug.is_alias:
        return Offer(route, models.known(conn, route.slug))
    provider = route.provider.name
    is_listed, known = models.offered(conn, provider, route.slug)
    if is_listed or not models.is_price_list(conn, provider):
        return Offer(route, known)
    if "/" not in slug.base and (full := models.named(conn, provider, slug.base)) is not None:
        route = route_of(str(replace(slug, base=full)))
        return Offer(route, models.known(conn, route.slug))
    matches = close_matches(slug.base, models.names(conn, provider))
    message = f"The provider has no model {slug.base!r}."
    raise UpstreamModelNotFound(
        f"{message} Did you mean {matches[0]!r}?" if matches else message,
        details={"model": route.slug, "provider": provider, "close_matches": matches},
    )


def close_matches(name: str, names: list[str]) -> list[str]:
    """Names that somebody who wrote ``name`` may have meant, the likeliest first: whole ids, or ids without author.

    Those that share a part with it are compared, all of them only where none does: this runs in a transaction.
    """
    wanted = name.lower()
    parts = _parts(wanted)
    names = [known for known in names if not parts.isdisjoint(_parts(known))] or names
    by_name = {known.rpartition("/")[2]: known for known in reversed(names)}
    whole = get_close_matches(wanted, names, n=MOST_MATCHES, cutoff=LIKENESS)
    short = get_close_matches(wanted.rpartition("/")[2], by_name, n=MOST_MATCHES, cutoff=LIKENESS)
    return list(dict.fromkeys([*whole, *(by_name[found] for found in short)]))[:MOST_MATCHES]


def _parts(name: str) -> set[str]:
    return set(_SEPARATORS.split(name.lower()))


def refuse_incapable(named: Sequence[ModelFacts | None], body: Mapping[str, Any]) -> None:
    """Raises ModelIncapable for tools, media or structured output that none of the named models takes.

    Not while one of them is unknown or a router: it may be the one that can.

    Args:
        named: what is known of each model that may answer, the one that is asked first before its fallbacks.
    """
    lacking: dict[str, list[str]] = {}
    for facts in named:
        if facts is None or parse_slug(facts.id).author == ROUTERS:
            return
        lacking[facts.id] = [*_lacking_parameters(facts, body), *_lacking_modalities(facts, body)]
    if not all(lacking.values()):
        return
    first, *others = lacking
    lacks = lacking[first]
    also = f" Nor can {', '.join(others)}." if others else ""
    raise ModelIncapable(f"{first} does not take {' or '.join(lacks)}.{also}", details={"model": first, "lacks": lacks})


def _lacking_parameters(facts: ModelFacts, body: Mapping[str, Any]) -> Iterator[str]:
    taken = facts.supported_parameters
    if not taken:
        return
    # Tools of other types are run by the provider.
    if "tools" not in taken and any(tool.get("type", "function") == "function" for tool in body.get("tools") or ()):
        yield "tools"
    match (body.get("response_format") or {}).get("type"):
        case "json_object" if "response_format" not in taken:
            yield "JSON output"
        case "json_schema" if taken.isdisjoint(("structured_outputs", "response_format")):
            yield "structured output"


def _lacking_modalities(facts: ModelFacts, body: Mapping[str, Any]) -> Iterator[str]:
    if not facts.input_modalities:
        return
    wanted = {_MODALITIES.get(kind) for message in body["messages"] for kind in _kinds(message.get("content"))}
    for modality in sorted(filter(None, wanted)):
        if modality not in facts.input_modalities:
            yield f"{modality} input"


def _kinds(content: Any) -> Iterator[str]:
    if isinstance(content, list):
        yield from (str(part.get("type")) for part in content if isinstance(part, Mapping))
