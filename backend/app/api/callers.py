"""Who asks: the owner, or a program with a named token. Decided on the ``Authorization`` header, or on a ticket."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from hmac import compare_digest

from app.api.admission import Admission
from app.api.attempts import Attempts
from app.api.gate_policy import is_loopback
from app.api.route_class import Access
from app.core.errors import InsufficientScope, RateLimitedLocal, Unauthorized
from app.services.access_tokens import PREFIX, Grant

_BEARER = re.compile(rb"(?i:bearer) +([!-~]+)")
_NAMED = PREFIX.encode()
_TICKET = re.compile(rb"(?:^|&)ticket=([A-Za-z0-9_-]{1,128})(?=&|$)")


class Callers:
    """Tells who asks, and refuses who may not. ``clock_s`` is monotonic seconds, for the limit on guesses."""

    def __init__(self, clock_s: Callable[[], float]) -> None:
        self._attempts = Attempts(clock_s)

    def identify(self, admission: Admission, seen: Mapping[bytes, bytes], peer: str, *, foreign: bool) -> Grant | None:
        """The grant of a named token; None for the owner, who needs no token on loopback unless one is required.

        A named token is looked at even where none is required, so that a program with one is held to it.
        Raises Unauthorized, RateLimitedLocal.
        """
        credentials = seen.get(b"authorization")
        if credentials is not None and b"," in credentials:
            raise Unauthorized("More than one Authorization header was sent.")
        policy = admission.policy
        required = policy.token_always or foreign or b"forwarded" in seen or not is_loopback(peer)
        if credentials is None and not required:
            return None
        bearer = _BEARER.fullmatch(credentials or b"")
        named = bearer is not None and bearer[1].startswith(_NAMED)
        if not required and not named:
            return None
        if bearer is None:
            raise Unauthorized
        # Who has the right one is not kept waiting by whoever guesses from the same address.
        if policy.token is not None and compare_digest(bearer[1], policy.token.encode()):
            return None
        grant = admission.tokens.find(bearer[1]) if named and admission.tokens is not None else None
        if grant is not None:
            return grant
        wait_s = self._attempts.wait_s(peer)
        if wait_s > 0:
            raise RateLimitedLocal("Too many wrong tokens were sent.", retry_after_s=wait_s)
        self._attempts.failed(peer, bearer[1])
        raise Unauthorized(
            "That token is not known here, or was revoked." if named else "That is not the token of this console."
        )


def redeem(admission: Admission, query: bytes, path: str) -> tuple[Grant | None, bytes] | None:
    """Who a ticket in the query lets in, and the query without it; None when there is none.

    Raises Unauthorized for a ticket that is not good, also where none is needed: it was good once, or is a guess.
    """
    ticket = _TICKET.search(query) if b"ticket=" in query else None
    if ticket is None:
        return None
    redeemed = admission.tickets.redeem(ticket[1].decode(), path)
    grant = None
    if redeemed is not None and redeemed.token_id is not None:
        grant = admission.tokens.granted(redeemed.token_id) if admission.tokens is not None else None
    if redeemed is None or (redeemed.token_id is not None and grant is None):
        raise Unauthorized("This ticket is used up or out of date.", details={"hint": "Ask for a new one."})
    return grant, (query[: ticket.start()] + query[ticket.end() :]).lstrip(b"&")


def check_scope(grant: Grant | None, access: Access | None) -> None:
    """Refuse a named token what it is not for; what no route takes is the owner's. Raises InsufficientScope."""
    needs = "admin" if access is None else access.needs
    if grant is not None and needs != "none" and not grant.allows(needs):
        raise InsufficientScope(f"This token is not for that; it needs the scope {needs}.", details={"needs": needs})
