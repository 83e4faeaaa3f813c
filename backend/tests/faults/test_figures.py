"""The table of figures: a row is put in its place, and the rest of the document stays as it is."""

from __future__ import annotations

import random
from pathlib import Path

from tests.faults.figures import Figures, spread, with_row

BLANK = "# Reliability\n\nText.\n\n<!-- figures: by hand never -->\n\n<!-- /figures -->\n\n## Guards\n"


def test_rows_keep_their_place_and_are_replaced_by_name() -> None:
    """Measured again, a row is where it was; the machine is told once."""
    once = with_row(with_row(BLANK, ("kills", "5", "0 lost", "1"), "On A."), ("storm", "2", "1 call", "2"), "On A.")
    again = with_row(once, ("kills", "9", "0 lost", "3"), "On B.")
    assert again.startswith("# Reliability\n\nText.\n\n<!-- figures: by hand never -->\n\n| what |")
    assert again.endswith("<!-- /figures -->\n\n## Guards\n")
    rows = [line for line in again.splitlines() if line.startswith("| ")][1:]
    assert rows == ["| kills | 9 | 0 lost | 3 |", "| storm | 2 | 1 call | 2 |"]
    assert again.count("On B.") == 1
    assert "On A." not in again
    assert with_row(again, ("kills", "9", "0 lost", "3"), "On B.") == again


def test_only_the_long_form_writes(tmp_path: Path) -> None:
    """A short run prints its figures and leaves the document alone."""
    document = tmp_path / "reliability.md"
    document.write_text(BLANK)
    Figures(None, seed=1).tell("kills", "5", "0 lost")
    assert document.read_text() == BLANK
    Figures(document, seed=1).tell("kills", "5", "0 lost")
    assert "| kills | 5 | 0 lost | 1 |" in document.read_text()


def test_a_spread_is_told_by_its_middle_and_its_end(draw: random.Random) -> None:
    """Whatever the order."""
    values = [n / 100 for n in range(100)]
    draw.shuffle(values)
    assert spread(values) == "p50 0.50 s, p95 0.95 s, max 0.99 s"
