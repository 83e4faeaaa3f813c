"""Budgets: made, listed, changed; who watches the console is told when one begins to warn or is used up."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from app.core.clock import now
from app.core.errors import AppError, Conflict, NotFound, Stale, ValidationFailed
from app.core.ids import new_id
from app.core.money import parse_usd, to_usd
from app.db.store import Store
from app.db.types import Conn, Row
from app.repo import access_tokens, budgets, models, owner_zone, profiles, sessions
from app.schemas.budgets import (
    MOST_BUDGETS,
    Budget,
    BudgetCreate,
    BudgetList,
    BudgetPatch,
    BudgetPut,
    BudgetsPut,
    BudgetState,
)
from app.schemas.types import PURPOSES
from app.services.catalog.known_models import known_route
from app.services.changes import Changes
from app.services.providers.providers import Providers
from app.services.turns.budget_room import Room, is_kept, keep, rooms

log = logging.getLogger(__name__)

WATCHED_EVERY_S: Final = 2.0
_PPM: Final = 10**6
_NULLABLE: Final = ("name", "warn_at")


class Budgets:
    """The rules of budgets. What they allow is decided where calls are reserved; the ledger says what is left."""

    def __init__(
        self, store: Store, changes: Changes, providers: Providers, watched_every_s: float = WATCHED_EVERY_S
    ) -> None:
        self._store, self._changes, self._providers = store, changes, providers
        self._every_s = watched_every_s
        self._told: dict[str, BudgetState] = {}
        self._task: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Watch their states from now on."""
        self._task = asyncio.create_task(self._watch(), name="budgets")

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def list(self) -> BudgetList:
        """All of them with their state in the period that runs."""
        return BudgetList(items=await self._store.read(_list))

    async def create(self, request: BudgetCreate) -> Budget:
        """Raises NotFound and UpstreamModelNotFound for whose calls nobody knows, Conflict when there are too many
        or one like it.
        """
        made = await self._store.write(partial(_create, known=self._known), request)
        self._tell(made)
        return made

    async def replace(self, request: BudgetsPut) -> BudgetList:
        """Have these and no others. Raises as ``create``, NotFound for an id that is none, Stale."""
        replaced, gone = await self._store.write(partial(_replace, known=self._known), request)
        for budget_id in gone:
            self._changes.publish("budget", budget_id, op="delete")
        for budget in replaced:
            self._tell(budget)
        return BudgetList(items=replaced)

    async def patch(self, budget_id: str, request: BudgetPatch) -> Budget:
        """Raises NotFound, Stale."""
        budget = await self._store.write(_patch, budget_id, request)
        self._tell(budget)
        return budget

    async def delete(self, budget_id: str) -> None:
        """Raises NotFound."""
        if not await self._store.write(budgets.delete, budget_id):
            raise NotFound.of("budget", budget_id)
        self._changes.publish("budget", budget_id, op="delete")

    async def _keep(self) -> None:
        """Make sums anew that are of another period or zone, so that no call has to: one that is refused keeps none.

        One budget in a transaction: other writers get in between.
        """
        for budget_id in await self._store.read(_to_keep):
            await self._store.write_relaxed(_keep_one, budget_id)

    def _tell(self, budget: Budget) -> None:
        self._told[budget.id] = budget.state
        self._changes.publish("budget", budget.id, revision=budget.revision)

    def _known(self, conn: Conn, model: str) -> str:
        return known_route(conn, self._providers.route, model).slug

    async def _watch(self) -> None:
        """Keep sums, and while somebody listens tell of states that calls, or the end of a period, have changed."""
        while True:
            await asyncio.sleep(self._every_s)
            try:
                await self._keep()
                if not self._changes.has_listeners:
                    continue
                found = (await self.list()).items
            except AppError as error:
                log.warning("budgets were not read", extra={"error_code": error.code})
                continue
            for budget in found:
                if self._told.get(budget.id, budget.state) != budget.state:
                    self._changes.publish("budget", budget.id, revision=budget.revision)
            self._told = {budget.id: budget.state for budget in found}


def state_of(limit_picousd: int, warn_ppm: int | None, counted_picousd: int) -> BudgetState:
    """What is counted is spent or held; at the limit nothing more is left."""
    if counted_picousd >= limit_picousd:
        return "exceeded"
    if warn_ppm is not None and counted_picousd * _PPM >= limit_picousd * warn_ppm:
        return "warned"
    return "ok"


def _list(conn: Conn) -> list[Budget]:
    return [_shown(room) for room in rooms(conn, budgets.every(conn), at=now())]


def _to_keep(conn: Conn) -> list[str]:
    """The ids of those whose kept sums are of no use."""
    found = budgets.every(conn)
    at, zone = now(), owner_zone.get(conn) if found else ""
    return [budget["id"] for budget in found if not is_kept(budget, at=at, zone=zone)]


def _keep_one(conn: Conn, budget_id: str) -> None:
    keep(conn, filter(None, [budgets.get(conn, budget_id)]), at=now())


def _keep_all(conn: Conn) -> None:
    keep(conn, budgets.every(conn), at=now())


def _kept(conn: Conn, budget_id: str) -> Budget:
    """One that was changed, its sums made once for all."""
    _keep_one(conn, budget_id)
    return _one(conn, budget_id)


def _one(conn: Conn, budget_id: str) -> Budget:
    found = budgets.get(conn, budget_id)
    if found is None:
        raise NotFound.of("budget", budget_id)
    return _shown(rooms(conn, [found], at=now())[0])


