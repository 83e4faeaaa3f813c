"""``llm-console usage``: what was spent, and whether the sums are those of the rows."""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli.failure import EXIT_FAILED
from app.cli.options import DataOption, JsonOption

usage = typer.Typer(invoke_without_command=True, help="What was spent, by model; or check the sums.")

_COLUMNS = ("model", "calls", "failed", "tokens", "USD")


@usage.callback()
def show(
    context: typer.Context,
    from_day: Annotated[str | None, typer.Option("--from", metavar="DAY", help="First day, as 2026-01-31.")] = None,
    to_day: Annotated[str | None, typer.Option("--to", metavar="DAY", help="Last day; today if not given.")] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print what was spent by model, in the last 30 days or those given. Works whether the console runs or not."""
    if context.invoked_subcommand is not None:
        if from_day or to_day or as_json or data is not None:
            raise typer.BadParameter(f"write options behind `{context.invoked_subcommand}`, not before it")
        return
    span = {name: day for name, day in (("from", from_day), ("to", to_day)) if day is not None}
    text = asyncio.run(_text(data, "GET", "/api/usage/summary", span))
    print(text if as_json else _table(json.loads(text, parse_float=Decimal)))


@usage.command()
def check(
    repair: Annotated[bool, typer.Option("--repair", help="Make every sum anew from the rows.")] = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add up every row of the ledger and name the sums that are not theirs; status 1 when there are any left."""
    method, path = ("POST", "/api/admin/usage/repair") if repair else ("GET", "/api/admin/usage/check")
    text = asyncio.run(_text(data, method, path, {}))
    found = json.loads(text)
    if as_json:
        print(text)
    else:
        for one in found["differences"]:
            print(f"{one['where']}  {one['figure']}  kept {one['kept']}  counted {one['counted']}")
        unnamed = found["wrong"] - len(found["differences"])
        more = f", {unnamed} of them not named" if unnamed else ""
        done = "; all sums were made anew" if found["repaired"] else ""
        print(f"{found['wrong']} sums are wrong{more}{done}" if found["wrong"] else f"all sums are right{done}")
    if found["wrong"] and not found["repaired"]:
        raise typer.Exit(EXIT_FAILED)


async def _text(data: Path | None, method: str, path: str, query: dict[str, str]) -> str:
    from app.cli.client import console

    async with console(data) as http:
        return (await http.request(method, path, params=query)).text


def _table(summary: dict[str, Any]) -> str:
    """Right-aligned figures under their names, the whole in the last line."""
    lines = [_COLUMNS, *(_line(one["model"], one) for one in summary["by_model"]), _line("all", summary["totals"])]
    widths = [max(len(line[column]) for line in lines) for column in range(len(_COLUMNS))]
    told = [f"{summary['from']} to {summary['to']} ({summary['tz']})"]
    for line in lines:
        figures = "  ".join(cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True))
        told.append(f"{line[0].ljust(widths[0])}  {figures}")
    totals = summary["totals"]
    if totals["unknown_calls"]:
        told.append(f"The cost of {totals['unknown_calls']} calls is not known.")
    if manual := Decimal(totals["manual_cost_usd"]):
        told.append(f"Entered by hand besides: {manual:f} USD.")
    return "\n".join(told)


def _line(name: str, sums: dict[str, Any]) -> tuple[str, ...]:
    cost = Decimal(sums["cost_usd"])
    return (name, str(sums["calls"]), str(sums["failed_calls"]), str(sums["total_tokens"]), f"{cost:f}")
