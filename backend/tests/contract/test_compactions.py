"""Summaries through the wire: asked for, paid once, sent in place of what they stand for, removed again."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from emulator import Emulator
from tests.harness import ConsoleClient, console_app
from tests.harness.stored import copied

Json = dict[str, Any]
MODEL = "openai/gpt-4o-mini"


def sent(emulator: Emulator) -> list[Json]:
    """The body of each chat call."""
    return [record.body for record in emulator.requests if record.path.endswith("/chat/completions")]


def said(body: Json) -> list[str]:
    return [message["content"] for message in body["messages"]]


async def talked(client: ConsoleClient, emulator: Emulator, turns: int) -> str:
    emulator.set_scenario("text=answer")
    session = await client.create_session(model=MODEL)
    for n in range(turns):
        await client.answer(f"question {n}", session_id=session["id"])
    return str(session["id"])


async def compacted(client: ConsoleClient, emulator: Emulator, session_id: str, **fields: Any) -> Json:
    emulator.set_scenario("text=In%20short")
    made: Json = await client.post(f"/api/sessions/{session_id}/compact", fields)
    emulator.set_scenario("text=answer")
    return made


async def test_a_summary_is_sent_in_place_of_what_it_stands_for(client: ConsoleClient, emulator: Emulator) -> None:
    """The store keeps every word; the summary can be read, and what it has cost."""
    session_id = await talked(client, emulator, 4)
    before = await client.every(f"/api/sessions/{session_id}/messages")
    made = await compacted(client, emulator, session_id, keep_turns=1)
    asked = sent(emulator)[-1]
    assert asked["stream"] is False
    assert asked["max_tokens"] > 100
    assert "question 2" in said(asked)[1]
    assert "question 3" not in said(asked)[1]
    assert (made["summary"], made["message_count"], made["model"]) == ("In short", 6, MODEL)
    assert made["through_message_id"] == before[5]["id"]
    assert made["cost_usd"] > Decimal(0)
    assert (await client.get(f"/api/sessions/{session_id}/compactions"))["items"] == [made]

    transcript = await client.answer("and now?", session_id=session_id)
    messages = sent(emulator)[-1]["messages"]
    assert messages[0]["role"] == "system"
    assert messages[0]["content"].endswith("In short")
    assert said(sent(emulator)[-1])[1:] == ["question 3", "answer", "and now?"]
    context = (await client.generation(transcript.generation_id))["context"]
    assert (context["summary_id"], context["first_kept_id"]) == (made["id"], before[6]["id"])
    assert transcript.data_of("context") == context
    assert (await client.every(f"/api/sessions/{session_id}/messages"))[:8] == before


async def test_it_is_a_paid_call_of_its_own(client: ConsoleClient, emulator: Emulator) -> None:
    """With its purpose, its session and the provider's figure, in every sum."""
    session_id = await talked(client, emulator, 3)
    made = await compacted(client, emulator, session_id, keep_turns=1)
    row = (await client.get("/api/usage"))["items"][0]
    assert (row["purpose"], row["session_id"], row["state"]) == ("summary", session_id, "settled")
    assert (row["cost_usd"], row["prompt_tokens"]) == (made["cost_usd"], made["prompt_tokens"])
    rows = await client.every("/api/usage")
    totals = (await client.get(f"/api/sessions/{session_id}"))["totals"]
    assert totals["cost_usd"] == sum(row["cost_usd"] for row in rows) == emulator.ledger.total_usd
    assert totals["total_tokens"] == sum(row["total_tokens"] for row in rows)


async def test_removing_it_brings_the_messages_back(client: ConsoleClient, emulator: Emulator) -> None:
    session_id = await talked(client, emulator, 3)
    made = await compacted(client, emulator, session_id, keep_turns=1)
    path = f"/api/sessions/{session_id}/compactions"
    await client.delete(f"{path}/{made['id']}")
    assert (await client.get(path))["items"] == []
    await client.answer("and now?", session_id=session_id)
    assert said(sent(emulator)[-1])[0] == "question 0"
    for other in (f"{path}/{made['id']}", f"{path}/none", f"/api/sessions/none/compactions/{made['id']}"):
        assert (await client.ask("DELETE", other)).status_code == 404
    assert len(await client.every("/api/usage")) == 5, "what was paid stays in the ledger"


