"""What nobody told is the owner's to decide: over HTTP, once, and by nobody else."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.harness import Console, ConsoleClient

Json = dict[str, Any]


async def unknown_row(client: ConsoleClient) -> Json:
    """A call that was cut off before its provider gave it a name, so that nobody can be asked."""
    await client.answer("[[hangup]] hello")
    row: Json = (await client.every("/api/usage"))[0]
    assert (row["state"], row["cost_usd"], row["decision"]) == ("unknown", None, None)
    return row


@pytest.mark.parametrize(
    ("decision", "cost", "kind"),
    [
        ({"cost_usd": 0.000837}, Decimal("0.000837"), "cost"),
        ({"cost_usd": "0.000000000001"}, Decimal("0.000000000001"), "cost"),
        ({"write_off": True}, Decimal(0), "write_off"),
    ],
)
async def test_a_decision_is_booked_everywhere(client: ConsoleClient, decision: Json, cost: Decimal, kind: str) -> None:
    """Row, summary, session and message; asking again changes nothing, deciding otherwise is refused."""
    row = await unknown_row(client)
    path = f"/api/usage/{row['id']}/decision"
    decided = await client.post(path, decision)
    assert (decided["state"], decided["cost_usd"], decided["decision"]) == ("reconciled", cost, kind)
    assert await client.post(path, decision) == decided
    refused = await client.ask("POST", path, json={"cost_usd": 1})
    assert (refused.status_code, refused.json()["error_code"]) == (409, "conflict")
    for totals in (
        (await client.get("/api/usage/summary"))["totals"],
        (await client.get(f"/api/sessions/{row['session_id']}"))["totals"],
    ):
        assert (totals["cost_usd"], totals["unknown_calls"]) == (cost, 0)
    generation = await client.generation(row["generation_id"])
    assert (generation["usage"]["cost_usd"], generation["usage"]["cost_state"]) == (cost, "reconciled")
    message = await client.message(generation["message_id"])
    assert message["usage"] == generation["usage"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"cost_usd": None},
        {"write_off": False},
        {"write_off": 1},
        {"write_off": True, "cost_usd": 0},
        {"cost_usd": -1},
        {"cost_usd": 1000.01},
        {"cost_usd": 2**63},
        {"cost_usd": "NaN"},
        {"cost_usd": "Infinity"},
        {"cost_usd": "1e-13"},
        {"cost_usd": True},
        {"cost_usd": "one"},
        {"cost_usd": 1, "state": "settled"},
    ],
    ids=repr,
)
async def test_what_is_no_decision_is_refused(client: ConsoleClient, body: Json) -> None:
    row = await unknown_row(client)
    response = await client.ask("POST", f"/api/usage/{row['id']}/decision", json=body)
    assert (response.status_code, response.json()["error_code"]) == (422, "validation_failed")
    assert (await client.every("/api/usage"))[0] == row


async def test_what_is_known_is_not_decided(client: ConsoleClient) -> None:
    await client.answer("hello")
    (row,) = await client.every("/api/usage")
    response = await client.ask("POST", f"/api/usage/{row['id']}/decision", json={"write_off": True})
    assert response.status_code == 409
    assert (await client.every("/api/usage"))[0] == row
    assert (await client.ask("POST", "/api/usage/none/decision", json={"write_off": True})).status_code == 404


async def test_a_decision_frees_what_a_budget_holds(client: ConsoleClient) -> None:
    """What nobody knows counts as the most that it may have cost, until its owner says what it was."""
    await client.post("/api/models/sync")
    await client.post("/api/budgets", {"kind": "all", "period": "month", "limit_usd": 10})
    row = await unknown_row(client)
    (held,) = (await client.get("/api/budgets"))["items"]
    assert (held["reserved_usd"], held["spent_usd"]) == (row["reserved_usd"], 0)
    await client.post(f"/api/usage/{row['id']}/decision", {"cost_usd": "0.25"})
    (charged,) = (await client.get("/api/budgets"))["items"]
    assert (charged["reserved_usd"], charged["spent_usd"]) == (0, Decimal("0.25"))


async def test_a_program_does_not_decide_what_it_has_spent(console: Console) -> None:
    """It could write its own calls off. What its owner decides is charged to its budget, and the rest given back."""
    client = console.client
    await client.post("/api/models/sync")
    token = await client.post("/api/tokens", {"name": "program", "scopes": ["chat"], "budget_usd": 1})
    program = console.another_client()
    async with program:
        program.http.headers["authorization"] = f"Bearer {token['token']}"
        row = await unknown_row(program)
        response = await program.ask("POST", f"/api/usage/{row['id']}/decision", json={"write_off": True})
        assert (response.status_code, response.json()["error_code"]) == (403, "insufficient_scope")
    (held,) = (await client.get("/api/tokens"))["items"]
    assert (held["reserved_usd"], held["spent_usd"]) == (row["reserved_usd"], 0)
    await client.post(f"/api/usage/{row['id']}/decision", {"cost_usd": "0.25"})
    (charged,) = (await client.get("/api/tokens"))["items"]
    assert (charged["reserved_usd"], charged["spent_usd"]) == (0, Decimal("0.25"))
