"""How a command says why it failed: one plain line on standard error, and exit status 1."""

from __future__ import annotations

import sys

from pydantic import ValidationError

EXIT_FAILED = 1


class CommandFailed(Exception):
    """A command cannot do what it was asked; its text is for the person who typed it."""


def fail(reason: str) -> int:
    """Tell the reason; the exit status."""
    print(f"llm-console: {' '.join(reason.split())}", file=sys.stderr)
    return EXIT_FAILED


def settings_problem(error: ValidationError) -> str:
    """Every setting that makes no sense, by its name; values are left out, they may be secrets."""
    return "; ".join(f"{problem['loc'][0]}: {problem['msg']}" for problem in error.errors())
