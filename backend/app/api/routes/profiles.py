"""Profiles: reusable settings of a conversation."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, UploadFile
from starlette.responses import Response

from app.api.deps import ServicesDep
from app.api.errors import responses_for
from app.api.json_body import JsonRoute
from app.api.reply import created, page, reply
from app.api.route_class import route_class
from app.core.errors import BadCursor, BodyTooLarge, NotFound, Stale, UnsupportedMediaType, ValidationFailed
from app.schemas.page import Page, PageQuery
from app.schemas.profiles import Profile, ProfileCreate, ProfilePatch, ProfilePut

router = APIRouter(prefix="/api/profiles", tags=["profiles"], route_class=JsonRoute)
ProfilePath = Annotated[int, Path(ge=1, le=2**53)]


@router.get("", response_model=Page[Profile], responses=responses_for(BadCursor, ValidationFailed))
@route_class("read")
async def list_profiles(services: ServicesDep, query: Annotated[PageQuery, Query()]) -> Response:
    """All profiles, oldest first."""
    return page(await services.profiles.list(query))


@router.post("", response_model=Profile, status_code=201, responses=responses_for(ValidationFailed))
@route_class("write")
async def create_profile(services: ServicesDep, body: ProfileCreate) -> Response:
    """Make a profile. Making it the default takes that from the one that had it."""
    return created(await services.profiles.create(body))


@router.post(
    "/import",
    response_model=Page[Profile],
    status_code=201,
    responses=responses_for(BodyTooLarge, UnsupportedMediaType, ValidationFailed),
)
@route_class("write")
async def import_profiles(services: ServicesDep, file: UploadFile) -> Response:
    """Add the profiles of a JSON file (form field `file`): one profile, a list, or what the list route answers."""
    return page(await services.profiles.import_file(await file.read()), 201)


@router.get("/{profile_id:int}", response_model=Profile, responses=responses_for(NotFound, ValidationFailed))
@route_class("read")
async def get_profile(services: ServicesDep, profile_id: ProfilePath) -> Response:
    """One profile."""
    return reply(await services.profiles.get(profile_id))


@router.put("/{profile_id:int}", response_model=Profile, responses=responses_for(NotFound, Stale, ValidationFailed))
@route_class("write")
async def replace_profile(services: ServicesDep, profile_id: ProfilePath, body: ProfilePut) -> Response:
    """Replace a profile; what is left out becomes its default."""
    return reply(await services.profiles.replace(profile_id, body))


@router.patch("/{profile_id:int}", response_model=Profile, responses=responses_for(NotFound, Stale, ValidationFailed))
@route_class("write")
async def patch_profile(services: ServicesDep, profile_id: ProfilePath, body: ProfilePatch) -> Response:
    """Change what is given."""
    return reply(await services.profiles.patch(profile_id, body))


@router.delete("/{profile_id:int}", status_code=204, responses=responses_for(NotFound, ValidationFailed))
@route_class("destructive")
async def delete_profile(services: ServicesDep, profile_id: ProfilePath) -> Response:
    """Delete a profile. Its sessions stay, without a profile."""
    await services.profiles.delete(profile_id)
    return Response(status_code=204)
