"""Options that several commands take, and what they mean."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

DataOption = Annotated[
    Path | None, typer.Option("--data", metavar="DIR", help="Data folder (CONSOLE_DATA, backend/data).")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def flags_given(**given: Any) -> dict[str, Any]:
    """The fields of ``Settings`` that were given on the command line; all others leave the environment its say."""
    return {name: value for name, value in given.items() if value is not None}
