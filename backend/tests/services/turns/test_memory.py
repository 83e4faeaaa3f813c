"""What an ended run held is free at once, and not at some later collection: many megabytes may hang on it."""

from __future__ import annotations

import gc
import weakref

import pytest

from app.core.errors import UpstreamTruncated
from tests.core import virtual_time
from tests.services.engine import engine
from tests.services.pretended import PretendedClient, Script, chunks


@pytest.mark.parametrize(
    "script", [[chunks("a"), chunks(finish="stop")], [chunks("a"), UpstreamTruncated()]], ids=["whole", "broken"]
)
def test_an_ended_run_is_let_go_at_once(script: Script) -> None:
    """After a whole answer and after a broken one, whose error remembers where it was raised."""

    async def main() -> None:
        async with engine() as it:
            run = it.start(PretendedClient(*script))
            await it.ended(run)
            await virtual_time.passes(1)
            left = weakref.ref(run)
            del run
            assert left() is None

    gc.collect()
    gc.disable()
    try:
        virtual_time.run(main())
    finally:
        gc.enable()
