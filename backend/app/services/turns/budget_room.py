"""The room of budgets: which period runs, what is spent and held in it, and whether a call still fits.

Everything stands in the caller's transaction, and the store has one writer, so parallel starts cannot share room.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from app.core.days import Unit, day_of, next_day, period_of, starts_at
from app.core.errors import BudgetExceeded
from app.core.money import to_usd
from app.core.slugs import parse_slug
from app.db.types import Conn, Row
from app.repo import budgets, owner_zone
from app.services.upstream.dearer import dearer_field
from app.services.upstream.server_work import server_work


class Barring(NamedTuple):
    """A hard budget that a call may pass by: of which model, and the slug that may be it; None: what the call asks."""

    budget_id: str
    model: str
    slug: str | None


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
    conn: Conn,
    row: Mapping[str, Any],
    worst_picousd: int | None,
    body: Mapping[str, Any],
    offers: Mapping[str, Row | None],
) -> bool:
    """Set aside what a call may cost, in every budget that it counts in; whether any of them is a hard one.

    Args:
        row: the call's own, as it stands in the ledger by now.
        worst_picousd: 0 for a call that surely costs nothing, which always fits; None when nobody can tell.
        offers: the prices of each model that may answer, by its slug, the one that is asked first before its fallbacks.

    Raises BudgetExceeded, naming the hard budget with the least room.
    """
    at, zone = row["now"], owner_zone.get(conn)
    found = [
        room_of(conn, budget, at=at, zone=zone, but=row["id"]) for budget in budgets.of_call(conn, budgets.call_of(row))
    ]
    refuse(conn, [room for room, _ in found], worst_picousd, body, offers)
    for room, is_made in found:
        if is_made:
            budgets.put_sums(conn, room.budget["id"], room.sums())
        if worst_picousd:
            budgets.hold(conn, room.budget["id"], worst_picousd)
    return any(room.is_hard for room, _ in found)


def rooms_of_started(conn: Conn, row: Row) -> list[tuple[Room, bool]]:
    """The rooms that a call under way is counted in, in the period it started in, each with whether it is kept.

    It is from now on, but for a period that is over: the sums of the one that runs stay.
    """
    zone = owner_zone.get(conn)
    found = []
    for budget in budgets.of_call(conn, budgets.call_of(row)):
        room, is_made = room_of(conn, budget, at=row["created_at"], zone=zone)
        is_over = is_made and budget["zone"] == zone and not budgets.is_full(budget)
        if is_made and not is_over:
            budgets.put_sums(conn, budget["id"], room.sums())
        found.append((room, not is_over))
    return found


def refuse_more(found: Iterable[Room], least_picousd: int) -> None:
    """Raises BudgetExceeded for an answer that costs more than was held, where a hard budget has no room for it."""
    hard = sorted((room for room in found if room.is_hard), key=lambda room: room.left_picousd)
    if hard and hard[0].left_picousd < least_picousd:
        raise _refused(hard[0], least_picousd, None)


def barring(conn: Conn, offers: Mapping[str, Row | None], body: Mapping[str, Any]) -> Barring | None:
    """The hard budget of a model that may answer a call without its being counted there, if there is one.

    The model asked first is counted in its own; a fallback is counted in the first one's. What cannot be told is which
    model answers for a router, an alias or a preset, and what a tool or plugin asks.
    """
    hard = budgets.hard_of_models(conn)
    if not hard:
        return None
    if server_work(body) is None:
        return Barring(hard[0]["id"], hard[0]["subject"], None)
    first = _catalogue_name(*next(iter(offers.items())))
    for budget in hard:
        for slug, prices in offers.items():
            name = _catalogue_name(slug, prices)
            if budget["subject"] != first and (name == budget["subject"] or _may_be(name, prices, budget["subject"])):
                return Barring(budget["id"], budget["subject"], slug)
    return None


def _catalogue_name(slug: str, prices: Row | None) -> str:
    return budgets.base_model(prices["id"] if prices is not None else slug)


def _may_be(name: str, prices: Row | None, subject: str) -> bool:
    """Whether the provider may answer with a model for another name: its choice, or a name that nobody lists."""
    slug = parse_slug(name)
    if slug.is_router:
        return True
    may_be_renamed = slug.is_alias or prices is None
    return may_be_renamed and slug.author.casefold() in ("", parse_slug(subject).author.casefold())


def refuse(
    conn: Conn,
    found: Iterable[Room],
    worst_picousd: int | None,
    body: Mapping[str, Any],
    offers: Mapping[str, Row | None],
) -> None:
    """Raises BudgetExceeded for a call that the hard ones among the budgets it counts in do not pay."""
    if worst_picousd == 0:
        return
    hard = sorted((room for room in found if room.is_hard), key=lambda room: room.left_picousd)
    if hard and (field := dearer_field(body)) is not None:
        raise _refused(hard[0], None, f"nobody can tell what a call with {field!r} may cost", parameter=field)
    if hard and worst_picousd is None:
        raise _refused(hard[0], None, "nobody can tell what this call may cost")
    if hard and worst_picousd is not None and worst_picousd > hard[0].left_picousd:
        raise _refused(hard[0], worst_picousd, None)
    if (other := barring(conn, offers, body)) is not None:
        raise _barred(other, is_first=other.slug == next(iter(offers)))


def _barred(other: Barring, *, is_first: bool) -> BudgetExceeded:
    told = {"budget_id": other.budget_id, "kind": "model", "of": other.model}
    if other.slug is None or is_first:
        return BudgetExceeded(
            f"{other.model!r} has a hard budget, and nobody can tell whether this call asks it.",
            details={
                **told,
                "hint": "Name a model that the catalogue lists (sync the models), and leave out presets and what asks "
                "other models; or make the budget a soft one.",
            },
        )
    return BudgetExceeded(
        f"{other.model!r} has a budget of its own, so that {other.slug!r} cannot stand in for another model.",
        details={**told, "parameter": "models", "hint": "Ask it first, or leave it out of models."},
    )


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
