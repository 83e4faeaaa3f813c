"""Requests, and offers of the catalogue, whose cost tests compute."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from app.core.json import encode, encode_text
from app.core.money import PICO_PER_USD
from app.db.types import Row
from app.services.catalog.rows import stored_prices

Json = dict[str, Any]


def body(chars: int = 300, max_tokens: int = 40, **fields: Any) -> Json:
    """``READ`` tokens to read, JSON and all, and 40 to write."""
    return {"model": "a/b", "messages": [{"content": "x" * chars}, {"content": ""}], "max_tokens": max_tokens, **fields}


def size_of(value: object) -> int:
    return len(encode(value))


READ = size_of(body())


def offer(**pricing: str) -> Row:
    """A row of the catalogue with these prices, in dollars as the provider writes them."""
    prices = stored_prices({name: msgspec.Raw(encode_text(text).encode()) for name, text in pricing.items()})
    columns = ("prompt", "completion", "request", "image", "cache_read", "cache_write", "reasoning")
    return {"id": "a/b", "prices": encode_text(prices), **{f"{name}_picousd": prices.get(name) for name in columns}}


def pico(dollars: str) -> int:
    return int(Decimal(dollars) * PICO_PER_USD)


PER_TOKEN = {"prompt": "0.000001", "completion": "0.000002"}


PLAIN = READ * pico("0.000001") + 40 * pico("0.000002")


IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}}


SOUND = {"type": "input_audio", "input_audio": {"data": "A" * 64, "format": "wav"}}


FILM = {"type": "video_url", "video_url": {"url": "https://a.example/x"}}


ROOM = 200_000


def pdf(size: int = 60, head: str = "data:application/pdf;base64,") -> Json:
    return {"type": "file", "file": {"filename": "a", "file_data": head + "A" * size}}


def seen(*parts: Json, **fields: Any) -> Json:
    return body(**fields) | {"messages": [{"role": "user", "content": list(parts)}]}


FREE = offer(prompt="0", completion="0")


WEB = {"id": "web"}


TOOL = {"type": "openrouter:web_search"}


def tool(**parameters: object) -> Json:
    return {"type": "openrouter:web_search", "parameters": parameters}
