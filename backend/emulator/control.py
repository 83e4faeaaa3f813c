"""What tests ask of the emulator itself: what arrived, what it cost, how to behave next."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from decimal import Decimal
from typing import TypeVar

import msgspec
from aiohttp import web
from msgspec import UNSET, UnsetType

from .errors import ApiError, invalid_request
from .keys import STATE
from .lookups import reply
from .recording import FILTERS, RecordedRequest, limit_of
from .scenarios import parse

Body = TypeVar("Body", bound=msgspec.Struct)


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
    return reply([record.as_json() for record in _matching(request)])


async def parlel_requests(request: web.Request) -> web.Response:
    """``GET /__parlel/requests``: the requests as ``{requests, count}``."""
    found = [record.as_json() for record in _matching(request)]
    return reply({"requests": found, "count": len(found)})


def _matching(request: web.Request) -> list[RecordedRequest]:
    _check_names(request, FILTERS)
    return request.app[STATE].requests.matching(request.query)


async def ledger(request: web.Request) -> web.Response:
    """``GET /__emulator/ledger``: ``{rows, count, total_cost}``, exact decimal strings; ``limit`` cuts the rows."""
    _check_names(request, ("limit",))
    whole = request.app[STATE].ledger.as_json()
    if "limit" in request.query:
        whole["rows"] = whole["rows"][len(whole["rows"]) - min(limit_of(request.query), len(whole["rows"])) :]
    return reply(whole)


def _check_names(request: web.Request, known: Collection[str]) -> None:
    for name in request.query:
        if name not in known:
            raise invalid_request(f"{name!r} is unknown, expected one of {' '.join(known)}")


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


class ScenarioChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A default, for a model, for a reading endpoint, or for every call."""

    scenario: str
    model: str = ""
    endpoint: str = ""


class AccountChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is left out stays as it is."""

    credit_usd: Decimal | UnsetType = UNSET
    revoked_keys: set[str] | UnsetType = UNSET
    key_limits_usd: dict[str, Decimal] | UnsetType = UNSET


async def scenario(request: web.Request) -> web.Response:
    """``POST /__emulator/scenario {scenario, model? | endpoint?}``: the default from now on; empty text clears it."""
    change = await _body(request, ScenarioChange)
    request.app[STATE].set_scenario(parse(change.scenario), change.model or change.endpoint)
    return reply({"status": "ok"})


async def account(request: web.Request) -> web.Response:
    """``POST /__emulator/account {credit_usd?, revoked_keys?, key_limits_usd?}``: change whose money it is."""
    change = await _body(request, AccountChange)
    held = request.app[STATE].account
    limits = held.key_limits_usd if change.key_limits_usd is UNSET else change.key_limits_usd
    credit_usd = held.credit_usd if change.credit_usd is UNSET else change.credit_usd
    if not all(amount.is_finite() for amount in (credit_usd, *limits.values())):
        raise invalid_request("expected amounts to be finite")
    held.credit_usd, held.key_limits_usd = credit_usd, limits
    if change.revoked_keys is not UNSET:
        held.revoked_keys = change.revoked_keys
    return reply({"status": "ok"})


async def _body(request: web.Request, kind: type[Body]) -> Body:
    try:
        return msgspec.json.decode(await request.read(), type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise invalid_request(str(error)) from None
