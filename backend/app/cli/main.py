"""``llm-console``: the operator's commands.

A command raises ``CommandFailed``, or ``typer.Exit`` with a status of its own. What it needs beyond the command line it
imports when it runs, so that each starts as fast as it can.
"""

from __future__ import annotations

import sys

import typer

from app.cli.backup import backup
from app.cli.budgets import budgets
from app.cli.failure import CommandFailed, fail
from app.cli.prove import prove
from app.cli.restore import restore
from app.cli.serve import serve
from app.cli.token import token
from app.cli.usage import usage

commands = typer.Typer(
    help="A local-first console for large language models.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
commands.command()(serve)
commands.add_typer(backup, name="backup")
commands.command()(restore)
commands.command()(prove)
commands.add_typer(token, name="token")
commands.add_typer(usage, name="usage")
commands.command()(budgets)


@commands.callback()
def _program() -> None:
    pass


def main(argv: list[str] | None = None) -> int:
    """Run one command; its exit status: 1 with one line on standard error when it failed, 2 when it was misspelt."""
    try:
        commands(argv, prog_name="llm-console")
    except SystemExit as end:
        return int(end.code or 0)
    except CommandFailed as error:
        return fail(str(error))
    return 0


if __name__ == "__main__":
    sys.exit(main())
