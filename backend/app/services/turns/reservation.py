"""The money of a call, set aside before it is sent: its row in the ledger, and its place in a token's budget.

Both stand in the caller's transaction, and the store has one writer, so parallel starts cannot share the same room.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.core.errors import BudgetExceeded, Unauthorized
from app.core.money import MAX_CALL_PICOUSD, to_usd
from app.db.types import Conn, Row
from app.repo import access_tokens, budgets, ledger, settings
from app.services.providers.providers import DEMO
from app.services.turns import budget_room
from app.services.turns.meter import Rate, rate_of
from app.services.turns.policy import policy_of, refuse_forbidden
from app.services.upstream.dearer import dearer_field


def reserve(
    conn: Conn, values: dict[str, Any], token_id: str | None, body: Mapping[str, Any], offers: Mapping[str, Row | None]
) -> Rate | None:
    """Open the row of a call that is about to be made, on account of a named token or of the owner (None).

    What it costs as it is written, for a call that a budget pays; None for others, and for one that costs nothing.

    Args:
        values: those of ``ledger.reserve``; its worst case is at the catalogue's prices.
        body: what is sent; a budget pays for nothing in it that may make it dearer than these.
        offers: the prices of each model that may answer, by its slug, the one that is asked first before its fallbacks.

    Raises BudgetExceeded, ModelNotAllowed, PriceCap, and Unauthorized when the token was revoked.
    """
    if values["provider"] == DEMO:
        values = {**values, "reserved_picousd": 0}
    worst = values["reserved_picousd"]
    is_bounded = token_id is not None and _hold(conn, token_id, worst, {} if values["provider"] == DEMO else body)
    opened = ledger.reserve(conn, {**values, "token_id": token_id})
    if opened["has_policy"]:
        policy = policy_of(settings.all_values(conn), is_free=values["provider"] == DEMO)
        refuse_forbidden(policy, offers, body)
    if opened["has_budgets"]:
        row = {**values, "token_id": token_id, "model_id": opened["model_id"]}
        is_bounded |= budget_room.hold(conn, row, worst, body, offers)
    return rate_of(conn, body, offers, worst) if is_bounded and worst else None


def hold_more(conn: Conn, generation_id: str, least_picousd: int, most_picousd: int) -> int:
    """Hold more of its budgets for a call that costs more than was held; how much.

    Raises BudgetExceeded when they have not ``least_picousd`` left. A call that is over by now needs nothing more.
    """
    row = ledger.call(conn, generation_id)
    if row is None or row["state"] != "reserved":
        return most_picousd
    room = min(MAX_CALL_PICOUSD - (row["reserved_picousd"] or 0), most_picousd)
    if row["token_id"] is not None:
        token = access_tokens.budget(conn, row["token_id"])
        if token is not None and token["budget_picousd"] is not None:
            room = min(room, token["budget_picousd"] - token["spent_picousd"] - token["held_picousd"])
    found = budget_room.rooms_of_started(conn, row)
    budget_room.refuse_more([each for each, _ in found], least_picousd)
    if room < least_picousd:
        raise BudgetExceeded("The budget does not allow this answer to go on.")
    more = min([room, *(each.left_picousd for each, _ in found if each.is_hard)])
    ledger.reserve_more(conn, row, more)
    if row["token_id"] is not None:
        access_tokens.hold(conn, row["token_id"], more)
    for each, is_kept in found:
        if is_kept:
            budgets.hold(conn, each.budget["id"], more)
    return more


def has_budget(conn: Conn, whose: Mapping[str, Any]) -> bool:
    """Whether a call is paid from a budget that refuses what does not fit: a named token's, or a hard one.

    Args:
        whose: what ``budgets.call_of`` asks of a row of the ledger.
    """
    return _has_token_budget(conn, whose["token_id"]) or budgets.any_hard(conn, budgets.call_of(whose))


def needs_prices(conn: Conn, token_id: str | None) -> bool:
    """Whether anything asks what a call may cost: a budget, which counts that, or the settings' caps."""
    return (
        _has_token_budget(conn, token_id)
        or budgets.count(conn) > 0
        or bool(policy_of(settings.all_values(conn)).max_prices)
    )


def _has_token_budget(conn: Conn, token_id: str | None) -> bool:
    row = access_tokens.budget(conn, token_id) if token_id is not None else None
    return row is not None and row["budget_picousd"] is not None


def _hold(conn: Conn, token_id: str, worst_picousd: int | None, body: Mapping[str, Any]) -> bool:
    """Whether the token has a budget, which then holds the call's worst case. Raises Unauthorized, BudgetExceeded."""
    row = access_tokens.budget(conn, token_id)
    if row is None or row["revoked_at"] is not None:
        raise Unauthorized("This token was revoked.")
    if row["budget_picousd"] is None:
        return False
    if (field := dearer_field(body)) is not None:
        raise BudgetExceeded(
            f"This token has a budget, and nobody can tell what a call with {field!r} may cost.",
            details={"parameter": field, "hint": f"Leave out {field}, or use a token without a budget."},
        )
    if worst_picousd is None:
        raise BudgetExceeded(
            "This token has a budget, and nobody can tell what this call may cost.",
            details={
                "hint": "Sync the models, or state the model's prices in the providers file; leave out presets, what "
                "asks other models, and files for a model whose context length is not known."
            },
        )
    if not access_tokens.hold(conn, token_id, worst_picousd):
        raise BudgetExceeded(
            "The budget of this token does not allow this call.",
            details={
                "budget_usd": to_usd(row["budget_picousd"]),
                "spent_usd": to_usd(row["spent_picousd"]),
                "reserved_usd": to_usd(row["held_picousd"]),
                "needed_usd": to_usd(worst_picousd),
                "hint": "Ask for fewer tokens (max_tokens) or searches (max_tool_calls, max_uses in a tool's "
                "parameters), or use a token with a larger budget.",
            },
        )
    return True
