"""Every test runs in a clean environment, cut off from the network, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import inspect
import random
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from emulator import Emulator
from tests.faults.figures import DOCUMENT, Figures
from tests.harness import Console, console_app
from tests.harness.environment import isolate
from tests.harness.guards import Belongings, Network, OneSqlite, tasks_left
from tests.harness.scale import Scale

NETWORK = Network()
NETWORK.watch()
OneSqlite().watch()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="the long form of the tests that have one, and no other test")
    parser.addoption("--seed", type=int, help="repeat what chance did in a run that told this seed")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Coroutine tests also owe the loop its tasks back; asking that of others would make each a loop.

    What a test of faults runs is in another process, or run by others too: coverage would only slow it down.
    """
    if config.getoption("long"):
        items[:] = [item for item in items if isinstance(item, pytest.Function) and "scale" in item.fixturenames]
    for item in items:
        if item.get_closest_marker("faults"):
            item.add_marker("no_cover")
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
def scale(request: pytest.FixtureRequest) -> Scale:
    """Whether a test that has a long form runs in it."""
    return Scale(bool(request.config.getoption("long")))


@pytest.fixture
def draw(request: pytest.FixtureRequest) -> random.Random:
    """Chance; its seed is told when the test fails, and ``--seed`` repeats it."""
    given = request.config.getoption("seed")
    seed = random.randrange(2**32) if given is None else given  # noqa: S311
    request.node.add_report_section("call", "seed", str(seed))
    request.node.user_properties.append(("seed", seed))
    return random.Random(seed)  # noqa: S311


@pytest.fixture
def figures(request: pytest.FixtureRequest, scale: Scale, draw: random.Random) -> Figures:
    """Where a test tells what it measured; the long form's go into the document."""
    return Figures(DOCUMENT if scale.is_long else None, seed=dict(request.node.user_properties)["seed"])


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
