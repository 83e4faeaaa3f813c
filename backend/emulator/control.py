"""What tests ask of the emulator itself: what arrived, what it cost, how to behave next."""

from __future__ import annotations

import ipaddress
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec
from aiohttp import web

from .errors import ApiError, invalid_request
from .keys import STATE
from .lookups import reply
from .recording import limit_of
from .scenarios import parse


def refuse_foreigners(request: web.Request) -> None:
    """Raise 403 for a web page of another origin: what was asked here is nobody else's to read or to forget."""
    host = request.host.rpartition(":")[0] if request.host.rpartition(":")[2].isdigit() else request.host
    origin = request.headers.get("Origin")
    is_foreign = origin is not None and origin != f"http://{request.host}"
    is_foreign = is_foreign or request.headers.get("Sec-Fetch-Site", "none") not in ("same-origin", "none")
    if is_foreign or not _is_private(host):
        raise ApiError(403, "The control routes answer programs, and pages of this origin")


def _is_private(host: str) -> bool:
    """Whether no public name server can have given this name: an address, one label, or ``*.localhost``."""
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return "." not in host or host.endswith(".localhost")
    return True


async def requests(request: web.Request) -> web.Response:
    """``GET /__emulator/requests``: what came, oldest first; ``method path since limit`` narrow it."""
    return reply([record.as_json() for record in request.app[STATE].requests.matching(request.query)])


async def parlel_requests(request: web.Request) -> web.Response:
    """``GET /__parlel/requests``: the requests as ``{requests, count}``."""
    found = [record.as_json() for record in request.app[STATE].requests.matching(request.query)]
    return reply({"requests": found, "count": len(found)})


async def ledger(request: web.Request) -> web.Response:
    """``GET /__emulator/ledger``: ``{rows, count, total_cost}``, exact decimal strings; ``limit`` cuts the rows."""
    whole = request.app[STATE].ledger.as_json()
    if "limit" in request.query:
        whole["rows"] = whole["rows"][len(whole["rows"]) - min(limit_of(request.query), len(whole["rows"])) :]
    return reply(whole)


async def reset(request: web.Request) -> web.Response:
    """``POST /__emulator/reset``: as after the start."""
    request.app[STATE].reset()
    return reply({"status": "ok"})


async def parlel_reset(request: web.Request) -> web.Response:
    """``POST /__parlel/reset``: the same reset, answered ``{ok: true}``."""
    request.app[STATE].reset()
    return reply({"ok": True})


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
