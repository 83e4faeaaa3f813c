"""JSON that clients may shape themselves, held to what a store keeps and a provider reads."""

from __future__ import annotations

import math
from typing import Annotated, Any, TypeAlias

from pydantic import AfterValidator

from app.schemas.types import storable

DEEPEST = 32
MOST_VALUES = 20_000
LEAST_INTEGER, MOST_INTEGER = -(2**63), 2**64 - 1
"""What 64 bits hold, signed or not: bounds in a schema, seeds and ids have that many."""


def bounded_json(value: dict[str, Any], *, deepest: int = DEEPEST, most_values: int = MOST_VALUES) -> dict[str, Any]:
    """Refuse what is nested too deeply, holds too many values, odd text or integers beyond 64 bits."""
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
    elif isinstance(value, int) and not LEAST_INTEGER <= value <= MOST_INTEGER:
        raise ValueError("must hold integers of at most 64 bits")


JsonObject: TypeAlias = Annotated[dict[str, Any], AfterValidator(bounded_json)]
