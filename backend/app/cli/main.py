"""``llm-console``: the operator's commands."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from app.cli.serve import serve


def main(argv: list[str] | None = None) -> int:
    """Run one command; its exit status."""
    parser = argparse.ArgumentParser(prog="llm-console", description="A local-first console for large language models.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    command = commands.add_parser("serve", help="run the console until Ctrl-C")
    command.add_argument("--host", help="address to bind (CONSOLE_HOST, 127.0.0.1)")
    command.add_argument("--port", type=_port, help="port to bind (CONSOLE_PORT, 8000; 0 takes a free one)")
    command.add_argument("--data", type=Path, metavar="DIR", help="data folder (CONSOLE_DATA, backend/data)")
    command.add_argument("--no-browser", action="store_true", help="do not open a browser")
    command.set_defaults(run=serve)
    arguments = parser.parse_args(argv)
    status: int = arguments.run(arguments)
    return status


def _port(text: str) -> int:
    port = int(text) if text.isascii() and text.isdecimal() else -1
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port; a port is a number from 0 to 65535")
    return port


if __name__ == "__main__":
    sys.exit(main())
