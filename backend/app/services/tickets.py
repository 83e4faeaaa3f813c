"""Download tickets: an address that a browser may open by itself, once, within half a minute.

A link cannot carry an ``Authorization`` header, and a token in an address would stay in histories and logs.
"""

from __future__ import annotations

import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from app.core.caller import current_token_id
from app.core.clock import stamp
from app.schemas.tickets import Ticket

GOOD_FOR_S = 30
MOST = 1000
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
    """In memory only: a restart voids them. ``clock_s`` is monotonic seconds. The oldest give way past ``MOST``."""

    def __init__(self, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._clock_s = clock_s
        self._issued: OrderedDict[str, _Issued] = OrderedDict()

    def issue(self, path: str) -> Ticket:
        """A ticket for one path, on behalf of who asks."""
        ticket = secrets.token_urlsafe(_BYTES)
        self._issued[ticket] = _Issued(path, current_token_id(), self._clock_s() + GOOD_FOR_S)
        if len(self._issued) > MOST:
            self._issued.popitem(last=False)
        return Ticket(ticket=ticket, expires_at=stamp(time.time_ns() + GOOD_FOR_S * 1_000_000_000))

    def redeem(self, ticket: str, path: str) -> Redeemed | None:
        """Take a ticket, which is void from then on, also when it was for another path; None for one that is not good.

        Tickets are 256 random bits, so how long a look-up takes tells nothing worth knowing.
        """
        issued = self._issued.pop(ticket, None)
        if issued is None or issued.path != path or self._clock_s() > issued.until_s:
            return None
        return Redeemed(issued.token_id)
