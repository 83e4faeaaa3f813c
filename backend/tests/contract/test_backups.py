"""Backups through the wire: whole files of the store, made beside everything else."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import sqlite3
import stat
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.core.token import KEY_FILE, installation_of, read_or_create_hash_key
from emulator import Emulator
from tests.harness import Console, ConsoleClient, Json, console_app

NAME = re.compile(r"console_backup_\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d(_\d+)?\.db")
SECRET = "sk-pasted-0123456789-last"


@pytest.fixture
def folder(data: Path) -> Path:
    return data / "backups"


def rows(file: Path, sql: str) -> list[Any]:
    """What another program reads in a backup."""
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as conn:
        return conn.execute(sql).fetchall()


async def test_a_backup_holds_all_that_was_acknowledged(client: ConsoleClient, folder: Path) -> None:
    """One file, readable by its owner alone, sound, with the counts, the schema and the hash that the reply names."""
    await client.answer("Remember this")
    backup = await client.post("/api/admin/backups")
    assert NAME.fullmatch(backup["name"])
    assert (backup["kind"], backup["verified_at"]) == ("manual", backup["created_at"])
    file = folder / backup["name"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert rows(file, "PRAGMA integrity_check") == [("ok",)]
    assert rows(file, "SELECT content FROM messages WHERE role = 'user'") == [("Remember this",)]
    assert backup["counts"]["messages"] == 2
    assert backup["size_bytes"] == file.stat().st_size
    assert backup["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert rows(file, "SELECT max(version) FROM schema_migrations") == [(backup["schema_version"],)]
    assert await client.get("/api/admin/backups") == {"items": [backup], "next_cursor": None}
    assert {path.name for path in folder.iterdir()} == {file.name, f"{file.name}.json"}


async def test_a_fresh_one_is_downloaded_under_its_name(client: ConsoleClient, folder: Path) -> None:
    """As ``curl -OJ`` wants it; it stays in the list, and part of it can be had."""
    await client.create_session(title="Precious")
    reply = await client.ask("GET", "/api/admin/backup")
    assert (reply.status_code, reply.headers["content-type"]) == (200, "application/vnd.sqlite3")
    (backup,) = (await client.get("/api/admin/backups"))["items"]
    assert reply.headers["content-disposition"] == f'attachment; filename="{backup["name"]}"'
    assert hashlib.sha256(reply.content).hexdigest() == backup["sha256"]
    again = await client.ask("GET", f"/api/admin/backups/{backup['name']}")
    assert again.content == reply.content == (folder / backup["name"]).read_bytes()
    part = await client.ask("GET", f"/api/admin/backups/{backup['name']}", headers={"Range": "bytes=0-14"})
    assert (part.status_code, part.content) == (206, b"SQLite format 3")


async def test_a_download_goes_on_where_it_broke_off(client: ConsoleClient) -> None:
    """One range of bytes, if the file is still the one; a range beyond its end is told."""
    name = (await client.post("/api/admin/backups"))["name"]
    path = f"/api/admin/backups/{name}"
    whole = await client.ask("GET", path)
    size, etag = len(whole.content), whole.headers["etag"]
    rest = await client.ask("GET", path, headers={"Range": "bytes=1000-", "If-Range": etag})
    assert (rest.status_code, rest.content) == (206, whole.content[1000:])
    assert rest.headers["content-range"] == f"bytes 1000-{size - 1}/{size}"
    other = await client.ask("GET", path, headers={"Range": "bytes=1000-", "If-Range": '"another"'})
    assert (other.status_code, other.content) == (200, whole.content)
    beyond = await client.ask("GET", path, headers={"Range": f"bytes={size}-"})
    assert (beyond.status_code, beyond.json()["error_code"]) == (416, "range_not_satisfiable")


async def test_downloads_beside_a_deletion_are_whole_or_not_found(client: ConsoleClient) -> None:
    """Never cut off, never a server error."""
    for _ in range(5):
        backup = await client.post("/api/admin/backups")
        path = f"/api/admin/backups/{backup['name']}"
        *replies, deleted = await asyncio.gather(
            *(client.ask("GET", path) for _ in range(8)), client.ask("DELETE", path)
        )
        assert deleted.status_code == 204
        for reply in replies:
            assert reply.status_code in (200, 404)
            if reply.status_code == 200:
                assert hashlib.sha256(reply.content).hexdigest() == backup["sha256"]


async def test_who_hangs_up_leaves_a_whole_backup(console: Console, folder: Path) -> None:
    """It is made all the same, and nothing half-made stays; an abandoned download ends."""
    client = console.client
    url = httpx.URL(console.url)
    for request in (b"POST /api/admin/backups", b"GET /api/admin/backup"):
        async with client.stream("/api/events") as live:
            async for frame in live:
                if frame.event == "hello":
                    _, writer = await asyncio.open_connection(url.host, url.port)
                    writer.write(request + b" HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n")
                    await writer.drain()
                    writer.transport.abort()
                elif frame.event == "changed" and frame.data["kind"] == "backup":
                    break
    made = await client.every("/api/admin/backups")
    assert len(made) == 2
    assert {file.name for file in folder.iterdir()} == {b["name"] + end for b in made for end in ("", ".json")}
    for backup in made:
        await client.post(f"/api/admin/backups/{backup['name']}/verify")


async def test_backups_of_one_second_have_names_of_their_own(client: ConsoleClient) -> None:
    """All at once, each whole; the list has the newest first and pages."""
    made = await asyncio.gather(*(client.post("/api/admin/backups") for _ in range(7)))
    names = {backup["name"] for backup in made}
    assert len(names) == 7
    listed = await client.every("/api/admin/backups")
    assert {backup["name"] for backup in listed} == names
    assert [backup["created_at"] for backup in listed] == sorted((b["created_at"] for b in made), reverse=True)
    first = await client.get("/api/admin/backups", limit=3, count=1)
    rest = await client.get("/api/admin/backups", limit=200, cursor=first["next_cursor"])
    assert (first["total"], first["items"] + rest["items"]) == (7, listed)
    bad = await client.ask("GET", "/api/admin/backups?cursor=x")
    assert (bad.status_code, bad.json()["error_code"]) == (422, "bad_cursor")


async def test_steps_lead_to_the_backup(client: ConsoleClient) -> None:
    """Each names bytes done and to do; the last one has the backup."""
    headers = {"Accept": "text/event-stream"}
    async with client.http.stream("POST", "/api/admin/backups", headers=headers) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        text = (await response.aread()).decode()
    assert re.findall(r"event: (\w+)", text)[-2:] == ["progress", "done"]
    (backup,) = (await client.get("/api/admin/backups"))["items"]
    assert f'"phase":"done","done_bytes":{backup["size_bytes"]},"total_bytes":{backup["size_bytes"]}' in text
    assert backup["sha256"] in text


async def test_lists_are_told_of_changes(console: Console) -> None:
    """The live channel names the backup that was made, checked, deleted."""
    client = console.client
    changes: list[Json] = []
    async with client.stream("/api/events") as live:
        async for frame in live:
            if frame.event == "hello":
                name = (await client.post("/api/admin/backups"))["name"]
                await client.post(f"/api/admin/backups/{name}/verify")
                await client.delete(f"/api/admin/backups/{name}")
            elif frame.event == "changed" and frame.data["kind"] == "backup":
                changes.append(frame.data)
            if len(changes) == 3:
                break
    assert [(change["kind"], change["id"], change["op"]) for change in changes] == [
        ("backup", name, "put"),
        ("backup", name, "put"),
        ("backup", name, "delete"),
    ]


async def test_a_deleted_one_is_gone(client: ConsoleClient, folder: Path) -> None:
    """With its note; a second time it is unknown."""
    name = (await client.post("/api/admin/backups"))["name"]
    await client.delete(f"/api/admin/backups/{name}")
    assert list(folder.iterdir()) == []
    for method, path in (("DELETE", ""), ("GET", ""), ("POST", "/verify")):
        reply = await client.ask(method, f"/api/admin/backups/{name}{path}")
        assert (reply.status_code, reply.json()["resource_id"]) == (404, name)


@pytest.mark.parametrize(
    "name", ["..%2Fconsole.db", "%2e%2e", "console.db-wal", ".db", "link.db", "sub.db", "a%00.db", "x" * 250 + ".db"]
)
async def test_no_name_leads_out_of_the_folder(console: Console, folder: Path, name: str) -> None:
    """Neither up, nor by a link, nor into a folder: 404, and nothing is read or deleted."""
    folder.mkdir()
    (folder / "link.db").symlink_to(folder.parent / "console.db")
    (folder / "sub.db").mkdir()
    for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/verify")):
        reply = await console.client.ask(method, f"/api/admin/backups/{name}{path}")
        assert reply.status_code in (404, 422), name
    assert (await console.client.get("/api/admin/backups"))["items"] == []
    assert (folder / "link.db").is_symlink()


async def test_a_damaged_one_is_found_out(client: ConsoleClient, folder: Path) -> None:
    """A sound one passes again and again; one changed bit anywhere is told, and so is a cut."""
    backup = await client.post("/api/admin/backups")
    file = folder / backup["name"]
    checked = await client.post(f"/api/admin/backups/{file.name}/verify")
    assert checked == {**backup, "verified_at": checked["verified_at"]}
    assert checked["verified_at"] > backup["verified_at"]
    whole = file.read_bytes()
    for damaged in (whole[:-5] + b"\x01" + whole[-4:], whole[: len(whole) // 2], b"", b"no database" * 500):
        file.write_bytes(damaged)
        reply = await client.ask("POST", f"/api/admin/backups/{file.name}/verify")
        assert (reply.status_code, reply.json()["error_code"]) == (409, "backup_damaged")


async def test_a_file_put_there_by_hand_is_listed_and_can_be_checked(client: ConsoleClient, folder: Path) -> None:
    """Without a note little is known of it; checking finds the same, and notes it."""
    backup = await client.post("/api/admin/backups")
    (folder / backup["name"]).rename(folder / "before the-move.db")
    (folder / "before the-move.db").rename(folder / "before-the-move.db")
    (listed,) = (await client.get("/api/admin/backups"))["items"]
    assert (listed["name"], listed["kind"], listed["counts"]) == ("before-the-move.db", "manual", None)
    checked = await client.post("/api/admin/backups/before-the-move.db/verify")
    assert {**backup, **{key: checked[key] for key in ("name", "created_at", "verified_at")}} == checked
    assert (await client.get("/api/admin/backups"))["items"] == [checked]


async def test_what_restoring_refuses_is_not_vouched_for(client: ConsoleClient, folder: Path, data: Path) -> None:
    """A sound database of another program, and one of ours with something to run in it."""
    backup = await client.post("/api/admin/backups")
    (folder / "active.db").write_bytes((folder / backup["name"]).read_bytes())
    for name, statement in (
        ("other.db", "CREATE TABLE bookmarks (url TEXT)"),
        ("active.db", "CREATE VIEW v AS SELECT * FROM sessions"),
    ):
        with closing(sqlite3.connect(folder / name)) as conn, conn:
            conn.execute(statement)
        reply = await client.ask("POST", f"/api/admin/backups/{name}/verify")
        assert (reply.status_code, reply.json()["error_code"]) == (409, "backup_damaged")
        assert "cannot be restored" in reply.json()["message"]
    listed = await client.every("/api/admin/backups")
    assert {item["name"]: item["verified_at"] for item in listed} == {
        backup["name"]: backup["verified_at"],
        "other.db": None,
        "active.db": None,
    }
    assert list((data / "restoring").iterdir()) == []


async def test_neither_key_nor_token_is_in_a_backup(data: Path, emulator: Emulator, folder: Path) -> None:
    """Nor in its note."""
    async with console_app(data, openrouter_base_url=emulator.base_url, token="a-token-of-the-owner") as running:
        await running.client.ask("PUT", "/api/settings/key", json={"key": SECRET}, headers=bearer())
        assert (data / KEY_FILE).exists()
        reply = await running.client.ask("POST", "/api/admin/backups", headers=bearer())
        assert reply.status_code == 201
    assert len(list(folder.iterdir())) == 2
    for file in folder.iterdir():
        assert SECRET.encode() not in file.read_bytes()
        assert b"a-token-of-the-owner" not in file.read_bytes()


def bearer() -> dict[str, str]:
    return {"Authorization": "Bearer a-token-of-the-owner"}


async def test_what_an_interrupted_process_left_is_removed(data: Path, emulator: Emulator, folder: Path) -> None:
    """Its unfinished copies and notes of nothing go at the next start, others' once they are old; all else stays.

    Other programs may keep databases, with files of theirs beside them, in the same folder.
    """
    async with console_app(data, upstream=emulator.base_url) as running:
        name = (await running.client.post("/api/admin/backups"))["name"]
    owner = installation_of(read_or_create_hash_key(data))
    stem = "console_backup_2026-01-01_00-00-00.db"
    old = (f"{stem}.0123abcd.partial", f"{stem}.0123abcd.partial-journal", f"{stem}.json.0123abcd.partial")
    left = (f"{stem}.{owner}.partial", f"a.db.{owner}.partial-journal", f"b.db.json.{owner}.partial")
    others = (f"{stem}.4567.partial", f"{stem}.4567.partial-journal", f"{stem}.json.4567.partial")
    foreign_old = ("mail.db.partial", "mail.db.0123abcd.partial-journal", "mail.db.json.0123abcd.partial")
    foreign = (
        "README.md",
        "mail.db.json",
        "console_backup_of_mail.db.json",
        "console_backup_2026-01-01_00-00-01.db.json",
    )
    for stray in (*left, *old, *others, *foreign, *foreign_old):
        (folder / stray).write_text('{"of": "another program"}')
    for stray in (*old, *foreign_old):
        os.utime(folder / stray, (0, 0))
    (folder / f"{stem}.json").touch()
    (folder / "console_backup_scheduled_2026-01-01_00-00-00_2.db.json").write_bytes(
        (folder / f"{name}.json").read_bytes()
    )
    async with console_app(data, upstream=emulator.base_url):
        kept = {name, f"{name}.json", *others, *foreign, *foreign_old}
        assert {file.name for file in folder.iterdir()} == kept


async def test_the_live_store_is_no_backup(client: ConsoleClient, data: Path, folder: Path) -> None:
    """Under another name in the folder of the backups it is neither listed, nor served, nor checked, nor deleted."""
    folder.mkdir(exist_ok=True)
    os.link(data / "console.db", folder / "live.db")
    assert (await client.get("/api/admin/backups"))["items"] == []
    for method, path in (("GET", ""), ("DELETE", ""), ("GET", "/content"), ("POST", "/verify")):
        reply = await client.ask(method, f"/api/admin/backups/live.db{path}")
        assert reply.status_code in (404, 405), (method, path, reply.text)
    reply = await client.ask("DELETE", "/api/admin/backups/live.db")
    assert (reply.status_code, reply.json()["error_code"]) == (404, "not_found")
    assert (folder / "live.db").exists()


@pytest.mark.parametrize(
    "way", ["the data folder", "a path into the backups", "a link to the folder", "a link to the file"]
)
async def test_a_folder_of_backups_that_holds_the_store_is_refused_at_the_start(
    data: Path, tmp_path: Path, way: str
) -> None:
    """In one plain sentence, and before anything is made there."""
    backups = tmp_path / "b"
    settings: dict[str, Any] = {"backups_dir": backups}
    match way:
        case "the data folder":
            settings = {"backups_dir": data}
        case "a path into the backups":
            settings["db_path"] = backups / "mine.db"
        case "a link to the folder":
            data.mkdir()
            backups.symlink_to(data)
        case "a link to the file":
            data.mkdir()
            backups.mkdir()
            (data / "console.db").symlink_to(backups / "mine.db")
    with pytest.raises(ValueError, match=r"holds the database .* a folder of their own"):
        async with console_app(data, **settings):
            pass
    assert not [*tmp_path.rglob("lock"), *tmp_path.rglob("*.db-wal")]


async def test_a_folder_that_cannot_be_used_is_told(data: Path, emulator: Emulator, tmp_path: Path) -> None:
    """A typed 503 with the reason, whatever is asked; the console itself runs."""
    (tmp_path / "file").write_text("no folder")
    async with console_app(data, upstream=emulator.base_url, backups_dir=tmp_path / "file" / "backups") as running:
        for method, path in (("POST", "/backups"), ("GET", "/backup"), ("GET", "/backups")):
            reply = await running.client.ask(method, f"/api/admin{path}")
            assert (reply.status_code, reply.json()["error_code"]) == (503, "backups_unavailable"), path
        assert (await running.client.answer("Hello")).status == "completed"
