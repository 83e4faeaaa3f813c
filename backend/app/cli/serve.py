"""``llm-console serve``."""

from __future__ import annotations

import gc
from typing import Annotated

import typer

from app.cli.options import DataOption, flags_given


def _port(text: str) -> int:
    port = int(text) if text.isascii() and text.isdecimal() else -1
    if not 0 <= port <= 65535:
        raise typer.BadParameter(f"{text!r} is no port; a port is a number from 0 to 65535")
    return port


def serve(
    host: Annotated[str | None, typer.Option(help="Address to bind (CONSOLE_HOST, 127.0.0.1).")] = None,
    port: Annotated[
        int | None,
        typer.Option(parser=_port, metavar="PORT", help="Port to bind (CONSOLE_PORT, 8000; 0 takes a free one)."),
    ] = None,
    data: DataOption = None,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Do not open a browser.")] = False,
) -> None:
    """Run the console until Ctrl-C."""
    # Imports make many objects that stay and hardly any garbage; `Server.startup` takes the collector up again.
    gc.disable()
    from app.cli.server import run_server

    flags = flags_given(host=host, port=port, data_dir=data)
    raise typer.Exit(run_server(flags, open_browser=not no_browser))
