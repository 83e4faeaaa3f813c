"""What a call used, in the shape of OpenAI and OpenRouter (API reference, section 5). Pure.

Its numbers are numbers or null whatever the provider wrote: clients add them up.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from app.core.money import MAX_CALL_PICOUSD, parse_usd, to_usd
from app.schemas.events import Usage
from app.services.upstream.outcome import MOST_TOKENS

Json = dict[str, Any]
_FIGURES = ("prompt_tokens", "completion_tokens", "total_tokens")


def usage_object(usage: Usage) -> Json | None:
    """The provider's own usage object, where it can be true; what was not charged says so.

    Made of our figures where the own one is gone; None where these are unknown too, which no zero may stand for.
    """
    if usage.extra is not None:
        told = _shaped(usage.extra)
        if all(told.get(name) is None for name in (*_FIGURES, "cost")):
            return None
        return told | {"total_tokens": _total(told)} if "total_tokens" in told else told
    if (usage.prompt_tokens, usage.completion_tokens, usage.cost_usd) == (None, None, None):
        return None
    figures = {name: getattr(usage, name) for name in _FIGURES}
    return {
        **figures,
        "total_tokens": _total(figures),
        "cost": usage.cost_usd,
        "prompt_tokens_details": {"cached_tokens": usage.cached_tokens or 0},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning_tokens or 0},
    }


def _total(figures: Mapping[str, Any]) -> int | None:
    """The total as it was told, else the sum of both parts; None where one of them is not known."""
    total, prompt, completion = (figures.get(name) for name in ("total_tokens", "prompt_tokens", "completion_tokens"))
    if total is None and prompt is not None and completion is not None:
        return int(prompt + completion)
    return total


def _shaped(told: Mapping[str, Any]) -> Json:
    return {name: _value(name, value) for name, value in told.items()}


def _value(name: str, value: Any) -> Any:
    """A value of the object; None for a number that cannot be one, or for something else in the place of one."""
    if isinstance(value, Mapping):
        return _shaped(value)
    if name.endswith(("_tokens", "_requests")):
        return _count(value)
    if name.endswith("cost"):
        return _usd(value)
    if isinstance(value, bool | str) or (number := _decimal(value)) is None:
        return value
    return value if abs(number) <= MOST_TOKENS else None


def _count(value: Any) -> int | None:
    number = _decimal(value)
    whole = number is not None and 0 <= number <= MOST_TOKENS and number == number.to_integral_value()
    return int(number) if number is not None and whole else None


def _usd(value: Any) -> Any:
    """An amount as it was written; one in a string as a number."""
    number = _decimal(value)
    picousd = None if number is None else parse_usd(str(number))
    if picousd is None or picousd > MAX_CALL_PICOUSD:
        return None
    return to_usd(picousd) if isinstance(value, str) else value


def _decimal(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        return None
    try:
        number = Decimal(value)
    except ArithmeticError:
        return None
    return number if number.is_finite() else None
