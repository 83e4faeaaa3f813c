"""``POST /chat/completions``: admit the call, open its ledger row, answer it, settle."""

from __future__ import annotations

import asyncio

from aiohttp import web

from .admission import Call, admit
from .complete import complete, produce
from .keys import STATE
from .ledger import Row
from .outlet import Outlet
from .state import State
from .stream import Cut, Stream

EXPOSED = "X-Generation-Id, X-Provider-Name, CF-RAY"


async def chat_completions(request: web.Request) -> web.StreamResponse:
    """Answer as a stream or as one body.

    A client that leaves a stream cancels it: the row is billed for what was produced, or for everything when the
    provider does not stop. One that leaves a plain call changes nothing.
    """
    state = request.app[STATE]
    call = await admit(state, request)
    if call is None:
        return _hang_up(request)
    row = _open(state, call)
    response = web.StreamResponse(headers=_headers(call, row))
    started_s = state.clock.monotonic()
    try:
        await response.prepare(request)
        outlet = Outlet(request, response, call.scenario.split_utf8)
        if call.streamed:
            await Stream(state, row, call.reply, call.scenario, outlet).run()
        else:
            await complete(state, row, call.reply, call.scenario, outlet)
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
    created_unix = int(state.clock.unix())
    misses = state.lookup_misses if call.scenario.misses is None else call.scenario.misses
    row = Row(
        id=state.next_generation_id(call.digest, created_unix),
        model=call.model,
        endpoint=call.endpoint,
        created_unix=created_unix,
        streamed=call.streamed,
        prompt_tokens=call.prompt.tokens,
        cached_tokens=min(call.scenario.cached, call.prompt.tokens),
        is_byok=call.scenario.byok,
        lookup_misses=misses,
    )
    state.ledger.add(row)
    state.pulse()
    return row


def _left(row: Row, call: Call) -> None:
    if row.status != "open":
        return
    if call.streamed and call.endpoint.stops_on_cancel:
        row.settle("cancelled", None)
        return
    row.completion_tokens = row.reasoning_tokens = 0
    row.sent.clear()
    produce(row, call.reply)
    row.settle("cancelled" if call.streamed else "completed", call.reply.finish_reason)


def _headers(call: Call, row: Row) -> dict[str, str]:
    headers = {
        "Content-Type": "application/json",
        "X-Generation-Id": row.id,
        "X-Provider-Name": call.endpoint.provider_name,
        "CF-RAY": f"{row.id[-16:].lower()}-DEMO",
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Expose-Headers": EXPOSED,
    }
    if call.streamed:
        headers |= {"Content-Type": "text/event-stream", "Cache-Control": "no-cache"}
    return headers


def _hang_up(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
