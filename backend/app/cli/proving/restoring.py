"""Promise: a restored backup is all there, at once, under load; and what it replaced is not lost."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

import httpx

from app.cli.proving.evidence import Evidence
from app.cli.proving.screen import Screen
from app.cli.proving.stage import MODEL, ConsoleChild, Stage, json_of

CLAIM = "A backup restored under load is all old or all new, and takes nothing from the ledger"
KEPT = 20
ANSWERS_AT_ONCE = 4
WRITERS = 3
READERS = 2
EACH_BEFORE = 5
"""What each client of the load has done before the restore is asked for, and once more after it."""
WATCHED, WATCHED_AT_MOST = "code", 100
"""The type of the sessions that reads ask for, few enough for one page: a page is one snapshot."""
QUESTION = "[[tokens=30 rate=200]] What changes while we talk?"


@dataclass(slots=True)
class Load:
    """Clients that ask, write and read until they are told to stop, and what they were answered."""

    http: httpx.AsyncClient
    marker: str
    statuses: Counter[str] = field(default_factory=Counter)
    rounds: Counter[int] = field(default_factory=Counter)
    created: dict[str, float] = field(default_factory=dict)
    """Ids of sessions whose making was acknowledged, and when."""
    seen: list[set[str]] = field(default_factory=list)
    """The watched sessions that each read saw."""
    stopping: bool = False
    _moved: asyncio.Event = field(default_factory=asyncio.Event)

    async def client(self, number: int) -> None:
        """One client: the first ones ask, the next write, the others read."""
        act = (
            self._ask if number < ANSWERS_AT_ONCE else self._write if number < ANSWERS_AT_ONCE + WRITERS else self._read
        )
        while not self.stopping:
            await act()
            self.rounds[number] += 1
            self._moved.set()

    async def until_each_did(self, rounds: int) -> None:
        """Wait until every client has done so many rounds more."""
        wanted = {number: self.rounds[number] + rounds for number in range(CLIENTS)}
        while any(self.rounds[number] < count for number, count in wanted.items()):
            self._moved.clear()
            await self._moved.wait()

    async def _ask(self) -> None:
        screen = Screen()
        await screen.ask(self.http, content=QUESTION, model=MODEL)
        self.statuses[f"answers {screen.status or f'refused with {screen.refusal}'}"] += 1

    async def _write(self) -> None:
        kind = WATCHED if len(self.created) < WATCHED_AT_MOST else "chat"
        response = await self.http.post("/api/sessions", json={"title": "written under load", "session_type": kind})
        if response.status_code == 201:
            self.created[response.json()["id"]] = monotonic()
        self.statuses[f"writes answered with {response.status_code}"] += 1

    async def _read(self) -> None:
        response = await self.http.get("/api/sessions", params={"type": WATCHED, "limit": 200})
        if response.status_code == 200:
            self.seen.append({item["id"] for item in response.json()["items"]})
        self.statuses[f"reads answered with {response.status_code}"] += 1


CLIENTS = ANSWERS_AT_ONCE + WRITERS + READERS
EXPECTED = frozenset(
    {
        *("answers completed", "answers interrupted", "answers refused with 503"),
        *("writes answered with 201", "writes answered with 503"),
        *("reads answered with 200", "reads answered with 503"),
    }
)


async def prove_restore(stage: Stage) -> Evidence:
    """Restore a backup under load, then the copy of what it replaced; compare sessions, ledger and provider's book."""
    paid_before = {call["id"] for call in await stage.provider.paid_calls()}
    async with stage.console("restore") as console, console.client() as owner:
        kept = {await _session(owner, f"kept {number}") for number in range(KEPT)}
        backup = json_of(await owner.post("/api/admin/backups"))
        marker = await _session(owner, "made after the backup")
        load, asked_s, done_s, summary = await _restored_under_load(console, marker, backup["name"])
        wrong = await _differences(owner, load, kept, asked_s, done_s)
        booked = {call["id"] for call in await stage.provider.paid_calls()} - paid_before
        ledger = await _every(owner, "/api/usage")
        # Of a call that was interrupted before its first byte nobody here knows the provider's name.
        nameless = sum(1 for row in ledger if row["upstream_id"] is None and row["state"] == "unknown")
        if len(booked - {row["upstream_id"] for row in ledger}) > nameless:
            wrong.append(f"the provider booked {len(booked)} calls, and not each is in the ledger")
        json_of(await owner.post("/api/admin/restore", json={"name": summary["safety_backup"]}))
        if not {marker, *_made_before(load, asked_s)} <= await _sessions(owner):
            wrong.append("the copy of what was replaced does not bring it all back")
        await console.stop()
    told = ", ".join(f"{count} {what}" for what, count in sorted(load.statuses.items()))
    later = 1 + len(_made_before(load, asked_s))
    measured = (
        f"restored in {done_s - asked_s:.1f} s under {CLIENTS} clients ({told}); "
        f"{KEPT} of {KEPT} sessions of the backup there, {later} later ones gone and brought back by the safety copy; "
        f"0 of {len(load.seen)} reads saw a mixture; each of {len(booked)} paid calls is in the ledger"
    )
    return Evidence(CLAIM, "; ".join(wrong) or measured, not wrong)


