"""The one JSON encoding of the product: UTF-8, compact, decimals as exact numbers."""

from __future__ import annotations

from typing import Any

import msgspec

_encoder = msgspec.json.Encoder(decimal_format="number")

encode = _encoder.encode


def encode_text(value: Any) -> str:
    """``value`` as JSON text, for a column."""
    return _encoder.encode(value).decode()


def decode(text: str | bytes) -> Any:
    """Plain values from JSON that we wrote ourselves."""
    return msgspec.json.decode(text)
