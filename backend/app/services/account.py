"""What the main provider's account tells: credits left, and its own book, held against ours."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from app.core import clock
from app.core.errors import AppError, ManagementKeyNeeded, MissingKey, UpstreamError, UpstreamGarbage, ValidationFailed
from app.core.money import parse_usd, to_usd
from app.db.store import Store
from app.db.types import Conn, Row
from app.repo import drift
from app.schemas.account import CreditsReport, Drift, DriftDay, DriftGap, DriftQuery, NotCompared
from app.schemas.usage import UsageRow
from app.services.book_comparison import Line, lines, rounding_picousd
from app.services.catalog.single_flight import SingleFlight
from app.services.providers.providers import Providers
from app.services.upstream.account import ActivityItem

KEPT_S: Final = 60.0
TOLD_DAYS: Final = 30
"""Whole UTC days that the provider tells of, the last one being yesterday (API reference, section 8.2)."""
MOST_ROWS: Final = 100
"""Of one line."""


@dataclass(frozen=True, slots=True)
class _Kept:
    until_s: float
    told: Any


class Account:
    """Asks for figures of the account, which are kept for a minute and asked for once by many."""

    def __init__(self, store: Store, providers: Providers, now: Callable[[], str] = clock.now) -> None:
        self._store, self._providers, self._now = store, providers, now
        self._asking = SingleFlight[Any]()
        self._kept: dict[tuple[int, str], _Kept] = {}

    async def close(self) -> None:
        """Give up what is being asked."""
        await self._asking.close()

    async def credits(self) -> CreditsReport:
        """What is left. Raises MissingKey, ManagementKeyNeeded, upstream errors."""
        report: CreditsReport = await self._told("credits", self._credits)
        return report

    async def drift(self, query: DriftQuery) -> Drift:
        """Both books by UTC day and model. Days that the provider does not tell of, or not to us, are named.

        Raises ValidationFailed for days that are none or reversed, and upstream errors.
        """
        today = date.fromisoformat(self._now()[:10])
        oldest, newest = today - timedelta(days=TOLD_DAYS), today - timedelta(days=1)
        last = _day(query.to_day) if query.to_day else max(newest, _day(query.from_day or newest.isoformat()))
        first = _day(query.from_day) if query.from_day else min(last, oldest)
        if first > last:
            raise ValidationFailed("`from` is after `to`.")
        gaps = list(_gaps(first, last, today))
        told = Drift(from_day=str(first), to_day=str(last), rounding_usd=to_usd(0), days=[], not_compared=gaps)
        first, last = max(first, oldest), min(last, newest)
        if first > last:
            return told
        try:
            theirs: list[ActivityItem] = await self._told("activity", self._activity)
        except (MissingKey, UpstreamError) as error:
            if (reason := _why_not(error)) is None:
                raise
            message = _hint(error)
            gaps.append(DriftGap(reason=reason, message=message, from_day=str(first), to_day=str(last)))
            return told
        theirs = [item for item in theirs if str(first) <= item.date[:10] <= str(last)]
        rounding = rounding_picousd(theirs)
        provider = self._providers.current().name
        told.rounding_usd = to_usd(rounding)
        told.days = await self._store.read(_compared, provider, first, last, theirs, rounding)
        return told

    async def _credits(self) -> CreditsReport:
        told = await self._providers.account_client().credits()
        bought, spent = (parse_usd(text or "") for text in (told.total_credits_text, told.total_usage_text))
        if bought is None or spent is None:
            raise UpstreamGarbage("The provider's reply tells no credits.")
        return CreditsReport(
            total_credits_usd=to_usd(bought),
            total_usage_usd=to_usd(spent),
            remaining_usd=to_usd(bought - spent),
            at=self._now(),
        )

    async def _activity(self) -> list[ActivityItem]:
        return await self._providers.account_client().activity()

    async def _told(self, what: str, ask: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        """Kept by who is asked: a new key asks anew."""
        loop = asyncio.get_running_loop()
        key = id(self._providers.account_client()), what
        kept = self._kept.get(key)
        if kept is not None and loop.time() < kept.until_s:
            return kept.told
        told = await self._asking.of(key, ask)
        self._kept = {one: each for one, each in self._kept.items() if loop.time() < each.until_s}
        self._kept[key] = _Kept(loop.time() + KEPT_S, told)
        return told


def _compared(
    conn: Conn, provider: str, first: date, last: date, theirs: list[ActivityItem], rounding: int
) -> list[DriftDay]:
    ours = drift.sums(conn, provider, *_span(first, last))
    return [_line(conn, provider, line, rounding) for line in lines(ours, theirs)]


def _line(conn: Conn, provider: str, line: Line, rounding: int) -> DriftDay:
    verdict = line.verdict(rounding)
    return DriftDay(
        day=line.day,
        model=line.model,
        verdict=verdict,
        ours_usd=to_usd(line.ours_picousd),
        theirs_usd=None if line.theirs_picousd is None else to_usd(line.theirs_picousd),
        difference_usd=to_usd(line.difference_picousd),
        our_calls=line.our_calls,
        their_calls=line.their_calls,
        unknown_calls=line.unknown_calls,
        rows=[] if verdict == "same" else _rows(conn, provider, line),
    )


def _rows(conn: Conn, provider: str, line: Line) -> list[UsageRow]:
    day = date.fromisoformat(line.day)
    found: list[UsageRow] = []
    for group in line.groups:
        found += _of_group(conn, provider, day, group, MOST_ROWS - len(found))
    return found


def _of_group(conn: Conn, provider: str, day: date, group: Row, limit: int) -> list[UsageRow]:
    return drift.rows(conn, provider, *_span(day, day), group["model"], group["served_model"], limit)


def _span(first: date, last: date) -> tuple[str, str]:
    """From the first instant of one day to the first after another, as stored."""
    return f"{first}T00:00:00.000Z", f"{last + timedelta(days=1)}T00:00:00.000Z"


def _why_not(error: AppError) -> NotCompared | None:
    """Why there is no book to compare with; None for what may pass."""
    if isinstance(error, ManagementKeyNeeded):
        return "management_key_needed"
    return "no_account" if isinstance(error, MissingKey) or error.details.get("status") == 404 else None


def _hint(error: AppError) -> str:
    """What to do about it; a provider without the path keeps no book, and nothing can be done."""
    if error.details.get("status") == 404:
        return "The provider does not tell what its account was charged, so there is nothing to compare with."
    return f"{error.message} {error.next_step}"


def _gaps(first: date, last: date, today: date) -> Iterator[DriftGap]:
    oldest = today - timedelta(days=TOLD_DAYS)
    if first < oldest:
        yield DriftGap(
            reason="too_old",
            message=f"The provider tells of its last {TOLD_DAYS} days.",
            from_day=str(first),
            to_day=str(min(last, oldest - timedelta(days=1))),
        )
    if last >= today:
        yield DriftGap(
            reason="not_told_yet",
            message="The provider tells of whole UTC days, once they are over.",
            from_day=str(max(first, today)),
            to_day=str(last),
        )


def _day(text: str) -> date:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).date()
    except ValueError as error:
        raise ValidationFailed(f"{text} is no day.") from error
