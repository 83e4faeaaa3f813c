"""Download tickets: an address that a browser may open by itself, once, within half a minute.

A link cannot carry an ``Authorization`` header, and a token in an address would stay in histories and logs.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

from app.core.caller import current_token_id
from app.core.clock import stamp
from app.schemas.tickets import Ticket

GOOD_FOR_S = 30
MOST = 100
"""Of one who asks."""
_BYTES = 32


@dataclass(frozen=True, slots=True)
class _Issued:
    path: str
    token_id: str | None
    until_s: float


@dataclass(frozen=True, slots=True)
class Redeemed:
    """Who had asked for the ticket: a named token, or the owner (None)."""

    token_id: str | None


class Tickets:
    """In memory only: a restart voids them. ``clock_s`` is monotonic seconds.

    Past ``MOST`` the oldest of the same asker gives way, so that nobody's asking voids another's.
    """

    def __init__(self, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._clock_s = clock_s
        self._issued: dict[str, _Issued] = {}

    def issue(self, path: str) -> Ticket:
        """A ticket for one path, on behalf of who asks."""
        ticket, token_id = secrets.token_urlsafe(_BYTES), current_token_id()
        now_s = self._clock_s()
        self._issued = {name: issued for name, issued in self._issued.items() if issued.until_s >= now_s}
        own = [name for name, issued in self._issued.items() if issued.token_id == token_id]
        for name in own[: max(0, len(own) + 1 - MOST)]:
            del self._issued[name]
        self._issued[ticket] = _Issued(path, token_id, now_s + GOOD_FOR_S)
        return Ticket(ticket=ticket, expires_at=stamp(time.time_ns() + GOOD_FOR_S * 1_000_000_000))

    def redeem(self, ticket: str, path: str) -> Redeemed | None:
        """Take a ticket, which is void from then on, also when it was for another path; None for one that is not good.

        Tickets are 256 random bits, so how long a look-up takes tells nothing worth knowing.
        """
        issued = self._issued.pop(ticket, None)
        if issued is None or issued.path != path or self._clock_s() > issued.until_s:
            return None
        return Redeemed(issued.token_id)
