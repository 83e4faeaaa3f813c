"""The smallest honest value of a JSON schema: what a model that honours a schema would write."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from .errors import invalid_request
from .merging import merged
from .patterns import Unmatched, matching

MAX_NODES = 5000
MAX_ITEMS = 1000
MAX_CHARS = 10_000
WORDS_CHARS = 40
_FORMATS = {
    "date": "2026-01-02",
    "date-time": "2026-01-02T03:04:05Z",
    "duration": "P1D",
    "email": "someone@example.org",
    "hostname": "example.org",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "time": "03:04:05Z",
    "uri": "https://example.org/",
    "uuid": "00000000-0000-4000-8000-000000000000",
}
_TYPE_OF_KEYWORD = {
    "properties": "object", "required": "object", "additionalProperties": "object", "minProperties": "object",
    "items": "array", "prefixItems": "array", "minItems": "array",
    "pattern": "string", "format": "string", "minLength": "string", "maxLength": "string",
    "minimum": "number", "maximum": "number", "multipleOf": "number",
    "exclusiveMinimum": "number", "exclusiveMaximum": "number",
}  # fmt: skip

Schema = Mapping[str, Any]


class Unsatisfiable(ValueError):
    """Nothing that was tried fits this part of the schema."""


def instance_of(schema: object, words: str) -> Any:
    """A value that the schema accepts; its strings are taken from ``words``.

    Raises:
        ApiError: 400 for what is no schema, or for one that no value was found for.

    Knows types, ``enum``, ``const``, bounds, ``multipleOf``, lengths, ``pattern``, common formats, ``properties``,
    ``required``, ``additionalProperties``, ``minProperties``, ``items``, ``prefixItems``, ``uniqueItems``, unions,
    ``allOf`` and local ``$ref``, also recursive ones.
    """
    try:
        return _Writer(schema if isinstance(schema, dict) else {}, words).value(schema)
    except (
        Unsatisfiable,
        TypeError,
        AttributeError,
        LookupError,
        ValueError,
        ArithmeticError,
        RecursionError,
    ) as error:
        raise invalid_request(f"Invalid JSON schema: {error}") from None


class _Writer:
    """Writes one value of a schema. ``_nth`` asks for another value of the same schema."""

    def __init__(self, root: Schema, words: str) -> None:
        self._root = root
        self._words = words[:WORDS_CHARS].strip() or "demo"
        self._open_refs: list[str] = []
        self._nodes = 0
        self._nth = 0

    def value(self, schema: object) -> Any:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise RecursionError("too large")
        if schema is True or schema is None:
            return None
        if not isinstance(schema, dict):
            raise Unsatisfiable("nothing fits false")
        if "$ref" in schema:
            return self._referred(schema)
        if schema.get("allOf"):
            first, *rest = schema["allOf"]
            others = {key: value for key, value in schema.items() if key != "allOf"} | ({"allOf": rest} if rest else {})
            return self.value(merged(others, first))
        for union in ("anyOf", "oneOf"):
            if schema.get(union):
                others = {key: value for key, value in schema.items() if key != union}
                return self._first(merged(others, branch) for branch in schema[union])
        if "const" in schema:
            if schema["const"] not in schema.get("enum", [schema["const"]]):
                raise Unsatisfiable("const is not in enum")
            return schema["const"]
        if "enum" in schema:
            return self._chosen(schema)
        return self._typed(schema, _types_of(schema))

    def _first(self, candidates: Iterable[object]) -> Any:
        problem = "no alternative"
        for candidate in candidates:
            try:
                return self.value(candidate)
            except Unsatisfiable as error:
                problem = str(error)
        raise Unsatisfiable(problem)

    def _typed(self, schema: Schema, types: Sequence[str]) -> Any:
        problem = "no type"
        for kind in types:
            try:
                return self._of_type(schema, kind)
            except Unsatisfiable as error:
                problem = str(error)
        raise Unsatisfiable(problem)

    def _of_type(self, schema: Schema, kind: str) -> Any:
        match kind:
            case "object":
                return self._object(schema)
            case "array":
                return self._array(schema)
            case "string":
                return self._string(schema)
            case "integer":
                return int(self._number(schema, whole=True))
            case "number":
                return float(self._number(schema, whole=False))
            case "boolean":
                return self._nth % 2 == 0
            case "null":
                return None
            case _:
                raise ValueError(f"unknown type {kind!r}")

    def _referred(self, schema: Schema) -> Any:
        pointer = schema["$ref"]
        if pointer in self._open_refs:
            raise Unsatisfiable(f"{pointer} contains itself")
        self._open_refs.append(pointer)
        try:
            others = {key: value for key, value in schema.items() if key != "$ref"}
            found = self._at(pointer)
            return self.value(merged(found, others) if others and isinstance(found, dict) else found)
        finally:
            self._open_refs.pop()

    def _at(self, pointer: str) -> Any:
        if not pointer.startswith("#"):
            raise ValueError(f"{pointer} is not local")
        found: Any = self._root
        for part in filter(None, pointer[1:].split("/")):
            name = part.replace("~1", "/").replace("~0", "~")
            found = found[int(name)] if isinstance(found, list) else found[name]
        return found

    def _chosen(self, schema: Schema) -> Any:
        kinds = schema.get("type")
        fitting = [item for item in schema["enum"] if kinds is None or _is_of(item, kinds)]
        if not fitting:
            raise Unsatisfiable("empty enum")
        return fitting[self._nth % len(fitting)]

    def _object(self, schema: Schema) -> dict[str, Any]:
        properties, required = schema.get("properties", {}), schema.get("required", ())
        others = schema.get("additionalProperties", True)
        value: dict[str, Any] = {}
        for name, part in properties.items():
            try:
                value[name] = self.value(part)
            except Unsatisfiable:
                if name in required:
                    raise
        for name in required:
            if name not in value:
                value[name] = self.value(others)
        for at in range(schema.get("minProperties", 0) - len(value)):
            value[f"key{at + 1}"] = self.value(others)
        return value

    def _array(self, schema: Schema) -> list[Any]:
        first, items = schema.get("prefixItems", []), schema.get("items")
        least, most = schema.get("minItems", 0), min(schema.get("maxItems", MAX_ITEMS), MAX_ITEMS)
        length = max(least, len(first), 0 if items is False else 1)
        if least > most:
            raise Unsatisfiable("too many items")
        value: list[Any] = []
        before = self._nth
        try:
            for at in range(min(length, most)):
                self._nth = before + at if schema.get("uniqueItems") else before
                value.append(self.value(first[at] if at < len(first) else items))
        except Unsatisfiable:
            if len(value) < least:
                raise
        finally:
            self._nth = before
        if schema.get("uniqueItems") and any(item in value[:at] for at, item in enumerate(value)):
            value = [item for at, item in enumerate(value) if item not in value[:at]]
            if len(value) < least:
                raise Unsatisfiable("too few different items")
        return value

    def _string(self, schema: Schema) -> str:
        least, most = schema.get("minLength", 0), min(schema.get("maxLength", MAX_CHARS), MAX_CHARS)
        if least > most:
            raise Unsatisfiable("minLength is above maxLength")
        if "pattern" in schema:
            try:
                return matching(schema["pattern"], least, most)
            except Unmatched:
                raise Unsatisfiable(f"pattern {schema['pattern']!r}") from None
        if schema.get("format") in _FORMATS:
            return _FORMATS[schema["format"]]
        text = f"{self._words} {self._nth}" if self._nth else self._words
        return text[-most:].ljust(least, ".") if self._nth and most else text[:most].ljust(least, ".")

    def _number(self, schema: Schema, *, whole: bool) -> Fraction:
        low, high = _bound(schema, "minimum", "exclusiveMinimum"), _bound(schema, "maximum", "exclusiveMaximum")
        step = Fraction(str(schema["multipleOf"])) if "multipleOf" in schema else Fraction(1)
        if whole:
            step = Fraction(step.numerator)
        value = _beside(low, high, step)
        if not _within(value, low, high) and "multipleOf" not in schema and not whole:
            value = (low[0] + high[0]) / 2 if low and high else value
        for candidate in (value + step * self._nth, value - step * self._nth):
            if _within(candidate, low, high):
                return candidate
        raise Unsatisfiable("no number between the bounds")


Bound = tuple[Fraction, bool] | None


def _bound(schema: Schema, inclusive: str, exclusive: str) -> Bound:
    """A limit and whether it is itself excluded; the older spelling of exclusion is a boolean."""
    strict, plain = schema.get(exclusive), schema.get(inclusive)
    if isinstance(strict, bool):
        return (Fraction(str(plain)), strict) if plain is not None else None
    found = [(Fraction(str(limit)), out) for limit, out in ((plain, False), (strict, True)) if limit is not None]
    if not found:
        return None
    return max(found) if inclusive == "minimum" else min(found, key=lambda bound: (bound[0], not bound[1]))


def _beside(low: Bound, high: Bound, step: Fraction) -> Fraction:
    """The multiple of the step that is nearest to 1 and not outside the bounds, if there is one."""
    value = max(step, math.ceil(1 / step) * step)
    if low and (value < low[0] or (value == low[0] and low[1])):
        value = math.ceil(low[0] / step) * step
        value += step if value == low[0] and low[1] else 0
    if high and (value > high[0] or (value == high[0] and high[1])):
        value = math.floor(high[0] / step) * step
        value -= step if value == high[0] and high[1] else 0
    return value


def _within(value: Fraction, low: Bound, high: Bound) -> bool:
    return not (
        (low and (value < low[0] or (value == low[0] and low[1])))
        or (high and (value > high[0] or (value == high[0] and high[1])))
    )


def _types_of(schema: Schema) -> list[str]:
    guess = next((kind for key, kind in _TYPE_OF_KEYWORD.items() if key in schema), "object")
    kinds = schema.get("type", guess)
    listed = [kinds] if isinstance(kinds, str) else list(kinds)
    return sorted(listed, key=lambda kind: kind == "null")


def _is_of(value: object, kinds: str | Sequence[str]) -> bool:
    names = {
        bool: {"boolean"}, int: {"integer", "number"}, float: {"number"}, str: {"string"},
        list: {"array"}, dict: {"object"}, type(None): {"null"},
    }  # fmt: skip
    return not names.get(type(value), set()).isdisjoint([kinds] if isinstance(kinds, str) else kinds)
