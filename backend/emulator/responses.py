"""``POST /responses``: a Responses call, made a chat call on its way in and a Responses answer on its way out."""

from __future__ import annotations

from aiohttp import web

from .chat import answer
from .responses_answer import Answer
from .responses_request import chat_of
from .skins import Skin

RESPONSES = Skin(chat_of, Answer)


async def responses(request: web.Request) -> web.StreamResponse:
    """``POST /responses``: the same in the Responses shape, nothing stored, as events or as one body."""
    return await answer(request, RESPONSES)
