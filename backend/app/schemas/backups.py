"""Backups: whole copies of the store, each one file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

BackupKind: TypeAlias = Literal["manual", "scheduled", "before_restore"]


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
class BackupStep:
    """How far a backup is; ``backup`` is set when it is done."""

    phase: Literal["copying", "checking", "done"]
    done_bytes: int
    total_bytes: int
    backup: Backup | None = None
