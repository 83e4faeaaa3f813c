"""A provider's reasoning details: the fragments of a stream as whole pieces (API reference, section 9). Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from app.schemas.parts import Details

Detail = dict[str, Any]

_GROWING: Final = {"reasoning.text": "text", "reasoning.summary": "summary"}
"""The types that come in fragments, and the key that grows; all others come whole."""
_INDEXES: Final = (int, str, type(None))


class Pieces:
    """The details of one stream so far, each fragment joined to its piece (rule 2).

    A fragment belongs to the latest piece of its type and index unless it names another id. Its text is appended; of
    everything else the last value that is not null counts, so a signature without text signs the text before it.
    """

    def __init__(self) -> None:
        self._pieces: list[tuple[Detail, list[str]]] = []
        self._growing: dict[tuple[str, object], int] = {}

    def take(self, fragments: Iterable[Detail]) -> None:
        """The next fragments, in their order."""
        for fragment in fragments:
            kind, index = fragment.get("type"), fragment.get("index")
            grows = _GROWING.get(kind) if isinstance(kind, str) else None
            if grows is None or not isinstance(index, _INDEXES):
                self._pieces.append((dict(fragment), []))
            else:
                self._join(fragment, grows, (str(kind), index))

    def whole(self) -> Details:
        """The pieces in the order in which each began."""
        return [
            {**piece, _GROWING[piece["type"]]: "".join(texts)} if texts else dict(piece)
            for piece, texts in self._pieces
        ]

    def _join(self, fragment: Detail, grows: str, key: tuple[str, object]) -> None:
        at = self._growing.get(key)
        text = fragment.get(grows)
        texts = [text] if isinstance(text, str) else []
        if at is None or _is_another(self._pieces[at][0], fragment):
            self._growing[key] = len(self._pieces)
            self._pieces.append((dict(fragment), texts))
            return
        piece, earlier = self._pieces[at]
        earlier += texts
        for name, value in fragment.items():
            if value is not None or name not in piece:
                piece[name] = value


def _is_another(piece: Detail, fragment: Detail) -> bool:
    known, named = piece.get("id"), fragment.get("id")
    return bool(known and named) and known != named
