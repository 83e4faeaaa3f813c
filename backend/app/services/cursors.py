"""Opaque list cursors: the sort key of the last item seen."""

from __future__ import annotations

import base64
import binascii
from typing import Any

import msgspec

from app.core.errors import BadCursor
from app.core.json import encode


def encode_cursor(list_name: str, *key: str | int) -> str:
    """A cursor of one kind of list."""
    return base64.urlsafe_b64encode(encode([list_name, *key])).decode().rstrip("=")


def decode_cursor(list_name: str, cursor: str, *kinds: type) -> list[Any]:
    """The key that was put in. Raises BadCursor for anything that this kind of list did not make."""
    try:
        data = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True)
        name, *key = msgspec.json.decode(data, type=list[Any])
    except (ValueError, binascii.Error, msgspec.DecodeError) as error:
        raise BadCursor from error
    if name != list_name or [type(item) for item in key] != list(kinds) or any(_unstorable(item) for item in key):
        raise BadCursor
    return list(key)


def _unstorable(item: str | int) -> bool:
    return "\0" in item if isinstance(item, str) else not 0 <= item < 2**63
