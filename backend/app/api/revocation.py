"""A request of a named token, ended when that token is revoked."""

from __future__ import annotations

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.services.access_tokens import Grant

_GONE: Message = {"type": "http.disconnect"}


async def until_revoked(grant: Grant, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Serve a request as long as its token is good.

    When it is revoked the application is told that its client has left, which ends any stream; the client sees the end
    of the reply.
    """
    cut = asyncio.get_running_loop().create_future()
    is_open = False

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
        nonlocal is_open
        is_open = message["type"] == "http.response.start" or message.get("more_body", False)
        await send(message)

    grant.cuts.add(revoke)
    try:
        await app(scope, receive_or_cut, watched)
        if is_open and cut.done():
            await send({"type": "http.response.body", "body": b"", "more_body": False})
    finally:
        grant.cuts.discard(revoke)
