from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.db.store import Store

INITIAL = """
CREATE TABLE counter (id INTEGER PRIMARY KEY, n INTEGER NOT NULL CHECK (n >= 0));
INSERT INTO counter (id, n) VALUES (1, 0);
CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT NOT NULL);
CREATE TABLE reply (
    id INTEGER PRIMARY KEY,
    note_id INTEGER NOT NULL REFERENCES note (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED
);
"""


@pytest.fixture
def migrations(tmp_path: Path) -> Path:
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / "0001_initial.sql").write_text(INITIAL)
    return folder


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "console.db"


@pytest.fixture
async def store(path: Path, migrations: Path) -> AsyncIterator[Store]:
    store = await Store.open(path, migrations=migrations)
    yield store
    await store.close()
