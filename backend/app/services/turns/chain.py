"""What a conversation was, as one digest per message: how a history that a client sends back is recognised. Pure.

Clients do not send back what they received: null content becomes an empty string, one text a list of parts, reasoning
and citations are dropped, spaces at the end are cut, cache marks move, keys of arguments change their order. A link of
the chain is made of what they keep.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from app.core.json import encode
from app.schemas.parts import MediaPart, Part, TextPart, ToolCallPart, ToolResultPart

_SEED = "1"
_DIGEST_BYTES = 16


def chain_of(conversation: Iterable[tuple[str, Sequence[Part]]]) -> list[str]:
    """The links of a conversation, given as role and parts of each message from the first on."""
    links: list[str] = []
    for role, parts in conversation:
        links.append(link_after(links[-1] if links else None, role, parts))
    return links


def link_after(previous: str | None, role: str, parts: Sequence[Part]) -> str:
    """The link of a message that follows the one with ``previous``, None for the first."""
    said = encode([previous or _SEED, role, *_kept(role, parts)])
    return hashlib.blake2b(said, digest_size=_DIGEST_BYTES).hexdigest()


def _kept(role: str, parts: Sequence[Part]) -> list[Any]:
    calls = [(part.id, part.name, _plain_json(part.arguments)) for part in parts if isinstance(part, ToolCallPart)]
    results = [(part.tool_call_id, part.content) for part in parts if isinstance(part, ToolResultPart)]
    if role == "assistant":
        text = "".join(part.text for part in parts if isinstance(part, TextPart))
        return [text.strip(), calls, results]
    return [_content(parts), calls, results]


def _content(parts: Sequence[Part]) -> list[tuple[str, str]]:
    """Text and media in their order, adjacent texts as one."""
    content: list[tuple[str, str]] = []
    for part in parts:
        if isinstance(part, TextPart):
            if content and content[-1][0] == "text":
                content[-1] = ("text", content[-1][1] + part.text)
            elif part.text:
                content.append(("text", part.text))
        elif isinstance(part, MediaPart):
            content.append((part.type, part.url))
    return content


def _plain_json(arguments: str) -> str:
    """JSON text without the order of its keys and its spaces; what is no JSON as it is."""
    try:
        return msgspec.json.encode(msgspec.json.decode(arguments or "{}"), order="sorted").decode()
    except (msgspec.MsgspecError, UnicodeEncodeError, RecursionError):
        return arguments.strip()
