"""What can be wrong below the repositories, whatever the driver.

`ConstraintFailed` is for repositories to catch; the others stop the start and say what to do. A full disk and a busy
store are `app.core.errors.DiskFull` and `StoreBusy`.
"""

from __future__ import annotations

from typing import Literal

ConstraintKind = Literal["unique", "foreign_key", "not_null", "check", "other"]


class ConstraintFailed(Exception):
    """A row broke a rule of the schema; the statement changed nothing."""

    def __init__(self, message: str, kind: ConstraintKind = "other") -> None:
        super().__init__(message)
        self.kind: ConstraintKind = kind


class StoreCorrupt(Exception):
    """The file is damaged or is no database; only a backup helps."""


class GivenUp(Exception):
    """Long work was broken off, because nobody waits for it any more."""


class SqliteTooOld(Exception):
    """The SQLite library has defects that can damage the file or be exploited through it."""


class MigrationError(Exception):
    """The schema cannot be brought to ours; the database is as it was before the migration that failed."""


class SchemaTooNew(MigrationError):
    """The file was written by a newer release."""


class SchemaMismatch(MigrationError):
    """The file's history is not the beginning of ours, or our own migrations have a gap."""


class DataInUse(Exception):
    """Another process owns the data folder, or its database."""


class StaleWal(Exception):
    """Changes lie beside the database that were made to another file of that name."""


class BadFile(Exception):
    """A file from outside is not what it should be; the message says why, for who sent it."""


class FileTooNew(BadFile):
    """It was written by a newer release."""
