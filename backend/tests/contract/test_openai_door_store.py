"""What goes through the OpenAI door is in the store: once, in order, searchable by eye, and open to the page."""

from __future__ import annotations

import asyncio
import random
from typing import Any

from emulator import Emulator
from tests.contract.openai_client import MODEL, Json, ask, body, complete, sent, stream
from tests.harness import Console, ConsoleClient
from tests.services.turning import rows_of

TOOL = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}}}


async def _messages(client: ConsoleClient, session_id: str, **query: Any) -> list[Json]:
    found: list[Json] = (await client.get(f"/api/sessions/{session_id}/messages", **query))["items"]
    return found


async def test_a_call_is_a_session(client: ConsoleClient, emulator: Emulator) -> None:
    """Named in the reply, titled by its first question, tagged; with the answer, its usage and its ledger row."""
    emulator.set_scenario("text=Blue%20light")
    request = body("Why is the sky blue?")
    request["messages"].insert(0, {"role": "system", "content": "Be brief."})
    response = await ask(client, request)
    session = await client.get(f"/api/sessions/{response.headers['x-console-session-id']}")
    assert (session["title"], session["tags"], session["model"]) == ("Why is the sky blue?", ["api"], MODEL)
    assert session["totals"]["messages"] == 3
    assert session["totals"]["cost_usd"] == emulator.ledger.total_usd > 0
    system, user, answer = await _messages(client, session["id"])
    assert [(m["role"], m["content"]) for m in (system, user, answer)] == [
        ("system", "Be brief."),
        ("user", "Why is the sky blue?"),
        ("assistant", "Blue light"),
    ]
    assert (answer["generation_id"], answer["status"]) == (response.headers["x-generation-id"], "completed")
    (row,) = (await client.get("/api/usage"))["items"]
    assert (row["session_id"], row["purpose"]) == (session["id"], "endpoint")
    assert (await client.get("/api/sessions", tag="api"))["items"][0]["id"] == session["id"]


async def test_a_conversation_is_one_session(console: Console, emulator: Emulator) -> None:
    """Replayed turn by turn, streamed or not, with edits: every text that was sent or received is stored once."""
    client, rng = console.client, random.Random(7)  # noqa: S311
    for conversation in range(4):
        history: list[Json] = []
        sessions = set()
        for turn in range(6):
            if turn == 4:
                cut = rng.choice([at for at, m in enumerate(history) if m["role"] == "user" and at > 0])
                history = history[:cut]
            history.append({"role": "user", "content": f"question {conversation}.{turn}"})
            emulator.set_scenario(f"text=answer%20{conversation}.{turn}%20")
            request = {"model": MODEL, "messages": history}
            if rng.random() < 0.5:
                read = await stream(client, request)
                text, response = read.joined("content"), read.response
            else:
                response = await ask(client, request)
                text = response.json()["choices"][0]["message"]["content"]
            sessions.add(response.headers["x-console-session-id"])
            history.append(
                {"role": "assistant", "content": rng.choice([text, text.strip(), [{"type": "text", "text": text}]])}
            )
        (session_id,) = sessions
        path = await _messages(client, session_id)
        assert [m["content"].strip() for m in path] == [text_of(m).strip() for m in history]
    stored = await console.services.store.read(rows_of, "messages")
    texts = [row["content"].strip() for row in stored]
    assert sorted(texts) == sorted(
        f"{kind} {conversation}.{turn}"
        for kind in ("question", "answer")
        for conversation in range(4)
        for turn in range(6)
    )


def text_of(message: Json) -> str:
    content = message["content"]
    return content if isinstance(content, str) else "".join(part["text"] for part in content)


async def test_the_page_goes_on_where_a_client_stopped(client: ConsoleClient, emulator: Emulator) -> None:
    """Tool calls and their results, an image and the answer are sent as the client had them."""
    question = [
        {"type": "text", "text": "Weather?"},
        {"type": "image_url", "image_url": {"url": "https://a.example/x.png"}},
    ]
    history: list[Json] = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": question}]
    emulator.set_scenario("tool_calls=2")
    whole = await complete(client, {"model": MODEL, "messages": history, "tools": [TOOL]})
    answer = whole["choices"][0]["message"]
    history.append(answer)
    for number, called in enumerate(answer["tool_calls"]):
        history.append({"role": "tool", "tool_call_id": called["id"], "content": f"sunny {number}"})
    emulator.set_scenario("text=Sunny")
    response = await ask(client, {"model": MODEL, "messages": history, "tools": [TOOL]})
    session_id = response.headers["x-console-session-id"]
    path = await _messages(client, session_id)
    assert [message["role"] for message in path] == ["system", "user", "assistant", "tool", "tool", "assistant"]
    assert [part["type"] for part in path[1]["parts"]] == ["text", "image"]

    transcript = await client.answer("And tomorrow?", session_id=session_id)
    assert transcript.data_of("done")["status"] == "completed"
    asked = sent(emulator)[-1]["messages"]
    assert asked[0] == history[0]
    assert asked[1]["content"] == question
    assert [call["id"] for call in asked[2]["tool_calls"]] == [call["id"] for call in answer["tool_calls"]]
    assert asked[3:5] == history[3:5]
    assert asked[5]["content"] == "Sunny"
    assert asked[6] == {"role": "user", "content": "And tomorrow?"}


