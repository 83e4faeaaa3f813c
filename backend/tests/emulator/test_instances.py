"""Values made for JSON schemas."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from emulator.errors import ApiError
from emulator.instances import instance_of
from emulator.patterns import Unmatched, matching

NODE = {
    "$ref": "#/$defs/node",
    "$defs": {"node": {"type": "object", "required": [], "properties": {"next": {"$ref": "#/$defs/node"}}}},
}
LINKED = {
    "type": "object",
    "properties": {"value": {"type": "integer"}, "next": {"anyOf": [{"$ref": "#"}, {"type": "null"}]}},
    "required": ["value", "next"],
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"const": 7}, 7),
        ({"enum": ["b", "a"]}, "b"),
        ({"enum": ["b", "a"], "anyOf": [{"const": "c"}, {"enum": ["a"]}]}, "a"),
        ({"type": "integer", "enum": ["b", 3]}, 3),
        ({"type": ["null", "integer"], "maximum": 0}, 0),
        ({"type": "number", "exclusiveMinimum": 4}, 5.0),
        ({"type": "number", "minimum": 4, "exclusiveMinimum": True}, 5.0),
        ({"type": "number", "exclusiveMinimum": 0.2, "exclusiveMaximum": 0.4}, 0.3),
        ({"type": "integer", "minimum": 2.5}, 3),
        ({"type": "integer", "exclusiveMaximum": -3}, -4),
        ({"type": "integer", "multipleOf": 7, "minimum": 8}, 14),
        ({"type": "integer", "multipleOf": 1.5}, 3),
        ({"type": "null"}, None),
        ({"type": ["null"]}, None),
        ({"anyOf": [{"type": "boolean"}, {"type": "null"}]}, True),
        ({"oneOf": [False, {"type": "boolean"}]}, True),
        ({"allOf": [{"type": "integer", "minimum": 3}, {"minimum": 5, "maximum": 9}]}, 5),
        ({"allOf": [{"type": ["number", "null"]}, {"type": "integer"}]}, 1),
        ({"anyOf": [{"minimum": 3}, {"minimum": 4}], "type": "integer", "maximum": 3}, 3),
        ({"type": "string"}, "some words"),
        ({"minLength": 3, "maxLength": 4}, "some"),
        ({"type": "string", "minLength": 12}, "some words.."),
        ({"type": "string", "format": "date"}, "2026-01-02"),
        ({"type": "string", "pattern": "^[A-Z]{2}-[0-9]{3}$"}, "AA-000"),
        ({"type": "array", "items": {"type": "boolean"}, "minItems": 2}, [True, True]),
        ({"type": "array", "items": {"type": "boolean"}, "minItems": 2, "uniqueItems": True}, [True, False]),
        ({"type": "array", "items": {"enum": [1, 2, 3]}, "minItems": 3, "uniqueItems": True}, [1, 2, 3]),
        (
            {"type": "array", "items": {"type": "string"}, "minItems": 2, "uniqueItems": True},
            ["some words", "some words 1"],
        ),
        ({"type": "array", "maxItems": 0}, []),
        ({"type": "array", "prefixItems": [{"const": 1}, {"const": 2}], "items": False}, [1, 2]),
        ({"type": "array"}, [None]),
        ({"properties": {"a": {"const": 1}}, "required": ["a", "b"]}, {"a": 1, "b": None}),
        ({"type": "object", "properties": {"a": False}}, {}),
        ({"type": "object", "minProperties": 1, "additionalProperties": {"const": 2}}, {"key1": 2}),
        ({"$ref": "#/$defs/a~1b/anyOf/1", "$defs": {"a/b": {"anyOf": [{}, {"const": 5}]}}}, 5),
        ({"$ref": "#/$defs/a", "$defs": {"a": {"type": "integer"}}, "minimum": 4}, 4),
        ({}, {}),
        (NODE, {}),
        (LINKED, {"value": 1, "next": {"value": 1, "next": None}}),
    ],
)
def test_the_value_fits_the_schema(schema: dict[str, Any], value: object) -> None:
    """One small value for each keyword, and a validator agrees."""
    found = instance_of(schema, "some words")

    assert found == value
    if not isinstance(schema.get("exclusiveMinimum"), bool):
        Draft202012Validator(schema).validate(found)


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "array", "minItems": "many"},
        {"type": "wind"},
        {"$ref": "#/nowhere/at/all"},
        {"$ref": "https://example.org/schema"},
        {"$ref": "#"},
        {"enum": []},
        {"type": "integer", "minimum": 3, "maximum": 2},
        {"type": "integer", "multipleOf": 10, "minimum": 1, "maximum": 9},
        {"type": "string", "minLength": 3, "maxLength": 2},
        {"type": "string", "pattern": "("},
        {"type": "string", "pattern": "^a{3}$", "maxLength": 2},
        {"type": "array", "items": {"const": 1}, "minItems": 2, "uniqueItems": True},
        {"type": "array", "minItems": 3, "maxItems": 2},
        {"type": "array", "items": False, "minItems": 1},
        {"type": "object", "properties": {"a": False}, "required": ["a"]},
        {"type": "object", "required": ["a"], "additionalProperties": False},
        {"type": "object", "minProperties": 10_000},
        {"allOf": [{"type": "string"}, {"type": "integer"}]},
        {"allOf": [{"enum": [1]}, {"enum": [2]}]},
        {"anyOf": [False]},
        {"multipleOf": 0, "type": "integer"},
    ],
)
def test_what_nothing_fits_is_400(schema: dict[str, Any]) -> None:
    """Never a value that breaks the schema, never another exception."""
    with pytest.raises(ApiError) as refused:
        instance_of(schema, "some words")

    assert refused.value.status == 400


def _schemas(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    names = st.sampled_from(["a", "b", "c"])
    return st.one_of(
        st.builds(
            lambda properties, extra: {
                "type": "object",
                "properties": properties,
                "required": sorted(properties),
                "additionalProperties": extra,
            },
            st.dictionaries(names, inner, max_size=3),
            st.booleans(),
        ),
        st.builds(
            lambda items, least, room: {"type": "array", "items": items, "minItems": least, "maxItems": least + room},
            inner,
            st.integers(0, 3),
            st.integers(0, 2),
        ),
        st.builds(lambda branches: {"anyOf": branches}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda branch: {"allOf": [branch, branch]}, inner),
    )


_NUMBERS = st.one_of(st.integers(-50, 50), st.sampled_from([-2.5, -0.25, 0.5, 1.25, 7.75]))
LEAVES: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.sampled_from([{"type": "boolean"}, {"type": "null"}, {"const": {"x": [1]}}, {"enum": ["é", 2, None]}]),
    st.builds(
        lambda low, width: {"type": "number", "minimum": low, "maximum": low + width}, _NUMBERS, st.integers(0, 9)
    ),
    st.builds(lambda low: {"type": "integer", "exclusiveMinimum": low}, _NUMBERS),
    st.builds(lambda low: {"type": ["integer", "null"], "exclusiveMaximum": low}, _NUMBERS),
    st.builds(
        lambda low, more: {"type": "string", "minLength": low, "maxLength": low + more},
        st.integers(0, 60),
        st.integers(0, 9),
    ),
    st.builds(
        lambda kind: {"type": "string", "format": kind}, st.sampled_from(["date", "date-time", "email", "uuid", "time"])
    ),
)


@given(st.recursive(LEAVES, _schemas, max_leaves=12), st.text(max_size=50))
def test_a_validator_accepts_what_is_made_for_any_schema(schema: dict[str, Any], words: str) -> None:
    """Whatever the schema says that can be met."""
    value = instance_of(schema, words)

    Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(value)


@pytest.mark.parametrize(
    "pattern",
    [
        "^abc$",
        r"^\d{4}-\d{2}-\d{2}$",
        r"^[^@\s]+@[^@\s]+\.[a-z]{2,}$",
        "^(red|green|blue)$",
        "^(?:a|b)+c?$",
        r"^\w+\s\w+$",
        r"^(?P<first>x)y\1$",
        "a{2,3}b*",
        r"^[\]a-]+$",
        r"^\x41\u0042\.$",
        "^#[0-9a-fA-F]{6}$",
        "^.{5}$",
        "[\u0430-\u044f]|z",
    ],
)
def test_a_pattern_is_matched(pattern: str) -> None:
    """The usual constructs of schemas."""
    assert re.search(pattern, matching(pattern))


def test_a_pattern_is_matched_at_the_length_asked_for() -> None:
    """Repetitions grow, loose ends are filled."""
    assert len(matching("^a+$", 7)) == 7
    assert len(matching("^ab", 7)) == 7
    with pytest.raises(Unmatched):
        matching("^a$", 2)


@pytest.mark.filterwarnings("ignore:Possible:FutureWarning")
@given(st.text("ab01[](){}|*+?^$\\.,-:=!<>dwsWx", max_size=12))
def test_any_pattern_is_matched_or_refused(pattern: str) -> None:
    """Never another exception, never a text that does not match."""
    try:
        text = matching(pattern)
    except Unmatched:
        return
    assert re.search(pattern, text)


def test_no_words_still_give_a_string() -> None:
    """Strings are never empty."""
    assert instance_of({"type": "string"}, "") == "demo"
