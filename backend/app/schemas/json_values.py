"""JSON that clients may shape themselves, held to what a store keeps and a provider reads."""

from __future__ import annotations

import math
from typing import Annotated, Any, TypeAlias

from pydantic import AfterValidator

from app.schemas.types import storable

DEEPEST = 32
MOST_VALUES = 20_000
MOST_INTEGER = 2**53


def bounded_json(value: dict[str, Any], *, deepest: int = DEEPEST, most_values: int = MOST_VALUES) -> dict[str, Any]:
    """Refuse what is nested too deeply, holds too many values, odd text or numbers beyond 2**53."""
    level: list[Any] = [value]
    seen = 0
    for _ in range(deepest):
        inner: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                for name in item:
                    storable(name)
                inner += item.values()
            elif isinstance(item, list):
                inner += item
            else:
                _scalar(item)
        if not inner:
            return value
        seen += len(inner)
        if seen > most_values:
            raise ValueError(f"must hold at most {most_values:,} values")
        level = inner
    raise ValueError(f"must not be nested deeper than {deepest} levels")


def _scalar(value: Any) -> None:
    if isinstance(value, str):
        storable(value)
    elif isinstance(value, float) and not math.isfinite(value):
        raise ValueError("must hold finite numbers")
    elif isinstance(value, int) and abs(value) > MOST_INTEGER:
        raise ValueError("must hold integers up to 2**53")


JsonObject: TypeAlias = Annotated[dict[str, Any], AfterValidator(bounded_json)]
