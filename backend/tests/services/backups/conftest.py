"""A client of the test's console, and what reads backups."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.harness import Console, ConsoleClient
from tests.services.backups.reading import Readers


@pytest.fixture
def client(console: Console) -> ConsoleClient:
    """Its client."""
    return console.client


@pytest.fixture(scope="module")
def readers() -> Iterator[Readers]:
    """The processes that a restore reads a file in."""
    with Readers() as running:
        yield running
