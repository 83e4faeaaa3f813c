"""The OpenAI door: what official SDKs call, at OpenAI's paths and at OpenRouter's."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header
from starlette.responses import Response

from app.api.deps import ForwardedDep, IdempotencyKey, RequestIdDep, ServicesDep
from app.api.door_reply import CALL_ERRORS, DoorJson, DoorStream
from app.api.errors import responses_for
from app.api.route_class import route_class
from app.api.routes.chat import AlsoTyped
from app.schemas.openai import ChatCompletionRequest
from app.services.doors.door_start import DoorCall
from app.services.doors.openai_dialect import completion, openai_chunks, openai_chunks_usage_apart

router = APIRouter(tags=["openai"], route_class=AlsoTyped)

ANSWERED: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "A completion, or with `stream` its chunks as server-sent events up to `data: [DONE]`.",
        "content": {"application/json": {}, "text/event-stream": {}},
    }
}
StoreText = Annotated[
    Literal["true", "false"],
    Header(alias="X-Console-Store", description="`false` keeps the text out of the store; the ledger has its row."),
]


@router.post("/v1/chat/completions", responses=ANSWERED | responses_for(*CALL_ERRORS, dialect="openai"))
@router.post("/api/v1/chat/completions", include_in_schema=False)
@route_class("spend")
async def create_chat_completion(
    services: ServicesDep,
    body: ChatCompletionRequest,
    request_id: RequestIdDep,
    forwarded: ForwardedDep,
    idempotency_key: IdempotencyKey = None,
    store: StoreText = "true",
) -> Response:
    """Answer a conversation in the shapes of OpenAI and OpenRouter, streamed or in one piece.

    A body with `message` and no `messages` is answered as `/chat` answers it. Also at `/api/v1/chat/completions`.
    """
    call = DoorCall(
        messages=body.sent_messages,
        params=body.parameters,
        model=body.model,
        key=idempotency_key,
        store=store == "true",
        streams=bool(body.stream),
        headers=forwarded,
    )
    door = await services.doors.call(call, request_id)
    if body.stream:
        return DoorStream(door, openai_chunks_usage_apart if body.usage_apart else openai_chunks)
    return DoorJson(door, completion)
