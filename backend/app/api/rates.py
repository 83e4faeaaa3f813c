"""How often a client may ask: one limit for each class of routes, counted for each named token or address."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from app.api.route_class import RouteClass
from app.core.errors import RateLimitedLocal

RATE_HEADERS = "console.rate_headers"
"""The key of an ASGI scope under which the headers of a request's limit are handed to the outermost layer."""
MOST_CLIENTS = 4096
_PERIODS_S = {"s": 1.0, "min": 60.0, "h": 3600.0}

RawHeaders = tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True)
class Rate:
    """``count`` requests within ``period_s`` seconds: so many at once, then as they become free one by one."""

    count: int
    period_s: float

    @classmethod
    def parse(cls, text: str) -> Rate | None:
        """``600/min`` (``s``, ``min``, ``h``); None for ``off``."""
        count, _, period = text.partition("/")
        return None if text == "off" else cls(int(count), _PERIODS_S[period])

    @cached_property
    def each_s(self) -> float:
        """What one request takes of the period, seconds."""
        return self.period_s / self.count

    @cached_property
    def told(self) -> bytes:
        """The count, as its header says it."""
        return b"%d" % self.count


class Rates:
    """One time for each client and class: when all that it has asked for is paid off (GCRA).

    Past ``MOST_CLIENTS`` the one that asked longest ago is forgotten.
    """

    def __init__(self, clock_s: Callable[[], float]) -> None:
        self._clock_s = clock_s
        self._free_at_s: OrderedDict[tuple[str, RouteClass], float] = OrderedDict()

    def take(self, client: str, route_class: RouteClass, rate: Rate) -> tuple[RawHeaders, float]:
        """Count one request. The headers that tell how it stands, and the seconds to wait, 0 when it may pass."""
        key, now_s, each_s = (client, route_class), self._clock_s(), rate.each_s
        owed_s = self._free_at_s.get(key, now_s) - now_s
        if owed_s < 0.0:
            owed_s = 0.0
        wait_s = owed_s + each_s - rate.period_s
        # Rounding must not cost the last request of a full period.
        if wait_s <= each_s * 1e-6:
            owed_s += each_s
            wait_s = 0.0
            self._free_at_s[key] = now_s + owed_s
            self._free_at_s.move_to_end(key)
            if len(self._free_at_s) > MOST_CLIENTS:
                self._free_at_s.popitem(last=False)
        left = int((rate.period_s - owed_s) / each_s + 1e-6)
        headers = (
            (b"ratelimit-limit", rate.told),
            (b"ratelimit-remaining", b"%d" % left),
            (b"ratelimit-reset", b"%d" % (owed_s + 0.999)),
        )
        return headers, wait_s

    def __len__(self) -> int:
        return len(self._free_at_s)


def too_many(route_class: RouteClass, wait_s: float) -> RateLimitedLocal:
    """What a client gets that asks too often."""
    return RateLimitedLocal(f"Too many requests of the class {route_class}.", retry_after_s=wait_s)
