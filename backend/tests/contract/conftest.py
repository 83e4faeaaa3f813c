"""Consoles whose every reply is compared with the OpenAPI document."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from emulator import Emulator
from tests.contract.conformance import check_reply
from tests.harness import Console, ConsoleClient, console_app


@pytest.fixture
async def console(data: Path, emulator: Emulator) -> AsyncIterator[Console]:
    """A console in this process that asks the emulator."""
    async with console_app(data, upstream=emulator.base_url) as running:
        running.client.http.event_hooks["response"].append(check_reply)
        yield running


@pytest.fixture
def client(console: Console) -> ConsoleClient:
    """Its client."""
    return console.client


@pytest.fixture
async def synced(client: ConsoleClient) -> ConsoleClient:
    """A client of a console that has the provider's catalogue."""
    await client.post("/api/models/sync")
    return client
