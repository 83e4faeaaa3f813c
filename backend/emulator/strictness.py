"""What is refused of tools and schemas before a model sees them, most of it by those who hold to them to the letter."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from .catalogue import Endpoint, Model
from .errors import ApiError, invalid_request, provider_error

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}\Z")
_FORMATS = ("text", "json_object", "json_schema", "grammar", "python")


def check_format(wanted: Mapping[str, Any]) -> None:
    """Raise 400 for a ``response_format`` of no known shape (API reference, section 2.5)."""
    kind, described = wanted.get("type"), wanted.get("json_schema")
    if kind not in _FORMATS:
        raise invalid_request(f"Invalid request parameters: response_format.type: expected one of {' '.join(_FORMATS)}")
    if kind == "grammar" and not isinstance(wanted.get("grammar"), str):
        raise invalid_request("Invalid request parameters: response_format.grammar: required")
    if kind != "json_schema":
        return
    if not isinstance(described, dict) or not isinstance(described.get("schema"), dict):
        raise invalid_request("Invalid request parameters: response_format.json_schema.schema: required")
    if not _NAME.match(str(described.get("name") or "")):
        raise invalid_request(
            "Invalid request parameters: response_format.json_schema.name: expected 1 to 64 letters, digits, _ or -"
        )


def check_provider_rules(model: Model, endpoint: Endpoint, body: Mapping[str, Any]) -> None:
    """Raise the provider's 400 for tool names and strict schemas that it does not take."""
    functions = [tool["function"] for tool in body.get("tools", []) if tool.get("function")]
    if model.family in ("openai", "anthropic"):
        for at, function in enumerate(functions):
            if not _NAME.match(function["name"]):
                raise _refused(
                    endpoint,
                    f"Invalid 'tools[{at}].function.name': string does not match pattern. Expected a string that "
                    "matches the pattern '^[a-zA-Z0-9_-]+$'.",
                )
    if model.family != "openai":
        return
    described = body.get("response_format", {}).get("json_schema") or {}
    strict = (
        [(f"response_format '{described.get('name')}'", described.get("schema"))] if described.get("strict") else []
    )
    strict += [(f"function '{it['name']}'", it.get("parameters") or {}) for it in functions if it.get("strict")]
    for owner, schema in strict:
        problem = next(_problems(schema, ()), None)
        if problem:
            raise _refused(endpoint, f"Invalid schema for {owner}: {problem}")


def _refused(endpoint: Endpoint, message: str) -> ApiError:
    return provider_error(400, endpoint.provider_name, {"error": {"message": message, "type": "invalid_request_error"}})


def _problems(schema: object, path: tuple[str, ...]) -> Iterator[str]:
    if not isinstance(schema, dict):
        return
    if not path and schema.get("type") != "object" and "$ref" not in schema:
        yield f"""schema must be a JSON Schema of 'type: "object"', got 'type: "{schema.get("type")}"'."""
    context = f"In context={path}, "
    properties = schema.get("properties", {})
    if schema.get("type") == "object" or properties:
        if schema.get("additionalProperties") is not False:
            yield f"{context}'additionalProperties' is required to be supplied and to be false."
        missing = [name for name in properties if name not in schema.get("required", ())]
        if missing:
            yield (
                f"{context}'required' is required to be supplied and to be an array including every key in "
                f"properties. Missing '{missing[0]}'."
            )
    for group in ("properties", "$defs", "definitions"):
        for name, part in schema.get(group, {}).items():
            yield from _problems(part, (*path, group, name))
    for union in ("anyOf", "allOf", "oneOf"):
        for at, part in enumerate(schema.get(union, [])):
            yield from _problems(part, (*path, union, str(at)))
    yield from _problems(schema.get("items"), (*path, "items"))
