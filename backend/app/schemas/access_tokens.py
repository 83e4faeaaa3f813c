"""Named access tokens: what the owner gives to a program in place of their own token."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from app.schemas.types import JsonInput, Name, PlainDecimal, Usd

TokenScope: TypeAlias = Literal["read", "chat", "admin"]
Scopes = Annotated[
    list[TokenScope],
    Field(min_length=1, max_length=3, description="`chat` includes `read`, `admin` includes both."),
]
Budget = Annotated[
    PlainDecimal,
    Field(ge=0, le=1_000_000, decimal_places=12, description="US dollars that its calls may cost in all."),
]


@dataclass(slots=True, kw_only=True)
class AccessToken:
    """``reserved_usd`` is held for calls whose cost is not known yet; with ``spent_usd`` it stays within the budget."""

    id: str
    name: str
    scopes: list[TokenScope]
    budget_usd: Usd | None
    spent_usd: Usd
    reserved_usd: Usd
    created_at: str
    last_used_at: str | None
    revoked_at: str | None


@dataclass(slots=True, kw_only=True)
class AccessTokenMade(AccessToken):
    """``token`` is told this once and kept nowhere."""

    token: str


class AccessTokenCreate(JsonInput):
    name: Name
    scopes: Scopes
    budget_usd: Budget | None = None
