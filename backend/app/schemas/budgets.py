"""Budgets: what calls may cost in a day, a week or a month of the owner's."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import Field, model_validator

from app.core.days import Unit
from app.schemas.types import Flag, JsonInput, Name, ObjectId, PlainDecimal, Usd

BudgetKind: TypeAlias = Literal["all", "profile", "model", "session", "token", "purpose"]
BudgetState: TypeAlias = Literal["ok", "warned", "exceeded"]
Limit = Annotated[PlainDecimal, Field(ge=0, le=1_000_000, decimal_places=12, description="US dollars in a period.")]
WarnAt = Annotated[
    PlainDecimal,
    Field(gt=0, le=1, decimal_places=6, description="The share of the limit from which on it warns."),
]
Share: TypeAlias = Annotated[Decimal, Field(json_schema_extra={"type": "number"})]
MOST_BUDGETS = 100


@dataclass(slots=True, kw_only=True)
class Budget:
    """``of`` names whose calls count: a profile, model, session, token or purpose; null for ``all``.

    ``spent_usd`` is the cost of the calls that started in the period, ``reserved_usd`` the most that those may cost
    whose cost is not known: what is under way, and what stays unknown until it is told or decided. ``remaining_usd`` is
    below 0 where a soft limit was passed.
    """

    id: str
    name: str | None
    kind: BudgetKind
    of: str | None
    period: Unit
    limit_usd: Usd
    warn_at: Usd | None
    hard: bool
    state: BudgetState
    spent_usd: Usd
    reserved_usd: Usd
    remaining_usd: Usd
    starts_at: Annotated[str, Field(serialization_alias="from")]
    ends_at: Annotated[str, Field(serialization_alias="to")]
    created_at: str
    revision: int

    def body(self) -> dict[str, Any]:
        """The wire form, two of whose names are reserved words here."""
        names = {"starts_at": "from", "ends_at": "to"}
        return {names.get(name, name): getattr(self, name) for name in self.__dataclass_fields__}


@dataclass(slots=True, kw_only=True)
class BudgetList:
    """All of them, in the order they were made."""

    items: list[Budget]


class BudgetCreate(JsonInput):
    """``hard`` refuses what does not fit; without it a budget only tells."""

    kind: BudgetKind
    of: ObjectId | None = None
    period: Unit
    limit_usd: Limit
    warn_at: WarnAt | None = None
    hard: Flag = True
    name: Name | None = None

    @model_validator(mode="after")
    def _names_whose(self) -> Self:
        if (self.kind == "all") != (self.of is None):
            raise ValueError("`of` names whose calls count, and is left out for kind all")
        return self


class BudgetPut(BudgetCreate):
    """One of the list that replaces all: with the ``id`` of one that is there it stays that one."""

    id: ObjectId | None = None
    revision: Annotated[int | None, Field(ge=1, le=2**53)] = None


class BudgetsPut(JsonInput):
    items: Annotated[list[BudgetPut], Field(max_length=MOST_BUDGETS)]

    @model_validator(mode="after")
    def _once(self) -> Self:
        ids = [item.id for item in self.items if item.id is not None]
        if len(ids) != len(set(ids)):
            raise ValueError("names a budget twice")
        return self


class BudgetPatch(JsonInput):
    """Whose calls count does not change: make another budget for that. Null takes a name or a warning away."""

    period: Unit | None = None
    limit_usd: Limit | None = None
    warn_at: WarnAt | None = None
    hard: Flag | None = None
    name: Name | None = None
    revision: Annotated[int | None, Field(ge=1, le=2**53)] = None
