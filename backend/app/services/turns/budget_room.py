"""The room of budgets: which period runs, what is spent and held in it, and whether a call still fits.

Everything stands in the caller's transaction, and the store has one writer, so parallel starts cannot share room.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.core.days import Unit, day_of, next_day, period_of, starts_at
from app.core.errors import BudgetExceeded
from app.core.money import to_usd
from app.db.types import Conn, Row
from app.repo import budgets, owner_zone
from app.services.upstream.dearer import dearer_field


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """A budget in the period that runs; money in picodollars."""

    budget: Row
    starts_at: str
    ends_at: str
    zone: str
    spent_picousd: int
    held_picousd: int

    @property
    def left_picousd(self) -> int:
        """What calls may still take; below 0 where more was spent."""
        return int(self.budget["limit_picousd"]) - self.spent_picousd - self.held_picousd

    @property
    def is_hard(self) -> bool:
        return bool(self.budget["is_hard"])

    def refuses(self, worst_picousd: int | None, body: Mapping[str, Any]) -> bool:
        """Whether it is a hard one that does not pay for a call; None: nobody can tell what that costs."""
        if not self.is_hard or worst_picousd == 0:
            return False
        return worst_picousd is None or worst_picousd > self.left_picousd or dearer_field(body) is not None

    def sums(self) -> dict[str, Any]:
        """As ``budgets.put_sums`` takes them."""
        names = ("zone", "starts_at", "ends_at", "spent_picousd", "held_picousd")
        return {name: getattr(self, name) for name in names}


def window(period: Unit, at: str, zone: str) -> tuple[str, str]:
    """The instants that a period with ``at`` in it begins and ends at."""
    first, last = period_of(day_of(at, zone), period)
    return starts_at(first, zone), starts_at(next_day(last), zone)


def room_of(conn: Conn, budget: Row, *, at: str, zone: str, but: str = "") -> tuple[Room, bool]:
    """A budget's room at an instant, and whether that had to be made from the rows: its kept sums were of another
    period, or none.

    Args:
        but: the id of a row of the ledger that is not to be counted.
    """
    if is_kept(budget, at=at, zone=zone) and not budgets.is_full(budget):
        names = ("starts_at", "ends_at", "zone", "spent_picousd", "held_picousd")
        return Room(budget=budget, **{name: budget[name] for name in names}), False
    start, end = window(budget["period"], at, zone)
    sums = budgets.sum_rows(conn, budget, starts_at=start, ends_at=end, but=but)
    return Room(budget=budget, starts_at=start, ends_at=end, zone=zone, **sums), True


def rooms(conn: Conn, found: Iterable[Row], *, at: str) -> list[Room]:
    """The rooms of some budgets, for whoever only looks."""
    zone = owner_zone.get(conn)
    return [room_of(conn, budget, at=at, zone=zone)[0] for budget in found]


def keep(conn: Conn, found: Iterable[Row], *, at: str) -> list[Room]:
    """The same, and from now on nobody has to make them from the rows again."""
    zone = owner_zone.get(conn)
    made = [room_of(conn, budget, at=at, zone=zone) for budget in found]
    for room, is_made in made:
        if is_made:
            budgets.put_sums(conn, room.budget["id"], room.sums())
    return [room for room, _ in made]


def is_kept(budget: Row, *, at: str, zone: str) -> bool:
    """Whether the kept sums of a budget are those of the period that runs; a sum at its end says nothing more."""
    return bool(budget["zone"] == zone and budget["starts_at"] <= at < budget["ends_at"])


def hold(
    conn: Conn, row: Mapping[str, Any], worst_picousd: int | None, body: Mapping[str, Any], models: Sequence[str]
) -> bool:
    """Set aside what a call may cost, in every budget that it counts in; whether any of them is a hard one.

    Args:
        row: the call's own, as it stands in the ledger by now.
        worst_picousd: 0 for a call that surely costs nothing, which always fits; None when nobody can tell.
        models: the slugs of every model that may answer, the one that is asked first before its fallbacks.

    Raises BudgetExceeded, naming the hard budget with the least room.
    """
    at, zone = row["now"], owner_zone.get(conn)
    found = [
        room_of(conn, budget, at=at, zone=zone, but=row["id"]) for budget in budgets.of_call(conn, budgets.call_of(row))
    ]
    refuse(conn, [room for room, _ in found], worst_picousd, body, models)
    for room, is_made in found:
        if is_made:
            budgets.put_sums(conn, room.budget["id"], room.sums())
        if worst_picousd:
            budgets.hold(conn, room.budget["id"], worst_picousd)
    return any(room.is_hard for room, _ in found)


def rooms_of_started(conn: Conn, row: Row) -> list[Room]:
    """The rooms that a call under way is counted in: those whose kept period it started in."""
    zone = owner_zone.get(conn)
    found = budgets.of_call(conn, budgets.call_of(row))
    made = (room_of(conn, budget, at=row["created_at"], zone=zone) for budget in found)
    return [room for room, is_made in made if not is_made]


def refuse_more(found: Iterable[Room], least_picousd: int) -> None:
    """Raises BudgetExceeded for an answer that costs more than was held, where a hard budget has no room for it."""
    hard = sorted((room for room in found if room.is_hard), key=lambda room: room.left_picousd)
    if hard and hard[0].left_picousd < least_picousd:
        raise _refused(hard[0], least_picousd, None)


def refuse(
    conn: Conn, found: Iterable[Room], worst_picousd: int | None, body: Mapping[str, Any], models: Sequence[str]
) -> None:
    """Raises BudgetExceeded for a call that the hard ones among the budgets it counts in do not pay."""
    if worst_picousd == 0:
        return
    first, *fallbacks = map(budgets.base_model, models)
    for fallback in fallbacks:
        if fallback != first and (budget_id := budgets.hard_of_model(conn, fallback)) is not None:
            raise BudgetExceeded(
                f"{fallback!r} has a budget of its own, so that it cannot stand in for another model.",
                details={
                    "budget_id": budget_id,
                    "parameter": "models",
                    "hint": "Ask it first, or leave it out of models.",
                },
            )
    hard = sorted((room for room in found if room.is_hard), key=lambda room: room.left_picousd)
    if not hard:
        return
    if (field := dearer_field(body)) is not None:
        raise _refused(hard[0], None, f"nobody can tell what a call with {field!r} may cost", parameter=field)
    if worst_picousd is None:
        raise _refused(hard[0], None, "nobody can tell what this call may cost")
    if worst_picousd > hard[0].left_picousd:
        raise _refused(hard[0], worst_picousd, None)


def _refused(room: Room, needed_picousd: int | None, why: str | None, **more: str) -> BudgetExceeded:
    budget = room.budget
    what = f"The budget {budget['name']!r}" if budget["name"] else f"The budget of this {budget['period']}"
    told = {
        "budget_id": budget["id"],
        "name": budget["name"],
        "kind": budget["kind"],
        "of": budget["subject"],
        "period": budget["period"],
        "limit_usd": to_usd(budget["limit_picousd"]),
        "spent_usd": to_usd(room.spent_picousd),
        "reserved_usd": to_usd(room.held_picousd),
        "needed_usd": None if needed_picousd is None else to_usd(needed_picousd),
        "resets_at": room.ends_at,
        **more,
    }
    if why is None:
        hint = "Ask for fewer tokens (max_tokens), raise the budget, or wait for the next period."
        return BudgetExceeded(f"{what} does not allow this call.", details={**told, "hint": hint})
    hint = "Sync the models, or state the model's prices in the providers file; leave out what asks other models."
    if "parameter" in more:
        hint = f"Leave out {more['parameter']}, or make the budget a soft one."
    return BudgetExceeded(f"{what} is a hard one, and {why}.", details={**told, "hint": hint})
