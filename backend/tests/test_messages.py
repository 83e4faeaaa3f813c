"""Messages: post, read, list. The details of the contract are in `contract/test_messages.py`."""

from __future__ import annotations

import pytest

from tests.harness import Console


async def test_post_and_list(console: Console) -> None:
    """In the order they were posted, each below the one before."""
    session = await console.client.create_session()
    first = await console.client.post_message(session["id"], "one")
    second = await console.client.post_message(session["id"], "two", role="assistant")
    listed = (await console.client.get(f"/api/sessions/{session['id']}/messages"))["items"]
    assert [(item["role"], item["content"]) for item in listed] == [("user", "one"), ("assistant", "two")]
    assert second["parent_id"] == first["id"]


async def test_the_first_user_message_names_the_session(console: Console) -> None:
    """Its first line, cut at a word; a title that was given stays."""
    session = await console.client.create_session()
    await console.client.post_message(session["id"], "\n  Why is the sky blue?\nAnd the sea?")
    assert (await console.client.get(f"/api/sessions/{session['id']}"))["title"] == "Why is the sky blue?"
    named = await console.client.create_session(title="Mine")
    await console.client.post_message(named["id"], "word " * 40)
    assert (await console.client.get(f"/api/sessions/{named['id']}"))["title"] == "Mine"


@pytest.mark.parametrize("content", ["", " ", "\n\t", "\u00a0\u2003"])
async def test_blank_content_is_refused(console: Console, content: str) -> None:
    """Nothing is stored, nothing starts."""
    session = await console.client.create_session()
    for path in ("/api/messages", "/api/generations", "/api/stream"):
        body = {"session_id": session["id"], "content": content}
        reply = await console.client.ask("POST", path, json=body)
        assert (reply.status_code, reply.json()["error_code"]) == (422, "validation_failed")
    assert (await console.client.get(f"/api/sessions/{session['id']}/messages"))["items"] == []


async def test_content_survives_as_it_is(console: Console) -> None:
    """Every script, emoji, control characters but NUL, and a million characters."""
    session = await console.client.create_session()
    for content in ("日本語 ✍🏽 \u202eabc\u202c \x01\x7f \u2028", "'; DROP TABLE messages; --", "x" * 1_000_000):
        message = await console.client.post_message(session["id"], content)
        assert (await console.client.message(message["id"]))["content"] == content
