"""Commands work where a console is."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def data(data: Path) -> Path:
    """The folder of a console that has nothing yet."""
    data.mkdir()
    (data / "console.db").touch()
    return data
