"""What tests ask of the emulator itself: what arrived, what it cost, how to behave next."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec
from aiohttp import web

from .errors import invalid_request
from .keys import STATE
from .lookups import reply
from .scenarios import parse


async def requests(request: web.Request) -> web.Response:
    """``GET /__emulator/requests``: everything that came, oldest first."""
    return reply([record.as_json() for record in request.app[STATE].requests])


async def ledger(request: web.Request) -> web.Response:
    """``GET /__emulator/ledger``: ``{rows, total_cost}``, costs as exact decimal strings."""
    return reply(request.app[STATE].ledger.as_json())


async def reset(request: web.Request) -> web.Response:
    """``POST /__emulator/reset``: as after the start."""
    request.app[STATE].reset()
    return reply({"status": "ok"})


async def release(request: web.Request) -> web.Response:
    """``POST /__emulator/release``: let every stalled stream go on."""
    request.app[STATE].release()
    return reply({"status": "ok"})


async def scenario(request: web.Request) -> web.Response:
    """``POST /__emulator/scenario {scenario, model? | endpoint?}``: the default from now on; empty text clears it."""
    body = await _object(request)
    text, target = body.get("scenario"), body.get("model", body.get("endpoint", ""))
    if not isinstance(text, str) or not isinstance(target, str):
        raise invalid_request("expected {scenario: string, model?: string, endpoint?: string}")
    request.app[STATE].set_scenario(parse(text), target)
    return reply({"status": "ok"})


async def account(request: web.Request) -> web.Response:
    """``POST /__emulator/account {credit_usd?, revoked_keys?, key_limits_usd?}``: change whose money it is."""
    body = await _object(request)
    held = request.app[STATE].account
    try:
        credit_usd = Decimal(str(body.get("credit_usd", held.credit_usd)))
        limits = {key: Decimal(str(limit)) for key, limit in body.get("key_limits_usd", held.key_limits_usd).items()}
    except (InvalidOperation, AttributeError):
        raise invalid_request("expected credit_usd to be a decimal, and key_limits_usd decimals by key") from None
    held.credit_usd, held.key_limits_usd = credit_usd, limits
    held.revoked_keys = set(body.get("revoked_keys", held.revoked_keys))
    return reply({"status": "ok"})


async def _object(request: web.Request) -> dict[str, Any]:
    try:
        body = msgspec.json.decode(await request.read())
    except msgspec.DecodeError:
        raise invalid_request("expected JSON") from None
    if not isinstance(body, dict):
        raise invalid_request("expected an object")
    return body
