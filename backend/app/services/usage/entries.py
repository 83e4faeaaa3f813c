"""What the owner spent elsewhere, entered by hand: rows of their own kind, which are in no sum of calls."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from app.core.clock import now
from app.core.errors import NotFound, ValidationFailed
from app.core.ids import new_id
from app.core.json import decode
from app.core.money import MAX_CALL_PICOUSD, parse_usd, to_usd
from app.db.store import Store
from app.db.types import Conn
from app.repo import ledger, models, profiles, sessions, usage_rows
from app.repo.usage_sums import MANUAL
from app.schemas.usage import ManualUsage, UsageRow
from app.services.catalog.token_cost import TokensUsed, token_cost_picousd

_EARLIEST = "2000-01-01"
_AHEAD = timedelta(days=1)


class UsageEntries:
    """Such rows settle nothing: no generation, no budget and no session counts them."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def add(self, entry: ManualUsage) -> UsageRow:
        """A cost that is not given is estimated at the catalogue's prices.

        Raises NotFound for a session or a profile that is none, and ValidationFailed when nobody can tell the cost, or
        for a time before 2000 or after tomorrow.
        """
        return await self._store.write(_add, entry)


def _add(conn: Conn, entry: ManualUsage) -> UsageRow:
    if entry.session_id is not None and sessions.get(conn, entry.session_id) is None:
        raise NotFound.of("session", entry.session_id)
    if entry.profile_id is not None and profiles.get(conn, entry.profile_id) is None:
        raise NotFound.of("profile", str(entry.profile_id))
    at = _stamp(entry.created_at)
    told = None if entry.cost_usd is None else parse_usd(str(entry.cost_usd))
    cost = _estimate(conn, entry, at) if told is None else told
    row_id = new_id()
    ledger.enter(
        conn,
        {
            "id": row_id,
            "session_id": entry.session_id,
            "profile_id": entry.profile_id,
            "purpose": MANUAL,
            "state": "estimated" if told is None else "settled",
            "model": entry.model,
            "provider": entry.provider or MANUAL,
            "prompt_tokens": entry.prompt_tokens,
            "completion_tokens": entry.completion_tokens,
            "total_tokens": entry.prompt_tokens + entry.completion_tokens,
            "cached_tokens": entry.cached_tokens,
            "reasoning_tokens": entry.reasoning_tokens,
            "cost_picousd": cost,
            "cost_text": f"{to_usd(cost):f}",
            "created_at": at,
            "now": now(),
        },
    )
    row = usage_rows.get(conn, row_id)
    if row is None:
        raise NotFound.of("usage row", row_id)
    return row


def _estimate(conn: Conn, entry: ManualUsage, at: str) -> int:
    prices = models.prices(conn, entry.model)
    used = TokensUsed(
        prompt=entry.prompt_tokens,
        completion=entry.completion_tokens,
        cached=entry.cached_tokens or 0,
        reasoning=entry.reasoning_tokens or 0,
    )
    cost = None if prices is None else token_cost_picousd(decode(prices["prices"] or "{}"), used, at=at)
    if cost is None or cost > MAX_CALL_PICOUSD:
        raise ValidationFailed(
            "Nobody can tell what that has cost.",
            details={"field": "cost_usd", "hint": "Say cost_usd; the catalogue has no price that fits this model."},
        )
    return cost


def _stamp(at: datetime | None) -> str:
    if at is None:
        return now()
    try:
        utc = at.astimezone(UTC)
    except OverflowError:
        raise ValidationFailed("That is no time of a call.", details={"field": "created_at"}) from None
    stamped = f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}Z".rjust(24, "0")
    if not stamped >= _EARLIEST or utc > datetime.now(UTC) + _AHEAD:
        raise ValidationFailed("That is no time of a call.", details={"field": "created_at"})
    return stamped
