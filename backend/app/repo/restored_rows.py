"""What a backup may bring into a store, table by table, and how its rows get into a fresh file.

Every table is one of three kinds: what the backup has replaces what is here (``RESTORED``); both are kept, and where
they tell of the same thing what is here counts (``MERGED``); or nothing is taken from a backup, and what is here stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from app.db.errors import BadFile, ConstraintFailed
from app.db.reference import Column, Reference
from app.db.types import Conn
from app.repo import restored_values as kind
from app.repo.restored_values import Check

RESTORED = frozenset(
    {"profiles", "sessions", "messages", "generations", "generation_events", "compactions", "draft_parts", "settings"}
)
MERGED: Mapping[str, tuple[str, ...]] = {
    "usage_logs": ("id", "generation_id"),
    "idempotency_keys": ("request_id",),
    "budgets": ("id",),
}
"""What tells of the same thing: rows that agree in any of these columns."""
DERIVED = frozenset({"usage_sums", "schema_migrations", "owner_zone", "budget_sums"})
"""Made anew from the others."""
SETTINGS = frozenset({"model", "temperature", "max_tokens", "system_prompt", "theme", "send_key"})
"""The settings that come with a backup; all others are about this installation and stay."""

_CHECKS: Mapping[tuple[str, str], Check] = {
    ("profiles", "id"): kind.row_number,
    ("profiles", "system_prompt"): kind.text,
    ("profiles", "reasoning"): kind.OBJECT,
    ("profiles", "params"): kind.OBJECT,
    ("profiles", "tools"): kind.OBJECTS,
    ("profiles", "is_default"): kind.flag,
    ("sessions", "profile_id"): kind.row_number,
    ("sessions", "pinned"): kind.flag,
    ("sessions", "archived"): kind.flag,
    ("sessions", "tags"): kind.WORDS,
    ("sessions", "draft"): kind.DRAFT,
    **{
        ("sessions", name): kind.total
        for name in ("prompt_tokens", "completion_tokens", "total_tokens", "cost_picousd", "unknown_calls")
    },
    ("messages", "content"): kind.text,
    ("messages", "parts"): kind.parts,
    ("messages", "status"): kind.STATUS,
    ("messages", "error"): kind.ERROR,
    ("messages", "usage"): kind.USAGE,
    ("messages", "pinned"): kind.flag,
    ("generations", "message_id"): kind.message_of_call,
    ("generations", "params"): kind.OBJECT,
    ("generations", "attempts"): kind.ATTEMPTS,
    ("generations", "context"): kind.CONTEXT,
    ("generations", "usage"): kind.USAGE,
    ("generations", "error"): kind.ERROR,
    ("generations", "upstream_id"): kind.name,
    **{(table, "request_id"): kind.request_id for table in ("generations", "idempotency_keys")},
    ("generation_events", "events"): kind.events,
    ("compactions", "summary"): kind.text,
    ("draft_parts", "parts"): kind.OBJECTS,
    ("usage_logs", "profile_id"): kind.row_number,
    ("usage_logs", "model_id"): kind.name,
    ("usage_logs", "upstream_id"): kind.name,
    ("usage_logs", "purpose"): kind.PURPOSE,
    ("usage_logs", "decision"): kind.DECISION,
    ("usage_logs", "is_failed"): kind.flag,
    **{("usage_logs", name): kind.tokens for name in ("prompt_tokens", "completion_tokens", "total_tokens")},
    **{("usage_logs", name): kind.tokens for name in ("cached_tokens", "cache_write_tokens", "reasoning_tokens")},
    **{("usage_logs", name): kind.picousd for name in ("cost_picousd", "reserved_picousd")},
    ("settings", "value"): kind.text,
    ("budgets", "kind"): kind.BUDGET_KIND,
    ("budgets", "period"): kind.PERIOD,
    ("budgets", "limit_picousd"): kind.total,
    ("budgets", "warn_ppm"): kind.at_most(10**6),
    ("budgets", "is_hard"): kind.flag,
}
_BY_ENDING: Sequence[tuple[str, Check]] = (("_at", kind.time), ("_id", kind.identifier))
_BY_TYPE: Mapping[str, Check] = {"INTEGER": kind.count, "REAL": kind.real, "TEXT": kind.name}


def taken(tables: Iterable[str]) -> list[str]:
    """Those of a backup's tables whose rows are read."""
    return [name for name in tables if name in RESTORED or name in MERGED]


def check_of(table: str, column: Column) -> Check:
    """What the values of a column must be; null is another matter."""
    if (own := _CHECKS.get((table, column.name))) is not None:
        return own
    if column.type == "TEXT":
        if column.name == "id":
            return kind.identifier
        for ending, check in _BY_ENDING:
            if column.name.endswith(ending):
                return check
    return _BY_TYPE[column.type]


class Rows:
    """Puts rows read from a backup at some version of ours into a file at the same version."""

    def __init__(self, conn: Conn, reference: Reference) -> None:
        self._conn = conn
        self._checks = {
            table: [(column, check_of(table, column)) for column in reference.tables[table]]
            for table in taken(reference.tables)
        }
        self.skipped: dict[str, int] = {}
        """Rows that were left out, by table."""

    def add(self, table: str, rows: Sequence[Sequence[Any]]) -> None:
        """Raises `BadFile`, naming the table and the column, for a row that is not as we would have written it."""
        columns = self._checks[table]
        for row in rows:
            if len(row) != len(columns):
                raise BadFile(f"A row of its table {table!r} has {len(row)} values.")
            for (column, check), value in zip(columns, row, strict=True):
                _check(table, column, check, value)
        if table == "settings":
            known = [row for row in rows if row[0] in SETTINGS]
            self.skipped[table] = self.skipped.get(table, 0) + len(rows) - len(known)
            for name, value, *_ in known:
                _check_setting(name, value)
            rows = known
        insert(self._conn, table, [column.name for column, _ in columns], rows)


def insert(conn: Conn, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Add rows to a table of ours. Raises `BadFile` for one that breaks a rule of the schema."""
    sql = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"  # noqa: S608 - ours
    try:
        conn.executemany(sql, rows)
    except ConstraintFailed as error:
        raise BadFile(f"A row of its table {table!r} breaks a rule: {error}.") from None


def _check(table: str, column: Column, check: Check, value: Any) -> None:
    if value is None:
        if column.required:
            raise BadFile(f"A row of its table {table!r} has no {column.name!r}.")
        return
    try:
        check(value)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        reason = str(error) if type(error) is ValueError else "is not what we write there"
        raise BadFile(f"A value of its column {table}.{column.name} {reason}.") from None


def _check_setting(name: Any, value: Any) -> None:
    try:
        kind.setting(name, value)
    except (ValueError, RecursionError):
        raise BadFile(f"Its setting {name!r} has no value of that setting.") from None
