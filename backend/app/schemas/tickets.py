"""Download tickets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import StringConstraints

from app.schemas.types import JsonInput


class TicketRequest(JsonInput):
    path: Annotated[str, StringConstraints(max_length=512, pattern=r"^/api/[!-~]+$")]
    """What is to be downloaded, without its query."""


@dataclass(slots=True, kw_only=True)
class Ticket:
    """Open ``path?ticket=…`` once, before ``expires_at``."""

    ticket: str
    expires_at: str
