"""``llm-console budgets``: what may be spent, and what is left of it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from app.cli.options import DataOption, JsonOption

PATH = "/api/budgets"


def budgets(data: DataOption = None, as_json: JsonOption = False) -> None:
    """List the budgets with what is spent, held and left in the period that runs."""
    found = asyncio.run(_list(data))
    if as_json:
        print(json.dumps(found))
        return
    for item in found:
        whose = item["kind"] if item["of"] is None else f"{item['kind']} {item['of']}"
        money = f"{item['spent_usd']} + {item['reserved_usd']} of {item['limit_usd']} USD a {item['period']}"
        how = "hard" if item["hard"] else "soft"
        print(f"{item['id']}  {whose}  {money}  {how}  {item['state']}  {item['name'] or ''}".rstrip())


async def _list(data: Path | None) -> list[dict[str, Any]]:
    from app.cli.client import console

    async with console(data) as http:
        found: list[dict[str, Any]] = (await http.get(PATH)).json()["items"]
        return found
