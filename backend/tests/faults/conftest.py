from __future__ import annotations

import random

import pytest


@pytest.fixture
def draw(request: pytest.FixtureRequest) -> random.Random:
    """Chance; its seed is told when the test fails."""
    seed = random.randrange(2**32)  # noqa: S311
    request.node.add_report_section("call", "seed", str(seed))
    return random.Random(seed)  # noqa: S311
