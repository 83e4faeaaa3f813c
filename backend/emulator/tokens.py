"""Cut text into pieces the size a model's tokenizer would make: words with their space, sub-words, punctuation.

The joined pieces are always the text again, and the same text always gives the same pieces.
"""

from __future__ import annotations

import re

MAX_WORD_CHARS = 8
SUB_WORD_CHARS = 5
TOKENS_PER_MESSAGE = 4

_LETTERS = "A-Za-z\u00c0-\u024f\u0370-\u052f\u0590-\u06ff\u0900-\u097f"
_PIECE = re.compile(rf" ?[{_LETTERS}]+| ?\d{{1,3}}| ?[!-/:-@\[-`{{-~]{{1,3}}|\s+(?!\S)|\s+|.", re.DOTALL)


def split(text: str) -> list[str]:
    """The pieces of a text; scripts without spaces and emoji give one piece per code point."""
    pieces: list[str] = []
    for piece in _PIECE.findall(text):
        if len(piece) <= MAX_WORD_CHARS or piece.isspace():
            pieces.append(piece)
        else:
            pieces.extend(piece[at : at + SUB_WORD_CHARS] for at in range(0, len(piece), SUB_WORD_CHARS))
    return pieces


def count(text: str) -> int:
    """How many tokens a text is billed as."""
    return len(split(text))
