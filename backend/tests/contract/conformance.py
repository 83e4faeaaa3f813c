"""Every JSON reply is compared with what the OpenAPI document says of its route and status."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import httpx
from openapi_schema_validator import OAS31Validator

from app.api.paths import dialect_of
from tests.harness.document import DOCUMENT

Schema = dict[str, Any]

PATHS: dict[str, Schema] = DOCUMENT["paths"]


async def check_reply(response: httpx.Response) -> None:
    """An event hook for clients: fails when a reply is not documented, or has another shape than documented."""
    is_json = response.headers.get("content-type", "").startswith("application/json")
    if not is_json or response.request.method == "HEAD":
        return
    await response.aread()
    call = f"{response.request.method} {response.request.url.path} -> {response.status_code}"
    path = _path(response.request.method.lower(), response.request.url.path)
    if path is None and dialect_of(response.request.url.path) != "api":
        return
    validator = _validator(path, response.request.method.lower(), response.status_code)
    assert validator is not None, f"{call} is not documented"
    problems = [f"{error.json_path}: {error.message}"[:300] for error in validator.iter_errors(response.json())]
    assert problems == [], f"{call}: {problems}"


def _path(method: str, path: str) -> str | None:
    """The documented path that a request reached."""
    return next((name for pattern, name in _routes() if pattern.fullmatch(path) and method in PATHS[name]), None)


@cache
def _validator(path: str | None, method: str, status: int) -> OAS31Validator | None:
    """Of a documented reply; of the error that tells of no path where there is none."""
    schema: Schema = {"$ref": "#/components/schemas/ErrorBody"}
    if path is not None:
        documented = PATHS[path][method]["responses"].get(str(status))
        if documented is None:
            return None
        schema = documented["content"]["application/json"]["schema"]
    return OAS31Validator({**schema, "components": _closed_components()})


@cache
def _routes() -> list[tuple[re.Pattern[str], str]]:
    """Patterns of the documented paths; fixed ones first, as the router has them."""
    return [
        (re.compile(re.sub(r"\\\{\w+\\\}", lambda name: ".+" if "slug" in name[0] else "[^/]+", re.escape(path))), path)
        for path in sorted(PATHS, key=lambda path: "{" in path)
    ]


@cache
def _closed_components() -> Schema:
    """The document's schemas with no room for fields that they do not name."""
    schemas: Schema = DOCUMENT["components"]["schemas"]
    closed = {
        name: {"additionalProperties": False, **schema} if "properties" in schema else schema
        for name, schema in schemas.items()
    }
    return {"schemas": closed}
