from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import closing
from pathlib import Path

import pytest

from app.db.store import Store
from app.services.changes import Changes
from tests.core import virtual_time
from tests.services.late import Books, Keep
from tests.services.pretended import InlineStore
from tests.services.turning import check_sums


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """An empty store of the product's schema."""
    store = await Store.open(tmp_path / "console.db")
    yield store
    await store.close()


@pytest.fixture
def keep(tmp_path: Path) -> Keep:
    """Runs a test's coroutine in virtual time with books of its own, whose sums must be right at the end."""

    def keep(main: Callable[[Books], Awaitable[None]]) -> None:
        async def checked(store: InlineStore) -> None:
            changes = Changes()
            changes.listen(lambda: None)
            await main(Books(store, changes))
            await store.read(check_sums)

        with closing(InlineStore(tmp_path / "console.db")) as store:
            virtual_time.run(checked(store))

    return keep
