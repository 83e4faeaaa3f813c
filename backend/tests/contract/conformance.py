"""Every JSON reply is compared with what the OpenAPI document says of its route and status."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import httpx
from openapi_schema_validator import OAS31Validator

from app.api.paths import dialect_of
from app.main import create_app

Schema = dict[str, Any]


async def check_reply(response: httpx.Response) -> None:
    """An event hook for clients: fails when a reply is not documented, or has another shape than documented."""
    is_json = response.headers.get("content-type", "").startswith("application/json")
    if not is_json or response.request.method == "HEAD":
        return
    await response.aread()
    call = f"{response.request.method} {response.request.url.path} -> {response.status_code}"
    operation = _operation(response.request.method, response.request.url.path)
    if operation is None:
        if dialect_of(response.request.url.path) != "api":
            return
        _check(response.json(), {"$ref": "#/components/schemas/ErrorBody"}, call)
        return
    documented = operation["responses"].get(str(response.status_code))
    assert documented is not None, f"{call} is not documented"
    _check(response.json(), documented["content"]["application/json"]["schema"], call)


def _check(body: Any, schema: Schema, call: str) -> None:
    validator = OAS31Validator({**schema, "components": _closed_components()})
    problems = [f"{error.json_path}: {error.message}"[:300] for error in validator.iter_errors(body)]
    assert problems == [], f"{call}: {problems}"


def _operation(method: str, path: str) -> Schema | None:
    for pattern, operations in _routes():
        if pattern.fullmatch(path) and method.lower() in operations:
            found: Schema = operations[method.lower()]
            return found
    return None


@cache
def _document() -> Schema:
    return create_app().openapi()


@cache
def _routes() -> list[tuple[re.Pattern[str], Schema]]:
    """Patterns of the documented paths; fixed ones first, as the router has them."""
    paths = sorted(_document()["paths"].items(), key=lambda item: "{" in item[0])
    return [
        (re.compile(re.sub(r"\\\{\w+\\\}", lambda name: ".+" if "slug" in name[0] else "[^/]+", re.escape(path))), item)
        for path, item in paths
    ]


@cache
def _closed_components() -> Schema:
    """The document's schemas with no room for fields that they do not name."""
    schemas: Schema = _document()["components"]["schemas"]
    closed = {
        name: {"additionalProperties": False, **schema} if "properties" in schema else schema
        for name, schema in schemas.items()
    }
    return {"schemas": closed}
