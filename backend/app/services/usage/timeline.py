"""Sums of every day, week or month of a span, and of its parts."""

from __future__ import annotations

from app.core.days import Unit, period_of, periods
from app.core.errors import ValidationFailed
from app.db.types import Conn, Row
from app.repo import usage_spans
from app.schemas.usage import PeriodPart, PeriodUsage
from app.schemas.usage_queries import By
from app.services.usage.figures import Figures, added_up, dearest_first, no_calls, opened_within, told

MOST_PERIODS = 1_000


def timeline(conn: Conn, zone: str, first: str, last: str, unit: Unit, by: By | None) -> list[PeriodUsage]:
    """The periods that a span of days touches, in order; of the first and the last only the days within.

    Raises ValidationFailed for more than 1000 of them.
    """
    starts = _starts(first, last, unit)
    opened = [
        row | {"period": period_of(row["day"], unit)[0]}
        for row in opened_within(usage_spans.open_calls(conn), zone, first, last)
    ]
    if by is None:
        closed = usage_spans.totals(conn, zone, first, last)
        sums = added_up(_by_start(closed, unit), opened, lambda row: row["period"])
        return [_item(start, first, sums.get(start), None) for start in starts]
    key = usage_spans.KEY_OF[by]
    closed = usage_spans.by_period(conn, zone, first, last, unit, by)
    split = added_up(closed, opened, lambda row: (row["period"], row[key]))
    parts: dict[str, dict[str | int, Figures]] = {}
    for (start, part), figures in split.items():
        parts.setdefault(start, {})[part] = figures
    return [_item(start, first, _joined(parts.get(start, {})), parts.get(start, {})) for start in starts]


def _starts(first: str, last: str, unit: Unit) -> list[str]:
    found: list[str] = []
    for start in periods(first, last, unit):
        if len(found) == MOST_PERIODS:
            raise ValidationFailed(
                f"That is more than {MOST_PERIODS} periods.",
                details={"hint": "Ask for a shorter span, or for weeks or months."},
            )
        found.append(start)
    return found


def _by_start(rows: list[Row], unit: Unit) -> list[Row]:
    if unit == "day":
        return rows
    return [row | {"period": period_of(row["period"], unit)[0]} for row in rows]


def _joined(parts: dict[str | int, Figures]) -> Figures:
    return {name: sum([figures[name] for figures in parts.values()]) for name in no_calls()}


def _item(start: str, first: str, sums: Figures | None, parts: dict[str | int, Figures] | None) -> PeriodUsage:
    split = None
    if parts is not None:
        split = [PeriodPart(key=key or None, **told(one)) for key, one in dearest_first(parts)]
    return PeriodUsage(start=max(start, first), parts=split, **told(sums or no_calls()))
