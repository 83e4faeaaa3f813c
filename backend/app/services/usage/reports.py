"""The ledger, read: rows, sums over days, sums of sessions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from app.core.clock import now
from app.core.days import day_of
from app.core.errors import NotFound, ValidationFailed
from app.core.money import to_usd
from app.db.store import Store
from app.db.types import Conn, Row
from app.repo import owner_zone, profiles, sessions, usage_rows, usage_spans
from app.repo.usage_rows import RowFilter
from app.repo.usage_sums import bounds
from app.schemas.page import PageQuery, Slice
from app.schemas.usage import (
    DayUsage,
    ModelsUsage,
    ModelUsage,
    ProfileUsage,
    ProviderUsage,
    PurposeUsage,
    SessionCost,
    SessionUsage,
    UsageRow,
    UsageStats,
    UsageSummary,
    UsageTimeline,
    UsageTotals,
)
from app.schemas.usage_queries import RowsQuery, SpanQuery, TimelineQuery, UsageQuery
from app.services.cursors import decode_cursor, encode_cursor
from app.services.usage.figures import Figures, added_up, dearest_first, no_calls, opened_within, told
from app.services.usage.timeline import timeline

DEFAULT_DAYS = 30
SESSION_ITEMS = 200


@dataclass(frozen=True, slots=True)
class Span:
    """Whole days of a zone, both ends included."""

    first: str
    last: str
    zone: str


class UsageReports:
    """What was spent. Days are the owner's, and a call is of the day it was opened on."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def list(self, query: UsageQuery) -> Slice[UsageRow]:
        """Newest first. Raises BadCursor, and as `filter_of` does."""
        return await self._store.read(_list, query)

    async def summary(self, query: SpanQuery) -> UsageSummary:
        """Sums over whole days, the last 30 unless said otherwise.

        Raises ValidationFailed for days that are none or reversed, and for another zone than the owner's. Calls dated
        ahead, by a clock that has gone back since, are among the last ones.
        """
        return await self._store.read(_summary, query)

    async def timeline(self, query: TimelineQuery) -> UsageTimeline:
        """Every period of a span. Raises ValidationFailed as `summary` does, and for more periods than can be told."""
        return await self._store.read(_timeline, query)

    async def models(self, query: SpanQuery) -> ModelsUsage:
        """Sums by model. Raises as `summary` does."""
        return await self._store.read(_models, query)

    async def stats(self, query: SpanQuery) -> UsageStats:
        """Sums and averages. Raises as `summary` does."""
        return await self._store.read(_stats, query)

    async def of_session(self, session_id: str) -> SessionUsage:
        """Totals, models and the newest 200 rows. Raises NotFound for a session that never was."""
        return await self._store.read(_of_session, session_id)

    async def sessions(self, query: PageQuery) -> Slice[SessionCost]:
        """Those there are, the dearest first. Raises BadCursor."""
        return await self._store.read(_sessions, query)


def span_of(conn: Conn, query: SpanQuery, default_days: int = DEFAULT_DAYS) -> Span:
    """The days that are asked for. Raises ValidationFailed."""
    zone = owner_zone.get(conn)
    if query.tz is not None and query.tz != zone:
        raise ValidationFailed(
            f"Days are those of {zone}.",
            details={"field": "tz", "hint": "Leave tz out, or change time_zone in the settings; sums follow it."},
        )
    last = _day(query.to_day or day_of(now(), zone))
    first = _day(query.from_day) if query.from_day else last - min(timedelta(default_days - 1), last - date.min)
    if not query.to_day:
        # What is dated ahead, by a clock that has gone back since, is among the last.
        closed, opened = usage_spans.newest(conn)
        last = max([last, *(_day(day) for day in (closed, opened and day_of(opened, zone)) if day)])
    if first > last:
        raise ValidationFailed(f"{first} is after {last}.", details={"field": "from"})
    return Span(first.isoformat(), last.isoformat(), zone)


def filter_of(conn: Conn, query: RowsQuery) -> RowFilter:
    """The rows that are asked for.

    Raises NotFound for a model, profile or session that never was, and ValidationFailed for days that are none or
    reversed.
    """
    zone = owner_zone.get(conn)
    first, last = (None if day is None else _day(day).isoformat() for day in (query.from_day, query.to_day))
    least, most = query.picousd()
    if (first and last and first > last) or (least is not None and most is not None and least > most):
        raise ValidationFailed("The first of a span is after its last.")
    wanted = RowFilter(
        session_id=query.session_id,
        model=query.model,
        profile_id=query.profile_id,
        provider=query.provider,
        purpose=query.purpose,
        state=query.state,
        source=query.source,
        start=bounds(first, first, zone)[0] if first else None,
        end=bounds(last, last, zone)[1] if last else None,
        min_picousd=least,
        max_picousd=most,
    )
    if (unknown := usage_rows.unheard_of(conn, wanted)) is not None:
        raise NotFound.of(*unknown)
    return wanted


def _list(conn: Conn, query: UsageQuery) -> Slice[UsageRow]:
    wanted = filter_of(conn, query)
    before = None
    if query.cursor:
        at, row_id = decode_cursor("usage", query.cursor, str, str)
        before = (str(at), str(row_id))
    found = usage_rows.list_page(conn, wanted, owner_zone.get(conn), limit=query.limit + 1, before=before)
    items = found[: query.limit]
    return Slice(
        items=items,
        next_cursor=encode_cursor("usage", items[-1].created_at, items[-1].id) if len(found) > query.limit else None,
        total=usage_rows.count(conn, wanted) if query.count else None,
    )