async def _client_says(client: ConsoleClient, history: list[Json], text: str) -> str:
    """A client's next turn, its answer taken into the history; the session it is in."""
    history.append({"role": "user", "content": text})
    response = await ask(client, {"model": MODEL, "messages": history})
    history.append(response.json()["choices"][0]["message"])
    return response.headers["x-console-session-id"]


async def _shown(client: ConsoleClient, session_id: str) -> list[str]:
    """The questions of the active path."""
    return [m["content"] for m in await _messages(client, session_id) if m["role"] == "user"]


async def test_the_page_stays_where_its_owner_went_on(client: ConsoleClient) -> None:
    """What a client adds then is beside it: the next thing the owner says goes below what the owner sees."""
    history: list[Json] = []
    session_id = await _client_says(client, history, "one")
    assert await _client_says(client, history, "two") == session_id
    await client.answer("mine", session_id=session_id)
    before = await client.get(f"/api/sessions/{session_id}")
    assert await _client_says(client, history, "three") == session_id
    assert await _client_says(client, [*history[:2]], "another two") == session_id
    after = await client.get(f"/api/sessions/{session_id}")
    assert after["active_leaf_id"] == before["active_leaf_id"]
    assert after["revision"] > before["revision"]
    assert after["totals"]["messages"] == before["totals"]["messages"] + 4
    assert await _shown(client, session_id) == ["one", "two", "mine"]
    await client.answer("mine too", session_id=session_id)
    assert await _shown(client, session_id) == ["one", "two", "mine", "mine too"]
    everything = await _messages(client, session_id, all=1)
    assert {"three", "another two"} <= {message["content"] for message in everything}


async def test_the_page_stays_at_an_answer_that_its_owner_asked_for(client: ConsoleClient, emulator: Emulator) -> None:
    """Until the owner makes the client's branch the active one: then it follows the client again."""
    history: list[Json] = []
    session_id = await _client_says(client, history, "one")
    (_, answer) = await _messages(client, session_id)
    emulator.set_scenario("text=Another")
    again = await client.post(f"/api/messages/{answer['id']}/regenerate", {})
    await client.follow(again["generation"]["id"])
    await _client_says(client, history, "two")
    session = await client.get(f"/api/sessions/{session_id}")
    assert session["active_leaf_id"] == again["assistant_message"]["id"]
    changed = {"active_leaf_id": answer["id"], "revision": session["revision"]}
    await client.ask("PATCH", f"/api/sessions/{session_id}", json=changed)
    assert await _shown(client, session_id) == ["one", "two"]
    await _client_says(client, history, "three")
    assert await _shown(client, session_id) == ["one", "two", "three"]


async def test_the_page_follows_a_client_that_is_alone(client: ConsoleClient) -> None:
    """An edited question is what the client goes on with, so it is what is shown."""
    history: list[Json] = []
    session_id = await _client_says(client, history, "one")
    await _client_says(client, history, "two")
    del history[2:]
    assert await _client_says(client, history, "two, better") == session_id
    assert await _shown(client, session_id) == ["one", "two, better"]


async def test_many_at_once_share_what_they_share(console: Console, emulator: Emulator) -> None:
    """Twenty requests with the same history make one question with twenty answers, and twenty ledger rows."""
    first = await complete(console.client, body("Hi"))
    history = [{"role": "user", "content": "Hi"}, first["choices"][0]["message"], {"role": "user", "content": "More"}]
    request = {"model": MODEL, "messages": history}
    responses = await asyncio.gather(*(ask(console.client, request) for _ in range(20)))
    assert {response.status_code for response in responses} == {200}
    assert len({response.headers["x-console-session-id"] for response in responses}) == 1
    stored = await console.services.store.read(rows_of, "messages")
    assert len(stored) == 3 + 20
    assert len(await console.services.store.read(rows_of, "usage_logs")) == 21


async def test_what_is_not_stored_is_not_looked_for(client: ConsoleClient) -> None:
    """An unstored turn leaves no trace in the session that its history belongs to."""
    first = await ask(client, body("Hi"))
    history = [{"role": "user", "content": "Hi"}, first.json()["choices"][0]["message"]]
    request = {"model": MODEL, "messages": [*history, {"role": "user", "content": "secret"}]}
    response = await ask(client, request, **{"X-Console-Store": "false"})
    assert "x-console-session-id" not in response.headers
    assert len(await _messages(client, first.headers["x-console-session-id"])) == 2
    refused = await ask(client, body(), **{"X-Console-Store": "no"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "validation_failed")


async def test_a_failed_call_keeps_its_question(client: ConsoleClient, emulator: Emulator) -> None:
    """The error is on the answer; asking again adds an answer, not a question."""
    emulator.set_scenario("error=403")
    refused = await ask(client, body("Hi"))
    assert refused.status_code == 403
    emulator.set_scenario("")
    again = await ask(client, body("Hi"))
    session_id = again.headers["x-console-session-id"]
    assert refused.headers["x-console-session-id"] == session_id
    every = await _messages(client, session_id, all=1)
    assert [(m["role"], m["status"]) for m in every] == [
        ("user", "completed"),
        ("assistant", "failed"),
        ("assistant", "completed"),
    ]
