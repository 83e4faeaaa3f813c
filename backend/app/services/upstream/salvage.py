"""Reads JSON objects into structs whose types the sender does not always respect.

Decoding is strict and fast first. Where a type does not match, the same bytes are read again field by field, and only
what cannot be made sense of is dropped.
"""

from __future__ import annotations

import re
from functools import cache
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Raw, Struct

from app.core.errors import UpstreamGarbage

NOT_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
# A string that holds JSON; a sender that puts the JSON itself there is understood.
JsonText = Annotated[str, "JSON text"]

_S = TypeVar("_S", bound=Struct)
# Group 1 is kept: whole surrogate pairs, and escapes other than \u, among them the escaped backslash.
_ESCAPE = re.compile(
    rb"(\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\[^u])|\\u[dD][89a-fA-F][0-9a-fA-F]{2}"
)


def decode_object(data: bytes, type_: type[_S]) -> _S:
    """A JSON object as a struct, keeping all that fits. Raises UpstreamGarbage when it is no JSON object."""
    try:
        return msgspec.json.decode(data, type=type_)
    except msgspec.ValidationError:
        found = _salvage(Raw(data), type_)
    except NOT_JSON:
        found = _salvage(Raw(_repair(data)), type_)
    if not isinstance(found, type_):
        raise UpstreamGarbage(details={"size_bytes": len(data)})
    return found


def _repair(data: bytes) -> bytes:
    """``data`` without the two things that JSON parsers of other languages let through: bad UTF-8, half surrogates."""
    text = data.decode("utf-8", "replace").encode()
    return _ESCAPE.sub(lambda found: found[1] or b"\\ufffd", text)


def _salvage(raw: Raw, type_: Any) -> Any:
    """``raw`` as ``type_`` as far as it goes; None where it does not."""
    try:
        return msgspec.json.decode(raw, type=type_)
    except NOT_JSON:
        pass
    wanted = get_args(type_)[0] if get_origin(type_) in (Union, UnionType) else type_
    if get_origin(wanted) is list:
        return _salvage_list(raw, get_args(wanted)[0])
    if wanted is str:
        return as_text(raw)
    if wanted is JsonText:
        return bytes(raw).decode("utf-8", "replace")
    if wanted in (int, float):
        return _number(raw, wanted)
    return _salvage_struct(raw, wanted) if isinstance(wanted, type) and issubclass(wanted, Struct) else None


def _salvage_struct(raw: Raw, type_: type[_S]) -> _S | None:
    fields = _untyped(raw, dict[str, Raw])
    if fields is None:
        return None
    found = {
        name: value
        for name, hint in _hints(type_).items()
        if name in fields and (value := _salvage(fields[name], hint)) is not None
    }
    return type_(**found)


def _salvage_list(raw: Raw, item: Any) -> list[Any] | None:
    items = _untyped(raw, list[Raw])
    return None if items is None else [found for each in items if (found := _salvage(each, item)) is not None]


def as_text(raw: Raw) -> str | None:
    """Text from what may stand in its place: a number, or content parts, which are joined."""
    value = _untyped(raw, str | int | float | list[dict[str, Any]])
    if isinstance(value, list):
        return "".join(text for part in value if isinstance(text := part.get("text"), str))
    return None if value is None else str(value)


def decimal_text(raw: Raw) -> str | None:
    """The text of a JSON number, or of a string in its place; None for null, absence and anything else."""
    text = bytes(raw).strip()
    if text.startswith(b'"'):
        return as_text(raw) or None
    return text.decode() if text[:1].isdigit() or text[:1] == b"-" else None


def _number(raw: Raw, kind: type[int | float]) -> int | float | None:
    """A number from another kind of number, or from a string."""
    value = _untyped(raw, float | str)
    try:
        return None if value is None else kind(float(value))
    except (ValueError, OverflowError):
        return None


def _untyped(raw: Raw, type_: Any) -> Any:
    try:
        return msgspec.json.decode(raw, type=type_)
    except NOT_JSON:
        return None


@cache
def _hints(type_: type[Struct]) -> dict[str, Any]:
    return get_type_hints(type_, include_extras=True)
