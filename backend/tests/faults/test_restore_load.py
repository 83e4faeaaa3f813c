"""Restores under load: clients get documented answers only, and whoever looks sees all of the old or all of the new."""

from __future__ import annotations

import asyncio
import json
import random
import re
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest

from emulator import Emulator
from tests.faults import audit
from tests.faults.figures import Figures
from tests.harness import ConsoleClient, ConsoleProcess
from tests.harness.client import MODEL
from tests.harness.environment import BACKEND
from tests.harness.scale import Scale
from tests.harness.stored import store_of

pytestmark = pytest.mark.faults

SESSIONS = 15
STREAMS = 8
REQUESTS_A_SECOND = 50
RESTORED = {"a ledger row without a generation"}
"""What was paid stays in the ledger, though a restore took its answer."""


class Documented:
    """The statuses that the OpenAPI document allows for each route."""

    def __init__(self) -> None:
        paths: dict[str, Any] = json.loads((BACKEND / "docs" / "openapi.json").read_text(encoding="utf-8"))["paths"]
        self._routes = [
            (method.upper(), re.compile(re.sub(r"\{[^}]+\}", "[^/]+", path)), set(operation["responses"]))
            for path, operations in paths.items()
            for method, operation in operations.items()
        ]

    def allows(self, response: httpx.Response) -> bool:
        """Whether a response is one of those its route documents."""
        request = response.request
        return any(
            method == request.method and path.fullmatch(request.url.path) and str(response.status_code) in statuses
            for method, path, statuses in self._routes
        )


class Traffic:
    """Eight streams, and fifty other requests a second."""

    def __init__(self, client: ConsoleClient, old: set[str], new: set[str], draw: random.Random) -> None:
        self._client, self._old, self._new, self._draw = client, old, new, draw
        self._documented = Documented()
        self._over = asyncio.Event()
        self.told: Counter[int] = Counter()
        self.looks: Counter[str] = Counter()
        self.ends: Counter[str] = Counter()

    async def run(self) -> None:
        """Until it is over."""
        await asyncio.gather(self._requests(), *(self._stream(number) for number in range(STREAMS)))

    def end(self) -> None:
        self._over.set()

    async def _requests(self) -> None:
        asked, over = set[asyncio.Task[None]](), asyncio.create_task(self._over.wait())
        while not self._over.is_set():
            task = asyncio.create_task(self._request())
            asked.add(task)
            task.add_done_callback(asked.discard)
            for failed in [task for task in asked if task.done()]:
                failed.result()
            await asyncio.wait([over], timeout=1 / REQUESTS_A_SECOND)
        await asyncio.gather(*asked)

    async def _request(self) -> None:
        kind = self._draw.randrange(4)
        if kind == 0:
            self._check(await self._client.ask("POST", "/api/sessions", json={"title": "beside"}))
        elif kind == 1:
            session = self._draw.choice(sorted(self._old))
            self._check(await self._client.ask("GET", f"/api/sessions/{session}"))
        elif kind == 2:
            self._check(await self._client.ask("GET", "/api/usage/summary"))
        else:
            response = await self._client.ask("GET", "/api/sessions", params={"type": "code", "limit": 200})
            self._check(response)
            self._look({session["id"] for session in response.json()["items"]})

    async def _stream(self, number: int) -> None:
        while not self._over.is_set():
            body = {"content": f"[[tokens=60 rate=200]] stream {number}", "model": MODEL}
            async with self._client.http.stream("POST", "/api/stream", json=body) as response:
                self._check(response)
                text = (await response.aread()).decode()
            if response.status_code != 200:
                await self._client.get("/health")
                continue
            (end,) = re.findall(r'"status":"(\w+)"', text.rpartition("event: done\n")[2]) or [""]
            self.ends[end] += 1

    def _check(self, response: httpx.Response) -> None:
        assert self._documented.allows(response), f"{response.request.method} {response.url}: {response.status_code}"
        self.told[response.status_code] += 1

    def _look(self, found: set[str]) -> None:
        assert found in (self._old, self._new), f"{len(found)} of {len(self._new)} or {len(self._old)}"
        self.looks["old" if found == self._old else "new"] += 1


async def keep(client: ConsoleClient, name: str) -> set[str]:
    """Sessions of a type that the traffic does not make."""
    kept = [await client.create_session(session_type="code", title=f"{name} {n}") for n in range(SESSIONS)]
    for session in kept:
        await client.post_message(session["id"], f"in {session['title']}")
    return {session["id"] for session in kept}


async def test_restores_under_load_show_all_old_or_all_new(
    data: Path, emulator: Emulator, draw: random.Random, scale: Scale, figures: Figures
) -> None:
    """Two backups take turns under eight streams and fifty requests a second; the process has no error of its own."""
    restores = scale.of(4, 100)
    async with ConsoleProcess(data, upstream=emulator.base_url) as process:
        await process.start()
        async with process.client() as client:
            small = await keep(client, "first")
            backups = [(await client.post("/api/admin/backups"))["name"]]
            large = small | await keep(client, "second")
            backups.append((await client.post("/api/admin/backups"))["name"])
            traffic = Traffic(client, large, small, draw)
            running = asyncio.create_task(traffic.run())
            for number in range(restores):
                response = await client.ask("POST", "/api/admin/restore", json={"name": backups[number % 2]})
                assert response.status_code == 200, response.text
                safety = response.json()["safety_backup"]
                await client.delete(f"/api/admin/backups/{safety}")
                if running.done():
                    break
            traffic.end()
            await running
            rows = await client.every("/api/usage")
        assert await process.interrupt() == 0
        assert "Traceback" not in process.errors()
    with store_of(data) as conn:
        assert audit.broken_rules(conn).keys() <= RESTORED
    # No call is forgotten. One that was broken off before the provider had named it is unknown, never free.
    unnamed = {row.id for row in emulator.ledger.rows} - {row["upstream_id"] for row in rows}
    assert len(unnamed) <= sum(row["upstream_id"] is None and row["state"] == "unknown" for row in rows)
    streams = ", ".join(f"{count} {end}" for end, count in traffic.ends.most_common())
    figures.tell(
        "Restores under 8 streams and 50 requests a second",
        f"{restores} restores",
        f"{traffic.looks.total():,} looks: {traffic.looks['old']:,} all of the one, {traffic.looks['new']:,} all of the"
        f" other, 0 mixtures; answers by status: {by_status(traffic.told)}, all documented;"
        f" streams: {streams}",
    )


def by_status(told: Counter[int]) -> str:
    return ", ".join(f"{status}: {count:,}" for status, count in sorted(told.items()))
