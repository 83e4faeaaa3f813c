"""A guess, on the high side, of how many tokens a request will take. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

BYTES_PER_TOKEN: Final = 3
"""Of UTF-8: three Latin letters, or one ideograph."""
IMAGE_TOKENS: Final = 2000
"""More than any family takes for a picture at full detail."""
LINKED_TOKENS: Final = 20_000
"""For a file or film that is only named by its address."""
BYTES_PER_MEDIA_TOKEN: Final = 48
"""Of sound and film at low bit rates, the dearest case; documents are text and count as such."""

MEDIA: Final = frozenset({"image_url", "input_audio", "video_url", "file"})


def text_tokens(text: str) -> int:
    """The tokens of a text."""
    return len(text.encode("utf-8", "replace")) // BYTES_PER_TOKEN + 1


def prompt_tokens(body: Mapping[str, Any]) -> int:
    """The tokens of a request's messages, tools and answer format."""
    said_bytes, media_tokens = _weigh(body.get("messages"), names=False)
    schema_bytes, _ = _weigh([body.get("tools"), body.get("response_format")], names=True)
    return (said_bytes + schema_bytes) // BYTES_PER_TOKEN + media_tokens + 1


def _weigh(value: object, *, names: bool) -> tuple[int, int]:
    """Bytes of text, with or without the names of fields, and tokens of everything else."""
    text_bytes = media_tokens = 0
    todo = [value]
    while todo:
        item = todo.pop()
        if isinstance(item, str):
            text_bytes += len(item.encode("utf-8", "replace"))
        elif isinstance(item, list):
            todo += item
        elif isinstance(item, dict):
            kind = item.get("type")
            if isinstance(kind, str) and kind in MEDIA:
                media_tokens += media_tokens_of(item)
            else:
                todo += item.values()
                if names:
                    todo += item.keys()
    return text_bytes, media_tokens


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
