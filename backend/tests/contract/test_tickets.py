"""Downloads: a ticket is good for one, of one path, by whoever asked; a revoked token for no more of one."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from app.core.caller import token_id_var
from app.services.tickets import GOOD_FOR_S, MOST, Tickets
from emulator import Emulator
from tests.harness import Console, ConsoleClient, console_app, soon

OWN = "the-console-s-own-token-of-this-test"
LINK = {"sec-fetch-site": "same-origin", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}


@pytest.fixture
async def guarded(data: Path, emulator: Emulator) -> AsyncIterator[Console]:
    async with console_app(data, upstream=emulator.base_url, token=OWN) as running:
        running.client.http.headers["authorization"] = f"Bearer {OWN}"
        yield running


async def opened(console: Console, address: str, **headers: str) -> httpx.Response:
    """As a browser opens a link: without a token."""
    async with ConsoleClient(console.url) as browser:
        return await browser.ask("GET", address, headers={**LINK, **headers})


async def ticket_for(client: ConsoleClient, path: str) -> str:
    made = await client.post("/api/admin/tickets", {"path": path})
    assert len(made["ticket"]) == 43
    return f"{path}?ticket={made['ticket']}"


async def test_a_ticket_opens_its_path_once(guarded: Console) -> None:
    """The second time, and any other path, is 401."""
    backup = await guarded.client.post("/api/admin/backups")
    path = f"/api/admin/backups/{backup['name']}"
    assert (await opened(guarded, path)).status_code == 401
    address = await ticket_for(guarded.client, path)
    first = await opened(guarded, address)
    assert (first.status_code, len(first.content)) == (200, backup["size_bytes"])
    again = await opened(guarded, address)
    assert (again.status_code, again.json()["error_code"]) == (401, "unauthorized")
    elsewhere = (await ticket_for(guarded.client, path)).replace(path, "/api/admin/backup")
    assert (await opened(guarded, elsewhere)).status_code == 401
    assert len(await guarded.client.every("/api/admin/backups")) == 1


async def test_a_ticket_opens_downloads_only(guarded: Console) -> None:
    """It is no token: lists and settings do not look at it."""
    for path in ("/api/sessions", "/api/settings", "/openapi.json"):
        made = await guarded.client.post("/api/admin/tickets", {"path": "/api/admin/backup"})
        assert (await opened(guarded, f"{path}?ticket={made['ticket']}")).status_code in (401, 403)
        async with ConsoleClient(guarded.url) as program:
            assert (await program.ask("GET", f"{path}?ticket={made['ticket']}")).status_code == 401


async def test_a_ticket_is_worth_what_its_asker_is(guarded: Console) -> None:
    """A reader's ticket opens no backup; a revoked token's opens nothing."""
    backup = await guarded.client.post("/api/admin/backups")
    path = f"/api/admin/backups/{backup['name']}"
    reader = await guarded.client.post("/api/tokens", {"name": "r", "scopes": ["read"]})
    admin = await guarded.client.post("/api/tokens", {"name": "a", "scopes": ["admin"]})
    async with ConsoleClient(guarded.url, token=reader["token"]) as program:
        refused = await opened(guarded, await ticket_for(program, path))
        assert (refused.status_code, refused.json()["error_code"]) == (403, "insufficient_scope")
    async with ConsoleClient(guarded.url, token=admin["token"]) as program:
        assert (await opened(guarded, await ticket_for(program, path))).status_code == 200
        late = await ticket_for(program, path)
        await guarded.client.delete(f"/api/tokens/{admin['id']}")
        assert (await opened(guarded, late)).status_code == 401


async def test_other_pages_cannot_use_one(guarded: Console) -> None:
    """A ticket does not stand in for the other checks."""
    path = "/api/admin/backup"
    for headers in ({"sec-fetch-site": "cross-site"}, {"sec-fetch-dest": "iframe"}, {"host": "evil.example"}):
        refused = await opened(guarded, await ticket_for(guarded.client, path), **headers)
        assert refused.status_code in (403, 421)
    assert await guarded.client.every("/api/admin/backups") == []


async def test_other_query_fields_stay(console: Console) -> None:
    """The ticket is taken out before the route, which refuses queries that it does not know, looks."""
    address = await ticket_for(console.client, "/api/admin/backup")
    assert (await opened(console, f"{address}&more=1")).status_code == 422
    assert (await opened(console, await ticket_for(console.client, "/api/admin/backup"))).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        *("/api/tokens", "/api/x", "/api/sessions", "/api/admin/backups", "/api/admin/restore", "/api/health"),
        *("/api/admin/backups/", "/api/admin/backups/a/verify", "/api/admin/backups/../../x", "/api/admin/backup?x=1"),
    ],
)
async def test_what_is_no_download_gets_no_ticket(client: ConsoleClient, path: str) -> None:
    """It would open nothing."""
    reply = await client.ask("POST", "/api/admin/tickets", json={"path": path})
    assert (reply.status_code, reply.json()["error_code"]) == (422, "validation_failed")


@pytest.mark.parametrize(
    "path", ["", "/", "https://evil.example/", "/api/a b", "/api/\n", "/apix", "/api/" + "x" * 600]
)
async def test_odd_paths_get_no_ticket(client: ConsoleClient, path: str) -> None:
    """422."""
    assert (await client.ask("POST", "/api/admin/tickets", json={"path": path})).status_code == 422


def test_tickets_end_and_are_few() -> None:
    """After half a minute one is void; past a thousand the oldest are; each is another."""
    now_s = [0.0]
    tickets = Tickets(lambda: now_s[0])
    first, second = tickets.issue("/api/x").ticket, tickets.issue("/api/x").ticket
    assert first != second
    now_s[0] = GOOD_FOR_S
    assert tickets.redeem(first, "/api/x") is not None
    now_s[0] = GOOD_FOR_S + 0.1
    assert tickets.redeem(second, "/api/x") is None
    oldest = tickets.issue("/api/x").ticket
    for _ in range(MOST):
        tickets.issue("/api/x")
    assert tickets.redeem(oldest, "/api/x") is None
    owners = tickets.issue("/api/x").ticket
    named = token_id_var.set("a-token")
    try:
        for _ in range(MOST):
            ticket = tickets.issue("/api/x").ticket
    finally:
        token_id_var.reset(named)
    assert tickets.redeem(owners, "/api/x") is not None
    redeemed = tickets.redeem(ticket, "/api/x")
    assert redeemed is not None
    assert redeemed.token_id == "a-token"


async def whole_of(pieces: AsyncIterator[bytes]) -> int:
    return sum([len(piece) async for piece in pieces])


async def test_revoking_breaks_a_download_off(guarded: Console, data: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The connection ends at once, and one line says why."""
    (data / "backups").mkdir()
    with (data / "backups" / "large.db").open("wb") as file:
        file.truncate(2**28)
    token = await guarded.client.post("/api/tokens", {"name": "a program", "scopes": ["admin"]})
    async with (
        ConsoleClient(guarded.url, token=token["token"]) as program,
        program.http.stream("GET", "/api/admin/backups/large.db") as reply,
    ):
        pieces = reply.aiter_raw()
        await anext(pieces)
        await guarded.client.delete(f"/api/tokens/{token['id']}")
        with pytest.raises(httpx.TransportError):
            await soon(whole_of(pieces))
    (line,) = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert (line.getMessage(), line.exc_info) == ("reply cut off", None)
    assert line.__dict__.items() >= {"error_code": "unauthorized", "token_id": token["id"]}.items()
