"""Restoring a backup."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import StringConstraints

from app.schemas.types import Flag, JsonInput


class RestoreRequest(JsonInput):
    """A backup in the folder of the backups; ``dry_run`` only tells what restoring it would do."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=255)]
    dry_run: Flag = False


@dataclass(slots=True, kw_only=True)
class RestoreSource:
    """What was restored from. ``seed_schema``: a database of the first console, which had no versions (0)."""

    name: str
    size_bytes: int
    schema_version: int
    seed_schema: bool


@dataclass(slots=True, kw_only=True)
class RestoreCounts:
    """Rows of a table: here before, in the backup, and here after it."""

    now: int
    backup: int
    after: int


@dataclass(slots=True, kw_only=True)
class RestoreSummary:
    """What restoring did, or would do; ``safety_backup`` names the copy of what was here, null on a dry run."""

    dry_run: bool
    source: RestoreSource
    diff: dict[str, RestoreCounts]
    safety_backup: str | None
    warnings: list[str]
