"""What a composed message would cost: nothing is stored, set aside or sent for the answer."""

from __future__ import annotations

from typing import Any

from app.core.clock import now
from app.core.money import to_usd
from app.db.store import Store
from app.db.types import Conn
from app.repo import budgets, ledger
from app.repo import settings as settings_repo
from app.schemas.estimates import BudgetForecast, CostRange, Estimate, EstimateBasis, TokenRange
from app.schemas.generations import GenerationCreate
from app.services.providers.providers import Providers
from app.services.turns import budget_room
from app.services.turns.forecast import Cost, Unpriced, cost_of, length_of
from app.services.turns.policy import policy_of, refuse_forbidden
from app.services.turns.posting import posted_of
from app.services.turns.prompt import Defaults
from app.services.turns.turn_start import Composed, Plan, compose, path_of_new, path_of_stored
from app.services.turns.worst_cost import worst_cost_picousd
from app.services.upstream.request import output_limit


class Estimates:
    """Asks the store alone."""

    def __init__(self, store: Store, providers: Providers, defaults: Defaults) -> None:
        self._store, self._providers, self._defaults = store, providers, defaults

    async def of(self, request: GenerationCreate) -> Estimate:
        """What starting this would cost. Raises what starting it would, but for budgets."""
        plan = Plan(
            model=request.model,
            profile_id=request.profile_id,
            given=request.given(),
            defaults=self._defaults,
            route=self._providers.route,
        )
        return await self._store.read(_estimate, plan, request)


def _estimate(conn: Conn, plan: Plan, request: GenerationCreate) -> Estimate:
    if request.session_id is not None and request.answers_stored:
        place, path = path_of_stored(conn, request.session_id, request.parent_id)
    else:
        place, path = path_of_new(conn, plan, request.session_id, posted_of(request), now())
    composed = compose(conn, plan, place, path)
    route = composed.resolved.route
    demo = route.provider.demo
    policy = policy_of(settings_repo.all_values(conn), is_free=demo)
    refuse_forbidden(policy, composed.offers, composed.body)
    worst = 0 if demo else worst_cost_picousd(composed.body, list(composed.offers.values()))
    written = ledger.written(conn, route.slug)
    facts = composed.named[route.slug].facts
    length = length_of(written, output_limit(composed.body) or (facts.max_output_tokens if facts else None))
    calibration, prompt_tokens = composed.fit.room.calibration, composed.fit.use.estimated_tokens
    cost, why = None, None
    try:
        cost = cost_of(
            composed.body, composed.offers, prompt_tokens=prompt_tokens, calibration=calibration, length=length
        )
    except Unpriced as error:
        why = str(error)
    if demo:
        cost, why = Cost(low=0, high=0), None
    return Estimate(
        model=route.slug,
        prompt_tokens=prompt_tokens,
        completion_tokens=TokenRange(low=length.low, high=length.high),
        cost_usd=None if cost is None else _shown(cost, worst),
        why_unknown=why,
        basis=EstimateBasis(
            prompt="calibrated" if calibration.samples else "estimate",
            completion="history" if length.is_known else "max_tokens",
            history_calls=len(written),
        ),
        budgets=_forecasts(conn, plan, None if place.is_new else place.session_id, composed, worst),
    )


def _shown(cost: Cost, worst_picousd: int | None) -> CostRange:
    """No more than the worst case, which knows what a guess of tokens does not."""
    most = cost.high if worst_picousd is None else min(cost.high, worst_picousd)
    return CostRange(low=to_usd(min(cost.low, most)), high=to_usd(most))


def _forecasts(
    conn: Conn, plan: Plan, session_id: str | None, composed: Composed, worst_picousd: int | None
) -> list[BudgetForecast]:
    slug = composed.resolved.route.slug
    listed = composed.offers[slug]
    call: dict[str, Any] = {
        "model": slug,
        "model_id": listed["id"] if listed else None,
        "profile_id": composed.resolved.profile_id,
        "session_id": session_id,
        "token_id": plan.token_id,
        "purpose": plan.purpose,
    }
    found = budgets.of_call(conn, budgets.call_of(call))
    barring = budget_room.barring(conn, composed.offers, composed.body) if worst_picousd != 0 else None
    if barring is not None and barring.budget_id not in {budget["id"] for budget in found}:
        found += filter(None, [budgets.get(conn, barring.budget_id)])
    return [
        BudgetForecast(
            id=room.budget["id"],
            remaining_usd=to_usd(room.left_picousd),
            would_refuse=room.refuses(worst_picousd, composed.body)
            or (barring is not None and barring.budget_id == room.budget["id"]),
        )
        for room in (budget_room.rooms(conn, found, at=now()) if found else ())
    ]
