"""How much work property tests do: the same examples in every run, few enough for a slow machine."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

_SAME = settings(derandomize=True, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])

MANY = settings(_SAME, max_examples=200)
SOME = settings(_SAME, max_examples=60)
FEW = settings(_SAME, max_examples=12)
"""For examples that open a database."""
