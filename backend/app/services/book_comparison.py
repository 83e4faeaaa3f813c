"""Our book against the provider's: which lines of one day and model belong together, and which differ. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from app.core.money import PICO_PER_USD, parse_usd
from app.core.slugs import parse_slug
from app.db.types import Row
from app.schemas.account import DriftVerdict
from app.services.upstream.account import ActivityItem

MOST_ROUNDING_PICOUSD = PICO_PER_USD // 1_000_000
"""OpenRouter writes its figures out: a book that is coarser than a millionth of a dollar is not excused."""


@dataclass(slots=True)
class Line:
    """One model on one day. ``theirs_picousd`` is None where the provider has no such line."""

    day: str
    model: str
    ours_picousd: int = 0
    our_calls: int = 0
    unknown_calls: int = 0
    theirs_picousd: int | None = None
    their_calls: int = 0
    groups: list[Row] = field(default_factory=list)
    """Our sums that it is made of."""

    @property
    def difference_picousd(self) -> int:
        """Theirs less ours."""
        return (self.theirs_picousd or 0) - self.ours_picousd

    def verdict(self, rounding_picousd: int) -> DriftVerdict:
        """What to think of it."""
        if not self.our_calls:
            return "theirs_only"
        if abs(self.difference_picousd) <= rounding_picousd and not self.unknown_calls:
            return "same"
        if self.theirs_picousd is None:
            return "ours_only"
        more = self.their_calls > self.our_calls and self.difference_picousd > 0
        return "shared" if more else "differs"


def lines(ours: Iterable[Row], theirs: Iterable[ActivityItem]) -> list[Line]:
    """Both books, joined; the newest day first, then by model."""
    found: dict[tuple[str, str], Line] = {}
    names: dict[str, dict[str, str]] = {}
    for item in theirs:
        day = item.date[:10]
        line = found.setdefault((day, item.model), Line(day, item.model))
        line.theirs_picousd = (line.theirs_picousd or 0) + _amount(item.usage_text) + _amount(item.byok_text)
        line.their_calls += item.requests or 0
        names.setdefault(day, {})[item.model] = item.model
        if item.model_permaslug:
            names[day].setdefault(item.model_permaslug, item.model)
    for row in ours:
        model = _their_name(row, names.get(row["day"], {}))
        line = found.setdefault((row["day"], model), Line(row["day"], model))
        line.ours_picousd += row["cost_picousd"]
        line.our_calls += row["calls"]
        line.unknown_calls += row["unknown_calls"]
        line.groups.append(row)
    by_model = sorted(found.values(), key=lambda line: line.model)
    return sorted(by_model, key=lambda line: line.day, reverse=True)


def rounding_picousd(theirs: Sequence[ActivityItem]) -> int:
    """Half of the last digit that the provider wrote anywhere, a millionth of a dollar at most."""
    texts = [text for item in theirs for text in (item.usage_text, item.byok_text) if text]
    places = min(max(map(_places, texts), default=12), 12)
    half: int = PICO_PER_USD // (2 * 10**places)
    return min(MOST_ROUNDING_PICOUSD, half)


def _their_name(row: Row, names: dict[str, str]) -> str:
    """The provider's name for what answered, as its book of that day has it; else the name that was asked for."""
    served = row["served_model"]
    candidates = [*([served, *parse_slug(served).names()] if served else []), *parse_slug(row["model"]).names()]
    return next((names[name] for name in candidates if name in names), row["model"])


def _amount(text: str | None) -> int:
    """Refunds make a line smaller, or negative."""
    if text is None:
        return 0
    return -(parse_usd(text[1:]) or 0) if text.startswith("-") else parse_usd(text) or 0


def _places(text: str) -> int:
    """Digits behind the point."""
    try:
        exponent = Decimal(text).as_tuple().exponent
    except InvalidOperation:
        return 0
    return max(0, -exponent) if isinstance(exponent, int) else 0
