"""What must hold after a process was killed: nothing acknowledged or seen is lost, and nothing is invented."""

from __future__ import annotations

from collections import Counter

import msgspec

from emulator import Emulator
from tests.faults import audit
from tests.faults.load import Record
from tests.harness import ConsoleClient, Json, Transcript
from tests.harness.stored import Stored


def check_store(conn: Stored, record: Record) -> None:
    """All that was acknowledged is stored, and nothing that nobody asked for; nothing contradicts itself or runs."""
    assert audit.broken_rules(conn) == {}
    assert record.sessions <= audit.ids(conn, "SELECT id FROM sessions")
    assert record.generations <= audit.ids(conn, "SELECT id FROM generations")
    stored = dict(conn.execute("SELECT id, content FROM messages WHERE role = 'user'").fetchall())
    for message_id, content in record.messages.items():
        assert stored[message_id] == content or not content, message_id
    assert stopped_otherwise(conn, record) == {}

    contents = Counter(stored.values())
    assert set(contents) <= record.asked_messages
    assert set(contents.values()) <= {1}
    answers = Counter(stored[row["user_message_id"]] for row in conn.execute("SELECT user_message_id FROM generations"))
    assert answers <= record.asked_answers
    by_hand = conn.execute("SELECT title FROM sessions WHERE id NOT IN (SELECT session_id FROM generations)").fetchall()
    titles = Counter(row["title"] for row in by_hand)
    assert set(titles) <= record.asked_sessions
    assert set(titles.values()) <= {1}


def stopped_otherwise(conn: Stored, record: Record) -> Json:
    """Generations whose stop was acknowledged and that ended in another way."""
    ended = conn.execute("SELECT id, status FROM generations WHERE status <> 'stopped'").fetchall()
    return {row["id"]: row["status"] for row in ended if row["id"] in record.stopped}


def check_texts(conn: Stored, emulator: Emulator, checked: set[str]) -> list[str]:
    """Every text is the beginning of what the provider said, all of it when completed; the generations looked at."""
    rows = conn.execute("""
        SELECT g.id, g.status, g.upstream_id, g.error, m.content, m.parts FROM generations g
        JOIN messages m ON m.id = g.message_id
    """).fetchall()
    fresh = [row for row in rows if row["id"] not in checked]
    for row in fresh:
        said = emulator.ledger.find(row["upstream_id"]) if row["upstream_id"] else None
        parts = [part["text"] for part in msgspec.json.decode(row["parts"])]
        assert row["content"] == "".join(parts)
        events = "".join(
            event["text"]
            for (tick,) in conn.execute(
                "SELECT events FROM generation_events WHERE generation_id = ? ORDER BY last_seq", (row["id"],)
            )
            for event in msgspec.json.decode(tick)
            if event["type"] == "text"
        )
        assert row["content"].endswith(events)
        assert (said.text if said else "").startswith(events), row["id"]
        if row["status"] == "completed":
            assert said is not None
            assert said.text == events
        code = msgspec.json.decode(row["error"])["error_code"] if row["error"] else None
        assert code == ("interrupted" if row["status"] == "interrupted" else None)
        checked.add(row["id"])
    return [row["id"] for row in fresh if row["status"] == "interrupted" and row["content"]]


async def check_reader(client: ConsoleClient, seen: Transcript) -> None:
    """A reader finds again exactly what it had seen, whether it reads from the start or goes on from its cursor."""
    again = await client.follow(seen.generation_id)
    assert again.frames[: len(seen.frames)] == seen.frames
    assert again.is_done
    message = await client.message(again.data_of("done")["message_id"])
    assert message["content"].endswith(again.text)
    assert message["status"] == again.status
    assert message["last_seq"] == again.last_seq
    if again.status == "interrupted":
        assert again.events[-2:] == ["error", "done"]
        assert again.data_of("error")["error_code"] == message["error"]["error_code"] == "interrupted"
    if seen.is_done:
        response = await client.ask(
            "GET", f"/api/generations/{seen.generation_id}/events", headers={"Last-Event-ID": seen.cursor}
        )
        assert response.status_code == 204
    else:
        assert (await client.follow(seen.generation_id, Transcript(list(seen.frames)))) == again


async def check_continuation(client: ConsoleClient, generation_id: str) -> None:
    """An interrupted answer goes on in a new message that begins with the old text."""
    old = await client.message((await client.generation(generation_id))["message_id"])
    started = await client.resume(generation_id)
    transcript = await client.follow(started["generation"]["id"])
    new = await client.message(started["assistant_message"]["id"])
    assert transcript.status == "completed"
    assert new["parts"][0] == {"type": "text", "text": old["content"]}
    assert new["content"] == old["content"] + transcript.text
    assert old["id"] in new["siblings"]
