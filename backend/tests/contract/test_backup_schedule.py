"""Backups made by themselves: through the wire, on a clock that jumps."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.services.backups.schedule import SchedulePace
from emulator import Emulator
from tests.contract.conformance import check_reply
from tests.harness import QUICK, Console, ConsoleClient, Json, console_app


class Clock:
    """A wall clock that somebody sets."""

    def __init__(self) -> None:
        self.at = datetime.now(UTC) + timedelta(minutes=1)

    def now(self) -> str:
        return self.at.strftime("%Y-%m-%dT%H:%M:%S.000Z")

    def jump(self, **by: float) -> None:
        self.at += timedelta(**by)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@asynccontextmanager
async def scheduling(data: Path, clock: Clock, *, every_s: float = 3600, **settings: Any) -> AsyncIterator[Console]:
    """A console on that clock, which looks by itself only after an hour."""
    pace = replace(QUICK, schedule=SchedulePace(every_s=every_s, now=clock.now))
    async with console_app(data, pace=pace, **settings) as console:
        console.client.http.event_hooks["response"].append(check_reply)
        yield console


async def scheduled(client: ConsoleClient) -> list[Json]:
    listed = await client.every("/api/admin/backups")
    return [backup for backup in listed if backup["kind"] == "scheduled"]


async def test_it_makes_one_a_day_and_keeps_them_as_told(data: Path, clock: Clock) -> None:
    """The first a day after the store was made; manual ones are never deleted."""
    async with scheduling(data, clock) as console:
        client, schedule = console.client, console.services.backup_schedule
        manual = await client.post("/api/admin/backups")
        before = await client.get("/api/admin/backups/schedule")
        assert (before["every"], before["last_at"], before["failure"]) == ("day", None, None)
        assert clock.now() < before["next_at"] < (clock.at + timedelta(days=1)).isoformat()
        await client.ask("PATCH", "/api/settings", json={"backup_keep_daily": 2, "backup_keep_weekly": 0})
        made = []
        for _ in range(4):
            await schedule.run_due()
            clock.jump(days=1)
            await schedule.run_due()
            await schedule.run_due()
            made = await scheduled(client)
        assert [backup["created_at"] for backup in made] == [
            (clock.at - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%S.000Z") for days in range(2)
        ]
        assert manual["name"] in {backup["name"] for backup in await client.every("/api/admin/backups")}
        after = await client.get("/api/admin/backups/schedule")
        assert (after["last_at"], after["keep_daily"]) == (clock.now(), 2)
        assert await client.get("/api/settings") == {
            **await client.get("/api/settings"),
            "backup_every": "day",
            "backup_keep_daily": 2,
            "backup_keep_weekly": 0,
        }


async def test_a_restart_neither_forgets_nor_repeats(data: Path, clock: Clock) -> None:
    """What is due is read from the folder."""
    async with scheduling(data, clock) as console:
        clock.jump(hours=25)
        await console.services.backup_schedule.run_due()
        assert len(await scheduled(console.client)) == 1
    async with scheduling(data, clock) as console:
        clock.jump(hours=23)
        await console.services.backup_schedule.run_due()
        assert len(await scheduled(console.client)) == 1
    clock.jump(hours=2)
    async with scheduling(data, clock) as console:
        await console.services.backup_schedule.run_due()
        assert len(await scheduled(console.client)) == 2


@pytest.mark.parametrize("made", [0, 1])
async def test_restoring_puts_none_off(data: Path, clock: Clock, made: int) -> None:
    """Neither the first one nor the next: who restores every day has one every day all the same."""
    async with scheduling(data, clock) as console:
        client, schedule = console.client, console.services.backup_schedule
        name = (await client.post("/api/admin/backups"))["name"]
        for _ in range(made):
            clock.jump(hours=25)
            await schedule.run_due()
        assert len(await scheduled(client)) == made
        next_at = (await client.get("/api/admin/backups/schedule"))["next_at"]
        clock.jump(hours=12)
        await client.ask("POST", "/api/admin/restore", json={"name": name})
        assert (await client.get("/api/admin/backups/schedule"))["next_at"] == next_at


@pytest.mark.parametrize("jump_h", [-5, -24 * 30, 24 * 30])
async def test_a_clock_that_jumps_makes_at_most_one_more(data: Path, clock: Clock, jump_h: int) -> None:
    """Backward, even before the store was made, or forward: one, not one a minute; the next on its day."""
    async with scheduling(data, clock) as console:
        schedule = console.services.backup_schedule
        clock.jump(hours=25)
        await schedule.run_due()
        clock.jump(hours=jump_h)
        for _ in range(5):
            await schedule.run_due()
            clock.jump(minutes=1)
        count = len(await scheduled(console.client))
        assert count in (1, 2)
        clock.jump(hours=30)
        await schedule.run_due()
        assert len(await scheduled(console.client)) == count + 1


async def test_a_failure_stays_visible_until_one_is_made(data: Path, clock: Clock, tmp_path: Path) -> None:
    """In the schedule and in the health, counted."""
    folder = tmp_path / "disk"
    folder.write_text("not mounted")
    async with scheduling(data, clock, backups_dir=folder) as console:
        client, schedule = console.client, console.services.backup_schedule
        clock.jump(hours=25)
        for _ in range(2):
            await schedule.run_due()
        assert (await client.get("/api/health"))["backups"] == "failing"
        folder.unlink()
        shown = await client.get("/api/admin/backups/schedule")
        assert shown["failure"]["error_code"] == "backups_unavailable"
        assert shown["failure"]["in_a_row"] == 2
        await schedule.run_due()
        assert (await client.get("/api/health"))["backups"] == "ok"
        assert (await client.get("/api/admin/backups/schedule"))["failure"] is None
        assert len(await scheduled(client)) == 1


async def test_one_that_cannot_be_deleted_hides_no_other(data: Path, clock: Clock) -> None:
    """The new one is made and told; the old one is tried again next time, when somebody may have mended it."""
    async with scheduling(data, clock, backup_keep_daily=1, backup_keep_weekly=0) as console:
        client, schedule = console.client, console.services.backup_schedule
        clock.jump(days=1)
        await schedule.run_due()
        (old,) = await scheduled(client)
        note = data / "backups" / f"{old['name']}.json"
        note.unlink()
        (note / "in the way").mkdir(parents=True)
        clock.jump(days=1)
        await schedule.run_due()
        assert len(await scheduled(client)) >= 1
        state = await client.get("/api/admin/backups/schedule")
        assert (state["failure"], state["last_at"]) == (None, clock.now())
        (note / "in the way").rmdir()
        note.rmdir()


async def test_it_looks_by_itself(data: Path, clock: Clock) -> None:
    """Without anybody asking; the live channel tells of what it made."""
    async with scheduling(data, clock, every_s=0.01) as console, console.client.stream("/api/events") as live:
        async for frame in live:
            if frame.event == "hello":
                clock.jump(hours=25)
            elif frame.event == "changed" and frame.data["kind"] == "backup":
                break
        assert len(await scheduled(console.client)) == 1


async def test_what_the_environment_says_is_not_changed_on_the_page(
    data: Path, clock: Clock, emulator: Emulator
) -> None:
    """409 that names it, and nothing of the same request is stored."""
    async with scheduling(data, clock, backup_every="off") as console:
        client = console.client
        refused = await client.ask("PATCH", "/api/settings", json={"backup_every": "day", "theme": "dark"})
        assert (refused.status_code, refused.json()["error_code"]) == (409, "conflict")
        shown = await client.get("/api/settings")
        assert (shown["backup_every"], shown["theme"]) == ("off", "system")
        clock.jump(days=400)
        await console.services.backup_schedule.run_due()
        assert await client.every("/api/admin/backups") == []
        assert (await client.get("/api/admin/backups/schedule"))["next_at"] is None


@pytest.mark.parametrize("patch", [{"backup_every": "hour"}, {"backup_keep_daily": -1}, {"backup_keep_weekly": 1e9}])
async def test_odd_wishes_are_refused(client: ConsoleClient, patch: Json) -> None:
    reply = await client.ask("PATCH", "/api/settings", json=patch)
    assert (reply.status_code, reply.json()["error_code"]) == (422, "validation_failed")
