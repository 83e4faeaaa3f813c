"""Where the running emulator's state hangs in the web application."""

from __future__ import annotations

from aiohttp import web

from .state import State

STATE: web.AppKey[State] = web.AppKey("state", State)