async def test_another_branch_is_not_summarised(client: ConsoleClient, emulator: Emulator) -> None:
    """Only a path that holds the messages gets their summary, and a pinned turn stays what it is."""
    session_id = await talked(client, emulator, 4)
    messages = await client.every(f"/api/sessions/{session_id}/messages")
    await compacted(client, emulator, session_id, keep_turns=1)
    await client.answer("other branch", session_id=session_id, parent_id=messages[1]["id"])
    assert said(sent(emulator)[-1]) == ["question 0", "answer", "other branch"]
    await client.ask("PATCH", f"/api/messages/{messages[2]['id']}", json={"pinned": True})
    await client.answer("first branch", session_id=session_id, parent_id=messages[7]["id"])
    assert said(sent(emulator)[-1])[1:] == ["question 1", "answer", "question 3", "answer", "first branch"]


async def test_a_second_one_takes_in_the_first(client: ConsoleClient, emulator: Emulator) -> None:
    session_id = await talked(client, emulator, 3)
    await compacted(client, emulator, session_id, keep_turns=1)
    await client.answer("question 3", session_id=session_id)
    await client.answer("question 4", session_id=session_id)
    second = await compacted(client, emulator, session_id, keep_turns=1)
    text = said(sent(emulator)[-1])[1]
    assert "In short" in text
    assert "question 1" not in text
    assert "question 3" in text
    assert second["message_count"] == 8
    newest_first = await client.get(f"/api/sessions/{session_id}/compactions", count=1, limit=1)
    assert (newest_first["items"], newest_first["total"]) == ([second], 2)
    assert newest_first["next_cursor"] is not None


async def test_the_same_request_again_pays_nothing(client: ConsoleClient, emulator: Emulator) -> None:
    """Also while the first one is still being written; another body under its id is refused."""
    session_id = await talked(client, emulator, 3)
    path = f"/api/sessions/{session_id}/compact"
    emulator.set_scenario("text=In%20short latency=300")
    before = len(sent(emulator))
    body = {"keep_turns": 1, "request_id": "one"}
    replies = await asyncio.gather(*(client.ask("POST", path, json=body) for _ in range(5)))
    assert sorted(reply.status_code for reply in replies) == [200, 200, 200, 200, 201]
    assert len({reply.json()["id"] for reply in replies}) == 1
    later = await client.ask("POST", path, json={"keep_turns": 1}, headers={"Idempotency-Key": "one"})
    assert (later.status_code, later.headers["idempotent-replayed"]) == (200, "true")
    assert len(sent(emulator)) == before + 1
    other = await client.ask("POST", path, json={"keep_turns": 2, "request_id": "one"})
    assert (other.status_code, other.json()["error_code"]) == (422, "idempotency_mismatch")


async def test_a_key_is_one_payment_whatever_it_is_used_for(client: ConsoleClient, emulator: Emulator) -> None:
    """Two sessions at once under one key: one of them is summarised, the other request is refused before it is paid."""
    sessions = [await talked(client, emulator, 3) for _ in range(2)]
    before = len(sent(emulator))
    emulator.set_scenario("text=In%20short hold=300")
    body = {"keep_turns": 1, "request_id": "one"}
    replies = await asyncio.gather(
        *(client.ask("POST", f"/api/sessions/{each}/compact", json=body) for each in sessions)
    )
    assert sorted(reply.status_code for reply in replies) == [201, 422]
    (refused,) = [reply.json() for reply in replies if reply.status_code == 422]
    assert refused["error_code"] == "idempotency_mismatch"
    assert len(sent(emulator)) == before + 1


async def test_a_key_is_taken_before_anything_is_paid(client: ConsoleClient, emulator: Emulator) -> None:
    """Another request under it is refused while the summary is being written."""
    session_id = await talked(client, emulator, 3)
    emulator.set_scenario("text=In%20short stall=1")
    path = f"/api/sessions/{session_id}/compact"
    asking = asyncio.create_task(client.ask("POST", path, json={"keep_turns": 1, "request_id": "one"}))
    await emulator.until(lambda it: it.stalled == 1)
    other = await client.create_session()
    body = {"session_id": other["id"], "role": "user", "content": "x", "request_id": "one"}
    posted = await client.ask("POST", "/api/messages", json=body)
    assert (posted.status_code, posted.json()["error_code"]) == (422, "idempotency_mismatch")
    emulator.release()
    reply = await asking
    assert (reply.status_code, reply.json()["summary"]) == (201, "In short")


