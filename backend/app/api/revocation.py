"""A request of a named token, ended when that token is revoked."""

from __future__ import annotations

import asyncio
import logging

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.asgi import CUT
from app.core.errors import Unauthorized
from app.services.access_tokens import Grant

log = logging.getLogger(__name__)
_GONE: Message = {"type": "http.disconnect"}


async def until_revoked(grant: Grant, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Serve a request as long as its token is good.

    When it is revoked the application is told that its client has left, which ends any stream; the client sees the end
    of the reply, or that a reply of a known length breaks off.
    """
    cut = asyncio.get_running_loop().create_future()
    is_open = has_length = False

    def revoke() -> None:
        if not cut.done():
            cut.set_result(None)

    async def receive_or_cut() -> Message:
        if cut.done():
            return _GONE
        incoming = asyncio.ensure_future(receive())
        try:
            await asyncio.wait({incoming, cut}, return_when=asyncio.FIRST_COMPLETED)
            return incoming.result() if incoming.done() else _GONE
        finally:
            incoming.cancel()

    async def watched(message: Message) -> None:
        nonlocal is_open, has_length
        if message["type"] == "http.response.start":
            is_open, has_length = True, any(name == b"content-length" for name, _ in message["headers"])
        else:
            is_open = message.get("more_body", False)
        await send(message)

    grant.cuts.add(revoke)
    try:
        await app(scope, receive_or_cut, watched)
        if is_open and cut.done():
            log.warning("reply cut off", extra={"error_code": Unauthorized.code, "token_id": grant.id})
            if has_length:
                await _cut(scope, receive)
            else:
                await send({"type": "http.response.body", "body": b"", "more_body": False})
    finally:
        grant.cuts.discard(revoke)


async def _cut(scope: Scope, receive: Receive) -> None:
    """End the connection; a reply that is shorter than it said has no other end."""
    offered = scope.get("extensions", {}).get(CUT)
    if offered is not None:
        offered["abort"]()
        while (await receive())["type"] != "http.disconnect":
            pass
