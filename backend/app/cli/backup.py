"""``llm-console backup``: make, list, check and delete backups."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli.options import DataOption, JsonOption

backup = typer.Typer(invoke_without_command=True, help="Make a backup; or list, check and delete those there are.")

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Name of the backup, as `list` shows it.")]


@backup.callback()
def make_one(context: typer.Context, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Make a backup; or list, check and delete those there are. Works whether the console runs or not."""
    if context.invoked_subcommand is None:
        create(data, as_json)
    elif data is not None or as_json:
        raise typer.BadParameter(f"write options behind `{context.invoked_subcommand}`, not before it")


@backup.command()
def create(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Make a backup now."""
    made = asyncio.run(_create(data))
    print(json.dumps(made) if as_json else f"{made['name']}  {_size(made)}  sha256 {made['sha256']}")


@backup.command("list")
def list_(data: DataOption = None, as_json: JsonOption = False) -> None:
    """List the backups, newest first."""
    found = asyncio.run(_list(data))
    if as_json:
        print(json.dumps(found))
        return
    for item in found:
        checked = f"checked {item['verified_at']}" if item["verified_at"] else "never checked"
        print(f"{item['name']}  {item['kind']}  {_size(item)}  made {item['created_at']}  {checked}")


@backup.command()
def verify(name: NameArgument, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Read all of a backup again: whether it is sound, and still what was written."""
    checked = asyncio.run(_call(data, "POST", name, "/verify"))
    print(json.dumps(checked) if as_json else f"{checked['name']} is sound  sha256 {checked['sha256']}")


@backup.command()
def delete(
    name: NameArgument,
    data: DataOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Delete a backup for good."""
    if not yes:
        typer.confirm(f"Delete {name} for good?", abort=True, err=True)
    asyncio.run(_call(data, "DELETE", name))


async def _create(data: Path | None) -> dict[str, Any]:
    from app.cli.client import console
    from app.cli.steps import follow

    async with console(data) as http:
        made: dict[str, Any] = (await follow(http, "/api/admin/backups", title="Backup"))["backup"]
        return made


async def _list(data: Path | None) -> list[dict[str, Any]]:
    from app.cli.client import console

    found: list[dict[str, Any]] = []
    async with console(data) as http:
        query: dict[str, Any] = {"limit": 200}
        while True:
            page = (await http.get("/api/admin/backups", params=query)).json()
            found += page["items"]
            if page["next_cursor"] is None:
                return found
            query["cursor"] = page["next_cursor"]


async def _call(data: Path | None, method: str, name: str, action: str = "") -> Any:
    from app.cli.client import console, path_segment

    async with console(data) as http:
        response = await http.request(method, f"/api/admin/backups/{path_segment(name)}{action}")
        return response.json() if response.content else None


def _size(item: dict[str, Any]) -> str:
    return f"{item['size_bytes'] / 1e6:.1f} MB"
