"""Adding up rows of sums by whatever they are asked by: pure, exact, in whole picodollars until the end."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import Any, TypeAlias, TypeVar

from app.core.days import day_of
from app.core.money import to_usd
from app.db.types import Row
from app.repo.usage_sums import FIGURES, MANUAL

Figures: TypeAlias = dict[str, int]
K = TypeVar("K", bound=Hashable)

_ZERO: Figures = dict.fromkeys((*FIGURES, "open_calls", "reserved_picousd", "manual_picousd"), 0)


def no_calls() -> Figures:
    """Sums of nothing."""
    return dict(_ZERO)


def add_closed(sums: Figures, row: Row) -> None:
    """Add figures of closed calls; of manual ones only their cost, beside the others'."""
    if row["purpose"] == MANUAL:
        sums["manual_picousd"] += row["cost_picousd"]
        return
    for name in FIGURES:
        sums[name] += row[name]


def add_open(sums: Figures, row: Row) -> None:
    """Add a call under way, of which only its reservation is known."""
    sums["calls"] += 1
    sums["open_calls"] += 1
    sums["reserved_picousd"] += row["reserved_picousd"]


def added_up(closed: Iterable[Row], opened: Iterable[Row], key: Callable[[Row], K]) -> dict[K, Figures]:
    """All of them, by a key of the rows."""
    found: dict[K, Figures] = {}
    for row in closed:
        if (name := key(row)) in found:
            add_closed(found[name], row)
        elif row["purpose"] == MANUAL:
            add_closed(found.setdefault(name, no_calls()), row)
        else:
            # Most keys of a long span have one row; it may bring more than figures.
            found[name] = _ZERO | row
    for row in opened:
        add_open(found.setdefault(key(row), no_calls()), row)
    return found


def dearest_first(sums: dict[K, Figures]) -> list[tuple[K, Figures]]:
    """By cost, then by key."""
    return sorted(sums.items(), key=lambda item: (-item[1]["cost_picousd"], str(item[0])))


def opened_within(rows: Iterable[Row], zone: str, first_day: str, last_day: str) -> list[Row]:
    """Those of the calls under way that were opened in a span of days, with their ``day``."""
    dated = (row | {"day": day_of(row["created_at"], zone)} for row in rows)
    return [row for row in dated if first_day <= row["day"] <= last_day]


def told(sums: Figures) -> dict[str, Any]:
    """The fields of ``UsageTotals``."""
    ended = sums["calls"] - sums["open_calls"]
    timed, paced = sums["first_token_calls"], sums["speed_calls"]
    return {
        "calls": sums["calls"],
        "prompt_tokens": sums["prompt_tokens"],
        "completion_tokens": sums["completion_tokens"],
        "total_tokens": sums["total_tokens"],
        "cached_tokens": sums["cached_tokens"],
        "reasoning_tokens": sums["reasoning_tokens"],
        "unknown_calls": sums["unknown_calls"],
        "failed_calls": sums["failed_calls"],
        "cost_usd": to_usd(sums["cost_picousd"]),
        "reserved_usd": to_usd(sums["reserved_picousd"]),
        "manual_cost_usd": to_usd(sums["manual_picousd"]),
        "error_rate": round(sums["failed_calls"] / ended, 6) if ended else None,
        "first_token_ms": round(sums["first_token_ms"] / timed) if timed else None,
        "tokens_per_second": round(sums["speed"] / paced / 1000, 2) if paced else None,
    }