async def test_a_summary_whose_process_died_is_not_paid_again(data: Path, emulator: Emulator) -> None:
    """It may have been paid: the same id says so, a new one starts anew."""
    async with console_app(data, upstream=emulator.base_url) as first:
        session_id = await talked(first.client, emulator, 3)
        emulator.set_scenario("text=In%20short stall=1")
        path = f"/api/sessions/{session_id}/compact"
        asking = asyncio.create_task(first.client.ask("POST", path, json={"keep_turns": 1, "request_id": "one"}))
        await emulator.until(lambda it: it.stalled == 1)
        await asyncio.to_thread(backed_up, data)
        emulator.release()
        await asking
    async with console_app(data / "then", upstream=emulator.base_url) as second:
        before = len(sent(emulator))
        emulator.set_scenario("text=In%20short")
        again = await second.client.ask("POST", path, json={"keep_turns": 1, "request_id": "one"})
        assert (again.status_code, again.json()["error_code"]) == (409, "conflict")
        assert len(sent(emulator)) == before
        anew = await second.client.ask("POST", path, json={"keep_turns": 1, "request_id": "two"})
        assert anew.status_code == 201


def backed_up(data: Path) -> None:
    """The store as a kill would leave it now, in a folder of its own."""
    (data / "then").mkdir()
    copied(data / "console.db", data / "then/console.db")


async def test_one_is_written_at_a_time(client: ConsoleClient, emulator: Emulator) -> None:
    """A second click without an id is told so, and pays nothing."""
    session_id = await talked(client, emulator, 3)
    emulator.set_scenario("text=In%20short hold=300")
    path = f"/api/sessions/{session_id}/compact"
    replies = await asyncio.gather(*(client.ask("POST", path, json={"keep_turns": 1}) for _ in range(3)))
    assert sorted(reply.status_code for reply in replies) == [201, 409, 409]
    assert len(await client.every("/api/usage")) == 4


@pytest.mark.parametrize(
    ("scenario", "status", "code"),
    [
        ("error=401", 502, "upstream_bad_key"),
        ("error=402", 402, "upstream_no_credit"),
        ("text=%20", 502, "upstream_garbage"),
        ("tokens=100000", 502, "upstream_truncated"),
    ],
)
async def test_a_failure_leaves_nothing_but_its_row(
    client: ConsoleClient, emulator: Emulator, scenario: str, status: int, code: str
) -> None:
    """Typed; the same id may be used again when nothing was paid, once a key that was refused is not left alone."""
    session_id = await talked(client, emulator, 3)
    emulator.set_scenario(scenario)
    path = f"/api/sessions/{session_id}/compact"
    reply = await client.ask("POST", path, json={"keep_turns": 1, "request_id": "one"})
    assert (reply.status_code, reply.json()["error_code"]) == (status, code), reply.text
    assert "is kept" not in reply.text
    assert (await client.get(f"/api/sessions/{session_id}/compactions"))["items"] == []
    assert (await client.get("/api/usage"))["items"][0]["purpose"] == "summary"
    emulator.set_scenario("text=In%20short")
    again = await client.ask("POST", path, json={"keep_turns": 1, "request_id": "one"})
    left_alone = again.json().get("details", {}).get("reason") == "circuit_open"
    assert left_alone == (scenario == "error=401")
    if not left_alone:
        assert again.status_code == (409 if code in ("upstream_garbage", "upstream_truncated") else 201), again.text


async def test_what_cannot_be_summarised(client: ConsoleClient, emulator: Emulator) -> None:
    session_id = await talked(client, emulator, 2)
    before = len(sent(emulator))
    refused = {
        f"/api/sessions/{session_id}/compact": (409, "conflict"),
        "/api/sessions/none/compact": (404, "not_found"),
    }
    for path, expected in refused.items():
        reply = await client.ask("POST", path, json={})
        assert (reply.status_code, reply.json()["error_code"]) == expected
    for body in ({"keep_turns": 0}, {"keep_turns": "x"}, {"keep_turn": 1}, {"model": ""}, {"model": "a b"}):
        assert (await client.ask("POST", f"/api/sessions/{session_id}/compact", json=body)).status_code == 422
    assert (await client.ask("GET", "/api/sessions/none/compactions")).status_code == 404
    unknown = {"keep_turns": 1, "model": "openai/nothing-like-it"}
    await client.post("/api/models/sync")
    reply = await client.ask("POST", f"/api/sessions/{session_id}/compact", json=unknown)
    assert (reply.status_code, reply.json()["error_code"]) == (404, "upstream_model_not_found")
    assert len(sent(emulator)) == before


async def test_a_session_takes_its_summaries_along(client: ConsoleClient, emulator: Emulator) -> None:
    """What they have cost stays."""
    session_id = await talked(client, emulator, 3)
    await compacted(client, emulator, session_id, keep_turns=1)
    await client.delete(f"/api/sessions/{session_id}")
    assert (await client.ask("GET", f"/api/sessions/{session_id}/compactions")).status_code == 404
    assert "summary" in {row["purpose"] for row in await client.every("/api/usage")}
