"""A configuration file in TOML, JSON or YAML: its values, and the line of each for who has to correct one."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from app.core.yaml_nodes import Document

MOST_BYTES = 256 * 1024
KINDS = (".toml", ".json", ".yaml", ".yml")

Place: TypeAlias = Sequence[str | int]


class ConfigFileError(ValueError):
    """A file that cannot be used. The text names the file and the line of every problem; it never shows a value."""


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """A file that was read. ``line_of`` gives the line of a value, or of the nearest one around it, from 1."""

    path: Path
    values: dict[str, Any]
    line_of: Callable[[Place], int]

    def problem(self, place: Place, reason: str) -> str:
        """One line about one value: ``file:line: name.of.it: reason``."""
        named = ".".join(str(step) for step in place)
        return f"{self.path}:{self.line_of(place)}: {named + ': ' if named else ''}{reason}"


def read_config_file(path: Path) -> ConfigFile:
    """Read a file by its ending. Raises ConfigFileError."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ConfigFileError(f"{path}: cannot be read: {error.strerror}") from None
    if len(data) > MOST_BYTES:
        raise ConfigFileError(f"{path}: is larger than {MOST_BYTES // 1024} KiB")
    read = _READERS.get(path.suffix.lower())
    if read is None:
        raise ConfigFileError(f"{path}: is of no known kind; it has to end in {', '.join(KINDS)}")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigFileError(f"{path}:{line}: is not UTF-8") from None
    try:
        values, line_of = read(text)
    except _Unreadable as error:
        raise ConfigFileError(f"{path}:{error.line}: {error}") from None
    except RecursionError:
        raise ConfigFileError(f"{path}: is nested too deeply") from None
    if not isinstance(values, dict):
        raise ConfigFileError(f"{path}:1: has to be a table of names and values")
    return ConfigFile(path, values, line_of)


class _Unreadable(ValueError):
    def __init__(self, reason: str, line: int) -> None:
        self.line = line
        super().__init__(reason)


_Read: TypeAlias = tuple[Any, Callable[[Place], int]]


def _toml(text: str) -> _Read:
    lines = [f"{line}\n" for line in text.split("\n")]
    try:
        return tomllib.loads(text), partial(_toml_line, lines)
    except ValueError as error:
        line, reason = _toml_complaint(str(error), len(lines))
        raise _Unreadable(reason, line) from None


def _toml_complaint(message: str, last_line: int) -> tuple[int, str]:
    """The line and the reason of tomllib's ``reason (at line 3, column 5)`` or ``reason (at end of document)``."""
    reason, _, where = message.rpartition(" (at ")
    number = where.removeprefix("line ").partition(",")[0]
    return (int(number) if number.isdecimal() else max(last_line, 1)), reason or message


def _toml_line(lines: list[str], place: Place) -> int:
    """Where a value first appears as more and more of the file is read; tomllib itself tells no positions."""
    low, high = 0, len(lines)
    wanted = _depth(_longest_readable(lines, high)[1], place)
    while low < high:
        middle = (low + high) // 2
        if _depth(_longest_readable(lines, middle)[1], place) >= wanted:
            high = middle
        else:
            low = middle + 1
    return _longest_readable(lines, low - 1)[0] + 1 if low else 1


def _longest_readable(lines: list[str], count: int) -> tuple[int, dict[str, Any]]:
    """The first ``count`` lines, without those of a value that goes on after them."""
    for n in range(count, 0, -1):
        try:
            return n, tomllib.loads("".join(lines[:n]))
        except ValueError:
            continue
    return 0, {}


def _depth(values: Any, place: Place) -> int:
    """How many steps of a place lead to something."""
    for depth, step in enumerate(place):
        try:
            values = values[step]
        except (LookupError, TypeError):
            return depth
    return len(place)


def _json(text: str) -> _Read:
    try:
        values = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise _Unreadable(error.msg, error.lineno) from None
    except ValueError as error:
        raise _Unreadable(str(error), _json_line_of_duplicate(text)) from None
    return values, lambda place: _as_yaml(text).line(place)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"the name {next(n for n in names if names.count(n) > 1)!r} stands twice")
    return values


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _json_line_of_duplicate(text: str) -> int:
    try:
        _as_yaml(text)
    except _Unreadable as error:
        return error.line
    return 1


def _as_yaml(text: str) -> Document:
    # JSON is YAML but for tabs between its tokens; inside its strings there are none.
    return _document(text.replace("\t", " "))


def _yaml(text: str) -> _Read:
    document = _document(text)
    return {} if document.value is None else document.value, document.line


def _document(text: str) -> Document:
    from app.core.yaml_nodes import Document, YamlError  # only who has such a file pays for the import

    try:
        return Document(text)
    except YamlError as error:
        raise _Unreadable(str(error), error.line) from None


_READERS: dict[str, Callable[[str], _Read]] = {".toml": _toml, ".json": _json, ".yaml": _yaml, ".yml": _yaml}
