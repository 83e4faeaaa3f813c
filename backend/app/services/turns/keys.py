"""Keys of requests: what a client named a request, and what that made."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from app.core.caller import current_token_id
from app.core.errors import IdempotencyMismatch
from app.core.json import encode
from app.db.types import Conn
from app.repo import idempotency


@dataclass(frozen=True, slots=True)
class Key:
    """A client's request id, the hash of what it asked for, and whose it is: a named token's, or the owner's (None)."""

    request_id: str
    body_hash: str
    token_id: str | None = None

    @property
    def stored_id(self) -> str:
        """What it is kept under. One caller's ids are nothing to another: nobody is told what others asked."""
        if self.token_id is None:
            return self.request_id
        return f"{self.token_id}:{hashlib.sha256(self.request_id.encode()).hexdigest()}"


def body_of(request: BaseModel) -> dict[str, Any]:
    """What a request asks for, as its key remembers it; a null parent is not the same as none."""
    body = request.model_dump(mode="json", exclude={"request_id"}, exclude_none=True)
    return body | {"parent_id": None} if getattr(request, "at_root", False) else body


def key_of(request_id: str | None, kind: str, body: dict[str, Any]) -> Key | None:
    """The idempotency key of a request of whoever asks, None when the client sent none."""
    if request_id is None:
        return None
    return Key(request_id, hashlib.sha256(encode([kind, body])).hexdigest(), current_token_id())


def earlier(conn: Conn, key: Key | None, *resource_types: str) -> str | None:
    """What an earlier request under the same key made. Raises IdempotencyMismatch for another request or type."""
    row = idempotency.get(conn, key.stored_id) if key else None
    if key is None or row is None:
        return None
    if row["body_hash"] != key.body_hash or row["resource_type"] not in resource_types:
        raise IdempotencyMismatch
    return str(row["resource_id"])


def remember(conn: Conn, key: Key | None, resource_type: str, resource_id: str, at: str) -> None:
    """Keep what a request made under its key."""
    if key is not None:
        idempotency.insert(
            conn,
            stored_id=key.stored_id,
            body_hash=key.body_hash,
            resource_type=resource_type,
            resource_id=resource_id,
            now=at,
        )
