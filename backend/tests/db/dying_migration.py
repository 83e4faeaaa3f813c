"""Migrates a database and kills itself before its n-th step: ``dying_migration.py PATH MIGRATIONS N``."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from app.db.migrate import migrate
from app.db.sqlite import SqliteConnection, open_writer


class Dying:
    """A connection whose every call is a step."""

    def __init__(self, conn: SqliteConnection, steps: int) -> None:
        self._conn = conn
        self._steps_left = steps

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self._conn, name)
        return self._counted(attribute) if callable(attribute) else attribute

    def _counted(self, call: Callable[..., object]) -> Callable[..., object]:
        def step(*args: object) -> object:
            self._steps_left -= 1
            if self._steps_left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*args)

        return step


path, migrations, steps = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
conn = open_writer(path)
migrate(cast("SqliteConnection", Dying(conn, steps)), path=path, migrations=migrations)
conn.close()
