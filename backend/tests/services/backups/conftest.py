"""A client of the test's console."""

from __future__ import annotations

import pytest

from tests.harness import Console, ConsoleClient


@pytest.fixture
def client(console: Console) -> ConsoleClient:
    """Its client."""
    return console.client
