"""Long work of the console, followed on standard error while a person watches."""

from __future__ import annotations

from typing import Any

import httpx

from app.cli.client import Refused
from app.cli.failure import CommandFailed
from app.core.errors import running_text
from app.core.json import decode
from app.core.sse_decoder import SseDecoder


async def follow(http: httpx.AsyncClient, path: str, *, title: str) -> dict[str, Any]:
    """POST for work that is told in steps of bytes, and show them; its last step.

    Raises `Refused` for the console's own error, `CommandFailed` when the steps break off.
    """
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

    shown = Console(stderr=True)
    columns = (TextColumn(title), BarColumn(), DownloadColumn(), TextColumn("{task.fields[phase]}"))
    bar = Progress(*columns, console=shown, transient=True, disable=not shown.is_terminal)
    decoder = SseDecoder()
    last: dict[str, Any] | None = None
    with bar:
        task = bar.add_task(title, total=None, phase="")
        async with http.stream("POST", path, headers={"Accept": "text/event-stream"}) as response:
            async for piece in response.aiter_raw():
                for event in decoder.feed(piece):
                    told = decode(event.data)
                    if event.event == "error":
                        text = running_text(told["message"], told["details"].get("hint", ""))
                        raise Refused(told["error_code"], response.status_code, text)
                    if event.event == "done" and last is not None:
                        return last
                    last = told
                    bar.update(task, completed=told["done_bytes"], total=told["total_bytes"], phase=told["phase"])
    raise CommandFailed("the console broke off before it was done; look at its log")
