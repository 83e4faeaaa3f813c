"""Restoring a backup, from a file that is sent or from the folder of the backups."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from pydantic import TypeAdapter, ValidationError
from starlette.responses import Response

from app.api.deps import ServicesDep
from app.api.errors import responses_for
from app.api.json_body import JsonRoute, body_as
from app.api.reply import reply
from app.api.route_class import route_class
from app.api.upload import Form
from app.core.errors import (
    BackupDamaged,
    BackupsUnavailable,
    BackupTooNew,
    BadBackup,
    BodyTooLarge,
    DiskFull,
    NotFound,
    Restoring,
    ShuttingDown,
    StoreBusy,
    UnsupportedMediaType,
    ValidationFailed,
)
from app.schemas.restores import RestoreRequest, RestoreSummary

router = APIRouter(prefix="/api/admin", tags=["backups"], route_class=JsonRoute)

_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "dry_run": {"type": "boolean", "default": False},
                    },
                }
            },
            "application/json": {"schema": RestoreRequest.model_json_schema()},
        },
    }
}
_FLAG = TypeAdapter(bool)


@router.post(
    "/restore",
    response_model=RestoreSummary,
    openapi_extra=_BODY,
    responses=responses_for(
        *(BadBackup, BackupTooNew, ValidationFailed, NotFound, BodyTooLarge, UnsupportedMediaType, DiskFull),
        *(BackupDamaged, BackupsUnavailable, Restoring, ShuttingDown, StoreBusy),
    ),
)
@route_class("destructive")
async def restore_backup(services: ServicesDep, request: Request) -> Response:
    """Put what a backup holds in the place of what is here: a file (form field `file`), or one of the folder.

    What was here is backed up first. The ledger, the models, the keys and tokens stay; `dry_run` only tells what would
    change. Answers that are being written are interrupted, and none starts meanwhile.
    """
    if not request.headers.get("content-type", "").startswith("multipart/"):
        wanted = await body_as(request, RestoreRequest)
        return reply(await services.restores.restore_named(wanted.name, dry_run=wanted.dry_run))
    async with services.restores.upload() as upload:
        form = Form(upload.write)
        await form.read(request)
        return reply(await services.restores.restore(upload.path, form.file_name or "", dry_run=_dry_run(form)))


def _dry_run(form: Form) -> bool:
    """The flag of a form. Raises ValidationFailed for what is none, and for fields that nobody knows."""
    if unknown := form.fields.keys() - {"dry_run"}:
        raise ValidationFailed(f"The form has a field {min(unknown)[:64]!r}, which is not known.")
    try:
        return _FLAG.validate_python(form.fields.get("dry_run", False))
    except ValidationError:
        raise ValidationFailed("dry_run is true or false.") from None
