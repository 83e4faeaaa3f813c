"""The smallest honest value of a JSON schema: what a model that honours a schema would write."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .errors import invalid_request

MAX_DEPTH = 8
MAX_ITEMS = 100
MAX_CHARS = 10_000
_FORMATS = {
    "date": "2026-01-02",
    "date-time": "2026-01-02T03:04:05Z",
    "email": "someone@example.org",
    "uri": "https://example.org/",
    "uuid": "00000000-0000-4000-8000-000000000000",
}


def instance_of(schema: object, words: str) -> Any:
    """A value that the schema accepts; its strings are taken from ``words``.

    Raises:
        ApiError: 400 for what is no schema.

    Knows types, ``enum``, ``const``, ``required``, lengths, bounds, unions and local ``$ref``; patterns are not met.
    """
    try:
        return _value(schema, schema if isinstance(schema, dict) else {}, words, 0)
    except (TypeError, AttributeError, LookupError, ValueError):
        raise invalid_request("Invalid JSON schema") from None


def _value(schema: object, root: Mapping[str, Any], words: str, depth: int) -> Any:
    if not isinstance(schema, dict) or depth > MAX_DEPTH:
        return None
    if "$ref" in schema:
        return _value(_referred(root, schema["$ref"]), root, words, depth + 1)
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return schema["enum"][0]
    for union in ("anyOf", "oneOf", "allOf"):
        if schema.get(union):
            return _value(schema[union][0], root, words, depth + 1)
    if _type_of(schema) == "array":
        length = min(schema.get("minItems", 1 if depth < MAX_DEPTH // 2 else 0), MAX_ITEMS)
        return [_value(schema.get("items"), root, words, depth + 1) for _ in range(length)]
    if _type_of(schema) == "object":
        return _object(schema, root, words, depth)
    return _scalar(schema, words)


def _type_of(schema: Mapping[str, Any]) -> str:
    kind = schema.get("type", "object")
    return str(next((item for item in kind if item != "null"), "null") if isinstance(kind, list) else kind)


def _scalar(schema: Mapping[str, Any], words: str) -> Any:
    match _type_of(schema):
        case "string":
            return _string(schema, words)
        case "integer":
            return int(_number(schema))
        case "number":
            return _number(schema)
        case "boolean":
            return True
        case _:
            return None


def _object(schema: Mapping[str, Any], root: Mapping[str, Any], words: str, depth: int) -> dict[str, Any]:
    properties = schema.get("properties", {})
    names = properties if depth < MAX_DEPTH // 2 else schema.get("required", [])
    return {name: _value(properties.get(name), root, words, depth + 1) for name in names}


def _string(schema: Mapping[str, Any], words: str) -> str:
    if schema.get("format") in _FORMATS:
        return _FORMATS[schema["format"]]
    text = words[: schema.get("maxLength", 40)].strip() or "demo"
    return text.ljust(min(schema.get("minLength", 0), MAX_CHARS), ".")


def _number(schema: Mapping[str, Any]) -> float:
    low = schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1)
    return float(min(low, schema.get("maximum", low)))


def _referred(root: Mapping[str, Any], pointer: str) -> object:
    found: object = root
    for name in pointer.removeprefix("#/").split("/"):
        found = found.get(name) if isinstance(found, dict) else None
    return found
