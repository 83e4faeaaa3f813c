"""The process that opens a backup: ``python -m app.services.backups.judge PATH CPU_SECONDS``.

It writes frames to standard output: ``begin`` with version and counts, ``rows`` by table, ``end``; or ``refused`` with
a reason. It can write to nothing else, is given 256 MB, and whoever started it ends it in time.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

from app.db.errors import BadFile, FileTooNew
from app.db.foreign import Foreign, judge
from app.db.reference import reference
from app.services.backups.confined import BATCH_BYTES, confine, send

_PAGE_VALUE_BYTES = 16


def main(path: Path, cpu_s: int) -> None:
    """Judge the file and send its rows."""
    reference()  # while files may still be written: it makes a database in memory
    confine(cpu_s=cpu_s)
    out = sys.stdout.buffer
    try:
        found = judge(path)
        send(out, "begin", found.version, {table: found.count(table) for table in found.tables})
        for table in found.tables:
            _send_rows(out, found, table)
        send(out, "end")
    except FileTooNew as error:
        send(out, "refused", str(error), True)
    except BadFile as error:
        send(out, "refused", str(error), False)
    except MemoryError:
        send(out, "refused", "Reading it takes more than 256 MB of memory.", False)
    except UnicodeDecodeError:
        send(out, "refused", "It has text that is no UTF-8.", False)
    except Exception as error:  # noqa: BLE001 - whatever SQLite says of the file
        send(out, "refused", f"It cannot be read: {str(error)[:200] or type(error).__name__}.", False)
    out.flush()


def _send_rows(out: BinaryIO, found: Foreign, table: str) -> None:
    batch: list[Sequence[Any]] = []
    size = 0
    for row in found.rows(table):
        batch.append(row)
        size += sum(_PAGE_VALUE_BYTES + (len(value) if isinstance(value, str | bytes) else 0) for value in row)
        if size >= BATCH_BYTES:
            send(out, "rows", table, batch)
            batch, size = [], 0
    if batch:
        send(out, "rows", table, batch)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
