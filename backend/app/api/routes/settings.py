"""The settings page."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from app.api.deps import ServicesDep
from app.api.errors import responses_for
from app.api.json_body import JsonRoute
from app.api.reply import reply
from app.api.route_class import route_class
from app.core.errors import Conflict, ValidationFailed
from app.schemas.settings import AppSettings, KeyPut, KeyStatus, SettingsPatch

router = APIRouter(prefix="/api/settings", tags=["settings"], route_class=JsonRoute)


@router.get("", response_model=AppSettings)
@route_class("read")
async def get_settings(services: ServicesDep) -> Response:
    """Preferences, and where the provider key comes from; never the key."""
    return reply(await services.preferences.get())


@router.patch("", response_model=AppSettings, responses=responses_for(Conflict, ValidationFailed))
@route_class("write", admin=True)
async def patch_settings(services: ServicesDep, body: SettingsPatch) -> Response:
    """Change what is given."""
    return reply(await services.preferences.patch(body))


@router.put("/key", response_model=KeyStatus, responses=responses_for(ValidationFailed))
@route_class("write", admin=True)
async def put_key(services: ServicesDep, body: KeyPut) -> Response:
    """Keep a provider key in its own file (0600) and use it from now on. A key of the environment goes first."""
    return reply(await services.preferences.set_key(body.key.get_secret_value()))


@router.delete("/key", response_model=KeyStatus)
@route_class("destructive")
async def delete_key(services: ServicesDep) -> Response:
    """Forget the stored key."""
    return reply(await services.preferences.delete_key())
