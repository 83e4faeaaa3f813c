"""``llm-console usage``, with and without a running console."""

from __future__ import annotations

import asyncio
import json
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from app.cli.main import main
from tests.harness import ConsoleProcess, console_app


@pytest.fixture
async def spent(data: Path) -> Path:
    """A folder whose console has made two calls of the demo, and was closed."""
    async with console_app(data) as running:
        await running.client.answer("[[rate=5000 latency=0]] Hello")
        await running.client.answer("[[rate=5000 latency=0]] Hello", model="openai/gpt-4o")
    return data


def said(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> str:
    """What a command prints; nothing but that."""
    assert main(["usage", *arguments]) == status
    told = capsys.readouterr()
    assert told.err == ""
    return told.out


def spoil(data: Path) -> None:
    with closing(apsw.Connection(str(data / "console.db"))) as conn:
        conn.execute("UPDATE usage_sums SET cost_picousd = cost_picousd + 7 WHERE grain = 'total'")
        conn.execute("DELETE FROM usage_sums WHERE grain = 'month' AND model = 'openai/gpt-4o'")
        conn.execute("UPDATE sessions SET total_tokens = total_tokens + 1")
        conn.execute(
            "INSERT INTO usage_sums SELECT 'day', '2001-01-01', model, profile_id, provider, purpose, calls,"
            " failed_calls, unknown_calls, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 FROM usage_sums WHERE grain = 'day' LIMIT 1"
        )


async def test_the_table_and_the_check(spent: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By model and in all; a sum that is wrong is named, and made anew when that is asked for."""
    await asyncio.to_thread(_table_and_check, spent, capsys)


def _table_and_check(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    here = ("--data", str(data))
    table = said(capsys, *here).splitlines()
    assert table[0].endswith("(UTC)")
    assert table[1].split() == ["model", "calls", "failed", "tokens", "USD"]
    assert {line.split()[0] for line in table[2:]} == {"openai/gpt-4o", "openai/gpt-4o-mini", "all"}
    assert table[-1].split()[1:3] == ["2", "0"]
    spoil(data)
    told = said(capsys, "check", *here, status=1).splitlines()
    assert told[-1].endswith("sums are wrong")
    named = "\n".join(told)
    assert "cost_picousd  kept 7  counted 0" in named
    assert "day 2001-01-01" in named
    assert "session " in named
    assert "month " in named
    assert said(capsys, "check", "--repair", *here).endswith("; all sums were made anew\n")
    assert json.loads(said(capsys, "check", "--json", *here))["differences"] == []


def test_what_goes_wrong_is_one_line(spent: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A day that is none, days in the wrong order, options at the wrong place."""
    here = ("--data", str(spent))
    assert main(["usage", "--from", "2026-01-02", "--to", "2026-01-01", *here]) == 1
    told = capsys.readouterr()
    assert (told.out, len(told.err.splitlines())) == ("", 1)
    assert main(["usage", "--json", "check", *here]) == 2


async def test_a_running_console_is_asked(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Through its API: it owns the store."""
    async with ConsoleProcess(data) as process:
        await process.start()
        told = await asyncio.to_thread(said, capsys, "check", "--data", str(data))
        assert told == "all sums are right\n"
