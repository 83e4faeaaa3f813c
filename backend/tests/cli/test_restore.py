"""``llm-console restore``, with and without a running console."""

from __future__ import annotations

import asyncio
import io
import json
from pathlib import Path

import pytest

from app.cli.client import console
from app.cli.main import main
from tests.harness import ConsoleProcess


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What a command that succeeds prints; nothing but that."""
    assert main([*arguments]) == 0
    told = capsys.readouterr()
    assert told.err == ""
    return told.out


def titles(data: Path) -> list[str]:
    async def listed() -> list[str]:
        async with console(data) as http:
            return [session["title"] for session in (await http.get("/api/sessions")).json()["items"]]

    return asyncio.run(listed())


def make_session(data: Path, title: str) -> None:
    async def made() -> None:
        async with console(data) as http:
            await http.post("/api/sessions", json={"title": title})

    asyncio.run(made())


def test_a_backup_is_restored_by_name_and_by_file(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Told first, done when it is wanted; a dry run changes nothing, and neither does a no."""
    here = ("--data", str(data))
    make_session(data, "Kept")
    name = json.loads(said(capsys, "backup", *here, "--json"))["name"]
    file = tmp_path / "mine.db"
    file.write_bytes((data / "backups" / name).read_bytes())
    make_session(data, "Later")
    told = said(capsys, "restore", name, "--dry-run", *here)
    assert [line.split() for line in told.splitlines() if line.startswith("sessions")] == [["sessions", "2", "1", "1"]]
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    assert main(["restore", name, *here]) == 1
    assert titles(data) == ["Later", "Kept"]
    capsys.readouterr()
    assert f"Restored {name}. What was here is kept as console_backup_before_restore_" in said(
        capsys, "restore", name, "--yes", *here
    )
    assert titles(data) == ["Kept"]
    make_session(data, "Later")
    summary = json.loads(said(capsys, "restore", str(file), "--yes", "--json", *here))
    assert (summary["source"]["name"], summary["diff"]["sessions"]["after"]) == ("mine.db", 1)
    assert titles(data) == ["Kept"]


def test_what_is_no_backup_is_one_line(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An unknown name, a file that is none, and one that is not there."""
    make_session(data, "Kept")
    (tmp_path / "prose.db").write_text("Dear console")
    for source, reason in (
        ("none.db", "No backup 'none.db'"),
        (str(tmp_path / "prose.db"), "not a SQLite database"),
        (str(tmp_path / "none.db"), f"there is no file {tmp_path / 'none.db'}"),
        ("./none.db", "there is no file ./none.db"),
    ):
        assert main(["restore", source, "--yes", "--data", str(data)]) == 1
        told = capsys.readouterr()
        assert told.out == ""
        assert reason in told.err
        assert len(told.err.splitlines()) == 1


def test_a_misspelt_folder_gets_no_console(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is told, and nothing is made there."""
    make_session(data, "Kept")
    name = json.loads(said(capsys, "backup", "--data", str(data), "--json"))["name"]
    other = tmp_path / "typo"
    assert main(["restore", str(data / "backups" / name), "--yes", "--data", str(other)]) == 1
    assert f"there is no console in {other}" in capsys.readouterr().err
    assert not other.exists()


@pytest.mark.faults
async def test_a_running_console_restores_itself(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is asked over HTTP, and goes on."""
    async with ConsoleProcess(data) as process:
        await process.start()
        async with process.client() as client:
            await client.create_session(title="Kept")
            name = (await client.post("/api/admin/backups"))["name"]
            await client.create_session(title="Later")
            assert await asyncio.to_thread(main, ["restore", name, "--yes", "--data", str(data)]) == 0
            assert "Restored" in capsys.readouterr().out
            assert [session["title"] for session in await client.every("/api/sessions")] == ["Kept"]
        assert await process.interrupt() == 0


@pytest.mark.faults
async def test_a_backup_put_in_its_place_by_hand(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Stop, replace the file, start: it works. With the last changes of a killed console beside it, it is refused."""
    async with ConsoleProcess(data) as process:
        await process.start()
        async with process.client() as client:
            await client.create_session(title="Kept")
            name = (await client.post("/api/admin/backups"))["name"]
            await client.create_session(title="Later")
        assert await process.interrupt() == 0
    backup = (data / "backups" / name).read_bytes()
    (data / "console.db").write_bytes(backup)
    async with ConsoleProcess(data) as process:
        await process.start()
        async with process.client() as client:
            assert [session["title"] for session in await client.every("/api/sessions")] == ["Kept"]
            await client.create_session(title="Later")
        await process.kill()
    (data / "console.db").write_bytes(backup)
    assert await asyncio.to_thread(main, ["restore", name, "--yes", "--data", str(data)]) == 1
    assert "was replaced while console.db-wal still holds" in capsys.readouterr().err
    assert (data / "console.db").read_bytes() == backup
    (data / "console.db-wal").rename(data / "old-wal")
    (data / "console.db-shm").unlink(missing_ok=True)
    async with ConsoleProcess(data) as process:
        await process.start()
        async with process.client() as client:
            assert [session["title"] for session in await client.every("/api/sessions")] == ["Kept"]
        assert await process.interrupt() == 0
