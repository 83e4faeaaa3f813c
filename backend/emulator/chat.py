"""``POST /chat/completions``: admit the call, open its ledger row, answer it, settle."""

from __future__ import annotations

import asyncio

from aiohttp import web

from .admission import Call, admit
from .calls import headers_of, open_row
from .complete import complete, produce
from .keys import STATE
from .ledger import Row
from .outlet import Outlet
from .skins import CHAT, Skin
from .state import State
from .stream import Cut, Stream


async def chat_completions(request: web.Request) -> web.StreamResponse:
    """``POST /chat/completions``: an answer as a stream or as one body."""
    return await answer(request, CHAT)


async def answer(request: web.Request, skin: Skin) -> web.StreamResponse:
    """Answer a call in the shape it was asked in.

    A client that leaves a stream cancels it: the row is billed for what was produced, or for everything when the
    provider does not stop. One that leaves a plain call changes nothing.
    """
    state = request.app[STATE]
    call = await admit(state, request, skin.as_chat)
    if call is None:
        return _hang_up(request)
    row = _open(state, call)
    rendering = skin.render(row, call.given)
    response = web.StreamResponse(headers=_headers(call, row))
    started_s = state.clock.monotonic()
    try:
        await response.prepare(request)
        outlet = Outlet(request, response, call.scenario.split_utf8)
        if call.streamed:
            await Stream(state, row, call.reply, call.scenario, outlet, rendering).run()
        else:
            await complete(state, row, call.reply, call.scenario, outlet, rendering)
    except Cut:
        pass
    except ConnectionError:
        _left(row, call)
    except asyncio.CancelledError:
        _left(row, call)
        raise
    finally:
        row.duration_ms = round((state.clock.monotonic() - started_s) * 1000)
        state.pulse()
    return response


def _open(state: State, call: Call) -> Row:
    row = open_row(state, call.model, call.endpoint, call.digest, key=call.key, lookup_misses=call.scenario.misses)
    row.streamed = call.streamed
    row.prompt_tokens = call.prompt.tokens
    row.cached_tokens = min(call.scenario.cached, call.prompt.tokens)
    row.cache_write_tokens = min(call.scenario.cache_write, call.prompt.tokens - row.cached_tokens)
    row.search_results = call.reply.search_results
    row.service_tier = call.service_tier
    row.is_byok = call.scenario.byok
    return row


def _left(row: Row, call: Call) -> None:
    if row.status != "open":
        return
    if call.streamed and call.endpoint.stops_on_cancel:
        row.settle("cancelled", None)
        return
    row.forget_output()
    produce(row, call.reply)
    row.settle("cancelled" if call.streamed else "completed", call.reply.finish_reason)


def _headers(call: Call, row: Row) -> dict[str, str]:
    if call.streamed:
        return {"Content-Type": "text/event-stream", "Cache-Control": "no-cache", **headers_of(row)}
    return {"Content-Type": "application/json", **headers_of(row)}


def _hang_up(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
