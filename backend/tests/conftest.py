"""Every test runs in a clean environment, cut off from the network, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from emulator import Emulator
from tests.harness import Console, console_app
from tests.harness.environment import isolate
from tests.harness.guards import Belongings, Network, tasks_left

NETWORK = Network()
NETWORK.watch()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Coroutine tests also owe the loop its tasks back; asking that of others would make each a loop."""
    for item in items:
        if isinstance(item, pytest.Function) and inspect.iscoroutinefunction(item.function):
            names = item.fixturenames
            if "no_task_left_behind" not in names:
                names.insert(names.index("nothing_left_behind") + 1, "no_task_left_behind")


@pytest.fixture(scope="session", autouse=True)
def clean_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """An empty home, no settings of the user's, no ``.env`` file, a folder of its own for temporary files."""
    with pytest.MonkeyPatch.context() as patch:
        isolate(patch, tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("tmp"))
        yield


@pytest.fixture(autouse=True)
def nothing_left_behind(clean_environment: None) -> Iterator[None]:
    """No thread, child process, socket or temporary file outlives a test, and none reached for the network."""
    before = Belongings()
    NETWORK.attempts.clear()
    yield
    assert NETWORK.attempts == [], "reached for the network"
    assert before.left() == {}


@pytest.fixture
async def no_task_left_behind() -> AsyncIterator[None]:
    """Whatever a test starts in the loop ends with it."""
    before = asyncio.all_tasks()
    yield
    assert await tasks_left(before) == []


@pytest.fixture
async def emulator() -> AsyncIterator[Emulator]:
    """A provider on loopback."""
    async with Emulator() as running:
        yield running


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder that does not exist yet."""
    return tmp_path / "data"


@pytest.fixture
async def console(data: Path, emulator: Emulator) -> AsyncIterator[Console]:
    """A console in this process that asks the emulator."""
    async with console_app(data, upstream=emulator.base_url) as running:
        yield running
