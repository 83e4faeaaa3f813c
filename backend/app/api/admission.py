"""What the gate asks of a running console: known only once the lifespan has run."""

from __future__ import annotations

from dataclasses import dataclass, field

from app.api.gate_policy import GatePolicy
from app.services.access_tokens import AccessTokens
from app.services.tickets import Tickets


@dataclass(frozen=True, slots=True)
class Admission:
    """Who may come in, by policy, by name or by ticket."""

    policy: GatePolicy
    tokens: AccessTokens | None = None
    tickets: Tickets = field(default_factory=Tickets)
