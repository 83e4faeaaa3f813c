"""How many tokens a request can take: text by its bytes, media guessed high. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

BYTES_PER_TOKEN: Final = 3
"""Of UTF-8: three Latin letters, or one ideograph."""
IMAGE_TOKENS: Final = 2000
"""More than any family takes for a picture at full detail."""
LINKED_TOKENS: Final = 20_000
"""For a file or film that is only named by its address."""
BYTES_PER_MEDIA_TOKEN: Final = 48
"""Of sound and film at low bit rates, the dearest case; documents are text and count as such."""

MEDIA: Final = frozenset({"image_url", "input_audio", "video_url", "file"})

N = TypeVar("N", int, float)


def most_prompt_tokens(body: Mapping[str, Any]) -> int:
    """The most that a request's messages, tools and answer format take: no tokenizer makes two of one byte."""
    said_bytes, media_tokens = measured(body.get("messages"), _bytes_of)
    schema_bytes, _ = measured([body.get("tools"), body.get("response_format")], _bytes_of, names=True)
    return said_bytes + schema_bytes + media_tokens


def measured(value: object, measure: Callable[[str], N], *, names: bool = False) -> tuple[N, int]:
    """All text of a piece of a request by ``measure``, and the tokens of its media.

    Args:
        names: whether the names of fields are text too.
    """
    text: N = 0
    media_tokens = 0
    todo = [value]
    while todo:
        item = todo.pop()
        if isinstance(item, str):
            text += measure(item)
        elif isinstance(item, list):
            todo += item
        elif isinstance(item, dict):
            kind = item.get("type")
            if isinstance(kind, str) and kind in MEDIA:
                media_tokens += media_tokens_of(item)
            else:
                todo += item.values()
                todo += item.keys() if names else ()
    return text, media_tokens


def _bytes_of(text: str) -> int:
    return len(text.encode("utf-8", "replace"))


def media_tokens_of(part: Mapping[str, Any]) -> int:
    """The tokens of one part whose type is in ``MEDIA``, guessed high."""
    kind = part["type"]
    held = part.get(kind)
    if kind == "image_url" or not isinstance(held, dict):
        return IMAGE_TOKENS
    data = held.get("data") or held.get("file_data") or held.get("url") or ""
    if not isinstance(data, str) or data.startswith("https:"):
        return LINKED_TOKENS
    data_bytes = len(data) * 3 // 4
    return data_bytes // (BYTES_PER_TOKEN if kind == "file" else BYTES_PER_MEDIA_TOKEN) + 1
