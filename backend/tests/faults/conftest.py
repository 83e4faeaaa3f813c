from __future__ import annotations

import random

import pytest

from tests.faults.figures import DOCUMENT, Figures
from tests.harness.scale import Scale


@pytest.fixture
def figures(request: pytest.FixtureRequest, scale: Scale, draw: random.Random) -> Figures:
    """Where a test tells what it measured; the long form's go into the document."""
    return Figures(DOCUMENT if scale.is_long else None, seed=dict(request.node.user_properties)["seed"])
