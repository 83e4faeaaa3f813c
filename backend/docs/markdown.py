"""Pages and tables of the reference documents."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def page(title: str, *blocks: str) -> str:
    return (
        "\n\n".join(
            (f"# {title}", "<!-- Written by scripts/docs from the code. -->", *(block.strip() for block in blocks))
        )
        + "\n"
    )


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows]
    return "\n".join((f"| {' | '.join(head)} |", "|---" * len(head) + "|", *lines)) + "\n"


def prose(docstring: str) -> str:
    return " ".join(docstring.split()).replace("``", "`")
