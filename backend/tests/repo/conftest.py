from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from app.db.migrate import migrate
from app.db.sqlite import SqliteConnection, open_writer


@pytest.fixture
def conn(tmp_path: Path) -> Iterator[SqliteConnection]:
    """A connection inside a transaction on an empty database of the product's schema."""
    path = tmp_path / "console.db"
    with closing(open_writer(path)) as conn:
        migrate(conn, path=path)
        conn.execute("BEGIN IMMEDIATE")
        yield conn
        conn.execute("ROLLBACK")
