"""The typed door: one message and its history in, named frames or one JSON body out."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from app.api.deps import IdempotencyKey, RequestIdDep, ServicesDep, keyed
from app.api.door_reply import CALL_ERRORS, DoorJson, DoorStream
from app.api.errors import responses_for
from app.api.json_body import JsonRoute, StrictRequest
from app.api.route_class import route_class
from app.core.errors import GenerationRunning, NotFound
from app.schemas.typed import ChatQuery, TypedChat, TypedReply
from app.services.doors.typed_frames import whole_answer

PATH = "/chat"
router = APIRouter(tags=["typed"], route_class=JsonRoute)

STREAMED: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Frames `content`, `reasoning`, `tool_call`, `annotation`, then `usage` and `done`, or `error`.",
        "content": {"text/event-stream": {}},
    }
}


@router.post(
    PATH,
    response_model=TypedReply,
    responses=STREAMED | responses_for(NotFound, GenerationRunning, *CALL_ERRORS, dialect="typed"),
)
@route_class("spend")
async def chat(
    services: ServicesDep,
    body: TypedChat,
    query: Annotated[ChatQuery, Query()],
    request_id: RequestIdDep,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Answer a message with named server-sent events, or with one JSON body under `stream=false`.

    Also at `/v1/chat/completions`, for a body with `message` and no `messages`.
    """
    door, dialect = await services.typed_chats.call(keyed(body, idempotency_key), request_id)
    if body.streams(query):
        return DoorStream(door, dialect)
    return DoorJson(door, lambda run: whole_answer(run.published, dialect))


class AlsoTyped(JsonRoute):
    """A route that leaves bodies of the typed dialect, with `message` and no `messages`, to `/chat`."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        answer_typed = _typed_route().get_route_handler()

        async def either(request: Request) -> Response:
            strict = StrictRequest(request.scope, request.receive)
            await strict.leave_out_null("messages")
            if await strict.has_field("message") and not await strict.has_field("messages"):
                # From here on it is a request to `/chat`, whose dialect its errors have.
                strict.scope["path"] = PATH
                return await answer_typed(strict)
            return await handle(strict)

        return either


def _typed_route() -> APIRoute:
    return next(route for route in router.routes if isinstance(route, APIRoute) and route.path == PATH)
