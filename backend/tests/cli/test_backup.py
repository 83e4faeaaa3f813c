"""``llm-console backup``, with and without a running console."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
from pathlib import Path

import pytest

from app.cli.client import console
from app.cli.main import main
from emulator import Emulator
from tests.harness import ConsoleProcess, console_app


@pytest.fixture
def stopped(data: Path) -> Path:
    """The data folder of a console that does not run."""

    async def once() -> None:
        async with console(data):
            pass

    asyncio.run(once())
    return data


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What a command that succeeds prints; nothing but that."""
    assert main(["backup", *arguments]) == 0
    told = capsys.readouterr()
    assert told.err == ""
    return told.out


def test_backups_are_made_listed_checked_and_deleted(stopped: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a console running, for people and for programs."""
    name = said(capsys, "--data", str(stopped)).split()[0]
    made = json.loads(said(capsys, "create", "--data", str(stopped), "--json"))
    file = stopped / "backups" / made["name"]
    assert made["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    listed = json.loads(said(capsys, "list", "--data", str(stopped), "--json"))
    assert [item["name"] for item in listed] == [made["name"], name]
    assert said(capsys, "list", "--data", str(stopped)).splitlines()[0].startswith(f"{made['name']}  manual  ")
    assert said(capsys, "verify", name, "--data", str(stopped)).startswith(f"{name} is sound")
    assert said(capsys, "delete", name, "--yes", "--data", str(stopped)) == ""
    assert [item["name"] for item in json.loads(said(capsys, "list", "--json", "--data", str(stopped)))] == [
        made["name"]
    ]


def test_what_goes_wrong_is_one_line(
    stopped: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Status 1, no traceback: an unknown name, a damaged file, a folder that is none, an answer that is no."""
    made = json.loads(said(capsys, "--data", str(stopped), "--json"))
    (stopped / "backups" / made["name"]).write_bytes(b"")
    for arguments in (["verify", made["name"]], ["verify", "none.db"], ["delete", "none.db", "--yes"]):
        assert main(["backup", *arguments, "--data", str(stopped)]) == 1
        told = capsys.readouterr()
        assert told.out == ""
        assert told.err.startswith("llm-console: ")
        assert len(told.err.splitlines()) == 1
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    assert main(["backup", "delete", made["name"], "--data", str(stopped)]) == 1
    assert (stopped / "backups" / made["name"]).exists()
    assert main(["backup", "cook"]) == 2
    assert main(["backup", "--data", str(stopped), "list"]) == 2


async def test_a_name_leads_nowhere_else(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is typed stays one name, whatever signs of an address are in it."""
    names = ("../../sessions/{id}", "..", ".", "", "a?b#c", "%2e%2e/x")
    async with ConsoleProcess(data) as process:
        await process.start()
        async with process.client() as client:
            session = await client.create_session()
            for name in names:
                status = await asyncio.to_thread(
                    main, ["backup", "delete", name.format(id=session["id"]), "--yes", "--data", str(data)]
                )
                assert status == 1, name
                assert len(capsys.readouterr().err.splitlines()) == 1, name
                assert (await client.ask("GET", f"/api/sessions/{session['id']}")).status_code == 200, name


def test_a_refused_backup_is_told(
    stopped: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The steps end with the console's own error."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("CONSOLE_BACKUPS", str(tmp_path / "file"))
    assert main(["backup", "--data", str(stopped)]) == 1
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


@pytest.mark.parametrize("arguments", [["list"], [], ["verify", "a.db"], ["delete", "a.db", "--yes"]])
def test_where_no_console_is_nothing_is_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    """A folder's name that was mistyped is told, not made."""
    missing = tmp_path / "mistyped"
    assert main(["backup", *arguments, "--data", str(missing)]) == 1
    assert f"there is no console in {missing}" in capsys.readouterr().err
    assert main(["token", "list", "--data", str(missing)]) == 1
    assert list(tmp_path.iterdir()) == []


async def test_a_backup_asks_no_provider(
    data: Path, emulator: Emulator, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a running console: neither what it offers nor what a call has cost."""
    emulator.set_scenario("missing_usage; misses=1000")
    async with console_app(data, upstream=emulator.base_url) as running:
        await running.client.answer("of unknown cost")
    emulator.reset()
    monkeypatch.setenv("CONSOLE_OPENROUTER_BASE_URL", emulator.base_url)
    monkeypatch.setenv("CONSOLE_OPENROUTER_API_KEY", "a-key")
    assert (await asyncio.to_thread(said, capsys, "--data", str(data))).startswith("console_backup_")
    assert emulator.requests == []
