"""A short text that a regular expression matches: literals, classes, groups, alternatives, quantifiers, anchors."""

from __future__ import annotations

import re
import string
import warnings
from collections.abc import Iterator

_CLASSES = {"d": "5", "w": "a", "s": " ", "D": "x", "W": "-", "S": "a"}
_CONTROLS = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v", "0": "\0"}
_QUANTIFIER = re.compile(r"([*+?]|\{(\d*)(?:(,)(\d*))?\})[?+]?")
_PRINTABLE = string.ascii_letters + string.digits + string.punctuation + " "
_MAX_EXTRA = 64


class Unmatched(ValueError):
    """No text was found; the expression uses what is not known here, or contradicts its bounds."""


def matching(pattern: str, min_chars: int = 0, max_chars: int = 10_000) -> str:
    """A text that ``re.search`` finds the pattern in, of a length within the bounds.

    Raises:
        Unmatched: none was found, or the pattern is no regular expression.
    """
    try:
        with warnings.catch_warnings(action="ignore", category=FutureWarning):  # "[[" may mean something else one day
            compiled = re.compile(pattern)
    except (re.error, RecursionError, OverflowError):
        raise Unmatched(pattern) from None
    for extra in range(_MAX_EXTRA):
        text = _Reader(pattern, extra).alternatives()
        if len(text) < min_chars and not pattern.endswith("$"):
            text = text.ljust(min_chars, ".")
        if min_chars <= len(text) <= max_chars and compiled.search(text):
            return text
    raise Unmatched(pattern)


class _Reader:
    """Reads a pattern once, from left to right, writing one text on the way."""

    def __init__(self, pattern: str, extra: int) -> None:
        self._rest = pattern
        self._extra = extra
        self._groups: list[str] = []

    def alternatives(self) -> str:
        """The first alternative up to the end of the group; the others are read and dropped."""
        first = self._sequence()
        while self._rest.startswith("|"):
            self._take(1)
            self._sequence()
        return first

    def _sequence(self) -> str:
        text = ""
        while self._rest and self._rest[0] not in "|)":
            atom = self._atom()
            text += self._repeated(atom)
        return text

    def _atom(self) -> str:
        head = self._take(1)
        match head:
            case "^" | "$":
                return ""
            case ".":
                return "a"
            case "(":
                return self._group()
            case "[":
                return self._class()
            case "\\":
                return self._escape()
            case _:
                return head

    def _group(self) -> str:
        opening = re.match(r"\?(?:P?<\w+>|:|[=!]|<[=!])", self._rest)
        if opening:
            self._take(opening.end())
        text = self.alternatives()
        self._take(1)
        if opening and opening[0][1:] in ("!", "<!", "=", "<="):
            return text if opening[0] == "?=" else ""
        if not opening or "<" in opening[0]:
            self._groups.append(text)
        return text

    def _escape(self) -> str:
        head = self._take(1)
        if head in "bBAZz":
            return ""
        if head in ("x", "u"):
            return chr(int(self._take(2 if head == "x" else 4), 16))
        if head.isdigit() and head != "0":
            return self._groups[int(head) - 1] if int(head) <= len(self._groups) else ""
        return _CLASSES.get(head) or _CONTROLS.get(head, head)

    def _class(self) -> str:
        end = re.match(r"\^?\]?(?:\\.|[^\]\\])*\]", self._rest, re.DOTALL)
        inside = self._take(end.end() if end else len(self._rest))
        one = re.compile(f"[{inside}")
        return next(iter(_members(one)), "")

    def _repeated(self, atom: str) -> str:
        quantifier = _QUANTIFIER.match(self._rest)
        if not quantifier:
            return atom
        self._take(quantifier.end())
        sign, least, comma, most = quantifier.groups()
        low = {"*": 0, "?": 0, "+": 1}.get(sign, int(least or 0))
        high = {"?": 1}.get(sign, 10_000) if not sign.startswith("{") else int(most or 10_000) if comma else low
        return atom * min(low + self._extra, high)

    def _take(self, count: int) -> str:
        head, self._rest = self._rest[:count], self._rest[count:]
        return head


def _members(one: re.Pattern[str]) -> Iterator[str]:
    yield from (character for character in _PRINTABLE if one.fullmatch(character))
    yield from (chr(code) for code in range(0x10000) if one.fullmatch(chr(code)))
