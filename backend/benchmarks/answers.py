"""Whether every event that the upstream sent is in a server's database, once and in order."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from benchmarks import stamp

_ANSWERS = "SELECT content FROM messages WHERE role = 'assistant'"


@dataclass(frozen=True, slots=True)
class Stored:
    """What a database holds: events over all answers, and the answers in which one is doubled or out of order."""

    events: int
    disordered: int


def stored(database: Path) -> Stored:
    """Read the answers of a server that has stopped; nothing is written."""
    with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection:
        answers = [stamp.PATTERN.findall(text.encode()) for (text,) in connection.execute(_ANSWERS)]
    disordered = sum(stamps != sorted(set(stamps)) for stamps in answers)
    return Stored(sum(map(len, answers)), disordered)
