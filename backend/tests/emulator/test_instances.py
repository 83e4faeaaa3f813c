"""Values made for JSON schemas."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.instances import instance_of

NODE = {
    "$ref": "#/$defs/node",
    "$defs": {"node": {"type": "object", "required": [], "properties": {"next": {"$ref": "#/$defs/node"}}}},
}


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"const": 7}, 7),
        ({"enum": ["b", "a"]}, "b"),
        ({"type": ["null", "integer"], "maximum": 0}, 0),
        ({"type": "number", "exclusiveMinimum": 4}, 5.0),
        ({"type": "null"}, None),
        ({"type": ["null"]}, None),
        ({"anyOf": [{"type": "boolean"}, {"type": "null"}]}, True),
        ({"type": "string"}, "some words"),
        ({"type": "string", "maxLength": 4}, "some"),
        ({"type": "string", "minLength": 12}, "some words.."),
        ({"type": "string", "format": "date"}, "2026-01-02"),
        ({"type": "array", "items": {"type": "boolean"}, "minItems": 2}, [True, True]),
        ({"type": "array"}, [None]),
        ({}, {}),
        ({"$ref": "#/nowhere/at/all"}, None),
    ],
)
def test_the_value_fits_the_schema(schema: dict[str, Any], value: object) -> None:
    """One small value for each keyword."""
    assert instance_of(schema, "some words") == value


def test_a_recursive_schema_ends() -> None:
    """Deep down only what is required is filled in."""
    value = instance_of(NODE, "x")
    depth = 0
    while value:
        value, depth = value["next"], depth + 1

    assert 0 < depth < 8


def test_no_words_still_give_a_string() -> None:
    """Strings are never empty."""
    assert instance_of({"type": "string"}, "") == "demo"
