"""The text and the media of a request, the latter guessed in tokens. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

BYTES_PER_TOKEN: Final = 3
"""Of UTF-8: three Latin letters, or one ideograph."""
IMAGE_TOKENS: Final = 2000
"""What most families take at most for a picture at full detail."""
LINKED_TOKENS: Final = 20_000
"""For a file or film that is only named by its address."""
BYTES_PER_MEDIA_TOKEN: Final = 48
"""Of sound and film at low bit rates, the dearest case; documents are text and count as such."""

MEDIA: Final = frozenset({"image_url", "input_audio", "video_url", "input_video", "file"})

N = TypeVar("N", int, float)


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


def media_tokens_of(part: Mapping[str, Any]) -> int:
    """The tokens of one part whose type is in ``MEDIA``, guessed high."""
    kind = part["type"]
    held = part.get(kind)
    if kind == "image_url" or not isinstance(held, dict):
        return IMAGE_TOKENS
    texts = [held.get(name) for name in ("data", "file_data", "url")]
    data = [text for text in texts if isinstance(text, str) and text]
    if not data or any(text[:8].lower().startswith(("http:", "https:")) for text in data):
        return LINKED_TOKENS
    data_bytes = sum(map(len, data)) * 3 // 4
    return data_bytes // (BYTES_PER_TOKEN if kind == "file" else BYTES_PER_MEDIA_TOKEN) + 1
