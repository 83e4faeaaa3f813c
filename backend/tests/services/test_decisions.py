"""The owner's word on what nobody told: booked once, whoever speaks first. In virtual time."""

from __future__ import annotations

import pytest

from app.core.errors import Conflict, NotFound
from app.core.money import to_usd
from app.repo import generations
from app.schemas.usage import Decision, UsageRow
from app.services.decisions import Decisions
from tests.core import virtual_time
from tests.services.late import Books, Keep, Provided, record
from tests.services.turning import begin


async def decide(books: Books, **said: object) -> UsageRow:
    """The owner's word on the first row."""
    (row, *_) = await books.ledger()
    return await Decisions(books.store, books.changes).decide(row["id"], Decision.model_validate(said))


@pytest.mark.parametrize(
    ("said", "cost", "kind"),
    [
        ({"cost_usd": "0.000837"}, 837_000_000, "cost"),
        ({"cost_usd": 0}, 0, "cost"),
        ({"write_off": True}, 0, "write_off"),
    ],
)
def test_the_owner_decides_what_nobody_told(keep: Keep, said: dict[str, object], cost: int, kind: str) -> None:
    """Booked everywhere, labelled as the owner's, once; and the provider's late word changes nothing any more."""

    async def main(books: Books) -> None:
        begun = await books.unknown()
        provided = Provided(one=[None, record()])
        async with books.reconciling(provided, 1, 10):
            await virtual_time.passes(5)
            row = await decide(books, **said)
            assert (row.state, row.decision, row.cost_usd) == ("reconciled", kind, to_usd(cost))
            assert (await decide(books, **said)) == row
            with pytest.raises(Conflict):
                await decide(books, cost_usd="0.5")
            await virtual_time.passes(10)
        assert len(provided.asked) == 2
        (stored,) = await books.ledger()
        assert (stored["cost_picousd"], stored["decision"]) == (cost, kind)
        generation = await books.store.read(generations.get, begun.generation_id)
        assert (generation.usage.cost_usd, generation.usage.cost_state) == (to_usd(cost), "reconciled")

    keep(main)


def test_what_the_provider_told_first_is_not_decided(keep: Keep) -> None:
    async def main(books: Books) -> None:
        await books.unknown()
        async with books.reconciling(Provided(one=[record()]), 1):
            await virtual_time.passes(5)
        with pytest.raises(Conflict):
            await decide(books, write_off=True)
        (stored,) = await books.ledger()
        assert (stored["cost_picousd"], stored["decision"]) == (25 * 10**10, None)

    keep(main)


def test_a_call_under_way_is_not_decided(keep: Keep) -> None:
    async def main(books: Books) -> None:
        await begin(books.store)
        with pytest.raises(Conflict, match="has not ended"):
            await decide(books, write_off=True)
        with pytest.raises(NotFound):
            await Decisions(books.store, books.changes).decide("none", Decision(write_off=True))

    keep(main)
