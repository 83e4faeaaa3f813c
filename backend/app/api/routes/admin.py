"""Backups of the store."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query
from starlette.responses import Response

from app.api.deps import ServicesDep
from app.api.errors import responses_for
from app.api.file_reply import FileReply
from app.api.json_body import JsonRoute
from app.api.progress import progress
from app.api.reply import created, page, reply
from app.api.route_class import route_class
from app.core.errors import (
    BackupDamaged,
    BackupsUnavailable,
    BadCursor,
    DiskFull,
    NotFound,
    RangeNotSatisfiable,
    ShuttingDown,
)
from app.schemas.backups import Backup, BackupSchedule
from app.schemas.page import Page, PageQuery

router = APIRouter(prefix="/api/admin", tags=["backups"], route_class=JsonRoute)

FILE_TYPE = "application/vnd.sqlite3"
FILE: dict[int | str, dict[str, Any]] = {
    200: {"content": {FILE_TYPE: {}}, "description": "The database file."},
    206: {"content": {FILE_TYPE: {}}, "description": "The part of it that `Range` asked for."},
}
STEPS: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/event-stream": {}}, "description": "How far it is, step by step."}
}
BackupPath = Annotated[str, Path(max_length=255)]
MAKING = (DiskFull, BackupDamaged, BackupsUnavailable, ShuttingDown)


@router.get("/backup", response_class=Response, responses=FILE | responses_for(NotFound, RangeNotSatisfiable, *MAKING))
@route_class("write", admin=True, download=True)
async def download_fresh_backup(services: ServicesDep) -> Response:
    """Make a backup, checked and kept in the folder as any other, and download it."""
    backup = await services.backups.create("manual")
    return _file(services, backup.name)


@router.get("/backups", response_model=Page[Backup], responses=responses_for(BadCursor, BackupsUnavailable))
@route_class("read", admin=True)
async def list_backups(services: ServicesDep, query: Annotated[PageQuery, Query()]) -> Response:
    """What is in the folder of the backups, newest first."""
    return page(await services.backups.list(query))


@router.get(
    "/backups/schedule",
    response_model=BackupSchedule,
    responses=responses_for(BackupsUnavailable),
)
@route_class("read", admin=True)
async def get_backup_schedule(services: ServicesDep) -> Response:
    """How often backups are made by themselves, the next one, and why the last one failed; the settings change it."""
    return reply(await services.backup_schedule.state())


@router.post("/backups", response_model=Backup, status_code=201, responses=STEPS | responses_for(*MAKING))
@route_class("write", admin=True)
async def create_backup(services: ServicesDep, accept: Annotated[str, Header()] = "") -> Response:
    """Copy the store as it is now into a file of its own, checked; with `Accept: text/event-stream`, step by step.

    Nothing waits for it. Who leaves meanwhile finds it in the list.
    """
    if "text/event-stream" in accept:
        return await progress(services.backups.create_steps("manual"))
    return created(await services.backups.create("manual"))


@router.get("/backups/{name}", response_class=Response, responses=FILE | responses_for(NotFound, RangeNotSatisfiable))
@route_class("read", admin=True, download=True)
async def download_backup(services: ServicesDep, name: BackupPath) -> Response:
    """A backup's file; parts of it by `Range`."""
    return _file(services, name)


@router.delete("/backups/{name}", status_code=204, responses=responses_for(NotFound, BackupsUnavailable))
@route_class("destructive")
async def delete_backup(services: ServicesDep, name: BackupPath) -> Response:
    """Delete a backup for good."""
    await services.backups.delete(name)
    return Response(status_code=204)


@router.post(
    "/backups/{name}/verify",
    response_model=Backup,
    responses=responses_for(NotFound, BackupDamaged, DiskFull, BackupsUnavailable, ShuttingDown),
)
@route_class("write", admin=True)
async def verify_backup(services: ServicesDep, name: BackupPath) -> Response:
    """Read all of a backup again: whether it is sound, and still what was written."""
    return reply(await services.backups.verify(name))


def _file(services: ServicesDep, name: str) -> Response:
    return FileReply(services.backups.path_of(name), media_type=FILE_TYPE)
