"""A copy is complete or it is not there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from app.db.errors import StoreCorrupt
from app.db.snapshot import take_snapshot
from app.db.sqlite import SqliteConnection, open_writer


class BrokenOff:
    """A connection whose copying stops early: what is left is a valid, empty database, or a damaged one."""

    def __init__(self, conn: SqliteConnection, left: bytes) -> None:
        self._conn = conn
        self._left = left

    def __getattr__(self, name: str) -> Any:
        return getattr(self._conn, name)

    def copy_into(self, target: Path) -> Iterator[tuple[int, int]]:
        target.write_bytes(self._left)
        yield len(self._left), len(self._left)


@pytest.mark.parametrize("left", [b"", b"SQLite format 3\x00 and then nothing of use"], ids=["empty", "damaged"])
def test_an_incomplete_copy_is_refused_and_the_older_one_kept(tmp_path: Path, left: bytes) -> None:
    conn = open_writer(tmp_path / "x.db")
    conn.script("CREATE TABLE note (text TEXT); INSERT INTO note VALUES ('precious');")
    target = tmp_path / "copy.db"
    take_snapshot(conn, target)
    whole = target.read_bytes()
    with pytest.raises(StoreCorrupt):
        take_snapshot(cast("SqliteConnection", BrokenOff(conn, left)), target)
    conn.close()
    assert target.read_bytes() == whole
    assert sorted(file.name for file in tmp_path.iterdir()) == ["copy.db", "x.db"]
