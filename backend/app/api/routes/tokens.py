"""Named access tokens."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from app.api.deps import ServicesDep
from app.api.errors import responses_for
from app.api.json_body import JsonRoute
from app.api.reply import created, page
from app.api.route_class import route_class
from app.core.errors import BadCursor, NotFound, ValidationFailed
from app.schemas.access_tokens import AccessToken, AccessTokenCreate, AccessTokenMade
from app.schemas.page import Page, PageQuery

router = APIRouter(prefix="/api/tokens", tags=["tokens"], route_class=JsonRoute)


@router.get("", response_model=Page[AccessToken], responses=responses_for(BadCursor, ValidationFailed))
@route_class("read", admin=True)
async def list_tokens(services: ServicesDep, query: Annotated[PageQuery, Query()]) -> Response:
    """Tokens that were given to programs, newest first, revoked ones too; never a secret."""
    return page(await services.access_tokens.list(query))


@router.post("", response_model=AccessTokenMade, status_code=201, responses=responses_for(ValidationFailed))
@route_class("write", admin=True)
async def create_token(services: ServicesDep, body: AccessTokenCreate) -> Response:
    """Make a token for a program. The reply holds its secret, which is told this once and kept nowhere."""
    return created(await services.access_tokens.create(body))


@router.delete("/{token_id}", status_code=204, responses=responses_for(NotFound))
@route_class("destructive")
async def revoke_token(services: ServicesDep, token_id: Annotated[str, Path(max_length=128)]) -> Response:
    """Revoke a token: it opens nothing any more and its streams are cut. Answers under way are finished and kept."""
    await services.access_tokens.revoke(token_id)
    return Response(status_code=204)
