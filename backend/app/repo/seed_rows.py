"""Rows of the first console's own schema, made into ours.

Its ids of sessions and profiles stay. Messages and calls get ids that grow with time, as ours do, always the same ones
for the same rows, so that a file restored twice brings each call once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, get_args

from app.core.clock import stamp
from app.core.json import encode_text
from app.core.money import MAX_CALL_PICOUSD, parse_usd
from app.db.errors import BadFile
from app.db.foreign import SEED_TABLES
from app.db.reference import reference
from app.db.types import Conn
from app.repo import restored_values as kind
from app.repo.restored_rows import insert
from app.schemas.parts import TextPart
from app.schemas.types import Role, SessionType

_EPOCH = stamp(0)
_NS = 1_000_000_000
_PARENTS = """
    UPDATE messages SET parent_id = (
        SELECT p.id FROM messages p WHERE p.session_id = messages.session_id AND p.id < messages.id
        ORDER BY p.id DESC LIMIT 1)
"""
_LEAVES = """
    UPDATE sessions SET
        active_leaf_id = (SELECT max(m.id) FROM messages m WHERE m.session_id = sessions.id),
        updated_at = COALESCE((SELECT max(m.created_at) FROM messages m WHERE m.session_id = sessions.id), created_at)
"""


class SeedRows:
    """Puts the first console's rows into a file of our newest schema. The catalogue only tells the models' names."""

    def __init__(self, conn: Conn) -> None:
        self._conn = conn
        self._names = {table: [column.name for column in held] for table, held in reference().tables.items()}
        self._models: dict[str, str] = {}
        self._profiles: set[int] = set()
        self._sessions: set[str] = set()
        self.skipped: dict[str, int] = {}
        """Rows that belonged to nothing and were left out, by table."""

    def add(self, table: str, rows: Sequence[Sequence[Any]]) -> None:
        """Take rows, tables in the order of `SEED_TABLES`, columns in its order, then the rowid. Raises `BadFile`."""
        columns = (*SEED_TABLES[table], "rowid")
        take = {
            "models": self._model,
            "profiles": self._profile,
            "sessions": self._session,
            "messages": self._message,
            "usage_logs": self._call,
        }[table]
        made = []
        for values in rows:
            if len(values) != len(columns):
                raise BadFile(f"A row of its table {table!r} has {len(values)} values.")
            try:
                row = take(dict(zip(columns, values, strict=True)))
            except (ValueError, TypeError, OverflowError) as error:
                raise BadFile(f"A row of its table {table!r} {error}.") from None
            if row is not None:
                made.append(row)
        if made:
            insert(self._conn, table, list(made[0]), [list(row.values()) for row in made])

    def finish(self) -> None:
        """Once all rows are there: each message follows the one before it."""
        self._conn.execute(_PARENTS)
        self._conn.execute(_LEAVES)

    def _model(self, row: dict[str, Any]) -> None:
        name = _text(row, "openrouter_id") or _text(row, "id")
        self._models[_text(row, "id")] = name

    def _profile(self, row: dict[str, Any]) -> dict[str, Any]:
        kind.row_number(row["id"])
        self._profiles.add(row["id"])
        at = _time(row["created_at"])
        temperature = 0.7 if row["temperature"] is None else row["temperature"]
        kind.real(temperature)
        return {
            "id": row["id"],
            "name": _text(row, "name")[:120] or f"Profile {row['id']}",
            "system_prompt": _long(row, "system_prompt"),
            "temperature": min(temperature, 2),
            "max_tokens": _tokens(row, "max_tokens") or 2048,
            "openrouter_preset": _text(row, "openrouter_preset").removeprefix("@preset/") or None,
            "created_at": at,
            "updated_at": at,
        }

    def _session(self, row: dict[str, Any]) -> dict[str, Any]:
        kind.identifier(row["id"])
        self._sessions.add(row["id"])
        at = _time(row["created_at"])
        return {
            "id": row["id"],
            "session_type": row["session_type"] if row["session_type"] in get_args(SessionType) else "chat",
            "title": _text(row, "title")[:200],
            "profile_id": row["profile_id"] if row["profile_id"] in self._profiles else None,
            "created_at": at,
            "updated_at": at,
        }

    def _message(self, row: dict[str, Any]) -> dict[str, Any] | None:
        if row["session_id"] not in self._sessions:
            self.skipped["messages"] = self.skipped.get("messages", 0) + 1
            return None
        kind.one_of(*get_args(Role))(row["role"])
        at, content = _time(row["created_at"]), _long(row, "content")
        return {
            "id": _ordered_id("message", row["id"], at, row["rowid"]),
            "session_id": row["session_id"],
            "role": row["role"],
            "content": content,
            "parts": encode_text([TextPart(text=content)]),
            "created_at": at,
            "completed_at": at,
        }

    def _call(self, row: dict[str, Any]) -> dict[str, Any]:
        at = _time(row["created_at"])
        model_id = _text(row, "model_id")
        model = self._models.get(model_id, model_id) or "unknown"
        cost = _picousd(row["cost_usd"])
        return {
            "id": _ordered_id("call", row["id"], at, row["rowid"]),
            "session_id": _text(row, "session_id") or None,
            "profile_id": row["profile_id"] if row["profile_id"] in self._profiles else None,
            "model_id": model,
            "state": "unknown" if cost is None else "settled",
            "model": model,
            "provider": "openrouter",
            "prompt_tokens": _tokens(row, "prompt_tokens"),
            "completion_tokens": _tokens(row, "completion_tokens"),
            "total_tokens": _tokens(row, "total_tokens"),
            "cost_picousd": cost,
            "cost_text": None if cost is None else str(row["cost_usd"]),
            "created_at": at,
            "settled_at": None if cost is None else at,
        }


def _text(row: dict[str, Any], column: str) -> str:
    value = row[column]
    if value is None:
        return ""
    try:
        kind.name(value)
    except ValueError as error:
        raise ValueError(f"has a {column!r} that {error}") from None
    return str(value)


def _long(row: dict[str, Any], column: str) -> str:
    value = "" if row[column] is None else row[column]
    if not isinstance(value, str):
        raise ValueError(f"has a {column!r} that is no text")
    return value


def _tokens(row: dict[str, Any], column: str) -> int | None:
    value = row[column]
    if value is None:
        return None
    try:
        kind.tokens(value)
    except ValueError as error:
        raise ValueError(f"has a {column!r} that {error}") from None
    return int(value)


def _picousd(value: Any) -> int | None:
    """The seed kept dollars as a float: its shortest decimal is what it was told."""
    if value is None:
        return None
    cost = parse_usd(repr(value)) if type(value) in (int, float) else None
    if cost is None or cost > MAX_CALL_PICOUSD:
        raise ValueError("has a cost that is none")
    return cost


def _time(value: Any) -> str:
    """ISO 8601 as Python or SQLite writes it; without a zone it is UTC. What is missing is long ago."""
    if value is None or value == "":
        return _EPOCH
    if not isinstance(value, str) or len(value) > 40:
        raise ValueError("has a time that is none")
    at = datetime.fromisoformat(value)
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    seconds = int((at - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds())
    if seconds < 0:
        raise ValueError("is older than 1970")
    return stamp(seconds * _NS + at.microsecond * 1000)


def _ordered_id(what: str, old_id: Any, at: str, rowid: Any) -> str:
    """A UUIDv7 of a row's time and place, whose rest is a digest of the id it had."""
    if not isinstance(old_id, str | int) or isinstance(rowid, bool) or not isinstance(rowid, int):
        raise ValueError("has no id")
    ms = int(datetime.fromisoformat(at).timestamp() * 1000 + 0.5)
    digest = int.from_bytes(hashlib.sha256(f"{what} {old_id}".encode()).digest()[:6]) & ((1 << 44) - 1)
    tail = (rowid & ((1 << 30) - 1)) << 44 | digest
    value = f"{(ms << 80) | (0x7 << 76) | ((tail >> 62) << 64) | (0b10 << 62) | (tail & ((1 << 62) - 1)):032x}"
    return f"{value[:8]}-{value[8:12]}-{value[12:16]}-{value[16:20]}-{value[20:]}"
