"""The OpenAPI document: what FastAPI finds in the routes, the bodies of their errors, and where their ids lead."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.encoders import jsonable_encoder
from pydantic.json_schema import models_json_schema

from app.api.errors import BODY_MODELS, SCHEMA_REF
from app.api.links import add_links


class DocumentedApp(FastAPI):
    """An app whose document holds more than its routes say."""

    def openapi(self) -> dict[str, Any]:
        """The document, made once."""
        made_before = self.openapi_schema
        document = super().openapi()
        if made_before is None:
            add_error_bodies(document)
            add_links(document)
        return document


def add_error_bodies(document: dict[str, Any]) -> None:
    """The schemas that the routes' error responses refer to."""
    _, schemas = models_json_schema(
        [(model, "serialization") for model in BODY_MODELS.values()], ref_template=SCHEMA_REF
    )
    # As FastAPI does with those it finds itself.
    found = jsonable_encoder(schemas["$defs"], exclude_none=True)
    document["components"]["schemas"] = dict(sorted({**found, **document["components"]["schemas"]}.items()))
