"""Summaries: what requests that cross each other get and pay."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

from app.db.store import Store
from app.schemas.compactions import CompactionCreate
from app.services.changes import Changes
from app.services.providers.providers import Provider, Route
from app.services.turns.compactions import Compactions
from app.services.turns.paid_calls import PaidCalls
from app.services.upstream.wire import Completion, decode_completion
from tests.services.turning import DEFAULTS, answered


class _LateReads:
    """A store whose first read comes back late, with what was there when it was made."""

    def __init__(self, store: Store) -> None:
        self.write = store.write
        self.made, self.given = asyncio.Event(), asyncio.Event()
        self._store = store

    async def read(self, f: Callable[..., Any], *args: Any) -> Any:
        found = await self._store.read(f, *args)
        if not self.made.is_set():
            self.made.set()
            await self.given.wait()
        return found


class _Summarising:
    """A provider's client that writes the same summary each time."""

    def __init__(self) -> None:
        self.calls = 0

    async def complete(self, _: Mapping[str, Any], *, again: bool) -> Completion:
        self.calls += not again
        return decode_completion(b'{"id":"gen-1","choices":[{"message":{"content":"In short."}}],"usage":{"cost":0}}')


async def test_a_request_that_crosses_its_own_repetition_pays_once(store: Store) -> None:
    """It looked before the summary was stored, and comes to write when nothing is being written any more."""
    begun = await answered(store)
    assert begun.start is not None
    session_id = begun.start.session_id
    await answered(store, "And then?", session_id=session_id)
    client, late = _Summarising(), _LateReads(store)
    provider = Provider("openrouter", client, demo=False)  # type: ignore[arg-type]
    providers = SimpleNamespace(route=lambda model: Route(provider, model, model))
    calls = PaidCalls(store, unsettled=lambda *_: None)
    compactions = Compactions(late, Changes(), providers, calls, DEFAULTS)  # type: ignore[arg-type]
    request = CompactionCreate(keep_turns=1, request_id="once")
    crossing = asyncio.create_task(compactions.create(session_id, request))
    await late.made.wait()
    made, replayed = await compactions.create(session_id, request)
    assert not replayed
    late.given.set()
    assert await crossing == (made, True)
    assert client.calls == 1
