"""``llm-console token``, with and without a running console."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import httpx
import pytest

from app.cli.main import main
from tests.harness import ConsoleProcess


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What a command that succeeds prints; nothing but that."""
    assert main(["token", *arguments]) == 0
    told = capsys.readouterr()
    assert told.err == ""
    return told.out


def test_a_misspelt_folder_gets_no_console(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A token of it would open nothing."""
    other = tmp_path / "typo"
    assert main(["token", "create", "x", "--scope", "read", "--data", str(other)]) == 1
    assert f"there is no console in {other}" in capsys.readouterr().err
    assert not other.exists()


def test_tokens_are_made_listed_and_revoked(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The secret alone on its line, so that a script can keep it; the list never has it."""
    here = ("--data", str(data))
    secret = said(capsys, "create", "a program", "--scope", "chat", "--budget", "0.25", *here).strip()
    assert secret.startswith("llmc_")
    made = json.loads(said(capsys, "create", "another", "--scope", "read", "--json", *here))
    listed = said(capsys, "list", *here)
    assert secret not in listed
    assert [line.split("  ")[1:] for line in listed.splitlines()] == [
        ["read", "no budget", "used never", "another"],
        ["chat", "0 of 0.25 USD", "used never", "a program"],
    ]
    assert said(capsys, "revoke", made["id"], *here) == ""
    assert [bool(item["revoked_at"]) for item in json.loads(said(capsys, "list", "--json", *here))] == [True, False]


def test_what_goes_wrong_is_one_line(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An unknown scope or id, a budget that is none."""
    for arguments in (
        ["create", "x", "--scope", "owner"],
        ["create", "x", "--scope", "chat", "--budget", "much"],
        ["revoke", "none"],
    ):
        assert main(["token", *arguments, "--data", str(data)]) == 1
        told = capsys.readouterr()
        assert told.out == ""
        assert len(told.err.splitlines()) == 1
    assert main(["token", "create", "x"]) == 2


async def test_a_running_console_knows_it_at_once(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And forgets it at once."""
    async with ConsoleProcess(data, variables={"CONSOLE_AUTH": "token"}) as process:
        await process.start()
        made = json.loads(
            await asyncio.to_thread(said, capsys, "create", "x", "--scope", "read", "--json", "--data", str(data))
        )
        async with httpx.AsyncClient(base_url=process.url, trust_env=False) as http:
            headers = {"authorization": f"Bearer {made['token']}"}
            assert (await http.get("/api/sessions", headers=headers)).status_code == 200
            await asyncio.to_thread(said, capsys, "revoke", made["id"], "--data", str(data))
            assert (await http.get("/api/sessions", headers=headers)).status_code == 401
