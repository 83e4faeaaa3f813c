"""``llm-console backup``, with and without a running console."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
from pathlib import Path

import pytest

from app.cli.main import main
from tests.harness import ConsoleProcess


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What a command that succeeds prints; nothing but that."""
    assert main(["backup", *arguments]) == 0
    told = capsys.readouterr()
    assert told.err == ""
    return told.out


def test_backups_are_made_listed_checked_and_deleted(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a console running, for people and for programs."""
    name = said(capsys, "--data", str(data)).split()[0]
    made = json.loads(said(capsys, "create", "--data", str(data), "--json"))
    file = data / "backups" / made["name"]
    assert made["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    listed = json.loads(said(capsys, "list", "--data", str(data), "--json"))
    assert [item["name"] for item in listed] == [made["name"], name]
    assert said(capsys, "list", "--data", str(data)).splitlines()[0].startswith(f"{made['name']}  manual  ")
    assert said(capsys, "verify", name, "--data", str(data)).startswith(f"{name} is sound")
    assert said(capsys, "delete", name, "--yes", "--data", str(data)) == ""
    assert [item["name"] for item in json.loads(said(capsys, "list", "--json", "--data", str(data)))] == [made["name"]]


def test_what_goes_wrong_is_one_line(
    data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Status 1, no traceback: an unknown name, a damaged file, a folder that is none, an answer that is no."""
    made = json.loads(said(capsys, "--data", str(data), "--json"))
    (data / "backups" / made["name"]).write_bytes(b"")
    for arguments in (["verify", made["name"]], ["verify", "none.db"], ["delete", "none.db", "--yes"]):
        assert main(["backup", *arguments, "--data", str(data)]) == 1
        told = capsys.readouterr()
        assert told.out == ""
        assert told.err.startswith("llm-console: ")
        assert len(told.err.splitlines()) == 1
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    assert main(["backup", "delete", made["name"], "--data", str(data)]) == 1
    assert (data / "backups" / made["name"]).exists()
    assert main(["backup", "cook"]) == 2
    assert main(["backup", "--data", str(data), "list"]) == 2


@pytest.mark.parametrize("name", ["../../sessions/{id}", "..", ".", "", "a?b#c", "%2e%2e/x"])
async def test_a_name_leads_nowhere_else(data: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    """What is typed stays one name, whatever signs of an address are in it."""
    async with ConsoleProcess(data) as process:
        await process.start()
        async with process.client() as client:
            session = await client.create_session()
            status = await asyncio.to_thread(
                main, ["backup", "delete", name.format(id=session["id"]), "--yes", "--data", str(data)]
            )
            assert status == 1
            assert (await client.ask("GET", f"/api/sessions/{session['id']}")).status_code == 200
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_refused_backup_is_told(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The steps end with the console's own error."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("CONSOLE_BACKUPS", str(tmp_path / "file"))
    assert main(["backup", "--data", str(data)]) == 1
    assert "CONSOLE_BACKUPS" in capsys.readouterr().err


@pytest.mark.faults
async def test_a_console_with_a_token_of_its_own_says_where_it_is_from(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The file in the data folder is not that token."""
    async with ConsoleProcess(data, variables={"CONSOLE_TOKEN": "a-token-from-the-environment"}) as process:
        await process.start()
        assert await asyncio.to_thread(main, ["backup", "list", "--data", str(data)]) == 1
    told = capsys.readouterr().err
    assert "CONSOLE_TOKEN" in told
    assert len(told.splitlines()) == 1


async def test_a_running_console_makes_it(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command is its client: the same folder, the same list."""
    async with ConsoleProcess(data) as process:
        await process.start()
        assert await asyncio.to_thread(main, ["backup", "--data", str(data), "--json"]) == 0
        made = json.loads(capsys.readouterr().out)
        async with process.client() as client:
            assert (await client.get("/api/admin/backups"))["items"] == [made]
        assert await process.interrupt() == 0