async def _restored_under_load(
    console: ConsoleChild, marker: str, name: str
) -> tuple[Load, float, float, dict[str, Any]]:
    """Restore while clients come and go; when it was asked for, when it was done, and what it said of itself."""
    async with console.client() as http, asyncio.TaskGroup() as clients:
        load = Load(http, marker)
        for number in range(CLIENTS):
            clients.create_task(load.client(number))
        await load.until_each_did(EACH_BEFORE)
        asked_s = monotonic()
        summary = json_of(await http.post("/api/admin/restore", json={"name": name}))
        done_s = monotonic()
        await load.until_each_did(1)
        load.stopping = True
    return load, asked_s, done_s, summary


async def _differences(
    owner: httpx.AsyncClient, load: Load, kept: set[str], asked_s: float, done_s: float
) -> list[str]:
    """What is not as a restore at one instant would have left it."""
    wrong = [f"{count} {what}" for what, count in load.statuses.items() if what not in EXPECTED]
    there, before = await _sessions(owner), _made_before(load, asked_s)
    if not kept <= there:
        wrong.append(f"{len(kept - there)} sessions of the backup are missing")
    if later := there & {load.marker, *before}:
        wrong.append(f"{len(later)} sessions are there that the backup does not hold")
    if missing := {one for one, at_s in load.created.items() if at_s > done_s} - there:
        wrong.append(f"{len(missing)} sessions made after the restore are gone")
    # Old is told by the marker; what was made before the restore and is not in the backup is old too.
    if mixed := sum(1 for seen in load.seen if load.marker not in seen and seen & before):
        wrong.append(f"{mixed} reads saw a mixture of old and new")
    return wrong


def _made_before(load: Load, asked_s: float) -> set[str]:
    return {one for one, at_s in load.created.items() if at_s < asked_s}


async def _session(owner: httpx.AsyncClient, title: str) -> str:
    made = json_of(await owner.post("/api/sessions", json={"title": title, "session_type": WATCHED}))
    return str(made["id"])


async def _sessions(owner: httpx.AsyncClient) -> set[str]:
    return {session["id"] for session in await _every(owner, "/api/sessions")}


async def _every(owner: httpx.AsyncClient, path: str) -> list[dict[str, Any]]:
    """All pages of a list."""
    found: list[dict[str, Any]] = []
    params: dict[str, str | int] = {"limit": 200}
    while True:
        page = json_of(await owner.get(path, params=params))
        found += page["items"]
        if page["next_cursor"] is None:
            return found
        params["cursor"] = page["next_cursor"]
