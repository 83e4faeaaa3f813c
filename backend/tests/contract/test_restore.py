"""Restoring through the wire: what comes back, what stays, and what is refused."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from emulator import Emulator
from tests.faults.audit import broken_rules
from tests.harness import QUICK, Console, ConsoleClient, Json, console_app
from tests.harness.stored import store_of

BY_DESIGN = "a ledger row without a generation"
"""The ledger outlives what it paid for; restoring an older backup leaves such rows."""


@pytest.fixture
def folder(data: Path) -> Path:
    return data / "backups"


async def restore(client: ConsoleClient, file: Path | bytes, **fields: str) -> httpx.Response:
    """As ``curl -F file=@…`` sends it."""
    body = file if isinstance(file, bytes) else file.read_bytes()
    return await client.ask("POST", "/api/admin/restore", files={"file": ("console.db", body)}, data=fields)


async def titles(client: ConsoleClient) -> list[str]:
    return sorted(session["title"] for session in await client.every("/api/sessions"))


def is_sound(data: Path) -> bool:
    with store_of(data) as conn:
        return not {name: rows for name, rows in broken_rules(conn).items() if name != BY_DESIGN}


async def test_what_was_backed_up_comes_back(console: Console, data: Path, folder: Path) -> None:
    """Text, branches, drafts, profiles and settings are as they were; a copy of what was replaced is in the list."""
    client = console.client
    profile = await client.post("/api/profiles", {"name": "Poet", "system_prompt": "Rhyme."})
    await client.ask("PATCH", "/api/settings", json={"theme": "dark"})
    await client.answer("Keep this", profile_id=profile["id"])
    (session,) = await client.every("/api/sessions")
    kept = await client.every(f"/api/sessions/{session['id']}/messages")
    draft = {"text": "and th", "parts": [{"type": "image", "url": "data:image/png;base64,AA=="}]}
    await client.ask("PUT", f"/api/sessions/{session['id']}/draft", json=draft)
    backup = await client.post("/api/admin/backups")
    await client.answer("Lose this")
    await client.ask("PATCH", "/api/settings", json={"theme": "light"})
    await client.delete(f"/api/profiles/{profile['id']}")
    await client.delete(f"/api/sessions/{session['id']}")
    summary = (await restore(client, folder / backup["name"])).json()
    assert summary["dry_run"] is False
    assert summary["source"] == {
        "name": "console.db",
        "size_bytes": backup["size_bytes"],
        "schema_version": backup["schema_version"],
        "seed_schema": False,
    }
    assert summary["diff"]["messages"] == {"now": 2, "backup": 2, "after": 2}
    assert summary["diff"]["profiles"] == {"now": 0, "backup": 1, "after": 1}
    assert summary["diff"]["usage_logs"] == {"now": 2, "backup": 1, "after": 2}
    assert await titles(client) == ["Keep this"]
    assert await client.every(f"/api/sessions/{session['id']}/messages") == kept
    assert await client.get(f"/api/sessions/{session['id']}/draft") == draft
    assert (await client.get("/api/profiles"))["items"][0]["system_prompt"] == "Rhyme."
    assert (await client.get("/api/settings"))["theme"] == "dark"
    (safety,) = [b for b in await client.every("/api/admin/backups") if b["kind"] == "before_restore"]
    assert summary["safety_backup"] == safety["name"]
    assert safety["counts"]["sessions"] == 1
    back = await client.post("/api/admin/restore", {"name": safety["name"]})
    assert back["source"]["name"] == safety["name"]
    assert await titles(client) == ["Lose this"]
    assert is_sound(data)
    assert not (data / "restoring").exists() or not list((data / "restoring").iterdir())


async def test_a_dry_run_changes_nothing(client: ConsoleClient, folder: Path, data: Path) -> None:
    """It tells the same figures as the restore that follows."""
    await client.answer("One")
    backup = await client.post("/api/admin/backups")
    await client.answer("Two")
    by_name = await client.post("/api/admin/restore", {"name": backup["name"], "dry_run": True})
    by_file = (await restore(client, folder / backup["name"], dry_run="true")).json()
    assert by_name["diff"] == by_file["diff"]
    assert (by_file["dry_run"], by_file["safety_backup"]) == (True, None)
    assert await titles(client) == ["One", "Two"]
    assert len(await client.every("/api/admin/backups")) == 1
    done = await client.post("/api/admin/restore", {"name": backup["name"]})
    assert done["diff"] == by_name["diff"]
    assert await titles(client) == ["One"]


async def test_the_ledger_is_never_rolled_back(client: ConsoleClient, folder: Path, data: Path) -> None:
    """Calls since the backup stay; a call that both know stays as it is here; days are summed from what there is."""
    await client.answer("Cheap")
    backup = await client.post("/api/admin/backups")
    await client.answer("Later")
    before = await client.get("/api/usage/summary")
    with closing(sqlite3.connect(folder / backup["name"])) as conn, conn:
        conn.execute("UPDATE usage_logs SET cost_picousd = 0, cost_text = '0'")
        conn.execute("UPDATE usage_sums SET cost_picousd = 0, calls = 0")
        conn.execute("UPDATE sessions SET cost_picousd = 0, message_count = 77")
    assert (await restore(client, folder / backup["name"])).status_code == 200
    assert await client.get("/api/usage/summary") == before
    assert await titles(client) == ["Cheap"]
    assert is_sound(data)


async def test_a_paid_request_is_not_paid_again_after_a_restore(client: ConsoleClient, emulator: Emulator) -> None:
    """Its key is remembered although what it made is gone."""
    backup = await client.post("/api/admin/backups")
    started = await client.start("Once", request_id="the-key")
    await client.follow(started["generation"]["id"])
    calls = len(emulator.requests)
    await client.post("/api/admin/restore", {"name": backup["name"]})
    body = {"content": "Once", "model": "openai/gpt-4o-mini", "request_id": "the-key"}
    again = await client.ask("POST", "/api/generations", json=body)
    assert (again.status_code, again.json()["error_code"]) == (404, "not_found")
    assert len(emulator.requests) == calls


async def test_a_profile_of_a_restored_store_takes_no_number_twice(client: ConsoleClient) -> None:
    """The ledger names profiles by number: one that was used since the backup is not given again."""
    backup = await client.post("/api/admin/backups")
    gone = await client.post("/api/profiles", {"name": "Gone"})
    await client.post("/api/admin/restore", {"name": backup["name"]})
    assert (await client.post("/api/profiles", {"name": "New"}))["id"] > gone["id"]


async def test_an_answer_that_is_being_written_is_kept_in_the_safety_backup(
    console: Console, emulator: Emulator, folder: Path, data: Path
) -> None:
    """It is interrupted with its text, its reader is told, and the channel of every tab ends and names a new epoch."""
    client = console.client
    backup = await client.post("/api/admin/backups")
    emulator.set_scenario("tokens=30; stall after=10")
    started = await client.start("Tell me a long story")
    restored: asyncio.Task[Json] | None = None
    async with client.events(started["generation"]["id"]) as stream:
        async for frame in stream:
            if frame.event == "token" and restored is None:
                restored = asyncio.create_task(client.post("/api/admin/restore", {"name": backup["name"]}))
            if frame.event == "done":
                assert frame.data["status"] == "interrupted"
    assert restored is not None
    summary = await restored
    with closing(sqlite3.connect(folder / summary["safety_backup"])) as conn:
        (content, status), *_ = conn.execute("SELECT content, status FROM messages WHERE role = 'assistant'").fetchall()
    assert status == "interrupted"
    assert content
    assert await titles(client) == []
    assert (await client.get("/api/usage/summary"))["totals"]["calls"] == 1
    assert is_sound(data)


async def test_tabs_are_told_to_fetch_everything_again(console: Console) -> None:
    """Every channel ends, and the next one names another epoch."""
    client = console.client
    backup = await client.post("/api/admin/backups")
    epochs = []
    for _ in range(2):
        async with client.stream("/api/events") as live:
            async for frame in live:
                if frame.event == "hello":
                    epochs.append(frame.data["epoch"])
                    if len(epochs) == 2:
                        break
                    await client.post("/api/admin/restore", {"name": backup["name"]})
    assert epochs[0] != epochs[1]


async def test_a_backup_made_in_mid_answer_has_its_text(
    data: Path, console: Console, emulator: Emulator, folder: Path
) -> None:
    """What it had caught being written is interrupted, with all text up to then and its call accounted for."""
    client = console.client
    emulator.set_scenario("tokens=30; stall after=10")
    started = await client.start("Tell me a long story")
    async with client.events(started["generation"]["id"]) as stream:
        async for frame in stream:
            if frame.event == "token":
                backup = await client.post("/api/admin/backups")
                break
    await client.stop(started["generation"]["id"])
    summary = await client.post("/api/admin/restore", {"name": backup["name"]})
    assert summary["warnings"] == ["It caught 1 answers being written; their text so far is there."]
    message = await client.message(started["assistant_message"]["id"])
    assert message["status"] == "interrupted"
    assert message["content"]
    assert is_sound(data)


async def test_nothing_starts_while_a_backup_is_restored(console: Console) -> None:
    """A typed 503 that says when to try again; afterwards all is as before."""
    client = console.client
    async with console.services.restores.quiet():
        for path, body in (
            ("/api/generations", {"content": "Now", "model": "openai/gpt-4o-mini"}),
            ("/v1/embeddings", {"input": "Now", "model": "openai/text-embedding-3-small"}),
        ):
            reply = await client.ask("POST", path, json=body)
            assert reply.status_code == 503, path
            assert "restored" in reply.text
            assert int(reply.headers["retry-after"]) > 0
    assert (await client.answer("Now")).status == "completed"


async def test_the_three_lines_of_the_first_console(console: Console, tmp_path: Path) -> None:
    """Backup, list, restore by curl, as its documentation prints them."""
    await console.client.create_session(title="Kept")
    here = console.url
    for line in (
        f"curl -sSf -OJ {here}/api/admin/backup",
        f"curl -sSf {here}/api/admin/backups",
        f"curl -sSf -X POST {here}/api/admin/restore -F file=@$(ls console_backup_*.db)",
    ):
        process = await asyncio.create_subprocess_shell(
            line, cwd=tmp_path, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        out, errors = await process.communicate()
        assert process.returncode == 0, (line, errors)
    assert b'"safety_backup":"console_backup_before_restore_' in out
    assert await titles(console.client) == ["Kept"]


async def test_calls_that_stored_no_text_come_back(client: ConsoleClient, data: Path) -> None:
    """They have a generation and a place in the ledger, and no message."""
    chat = {"message": "Forget this", "model": "openai/gpt-4o-mini", "stream": False}
    assert (await client.ask("POST", "/chat", json=chat)).status_code == 200
    embeddings = {"input": "And this", "model": "openai/text-embedding-3-small"}
    assert (await client.ask("POST", "/v1/embeddings", json=embeddings)).status_code == 200
    backup = await client.post("/api/admin/backups")
    summary = await client.post("/api/admin/restore", {"name": backup["name"]})
    assert summary["diff"]["usage_logs"] == {"now": 2, "backup": 2, "after": 2}
    assert summary["diff"]["generations"]["after"] == 1
    assert is_sound(data)


async def test_two_at_once_do_not_mix(client: ConsoleClient) -> None:
    """One is done, the other is told to come again."""
    backup = await client.post("/api/admin/backups")
    body = {"name": backup["name"]}
    replies = await asyncio.gather(*(client.ask("POST", "/api/admin/restore", json=body) for _ in range(3)))
    assert min(reply.status_code for reply in replies) == 200
    for reply in replies:
        if reply.status_code != 200:
            assert (reply.status_code, reply.json()["error_code"]) == (503, "restoring")


@pytest.mark.parametrize(
    ("request_of", "status", "code"),
    [
        ({"json": {"name": "console_backup_2020-01-01_00-00-00.db"}}, 404, "not_found"),
        ({"json": {"name": "../console.db"}}, 404, "not_found"),
        ({"json": {}}, 422, "validation_failed"),
        ({"json": {"name": "a.db", "more": 1}}, 422, "validation_failed"),
        ({"content": b"{", "headers": {"content-type": "application/json"}}, 422, "validation_failed"),
        ({"files": {"other": ("a.db", b"x")}}, 422, "validation_failed"),
        ({"files": {"file": ("a.db", b"x")}, "data": {"dry_run": "maybe"}}, 422, "validation_failed"),
        ({"files": {"file": ("a.db", b"x")}, "data": {"more": "1"}}, 422, "validation_failed"),
        ({"files": [("file", ("a.db", b"x")), ("file", ("b.db", b"x"))]}, 422, "validation_failed"),
        (
            {"content": b"--b\r\n", "headers": {"content-type": "multipart/form-data; boundary=b"}},
            422,
            "validation_failed",
        ),
        ({"content": b"x", "headers": {"content-type": "multipart/form-data; b=b"}}, 422, "validation_failed"),
        ({"content": b"x", "headers": {"content-type": "application/x-sqlite3"}}, 415, "unsupported_media_type"),
        ({"files": {"file": ("a.db", b"")}}, 422, "bad_backup"),
        ({"files": {"file": ("a.db", b"x" * 5000)}}, 422, "bad_backup"),
    ],
)
async def test_what_is_no_request_is_refused(
    client: ConsoleClient, request_of: dict[str, Any], status: int, code: str
) -> None:
    """Each with its own typed error, and nothing changes."""
    await client.create_session(title="Here")
    reply = await client.ask("POST", "/api/admin/restore", **request_of)
    assert (reply.status_code, reply.json()["error_code"]) == (status, code)
    assert await titles(client) == ["Here"]


async def test_what_a_killed_process_left_is_removed(data: Path, emulator: Emulator) -> None:
    """Half an upload, half a fresh file."""
    (data / "restoring" / "x").mkdir(parents=True)
    (data / "restoring" / "x" / "upload.db").write_bytes(b"half")
    async with console_app(data, upstream=emulator.base_url):
        assert not (data / "restoring").exists()


async def test_writes_do_not_hang_while_a_large_store_is_replaced(data: Path, emulator: Emulator) -> None:
    """They are told at once when to come again, and nothing of them is stored; reads go on."""
    async with console_app(data, upstream=emulator.base_url, pace=replace(QUICK, patient_bytes=0)) as console:
        client = console.client
        await client.create_session(title="kept")
        name = (await client.post("/api/admin/backups"))["name"]
        restoring = asyncio.create_task(client.ask("POST", "/api/admin/restore", json={"name": name}))
        refused = None
        while refused is None and not restoring.done():
            reply = await client.ask("POST", "/api/profiles", json={"name": "meanwhile"})
            refused = reply if reply.status_code != 201 else None
        assert refused is not None
        assert (refused.status_code, refused.json()["error_code"]) == (503, "restoring")
        assert int(refused.headers["retry-after"]) >= 1
        assert [session["title"] for session in await client.every("/api/sessions")] == ["kept"]
        assert (await restoring).status_code == 200
        assert (await client.ask("POST", "/api/profiles", json={"name": "after"})).status_code == 201
