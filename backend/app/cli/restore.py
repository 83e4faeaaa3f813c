"""``llm-console restore``: put what a backup holds in the place of what is here."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.failure import CommandFailed
from app.cli.options import DataOption, JsonOption

if TYPE_CHECKING:
    import httpx

PATH = "/api/admin/restore"


def restore(
    source: Annotated[str, typer.Argument(metavar="FILE|NAME", help="A file, or a name as `backup list` shows it.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would change.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put what a backup holds in the place of what is here; that is backed up first. Works whether the console runs.

    On a new machine start the console once, then restore.
    """
    asyncio.run(_restore(source, data, dry_run=dry_run, yes=yes, as_json=as_json))


async def _restore(source: str, data: Path | None, *, dry_run: bool, yes: bool, as_json: bool) -> None:
    from app.cli.client import console

    file = Path(source)
    if not file.is_file() and os.sep in source:
        raise CommandFailed(f"there is no file {source}")
    async with console(data) as http:
        if not dry_run and not yes:
            for line in _told(await _ask(http, source, dry_run=True)):
                print(line)
            typer.confirm("Restore it?", abort=True, err=True)
        summary = await _ask(http, source, dry_run=dry_run)
        if as_json:
            print(json.dumps(summary))
            return
        for line in _told(summary):
            print(line)


async def _ask(http: httpx.AsyncClient, source: str, *, dry_run: bool) -> dict[str, Any]:
    file = Path(source)
    if file.is_file():
        with await asyncio.to_thread(file.open, "rb") as opened:
            form = {"dry_run": "true" if dry_run else "false"}
            reply = await http.post(PATH, files={"file": (file.name, opened)}, data=form)
    else:
        reply = await http.post(PATH, json={"name": source, "dry_run": dry_run})
    summary: dict[str, Any] = reply.json()
    return summary


def _told(summary: dict[str, Any]) -> list[str]:
    """The summary for people: the tables that hold anything, then what else there is to know."""
    lines = [f"{'':20}{'here':>10}{'backup':>10}{'after':>10}"]
    for table, counts in summary["diff"].items():
        if any(counts.values()):
            lines.append(f"{table:20}{counts['now']:>10}{counts['backup']:>10}{counts['after']:>10}")
    lines += summary["warnings"]
    if not summary["dry_run"]:
        lines.append(f"Restored {summary['source']['name']}. What was here is kept as {summary['safety_backup']}.")
    return lines
