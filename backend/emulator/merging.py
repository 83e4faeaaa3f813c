"""Two JSON schemas that must both hold, as one."""

from __future__ import annotations

from typing import Any

_LARGER = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_SMALLER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_UNIONS = ("anyOf", "oneOf")


def merged(one: object, other: object) -> object:
    """A schema that accepts what both accept, as far as their keywords can be joined."""
    if one is True or one == {}:
        return other
    if other is True or other == {}:
        return one
    if not isinstance(one, dict) or not isinstance(other, dict):
        return False
    if "$ref" in one and "$ref" in other and one["$ref"] != other["$ref"]:
        return {**one, "allOf": [*one.get("allOf", []), other]}
    if "const" in one and "const" in other and one["const"] != other["const"]:
        return False
    joined = {**one, **other}
    for key in one.keys() & other.keys():
        joined[key] = _keyword(key, one[key], other[key])
    return joined


def _keyword(key: str, one: Any, other: Any) -> Any:
    if key in _LARGER:
        return max(one, other)
    if key in _SMALLER:
        return min(one, other)
    if key == "required":
        return list(dict.fromkeys([*one, *other]))
    if key == "enum":
        return [item for item in one if item in other]
    if key in _UNIONS:
        return [merged(mine, yours) for mine in one for yours in other]
    if key == "allOf":
        return [*one, *other]
    if key == "type":
        return _types(one, other)
    if key == "properties":
        return {name: merged(one.get(name, {}), other.get(name, {})) for name in {**one, **other}}
    if key in ("items", "additionalProperties"):
        return merged(one, other)
    return other


def _types(one: Any, other: Any) -> Any:
    ones, others = ({one} if isinstance(one, str) else set(one)), ({other} if isinstance(other, str) else set(other))
    common = ones & others
    if {"integer", "number"} <= ones | others and not common & {"integer", "number"}:
        common.add("integer")
    return sorted(common)