def _create(conn: Conn, request: BudgetCreate, *, known: Callable[[Conn, str], str]) -> Budget:
    if budgets.count(conn) >= MOST_BUDGETS:
        raise Conflict(f"There are {MOST_BUDGETS} budgets, which is all there can be.")
    budget_id = _insert(conn, request, known)
    _refuse_twin(conn, budget_id)
    return _kept(conn, budget_id)


def _insert(conn: Conn, request: BudgetCreate, known: Callable[[Conn, str], str]) -> str:
    budget_id = new_id()
    budgets.insert(conn, {"id": budget_id, **_columns(conn, request, known)}, now=now())
    return budget_id


def _replace(conn: Conn, request: BudgetsPut, *, known: Callable[[Conn, str], str]) -> tuple[list[Budget], list[str]]:
    kept = {item.id for item in request.items}
    gone = [row["id"] for row in budgets.every(conn) if row["id"] not in kept]
    for budget_id in gone:
        budgets.delete(conn, budget_id)
    put = [_put(conn, item, known) for item in request.items]
    for budget_id in put:
        _refuse_twin(conn, budget_id)
    _keep_all(conn)
    return _list(conn), gone


def _put(conn: Conn, item: BudgetPut, known: Callable[[Conn, str], str]) -> str:
    if item.id is None:
        return _insert(conn, item, known)
    _refuse_stale(_one(conn, item.id), item.revision)
    budgets.update(conn, item.id, _columns(conn, item, known))
    return item.id


def _patch(conn: Conn, budget_id: str, request: BudgetPatch) -> Budget:
    _refuse_stale(_one(conn, budget_id), request.revision)
    given = request.model_dump(exclude_unset=True, exclude={"revision"})
    changes = {name: value for name, value in given.items() if value is not None or name in _NULLABLE}
    budgets.update(conn, budget_id, _stored(changes))
    if not changes.keys().isdisjoint(("period", "hard")):
        _refuse_twin(conn, budget_id)
    return _kept(conn, budget_id)


def _refuse_twin(conn: Conn, budget_id: str) -> None:
    """Of two limits for the same calls one says nothing. Raises Conflict."""
    twin = budgets.twin(conn, budget_id)
    if twin is not None:
        named = f", {twin['name']!r}," if twin["name"] else ""
        raise Conflict(
            f"There is a budget{named} of these calls and this period already.",
            details={"budget_id": twin["id"], "hint": "Change that one; beside a hard budget there may be a soft one."},
        )


def _refuse_stale(current: Budget, revision: int | None) -> None:
    if revision is not None and revision != current.revision:
        raise Stale(details={"current": current.body()}, resource_type="budget", resource_id=current.id)


def _columns(conn: Conn, request: BudgetCreate, known: Callable[[Conn, str], str]) -> dict[str, Any]:
    values = request.model_dump(exclude={"id", "revision", "of"})
    return _stored(values) | {"subject": _subject(conn, request, known)}


def _stored(values: Mapping[str, Any]) -> dict[str, Any]:
    """Columns for fields: whole picodollars, parts per million, 0 and 1."""
    columns = {name: values[name] for name in ("name", "kind", "period") if name in values}
    if "limit_usd" in values:
        columns["limit_picousd"] = parse_usd(str(values["limit_usd"]))
    if "warn_at" in values:
        columns["warn_ppm"] = None if values["warn_at"] is None else int(values["warn_at"] * _PPM)
    if "hard" in values:
        columns["is_hard"] = int(values["hard"])
    return columns


def _subject(conn: Conn, request: BudgetCreate, known: Callable[[Conn, str], str]) -> str | None:
    """Whose calls count, as the ledger names them. Raises NotFound, UpstreamModelNotFound, ValidationFailed."""
    of = request.of
    if of is None:
        return None
    match request.kind:
        case "model":
            return _model(conn, of, known)
        case "purpose" if of not in PURPOSES:
            raise ValidationFailed(f"{of!r} is no purpose.", details={"purposes": list(PURPOSES)})
        case "profile" if not of.isdecimal() or len(of) > 16 or profiles.get(conn, int(of)) is None:
            raise NotFound.of("profile", of)
        case "session" if sessions.get(conn, of) is None:
            raise NotFound.of("session", of)
        case "token" if access_tokens.budget(conn, of) is None:
            raise NotFound.of("token", of)
    return str(int(of)) if request.kind == "profile" else of


def _model(conn: Conn, of: str, known: Callable[[Conn, str], str]) -> str:
    slug = known(conn, of)
    base = budgets.base_model(slug)
    if base != slug:
        raise ValidationFailed(
            f"The budget of {base!r} counts its variants and presets too; name the model alone.",
            details={"parameter": "of"},
        )
    facts = models.facts(conn, slug)
    return base if facts is None else budgets.base_model(facts.id)


def _shown(room: Room) -> Budget:
    row: Row = room.budget
    counted = room.spent_picousd + room.held_picousd
    return Budget(
        id=row["id"],
        name=row["name"],
        kind=row["kind"],
        of=row["subject"],
        period=row["period"],
        limit_usd=to_usd(row["limit_picousd"]),
        warn_at=None if row["warn_ppm"] is None else to_usd(row["warn_ppm"] * _PPM),
        hard=bool(row["is_hard"]),
        state=state_of(row["limit_picousd"], row["warn_ppm"], counted),
        spent_usd=to_usd(room.spent_picousd),
        reserved_usd=to_usd(room.held_picousd),
        remaining_usd=to_usd(room.left_picousd),
        starts_at=room.starts_at,
        ends_at=room.ends_at,
        created_at=row["created_at"],
        revision=row["revision"],
    )
