"""Who answers in a session, and how: read from the store in the transaction that needs it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from app.core.errors import NotFound
from app.db.types import Conn
from app.repo import profiles
from app.repo import settings as settings_repo
from app.schemas.profiles import Profile
from app.schemas.sessions import Session
from app.services.catalog.known_models import offer_of
from app.services.providers.providers import Route
from app.services.turns.posting import Place
from app.services.turns.prompt import Defaults, Resolved, resolve


def resolve_in(
    conn: Conn,
    session: Session | Place,
    *,
    model: str | None,
    profile_id: int | None,
    given: dict[str, Any],
    defaults: Defaults,
    route: Callable[[str], Route],
) -> Resolved:
    """What a request, its session, their profile and the settings come to. Raises NotFound, and as ``offer_of``."""
    profile: Profile | None = None
    if profile_id is not None:
        profile = profiles.get(conn, profile_id)
        if profile is None:
            raise NotFound.of("profile", profile_id)
    elif session.profile_id is not None:
        profile = profiles.get(conn, session.profile_id)
    else:
        profile = profiles.get_default(conn)
    stored = settings_repo.all_values(conn)
    return resolve(
        given,
        model=model,
        session_model=session.model,
        profile=profile,
        defaults=Defaults(
            model=stored.get("model", defaults.model),
            temperature=stored.get("temperature", defaults.temperature),
            max_tokens=stored.get("max_tokens", defaults.max_tokens),
            system_prompt=stored.get("system_prompt", defaults.system_prompt),
        ),
        offer_of=partial(offer_of, conn, route),
    )
