"""SQL of ``profiles``."""

from __future__ import annotations

from typing import Any

from app.core.json import decode, encode_text
from app.db.types import Conn, Row
from app.schemas.profiles import Profile

_COLUMNS = """
    id, name, system_prompt, temperature, max_tokens, openrouter_preset, model, reasoning, params, tools, is_default,
    revision, created_at, updated_at
"""
_GET = f"SELECT {_COLUMNS} FROM profiles WHERE id = :id"  # noqa: S608
_GET_DEFAULT = f"SELECT {_COLUMNS} FROM profiles WHERE is_default = 1"  # noqa: S608
_INSERT = """
    INSERT INTO profiles (name, system_prompt, temperature, max_tokens, openrouter_preset, model, reasoning, params,
        tools, is_default, created_at, updated_at)
    VALUES (:name, :system_prompt, :temperature, :max_tokens, :openrouter_preset, :model, :reasoning, :params,
        :tools, :is_default, :now, :now)
    RETURNING id
"""
_DELETE = "DELETE FROM profiles WHERE id = :id RETURNING id"
_CLEAR_DEFAULT = "UPDATE profiles SET is_default = 0, revision = revision + 1, updated_at = :now WHERE is_default = 1"
_LIST = f"SELECT {_COLUMNS} FROM profiles WHERE id > :after ORDER BY id LIMIT :limit"  # noqa: S608
_COUNT = "SELECT count(*) AS n FROM profiles"
_SETTABLE = (
    "name", "system_prompt", "temperature", "max_tokens", "openrouter_preset", "model", "reasoning", "params",
    "tools", "is_default",
)  # fmt: skip
_NAMES = "SELECT id, name FROM profiles"


def profile_from(row: Row) -> Profile:
    return Profile(
        **{
            **row,
            "reasoning": decode(row["reasoning"]) if row["reasoning"] else None,
            "params": decode(row["params"]),
            "tools": decode(row["tools"]),
            "is_default": bool(row["is_default"]),
        }
    )


def get(conn: Conn, profile_id: int) -> Profile | None:
    row = conn.execute(_GET, {"id": profile_id}).fetchone()
    return profile_from(row) if row else None


def get_default(conn: Conn) -> Profile | None:
    row = conn.execute(_GET_DEFAULT).fetchone()
    return profile_from(row) if row else None


def insert(conn: Conn, values: dict[str, Any], *, now: str) -> int:
    """The new profile's id. Only one profile is the default: an earlier one gives way."""
    if values["is_default"]:
        conn.execute(_CLEAR_DEFAULT, {"now": now})
    row = conn.execute(_INSERT, {**_columns(values), "now": now}).fetchone()
    if row is None:
        raise AssertionError("INSERT … RETURNING answered no row")
    return int(row["id"])


def update(conn: Conn, profile_id: int, changes: dict[str, Any], *, now: str) -> None:
    """Set the named columns and step the revision."""
    if changes.get("is_default"):
        conn.execute(_CLEAR_DEFAULT, {"now": now})
    values = _columns({name: changes[name] for name in _SETTABLE if name in changes})
    assignments = "".join(f"{name} = :{name}, " for name in values)
    sql = f"UPDATE profiles SET {assignments}revision = revision + 1, updated_at = :now WHERE id = :id"  # noqa: S608
    conn.execute(sql, {**values, "now": now, "id": profile_id})


def delete(conn: Conn, profile_id: int) -> bool:
    """Whether there was one. Its sessions stay, without a profile."""
    return conn.execute(_DELETE, {"id": profile_id}).fetchone() is not None


def list_page(conn: Conn, *, limit: int, after: int) -> list[Profile]:
    return [profile_from(row) for row in conn.execute(_LIST, {"after": after, "limit": limit}).fetchall()]


def names(conn: Conn) -> dict[int, str]:
    """All of them, by id."""
    return {row["id"]: row["name"] for row in conn.execute(_NAMES).fetchall()}


def count(conn: Conn) -> int:
    row = conn.execute(_COUNT).fetchone()
    return int(row["n"]) if row else 0


def _columns(values: dict[str, Any]) -> dict[str, Any]:
    columns = dict(values)
    for name in ("reasoning", "params", "tools"):
        if columns.get(name) is not None:
            columns[name] = encode_text(columns[name])
    if "is_default" in columns:
        columns["is_default"] = int(columns["is_default"])
    return columns
