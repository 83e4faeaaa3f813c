"""Budgets of days, weeks and months."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from app.api.deps import ServicesDep
from app.api.errors import responses_for
from app.api.json_body import JsonRoute
from app.api.reply import created, reply
from app.api.route_class import route_class
from app.core.errors import Conflict, NotFound, Stale, UpstreamModelNotFound, ValidationFailed
from app.schemas.budgets import Budget, BudgetCreate, BudgetList, BudgetPatch, BudgetsPut

router = APIRouter(prefix="/api/budgets", tags=["budgets"], route_class=JsonRoute)
BudgetPath = Annotated[str, Path(max_length=128)]


@router.get("", response_model=BudgetList)
@route_class("read")
async def list_budgets(services: ServicesDep) -> Response:
    """All budgets with their state in the period that runs. Days begin in the zone of the setting `time_zone`."""
    return reply({"items": [budget.body() for budget in (await services.budgets.list()).items]})


@router.put(
    "", response_model=BudgetList, responses=responses_for(NotFound, UpstreamModelNotFound, Stale, ValidationFailed)
)
@route_class("write", admin=True)
async def replace_budgets(services: ServicesDep, body: BudgetsPut) -> Response:
    """Have these budgets and no others; with the `id` of one that is there it stays that one."""
    return reply({"items": [budget.body() for budget in (await services.budgets.replace(body)).items]})


@router.post(
    "",
    response_model=Budget,
    status_code=201,
    responses=responses_for(NotFound, UpstreamModelNotFound, Conflict, ValidationFailed),
)
@route_class("write", admin=True)
async def create_budget(services: ServicesDep, body: BudgetCreate) -> Response:
    """Make a budget. What was spent in the period that runs counts from the first moment."""
    return created((await services.budgets.create(body)).body())


@router.patch("/{budget_id}", response_model=Budget, responses=responses_for(NotFound, Stale, ValidationFailed))
@route_class("write", admin=True)
async def patch_budget(services: ServicesDep, budget_id: BudgetPath, body: BudgetPatch) -> Response:
    """Change what is given. What was started before is paid to its end."""
    return reply((await services.budgets.patch(budget_id, body)).body())


@router.delete("/{budget_id}", status_code=204, responses=responses_for(NotFound))
@route_class("destructive")
async def delete_budget(services: ServicesDep, budget_id: BudgetPath) -> Response:
    """Delete a budget; the ledger stays as it is."""
    await services.budgets.delete(budget_id)
    return Response(status_code=204)