def _summary(conn: Conn, query: SpanQuery) -> UsageSummary:
    span = span_of(conn, query)
    closed, opened = _groups(conn, span)
    names = profiles.names(conn)
    profile = dearest_first(added_up(closed, opened, lambda row: row["profile_id"]))
    return UsageSummary(
        **_told_span(span),
        totals=UsageTotals(**told(_total(closed, opened))),
        by_model=_by_model(closed, opened),
        by_profile=[ProfileUsage(profile_id=key or None, name=names.get(key), **told(sums)) for key, sums in profile],
        by_provider=[
            ProviderUsage(provider=key, **told(sums))
            for key, sums in dearest_first(added_up(closed, opened, lambda row: row["provider"]))
        ],
        by_purpose=[
            PurposeUsage(purpose=key, **told(sums))
            for key, sums in dearest_first(added_up(closed, opened, lambda row: row["purpose"]))
        ],
        by_day=[DayUsage(day=day, **told(sums)) for day, sums in sorted(_by_day(conn, span, opened).items())],
    )


def _timeline(conn: Conn, query: TimelineQuery) -> UsageTimeline:
    span = span_of(conn, query, {"day": DEFAULT_DAYS, "week": 84, "month": 365}[query.unit])
    items = timeline(conn, span.zone, span.first, span.last, query.unit, query.by)
    return UsageTimeline(**_told_span(span), unit=query.unit, by=query.by, items=items)


def _models(conn: Conn, query: SpanQuery) -> ModelsUsage:
    span = span_of(conn, query)
    return ModelsUsage(**_told_span(span), items=_by_model(*_groups(conn, span)))


def _stats(conn: Conn, query: SpanQuery) -> UsageStats:
    span = span_of(conn, query)
    closed, opened = _groups(conn, span)
    sums = _total(closed, opened)
    ended = sums["calls"] - sums["open_calls"]
    return UsageStats(
        **_told_span(span),
        totals=UsageTotals(**told(sums)),
        active_days=sum(bool(day["calls"]) for day in _by_day(conn, span, opened).values()),
        models=sum(bool(model["calls"]) for model in added_up(closed, opened, lambda row: row["model"]).values()),
        average_cost_usd=to_usd(_mean(sums["cost_picousd"], ended)) if ended else None,
        average_tokens=_mean(sums["total_tokens"], ended) if ended else None,
    )


def _of_session(conn: Conn, session_id: str) -> SessionUsage:
    closed, opened = usage_spans.session_groups(conn, session_id)
    is_there = sessions.get(conn, session_id) is not None
    if not (closed or opened or is_there):
        raise NotFound.of("session", session_id)
    return SessionUsage(
        session_id=session_id,
        totals=UsageTotals(**told(_total(closed, opened))),
        branch=UsageTotals(**told(_total(*usage_spans.branch_groups(conn, session_id)))) if is_there else None,
        by_model=_by_model(closed, opened),
        items=usage_rows.of_session(conn, session_id, limit=SESSION_ITEMS),
    )


def _sessions(conn: Conn, query: PageQuery) -> Slice[SessionCost]:
    before = None
    if query.cursor:
        cost, session_id = decode_cursor("sessions by cost", query.cursor, int, str)
        before = (int(cost), str(session_id))
    found = sessions.by_cost(conn, limit=query.limit + 1, before=before)
    items = [session for _, session in found[: query.limit]]
    cost_picousd = found[len(items) - 1][0] if items else 0
    return Slice(
        items=[
            SessionCost(
                session_id=one.id,
                session_type=one.session_type,
                title=one.title,
                model=one.model,
                created_at=one.created_at,
                updated_at=one.updated_at,
                totals=one.totals,
            )
            for one in items
        ],
        next_cursor=encode_cursor("sessions by cost", cost_picousd, items[-1].id) if len(found) > query.limit else None,
        total=sessions.count(conn, session_type=None, text=None, tag=None, archived=None) if query.count else None,
    )


def _groups(conn: Conn, span: Span) -> tuple[list[Row], list[Row]]:
    """Figures of closed calls by all keys, and the calls under way."""
    closed = usage_spans.groups(conn, span.zone, span.first, span.last)
    return closed, opened_within(usage_spans.open_calls(conn), span.zone, span.first, span.last)


def _total(closed: list[Row], opened: list[Row]) -> Figures:
    return added_up(closed, opened, lambda _: None).get(None) or no_calls()


def _by_model(closed: list[Row], opened: list[Row]) -> list[ModelUsage]:
    sums = added_up(closed, opened, lambda row: row["model"])
    return [ModelUsage(model=model, **told(one)) for model, one in dearest_first(sums)]


def _by_day(conn: Conn, span: Span, opened: list[Row]) -> dict[str, Figures]:
    days = usage_spans.totals(conn, span.zone, span.first, span.last)
    return added_up(days, [row | {"period": row["day"]} for row in opened], lambda row: row["period"])


def _told_span(span: Span) -> dict[str, Any]:
    return {"from_day": span.first, "to_day": span.last, "tz": span.zone}


def _mean(total: int, count: int) -> int:
    """To the nearest whole one, halves up."""
    return (2 * total + count) // (2 * count)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ValidationFailed(f"{text} is no day.") from error
