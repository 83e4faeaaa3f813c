"""The document refers to nothing that it does not hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.harness.document import DOCUMENT


def test_every_reference_leads_to_a_schema() -> None:
    document = DOCUMENT

    schemas = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert set(_references(document)) <= schemas
    assert {"#/components/schemas/ErrorBody", "#/components/schemas/PlainError"} <= set(_references(document["paths"]))


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)
