"""A console with one guard removed, for proofs to find out. usage: careless_console GUARD JSON"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import sys
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from app.api.gate import Gate
from app.cli import server
from app.cli.proving.server import main
from app.main import create_app
from app.repo import access_tokens
from app.services.backups import restore


def without_gate(*arguments: Any) -> FastAPI:
    """Everybody is let in."""
    app = create_app(*arguments)
    # Starlette types the class of a middleware as a factory.
    app.user_middleware = [one for one in app.user_middleware if one.cls is not Gate]  # type: ignore[comparison-overlap]
    return app


def forget_the_last_tick(data: Path) -> None:
    """As if what is shown were stored only afterwards."""
    if (data / "console.db").exists():
        with contextlib.closing(sqlite3.connect(data / "console.db")) as conn, conn:
            conn.execute("""
                DELETE FROM generation_events WHERE last_seq > 3 AND (generation_id, last_seq) IN
                    (SELECT generation_id, max(last_seq) FROM generation_events GROUP BY generation_id)
            """)


if __name__ == "__main__":
    guard, settings = sys.argv[1:]
    match guard:
        case "gate":
            # A process of its own that is to be without the guard: there is no setting for that, on purpose.
            server.create_app = without_gate  # type: ignore[assignment, attr-defined]
        case "budget":
            access_tokens.hold = lambda *_: True
        case "merge":
            # The ledger goes back to what the backup knows.
            restore.take_over = lambda *_, **__: None  # type: ignore[attr-defined]
        case "journal":
            forget_the_last_tick(Path(json.loads(settings)["data_dir"]))
    sys.exit(main(settings))
