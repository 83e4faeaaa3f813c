"""The last transaction of a turn, and the sums it keeps."""

from __future__ import annotations

import asyncio
import contextlib
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import AppError
from app.db.errors import ConstraintFailed
from app.db.store import Store
from app.db.types import Conn
from app.repo import generations, journal, sessions
from app.schemas.events import Text, encode_events
from app.services.late_costs import book
from app.services.reconcile import late_cost
from app.services.turns import transcript
from app.services.turns.turn_end import end
from app.services.upstream.wire import decode_generation
from tests.core.properties import FEW
from tests.services.turning import answered, begin, check_sums, contents, ending, priced, put_models, rows_of, usage_of


async def test_an_end_writes_everything(store: Store) -> None:
    """Parts, status, last seq, usage, settled ledger row, totals."""
    await store.write(put_models, priced("a/b", prompt=3, completion=5))
    begun = await begin(store)
    assert begun.start is not None
    revision = await store.write(end, ending(begun, text="Hello", usage=usage_of(3, 4, cost=70), cost=70))
    message = await store.read(transcript.get, begun.start.assistant_message_id)
    assert (message.content, message.status, message.finish_reason, message.last_seq) == (
        "Hello",
        "completed",
        "stop",
        4,
    )
    assert message.usage is not None
    assert message.usage.cost_usd == Decimal("0.00000000007")
    generation = await store.read(generations.get, begun.generation_id)
    assert generation is not None
    assert (generation.status, generation.last_seq) == ("completed", 4)
    assert generation.ended_at is not None
    (ledger,) = await store.read(rows_of, "usage_logs")
    assert (ledger["state"], ledger["cost_picousd"], ledger["cost_text"]) == ("settled", 70, "7E-11")
    assert (ledger["upstream_provider"], ledger["latency_ms"], ledger["finish_reason"]) == ("P", 5, "stop")
    session = await store.read(sessions.get, begun.start.session_id)
    assert session is not None
    assert (session.revision, session.running_generation_id) == (revision, None)
    assert {row["grain"] for row in await store.read(rows_of, "usage_sums")} == {"day", "month", "total"}
    await store.read(check_sums)
    assert len(await store.read(journal.read, begun.generation_id)) == 4


async def test_an_end_is_written_once(store: Store) -> None:
    """A second one, of whatever kind, changes nothing."""
    begun = await begin(store)
    await store.write(end, ending(begun, text="first", usage=usage_of(1, 1, cost=5), cost=5))
    before = await store.read(contents)
    assert await store.write(end, ending(begun, text="second", status="failed", cost=None, last_seq=9)) is None
    assert await store.read(contents) == before


async def test_an_end_that_fails_leaves_nothing(store: Store) -> None:
    """The last row it writes clashes: neither ledger nor message knows of it."""
    begun = await begin(store)
    before = await store.read(contents)
    with pytest.raises(ConstraintFailed):
        await store.write(end, ending(begun, last_seq=1))
    assert await store.read(contents) == before
    await store.read(check_sums)


async def test_unknown_is_counted_and_not_zero(store: Store) -> None:
    begun = await begin(store)
    assert begun.start is not None
    await store.write(end, ending(begun, cost=None))
    (ledger,) = await store.read(rows_of, "usage_logs")
    assert (ledger["state"], ledger["cost_picousd"]) == ("unknown", None)
    session = await store.read(sessions.get, begun.start.session_id)
    assert session is not None
    assert session.totals.unknown_calls == 1
    await store.read(check_sums)


async def test_the_bill_stands_when_the_session_is_gone(store: Store) -> None:
    """Deleted in mid-answer: its messages and journal go, its spend is settled all the same."""
    begun = await begin(store)
    assert begun.start is not None
    assert await store.write(sessions.delete, begun.start.session_id)
    await store.write_relaxed(journal.append, [(begun.generation_id, 2, "[]")])
    assert await store.write(end, ending(begun, usage=usage_of(1, 2, cost=9), cost=9)) is None
    stored = await store.read(contents)
    for table in ("sessions", "messages", "generations", "generation_events"):
        assert stored[table] == []
    (ledger,) = stored["usage_logs"]
    assert (ledger["state"], ledger["cost_picousd"], ledger["session_id"]) == ("settled", 9, begun.start.session_id)
    await store.read(check_sums)


