"""``llm-console token``: give programs named tokens, list them, take them back."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli.options import DataOption, JsonOption

token = typer.Typer(no_args_is_help=True, help="Named access tokens for programs: create, list, revoke.")

PATH = "/api/tokens"


@token.command()
def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the token is for.")],
    scope: Annotated[str, typer.Option("--scope", metavar="read|chat|admin", help="Each includes the ones before.")],
    budget: Annotated[
        str | None, typer.Option("--budget", metavar="USD", help="Most that its calls may cost in all.")
    ] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a token and print its secret, which is shown this once."""
    body = {"name": name, "scopes": [scope], "budget_usd": budget}
    made = asyncio.run(_call(data, "POST", PATH, body))
    print(json.dumps(made) if as_json else made["token"])


@token.command("list")
def list_(data: DataOption = None, as_json: JsonOption = False) -> None:
    """List the tokens, newest first, revoked ones too; never a secret."""
    found = asyncio.run(_list(data))
    if as_json:
        print(json.dumps(found))
        return
    for item in found:
        money = f"{item['spent_usd']} of {item['budget_usd']} USD" if item["budget_usd"] is not None else "no budget"
        state = f"revoked {item['revoked_at']}" if item["revoked_at"] else f"used {item['last_used_at'] or 'never'}"
        print(f"{item['id']}  {','.join(item['scopes'])}  {money}  {state}  {item['name']}")


@token.command()
def revoke(
    token_id: Annotated[str, typer.Argument(metavar="ID", help="Id of the token, as `list` shows it.")],
    data: DataOption = None,
) -> None:
    """Revoke a token for good."""
    from app.cli.client import path_segment

    asyncio.run(_call(data, "DELETE", f"{PATH}/{path_segment(token_id)}"))


async def _call(data: Path | None, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    from app.cli.client import console

    async with console(data) as http:
        response = await http.request(method, path, json=body)
        return response.json() if response.content else None


async def _list(data: Path | None) -> list[dict[str, Any]]:
    from app.cli.client import console

    found: list[dict[str, Any]] = []
    async with console(data) as http:
        query: dict[str, Any] = {"limit": 200}
        while True:
            page = (await http.get(PATH, params=query)).json()
            found += page["items"]
            if page["next_cursor"] is None:
                return found
            query["cursor"] = page["next_cursor"]
