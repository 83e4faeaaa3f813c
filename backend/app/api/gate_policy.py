"""What the owner decided about access, checked once and kept in the form the gate compares."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from ipaddress import IPv6Address, ip_address
from typing import Literal

from app.api.rates import Rate
from app.api.route_class import RouteClass
from app.core.config import Settings

LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "[::1]"})
"""Names that only ever lead to this machine. ``*.localhost`` is not among them: some resolvers ask the network."""

DEFAULT_BODY_LIMIT_BYTES = 4 * 2**20
BODY_WAIT_S = 30.0
"""How long the next piece of a body may take, and all of one that is small."""

_HOST_NAME = re.compile(r"\[[0-9a-f:.]+\]|[a-z0-9_.-]+")
_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://(?:\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(?::[0-9]{1,5})?")


@dataclass(frozen=True)
class GatePolicy:
    """Immutable. Raises ``ValueError`` for a host or origin that could match more than one name.

    ``hosts`` and ``origins`` come on top of loopback, of ``bound``, the address that is listened on where it is one of
    its own, and of the page's own origin. ``token`` is what ``Bearer`` must carry
    where a token is required; without one such requests are refused. ``auth`` is ``token`` when it is required of all.
    """

    hosts: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    auth: Literal["auto", "token"] = "auto"
    token: str | None = None
    loopback_bind: bool = True
    bound: str | None = None
    body_limit_bytes: int = DEFAULT_BODY_LIMIT_BYTES
    body_wait_s: float = BODY_WAIT_S
    rates: Mapping[RouteClass, Rate] = field(default_factory=dict)
    """How often a client may ask, by the class of what it asks for; a class that is not named has no limit."""

    def __post_init__(self) -> None:
        for host in self.hosts:
            if not _HOST_NAME.fullmatch(host.lower()):
                raise ValueError(f"CONSOLE_HOSTS: {host!r} is no host name (no port, no wildcard)")
        for origin in self.origins:
            if not _ORIGIN.fullmatch(origin.lower()):
                raise ValueError(f"APP_ORIGINS: {origin!r} is no origin such as https://console.example")

    @classmethod
    def of(cls, settings: Settings, token: str) -> GatePolicy:
        """The policy of a process that is told ``settings`` and uses ``token``.

        Raises ``ValueError`` for a bind beyond loopback that nobody protected on purpose.
        """
        loopback_bind = settings.host == "localhost" or is_loopback(settings.host)
        asked_for_token = settings.auth == "token" or settings.token is not None
        if not loopback_bind and not asked_for_token:
            raise ValueError(
                f"binding {settings.host} opens the console to the network: "
                "set CONSOLE_AUTH=token (or CONSOLE_TOKEN) to allow it"
            )
        return cls(
            hosts=settings.hosts,
            origins=settings.app_origins,
            auth="token" if asked_for_token else "auto",
            token=token,
            loopback_bind=loopback_bind,
            bound=_host_of(settings.host),
            rates=_rates(settings),
        )

    @cached_property
    def host_names(self) -> frozenset[bytes]:
        """Every ``Host`` answered to, without port, lower case."""
        return frozenset(host.lower().encode() for host in (*LOOPBACK_HOSTS, *self.hosts, self.bound or "localhost"))

    @cached_property
    def origin_names(self) -> frozenset[bytes]:
        """The foreign origins that are listened to, lower case."""
        return frozenset(origin.lower().encode() for origin in self.origins)

    @cached_property
    def token_always(self) -> bool:
        """Whether every request needs the token, wherever it comes from."""
        foreign_host = any(host.lower() not in LOOPBACK_HOSTS for host in self.hosts)
        return self.auth == "token" or not self.loopback_bind or foreign_host


def _host_of(bind: str) -> str | None:
    """How a URL names the address that is bound; None for one that stands for all."""
    try:
        address = ip_address(bind)
    except ValueError:
        return bind
    if address.is_unspecified:
        return None
    return f"[{address.compressed}]" if isinstance(address, IPv6Address) else str(address)


def _rates(settings: Settings) -> dict[RouteClass, Rate]:
    texts: dict[RouteClass, str] = {
        "read": settings.rate_read,
        "write": settings.rate_write,
        "spend": settings.rate_spend,
        "destructive": settings.rate_destructive,
    }
    return {name: rate for name, text in texts.items() if (rate := Rate.parse(text)) is not None}


@lru_cache(maxsize=256)
def is_loopback(address: str) -> bool:
    """Whether an IP address is this machine's own; a name or anything else is not."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
        return parsed.ipv4_mapped.is_loopback
    return parsed.is_loopback