async def test_a_message_s_journal_is_its_text_while_it_runs(store: Store) -> None:
    """The fold of what is stored, up to the seq that it names."""
    begun = await begin(store)
    assert begun.start is not None
    await store.write(journal.append, [(begun.generation_id, 3, encode_events([Text(text="He"), Text(text="llo")]))])
    message = await store.read(transcript.get, begun.start.assistant_message_id)
    assert (message.content, message.last_seq) == ("Hello", 3)


def record(generation_id: str, cost: int, **tokens: int | None) -> Any:
    data = {"id": "gen-1", "total_cost": cost / 1_000_000, "provider_name": "P", **tokens}
    return decode_generation(json.dumps({"data": data}).encode())


COUNTS = st.none() | st.integers(0, 1000)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["start", "end", "end", "end without cost", "end without usage", "reconcile", "delete"]),
        st.integers(0, 7),
        st.tuples(COUNTS, COUNTS, st.integers(0, 10**9)),
    ),
    min_size=4,
    max_size=24,
)


async def _walk(path: Path, steps: list[tuple[str, int, tuple[int | None, int | None, int]]]) -> None:
    store = await Store.open(path)
    begun: list[Any] = []
    try:
        await store.write(put_models, priced("a/0", prompt=3, completion=5), priced("a/1", prompt=None, completion=5))
        for step, which, (prompt, completion, cost) in steps:
            chosen = begun[which % len(begun)] if begun else None
            if step == "start" or chosen is None:
                session_id = chosen.start.session_id if chosen and which % 2 else None
                with contextlib.suppress(AppError):
                    begun.append(await begin(store, session_id=session_id, model=f"a/{which % 3}"))
            elif step == "delete":
                await store.write(sessions.delete, chosen.start.session_id)
            elif step == "reconcile":
                told = record(
                    chosen.generation_id, cost, native_tokens_prompt=prompt, native_tokens_completion=completion
                )
                await store.write(book, chosen.generation_id, late_cost(told, cost))
            else:
                usage = None if step == "end without usage" else usage_of(prompt, completion, cost)
                bill = cost if step == "end" else None
                await store.write(end, ending(chosen, usage=usage, cost=bill))
            await store.read(check_sums)
    finally:
        await store.close()


@FEW
@given(STEPS)
def test_sums_are_those_of_the_rows(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int, tuple[int | None, int | None, int]]]
) -> None:
    """Any sequence of starts, ends, reconciliations and deletions: rollups and totals are the ledger's sums."""
    asyncio.run(_walk(tmp_path_factory.mktemp("walk") / "console.db", steps))


async def test_what_was_counted_at_the_end_is_not_counted_again(store: Store) -> None:
    """The stream told tokens without a cost; the record that comes later replaces, it does not add."""
    begun = await begin(store)
    assert begun.start is not None
    await store.write(end, ending(begun, usage=usage_of(10, 20), cost=None))
    told = record(begun.generation_id, 5, native_tokens_prompt=11, native_tokens_completion=None)
    assert await store.write(book, begun.generation_id, late_cost(told, 5)) == begun.start.session_id
    (ledger,) = await store.read(rows_of, "usage_logs")
    assert (ledger["prompt_tokens"], ledger["completion_tokens"], ledger["cost_picousd"]) == (11, 20, 5)
    assert ledger["state"] == "reconciled"
    session = await store.read(sessions.get, begun.start.session_id)
    assert session is not None
    assert (session.totals.prompt_tokens, session.totals.completion_tokens) == (11, 20)
    assert session.totals.unknown_calls == 0
    await store.read(check_sums)
    before = await store.read(contents)
    assert await store.write(book, begun.generation_id, late_cost(told, 6)) is None
    assert await store.read(contents) == before


async def test_a_settled_row_is_not_reconciled(store: Store) -> None:
    begun = await answered(store)
    before = await store.read(contents)
    assert await store.write(book, begun.generation_id, late_cost(record(begun.generation_id, 6), 6)) is None
    assert await store.read(contents) == before


async def test_a_connection_s_units_share_nothing(store: Store) -> None:
    """Of two ends in one batch, the one that fails is undone alone."""
    good, bad = await begin(store), await begin(store)
    outcomes = await asyncio.gather(
        store.write(end, ending(good)), store.write(end, ending(bad, last_seq=1)), return_exceptions=True
    )
    assert isinstance(outcomes[0], int)
    assert isinstance(outcomes[1], ConstraintFailed)

    def ended(conn: Conn) -> list[str]:
        return [row["id"] for row in rows_of(conn, "generations") if row["ended_at"]]

    assert await store.read(ended) == [good.generation_id]
    await store.read(check_sums)
