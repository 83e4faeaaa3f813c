"""Sessions: create, list, read, change, delete. The details of the contract are in `contract/test_sessions.py`."""

from __future__ import annotations

from tests.harness import Console


async def test_create_and_read(console: Console) -> None:
    """A session is found by its id and in the list."""
    session = await console.client.create_session(session_type="code", title="Parser")
    assert await console.client.get(f"/api/sessions/{session['id']}") == session
    assert (await console.client.get("/api/sessions"))["items"] == [session]


async def test_rename_and_delete(console: Console) -> None:
    """A change is seen by the next reader; what is deleted is gone."""
    session = await console.client.create_session()
    path = f"/api/sessions/{session['id']}"
    assert (await console.client.ask("PATCH", path, json={"title": "Renamed"})).json()["title"] == "Renamed"
    assert (await console.client.get(path))["title"] == "Renamed"
    await console.client.delete(path)
    assert (await console.client.ask("GET", path)).status_code == 404


async def test_an_unknown_session_is_not_found(console: Console) -> None:
    """404 in the shape of all errors, naming what was looked for."""
    reply = await console.client.ask("GET", "/api/sessions/nope")
    assert reply.status_code == 404
    error = reply.json()
    assert (error["error_code"], error["resource_type"], error["resource_id"]) == ("not_found", "session", "nope")


async def test_an_unknown_type_is_refused(console: Console) -> None:
    """There are four."""
    for kind in ("chat", "code", "documents", "playground"):
        assert (await console.client.create_session(session_type=kind))["session_type"] == kind
    reply = await console.client.ask("POST", "/api/sessions", json={"session_type": "poker"})
    assert reply.status_code == 422
    assert reply.json()["details"]["fields"][0]["loc"] == ["body", "session_type"]
