"""Paid calls that are no generations: what a dead process leaves of them."""

from __future__ import annotations

from typing import Any

import pytest

from app.core.clock import now
from app.core.errors import UpstreamGarbage
from app.db.store import Store
from app.db.types import Conn
from app.repo import ledger, sessions
from app.services.providers.providers import Provider
from app.services.turns.paid_calls import PaidCall, PaidCalls
from app.services.turns.recovery import recover
from app.services.upstream.embeddings import EmbeddingsReply
from tests.services.turning import answered, begin, check_sums, rows_of


def _open_row(conn: Conn, provider: str, session_id: str | None = None) -> None:
    values: dict[str, Any] = {"session_id": session_id, "profile_id": None}
    ledger.reserve(
        conn,
        {
            **values,
            "id": "row",
            "generation_id": "call",
            "purpose": "embedding",
            "model": "a/embedder",
            "catalogue_id": "a/embedder",
            "provider": provider,
            "reserved_picousd": 5,
            "now": now(),
        },
    )


@pytest.mark.parametrize(("provider", "state", "cost"), [("openrouter", "unknown", None), ("demo", "settled", 0)])
async def test_a_call_whose_process_died_does_not_stay_open(
    store: Store, provider: str, state: str, cost: int | None
) -> None:
    """Its cost is unknown, except that the demo is free; the reservation is released and the sums agree."""
    await store.write(_open_row, provider)
    await store.read(check_sums)
    await recover(store)
    (row,) = await store.read(rows_of, "usage_logs")
    assert (row["state"], row["cost_picousd"]) == (state, cost)
    await store.read(check_sums)
    await recover(store)
    assert (await store.read(rows_of, "usage_logs")) == [row]


async def test_an_answer_that_is_interrupted_is_settled_by_its_own_end(store: Store) -> None:
    """And not a second time."""
    begun = await begin(store)
    await store.write(_open_row, "openrouter")
    assert await recover(store) == 1
    rows = {row["generation_id"]: row["state"] for row in await store.read(rows_of, "usage_logs")}
    assert rows == {begun.generation_id: "unknown", "call": "unknown"}
    await store.read(check_sums)


async def test_a_call_for_a_session_counts_in_its_totals(store: Store) -> None:
    """Also one that died with its process: the session tells that a cost is unknown."""
    begun = await answered(store)
    assert begun.start is not None
    await store.write(_open_row, "openrouter", begun.start.session_id)
    await recover(store)
    session = await store.read(sessions.get, begun.start.session_id)
    assert session is not None
    assert session.totals.unknown_calls == 1
    await store.read(check_sums)


async def test_a_reply_that_cannot_be_read_is_asked_about_later(store: Store) -> None:
    """The provider has named the call and may have billed it: its id is kept, and told to who asks for the cost."""
    told: list[tuple[str, ...]] = []
    provider = Provider("openrouter", client=None, demo=False)  # type: ignore[arg-type]
    call = PaidCall(purpose="embedding", model="a/embedder", provider=provider, body={}, worst_picousd=5, offers={})

    async def send(_: bool) -> EmbeddingsReply:
        raise UpstreamGarbage(details={"upstream_id": "gen-1"})

    with pytest.raises(UpstreamGarbage):
        await PaidCalls(store, unsettled=lambda *named: told.append(named)).make(call, send)
    (row,) = await store.read(rows_of, "usage_logs")
    assert (row["state"], row["upstream_id"]) == ("unknown", "gen-1")
    assert told == [(call.call_id, "gen-1", "openrouter")]
