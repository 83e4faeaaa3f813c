"""``llm-console budgets``: the list, as text and as JSON."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from app.cli.client import console
from app.cli.main import main


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["budgets", *arguments]) == 0
    told = capsys.readouterr()
    assert told.err == ""
    return told.out


def test_budgets_are_listed(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whose they are, what is left of them, and how they are."""

    async def make() -> None:
        async with console(data) as http:
            for fields in (
                {"kind": "all", "period": "month", "limit_usd": "20.5", "name": "all of it"},
                {"kind": "purpose", "of": "embedding", "period": "day", "limit_usd": 0, "hard": False},
            ):
                (await http.post("/api/budgets", json=fields)).raise_for_status()

    assert said(capsys, "--data", str(data)) == ""
    asyncio.run(make())
    lines = [line.split("  ")[1:] for line in said(capsys, "--data", str(data)).splitlines()]
    assert lines == [
        ["all", "0 + 0 of 20.5 USD a month", "hard", "ok", "all of it"],
        ["purpose embedding", "0 + 0 of 0 USD a day", "soft", "exceeded"],
    ]
    assert [item["of"] for item in json.loads(said(capsys, "--json", "--data", str(data)))] == [None, "embedding"]
