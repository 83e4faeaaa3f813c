"""How much of a provider's sending is taken in, so that no reply makes the process large."""

from __future__ import annotations

from app.core.errors import UpstreamGarbage

MOST_REPLY_BYTES = 2**24
MOST_EMBEDDINGS_BYTES = 2**26
"""Vectors are numbers in text, and as many as the owner asked for."""
MOST_REFUSAL_BYTES = 2**16

LARGE_BYTES = 2**16
_MOST_CONTAINERS = 100_000
_MOST_ITEMS = 500_000


def refuse_bloated(data: bytes) -> None:
    """Raises UpstreamGarbage for JSON that would take many times its size in memory once it is decoded.

    An empty object is two bytes on the wire and over sixty in memory. What is long and honest is long strings: text,
    images. Small data is let through unread.
    """
    if len(data) <= LARGE_BYTES:
        return
    if data.count(b"{") + data.count(b"[") > _MOST_CONTAINERS or data.count(b",") > _MOST_ITEMS:
        raise UpstreamGarbage("The provider sent data of too many parts.", details={"size_bytes": len(data)})
