"""The account's activity: the ledger by day, model and endpoint, for management keys."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import httpx

from emulator import Emulator

from .wire import ask, body_of

DAY_S = 86_400


async def test_whole_days_are_told_and_today_is_not(client: httpx.AsyncClient, emulator: Emulator) -> None:
    """Thirty of them; one by its date."""
    for _ in range(4):
        await ask(client, body_of("hello"))
    today, yesterday, same_day, old = emulator.ledger.rows
    for row in (yesterday, same_day):
        row.created_unix = today.created_unix - DAY_S
    old.created_unix = today.created_unix - 31 * DAY_S
    date = datetime.fromtimestamp(yesterday.created_unix, UTC).date()
    (item,) = (await client.get("/activity")).json()["data"]
    assert (item["date"], item["model"], item["requests"]) == (str(date), today.model.id, 2)
    assert Decimal(str(item["usage"])) == yesterday.cost_usd + same_day.cost_usd
    assert (await client.get("/activity", params={"date": str(date)})).json()["data"] == [item]
    for bad in (str(date + timedelta(days=1)), "yesterday"):
        assert (await client.get("/activity", params={"date": bad})).status_code == 400


async def test_only_management_keys_may_ask(client: httpx.AsyncClient, emulator: Emulator) -> None:
    emulator.set_management_keys("another")
    for path in ("/activity", "/credits"):
        response = await client.get(path)
        assert response.status_code == 403
        assert response.json()["error"]["message"] == "Only management keys can perform this operation"
    emulator.reset()
    assert (await client.get("/activity")).json() == {"data": []}
