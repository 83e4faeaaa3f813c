"""The process that writes a backup's rows into a fresh file of ours.

``python -m app.services.backups.rebuild TARGET PAGE_BYTES CPU_SECONDS`` reads the frames of ``judge`` on standard input
and says on standard output, as JSON, what came of it. It never sees the backup itself.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from app.core.errors import DiskFull
from app.core.ids import made_at_ms
from app.db.errors import BadFile, FileTooNew
from app.db.foreign import SEED_VERSION
from app.db.migrate import build
from app.db.reference import reference
from app.db.sqlite import SqliteConnection, open_private
from app.repo.newest_ids import newest_id
from app.repo.restored_links import check_links
from app.repo.restored_rows import Rows, taken
from app.repo.seed_rows import SeedRows
from app.services.backups.confined import confine, receive

HALF_WAY = "Reading it ended half-way."
MOST_AHEAD_MS = 10 * 366 * 86_400_000
"""How far the clock of a backup may be ahead of ours."""


@dataclass(slots=True, kw_only=True)
class Verdict:
    """What came of it; ``refused`` is why it was not restored."""

    refused: str | None = None
    too_new: bool = False
    disk_full: bool = False
    version: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


def main(target: Path, page_bytes: int, cpu_s: int) -> None:
    """Write the file and say what came of it."""
    confine(cpu_s=cpu_s, may_write=True)
    try:
        conn = open_private(target, page_bytes=page_bytes)
        verdict = rebuild(conn, receive(sys.stdin.buffer))
        conn.close()
    except DiskFull:
        verdict = Verdict(disk_full=True)
    except BadFile as error:
        verdict = Verdict(refused=str(error), too_new=isinstance(error, FileTooNew))
    except MemoryError:
        verdict = Verdict(refused="A row of it is too large.")
    sys.stdout.buffer.write(msgspec.json.encode(verdict))


def rebuild(conn: SqliteConnection, frames: Iterable[list[Any]]) -> Verdict:
    """Write the rows into an empty file of ours and bring it up to date. Raises `BadFile`, `FileTooNew`, `DiskFull`."""
    verdict: Verdict | None = None
    rows: Rows | SeedRows | None = None
    whole = False
    wanted: Sequence[str] = ()
    try:
        for name, *rest in frames:
            match name:
                case "refused":
                    raise (FileTooNew if rest[1] else BadFile)(rest[0])
                case "begin":
                    verdict = Verdict(version=rest[0], counts=rest[1])
                    at = reference(None if verdict.version == SEED_VERSION else verdict.version)
                    build(conn, last=at.version)
                    conn.execute("BEGIN")
                    rows = SeedRows(conn) if verdict.version == SEED_VERSION else Rows(conn, at)
                    wanted = rest[1] if verdict.version == SEED_VERSION else taken(at.tables)
                case "rows" if rows is not None:
                    if rest[0] in wanted:
                        rows.add(rest[0], rest[1])
                case "end":
                    whole = True
                case _:
                    raise ValueError("no frame of ours")
    except (ValueError, TypeError, IndexError) as error:
        raise BadFile(HALF_WAY) from error
    if verdict is None or rows is None or not whole:
        raise BadFile(HALF_WAY)
    if isinstance(rows, SeedRows):
        rows.finish()
    check_links(conn)
    conn.execute("COMMIT")
    if verdict.version != SEED_VERSION:
        build(conn, first=verdict.version + 1)
    _refuse_future(conn, int(time.time() * 1000))
    verdict.warnings = [f"{n} rows of its table {table!r} were left out." for table, n in rows.skipped.items() if n]
    return verdict


def _refuse_future(conn: SqliteConnection, now_ms: int) -> None:
    """Every later id has to sort behind the newest: there must be room for them."""
    newest = newest_id(conn)
    made_ms = made_at_ms(newest) if newest else None
    if made_ms is not None and made_ms > now_ms + MOST_AHEAD_MS:
        raise BadFile("An id of it is of the future, by more than ten years of this machine's clock.")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
