"""``POST /responses``: a Responses call, made a chat call on its way in and a Responses answer on its way out."""

from __future__ import annotations

from .responses_answer import Answer
from .responses_request import chat_of
from .skins import Skin

RESPONSES = Skin(chat_of, Answer)
