"""What a backup may bring, held against the schema as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.db.errors import BadFile
from app.db.migrate import build
from app.db.reference import reference
from app.db.sqlite import SqliteConnection, open_private
from app.repo.restored_rows import DERIVED, MERGED, RESTORED, Rows, check_of

STAYS = {"models", "model_prices", "model_lists", "model_ranks", "model_endpoints", "token_ratios", "access_tokens"}
"""Nothing of these is taken from a backup; what is here stays."""


def test_every_table_has_been_decided_on() -> None:
    """A new table is restored, merged, derived, or stays: somebody must say which."""
    decided = RESTORED | MERGED.keys() | DERIVED | STAYS
    assert set(reference().tables) == decided


def test_every_column_has_a_check() -> None:
    """Nothing is taken unseen."""
    for table in RESTORED | MERGED.keys():
        for column in reference().tables[table]:
            with pytest.raises((ValueError, TypeError)):
                check_of(table, column)(b"bytes")


def test_values_of_other_types_are_refused() -> None:
    """The column and the reason are told."""
    rows = Rows(store(), reference())
    with pytest.raises(BadFile, match=r"settings\.updated_at is no time"):
        rows.add("settings", [("theme", '"dark"', "yesterday")])
    with pytest.raises(BadFile, match="'theme' has no value of that setting"):
        rows.add("settings", [("theme", '"plaid"', "2026-01-01T00:00:00.000Z")])
    rows.add("settings", [("backup_schedule", '"never"', "2026-01-01T00:00:00.000Z")])
    assert rows.skipped == {"settings": 1}


def store() -> SqliteConnection:
    """An empty one in memory."""
    conn = open_private(Path(":memory:"))
    build(conn)
    return conn
