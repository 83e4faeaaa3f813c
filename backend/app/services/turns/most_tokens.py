"""The most tokens that a request can make a model read, whoever wrote it and whatever it holds. Pure.

A budget pays for the worst case, so nothing here is a guess at what is usual: text is its bytes wherever it stands in
the request, a picture is what the dearest tokenizer of its family makes of one, and what has no bound by itself is
bounded by what the model can read at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from msgspec import Struct

from app.core.json import encode

PICTURE_TOKENS: Final = 50_000
"""Of a picture: gpt-4o-mini counts 2,833 and 5,667 for each of up to eight tiles, 48,169 in all."""
_PICTURE_TOKENS: Final[Mapping[str, int]] = {"anthropic": 5000, "openai": 25_000, "x-ai": 2000}
"""Of families that say how large they make a picture: 4,784 tokens, 10,000 patches at up to 2.46, 7 tiles of 256."""
_TILED: Final = "4o-mini"

_TEXTS: Final = frozenset({"text", "refusal"})
_LINKS: Final = ("http:", "https:")
_IMAGE: Final = "data:image/"
_PLAIN: Final = "data:text/"


class PromptSize(Struct, frozen=True, kw_only=True):
    """``text_tokens`` of everything but pictures, and the kinds of media there are that no size of theirs bounds.

    A compressed file may hold a thousand times its bytes, and silence next to none; what is only named by its address
    may be anything.
    """

    text_tokens: int
    pictures: int = 0
    unbounded: frozenset[str] = frozenset()


def prompt_size(value: object, parts: Iterable[Mapping[str, Any]]) -> PromptSize:
    """The size of a request, or of a piece of one, whose media are in ``parts``.

    No tokenizer makes two tokens of a byte, and what JSON puts around a message is longer than what a provider does.
    """
    text = len(encode(value))
    pictures = 0
    unbounded = set()
    for part in parts:
        kind = str(part.get("type"))
        if kind in _TEXTS:
            continue
        if kind == "image_url" and (url := _picture(part)) is not None:
            pictures += 1
            text -= len(url) if _starts(url, _IMAGE) else 0
        elif kind != "file" or not is_plain_file(part):
            unbounded.add(kind)
    return PromptSize(text_tokens=text, pictures=pictures, unbounded=frozenset(unbounded))


def most_picture_tokens(model: str) -> int:
    """Of one picture, by the model's name."""
    if _TILED in model:
        return PICTURE_TOKENS
    return _PICTURE_TOKENS.get(model.removeprefix("~").partition("/")[0], PICTURE_TOKENS)


def media_parts(messages: object) -> Iterator[Mapping[str, Any]]:
    """The parts of all messages, with the pictures and the sound that earlier answers brought."""
    for message in messages if isinstance(messages, list) else ():
        if not isinstance(message, Mapping):
            continue
        for name in ("content", "images"):
            held = message.get(name)
            if isinstance(held, list):
                yield from (part for part in held if isinstance(part, Mapping))
        if message.get("audio"):
            yield {"type": "input_audio"}


def _picture(part: Mapping[str, Any]) -> str | None:
    """The address or data of a picture; None where it says itself that it is something else."""
    held = part.get("image_url")
    url = held.get("url") if isinstance(held, Mapping) else held
    return url if isinstance(url, str) and _starts(url, _IMAGE, *_LINKS) else None


def is_plain_file(part: Mapping[str, Any]) -> bool:
    """Whether a file is text within the request, and nothing besides: its bytes are counted where they stand."""
    held = part.get("file")
    if not isinstance(held, Mapping) or not held.keys() <= {"filename", "file_data"}:
        return False
    data = held.get("file_data")
    return isinstance(data, str) and _starts(data, _PLAIN)


def _starts(url: str, *heads: str) -> bool:
    return url[:16].lower().startswith(heads)
