"""What the long form measured, as the rows of a table in ``docs/reliability.md``."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Sequence
from pathlib import Path

import apsw

from tests.harness.environment import BACKEND

DOCUMENT = BACKEND / "docs" / "reliability.md"
_BLOCK = re.compile(r"(<!-- figures[^>]*-->\n).*?(<!-- /figures -->)", re.DOTALL)
_HEAD = ("what", "how often", "result", "seed")


class Figures:
    """Tells figures of one test: printed always, put into a document when there is one."""

    def __init__(self, document: Path | None, seed: int) -> None:
        self._document, self._seed = document, seed

    def tell(self, what: str, how_often: str, result: str) -> None:
        """One row; an older one of the same name is replaced."""
        print(f"\n{what}: {how_often}: {result} (seed {self._seed})")  # noqa: T201
        if self._document is not None:
            text = self._document.read_text(encoding="utf-8")
            text = with_row(text, (what, how_often, result, str(self._seed)), machine())
            self._document.write_text(text, encoding="utf-8")


def with_row(text: str, row: Sequence[str], measured_on: str) -> str:
    """A document with a row put into its table of figures, in the place of the one with the same first cell."""
    found = _BLOCK.search(text)
    assert found, "the document has no block for figures"
    lines = [line for line in found[0].splitlines() if line.startswith("| ")][1:]
    rows = {_cells(line)[0]: line for line in lines}
    rows[row[0]] = f"| {' | '.join(row)} |"
    table = "\n".join((f"| {' | '.join(_HEAD)} |", "|---" * len(_HEAD) + "|", *rows.values()))
    return text[: found.start()] + f"{found[1]}\n{table}\n\n{measured_on}\n\n{found[2]}" + text[found.end() :]


def machine() -> str:
    """What the figures were measured on."""
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"Measured on {platform.system()} {platform.machine()}, {os.cpu_count()} cores, {memory_gib:.0f} GiB,"
        f" Python {platform.python_version()}, SQLite {apsw.sqlite_lib_version()}."
    )


def spread(values: Sequence[float], unit: str = "s") -> str:
    """The middle, the 95th percentile and the largest of some measurements."""
    ordered = sorted(values)
    middle, high = ordered[len(ordered) // 2], ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
    return f"p50 {middle:.2f} {unit}, p95 {high:.2f} {unit}, max {ordered[-1]:.2f} {unit}"


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split(" | ")]
