"""Backups: whole copies of the store, each one file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

BackupKind: TypeAlias = Literal["manual", "scheduled", "before_restore"]
BackupEvery: TypeAlias = Literal["off", "day", "week"]


@dataclass(slots=True, kw_only=True)
class Backup:
    """``counts`` are rows by table. What was noted when it was made is null for a file that was put there by hand;
    checking it notes the same.
    """

    name: str
    kind: BackupKind
    size_bytes: int
    created_at: str
    schema_version: int | None = None
    counts: dict[str, int] | None = None
    sha256: str | None = None
    verified_at: str | None = None


@dataclass(slots=True, kw_only=True)
class BackupFailure:
    """Why the last scheduled backup was not made, and how often in a row none was."""

    at: str
    error_code: str
    message: str
    in_a_row: int


@dataclass(slots=True, kw_only=True)
class BackupSchedule:
    """``last_at`` and ``next_at`` are of scheduled backups; a ``next_at`` that has passed is made in a minute.

    ``keep_daily`` and ``keep_weekly`` are how many days and, before them, weeks keep their newest scheduled backup.
    """

    every: BackupEvery
    keep_daily: int
    keep_weekly: int
    last_at: str | None
    next_at: str | None
    failure: BackupFailure | None


@dataclass(slots=True, kw_only=True)
class BackupStep:
    """How far a backup is; ``backup`` is set when it is done."""

    phase: Literal["copying", "checking", "done"]
    done_bytes: int
    total_bytes: int
    backup: Backup | None = None
