"""One answer in a single JSON body, behind the whitespace that keeps the connection awake (section 3)."""

from __future__ import annotations

from typing import Any

import msgspec

from . import thinking, wire
from .errors import USER_ID, edge_page, envelope
from .ledger import Row
from .media import IMAGE_TOKENS, as_part
from .outlet import Outlet
from .reply import Reply
from .scenarios import MidStreamError, Scenario
from .skins import Rendering
from .state import State
from .stream import error_chunk

PADDINGS = 3


def produce(row: Row, reply: Reply) -> None:
    """Count the whole reply: a call that is not streamed always runs to its end."""
    for token in reply.reasoning:
        row.produce(token, "reasoning")
    for token in reply.text:
        row.produce(token, "text")
    for _ in reply.images:
        row.produce("", "image", IMAGE_TOKENS)
    for call in reply.tool_calls:
        for token in (call.name, *call.fragments):
            row.produce(token, "tool")
    row.native_finish_reason = reply.native_finish_reason


async def complete(
    state: State, row: Row, reply: Reply, scenario: Scenario, outlet: Outlet, rendering: Rendering
) -> None:
    """Write the body; the row is settled before its last byte.

    The status is 200 from the first byte on, so a failure arrives in the body.
    """
    outlet.put(wire.PADDING * PADDINGS)
    await outlet.flush()
    while scenario.slow_loris:
        await state.clock.sleep(scenario.slow_loris.ms / 1000)
        outlet.put(wire.PADDING)
        await outlet.flush()
    writing_s = reply.tokens / scenario.rate if scenario.rate else 0
    if scenario.latency or writing_s:
        await state.clock.sleep(scenario.latency / 1000 + writing_s)
    if scenario.stall:
        with state.stalling() as released:
            await (released.wait() if scenario.stall.ms is None else state.clock.sleep(scenario.stall.ms / 1000))
    produce(row, reply)
    body = _body(row, reply, scenario, rendering)
    state.pulse()
    cut = scenario.reset or scenario.drop
    outlet.put(body[: len(body) // 2] if cut else body)
    await outlet.flush()
    if scenario.reset:
        outlet.reset()
    elif scenario.drop and scenario.drop.form == "fin":
        outlet.close()


def message(row: Row, reply: Reply) -> dict[str, Any]:
    """The assistant message of the reply."""
    body: dict[str, Any] = {
        "role": "assistant",
        "content": "".join(reply.text),
        "refusal": None,
        "reasoning": None,
    }
    if reply.reasoning and reply.shows_reasoning:
        body |= thinking.whole(row.model.family, row.id, "".join(reply.reasoning))
    if reply.tool_calls:
        body["content"] = None
        body["tool_calls"] = [call.as_json(at) for at, call in enumerate(reply.tool_calls)]
    if reply.annotations:
        body["annotations"] = reply.annotations
    if reply.images:
        body["images"] = [as_part(url, at) for at, url in enumerate(reply.images)]
    return body


def _body(row: Row, reply: Reply, scenario: Scenario, rendering: Rendering) -> bytes:
    fault = scenario.mid_stream_error
    if fault:
        row.settle("failed", "error")
        return msgspec.json.encode(_failure(row, reply, scenario, fault, rendering))
    row.settle("completed", reply.finish_reason)
    logprobs = None if reply.logprobs is None else wire.logprobs_of(reply.text, reply.logprobs)
    whole = rendering.whole(wire.completion(row, message(row, reply), scenario, logprobs))
    if scenario.garbage is None:
        return msgspec.json.encode(whole)
    match scenario.garbage.form:
        case "html":
            return edge_page(502).encode()
        case "null_choices":
            return msgspec.json.encode({**whole, "choices": None})
        case "nested":
            return msgspec.json.encode({"id": None, "choices": None, "model": None, "provider": whole})
        case "bytes":
            return bytes(range(128, 256))
        case "json":
            return msgspec.json.encode(whole)[:-2]


def _failure(row: Row, reply: Reply, scenario: Scenario, fault: MidStreamError, rendering: Rendering) -> dict[str, Any]:
    chunk = error_chunk(row, fault)
    error = chunk["error"] if fault.form != "choice" else chunk["choices"][0]["error"]
    if fault.form != "choice" and not rendering.fails_in_band:
        return envelope(fault.code, fault.message, error.get("metadata"), USER_ID)
    body = wire.completion(row, message(row, reply), scenario)
    body["choices"][0]["error"] = error
    return rendering.whole(body)
