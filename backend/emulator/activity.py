"""``GET /activity``: what the account's calls have cost, by day, model and endpoint, from the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from aiohttp import web

from .access import authorize_management
from .errors import invalid_request
from .keys import STATE
from .ledger import Row
from .lookups import misbehave, reply
from .pricing import ZERO
from .state import State
from .wire import money

DAYS = 30
"""Whole UTC days that are told; the one that is under way is not."""


async def activity(request: web.Request) -> web.Response:
    """``GET /activity``: what the last 30 whole UTC days have cost, by day, model and endpoint; ``date`` for one."""
    state = request.app[STATE]
    authorize_management(state, request)
    await misbehave(state, "activity")
    today = _day(state.clock.unix())
    days = [today - timedelta(days=back) for back in range(1, DAYS + 1)]
    if (wanted := request.query.get("date")) is not None:
        if wanted not in map(str, days):
            raise invalid_request("Date must be within the last 30 (completed) UTC days.")
        days = [day for day in days if str(day) == wanted]
    return reply({"data": list(_items(state, days))})


def _items(state: State, days: list[date]) -> Iterator[dict[str, Any]]:
    groups: dict[tuple[date, str, str], list[tuple[Row, Decimal]]] = {}
    for row in state.ledger.rows:
        day = _day(row.created_unix)
        cost = state.misreported.get(row.id, row.cost_usd)
        if day in days and row.status != "open" and cost is not None:
            groups.setdefault((day, row.model.id, row.endpoint.provider_name), []).append((row, cost))
    for (day, model, provider), calls in sorted(groups.items(), key=lambda group: group[0]):
        rows = [row for row, _ in calls]
        yield {
            "date": str(day),
            "model": model,
            "model_permaslug": rows[0].model.canonical_slug,
            "endpoint_id": f"{model}/{provider}",
            "provider_name": provider,
            "usage": money(sum((cost for _, cost in calls), ZERO)),
            "byok_usage_inference": money(sum((row.upstream_cost_usd for row in rows if row.is_byok), ZERO)),
            "requests": len(rows),
            "prompt_tokens": sum(row.prompt_tokens for row in rows),
            "completion_tokens": sum(row.completion_tokens for row in rows),
            "reasoning_tokens": sum(row.reasoning_tokens for row in rows),
        }


def _day(unix: float) -> date:
    return datetime.fromtimestamp(unix, UTC).date()
