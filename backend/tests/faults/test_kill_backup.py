"""SIGKILL while a backup is made leaves whole backups, no pieces of one, and a store that never noticed."""

from __future__ import annotations

import contextlib
import hashlib
import random
from pathlib import Path

import httpx
import pytest

from emulator import Emulator
from tests.faults import audit
from tests.faults.failpoints import FailingConsole
from tests.faults.figures import Figures
from tests.faults.lives import Lives
from tests.faults.load import Record
from tests.harness import ConsoleClient, Json
from tests.harness.scale import Scale
from tests.harness.stored import database_of

pytestmark = pytest.mark.faults

LIVES_OF_A_FOLDER = 50
KILLS = 450
"""About two of three come in the middle of a copy."""


class Keeper:
    """Makes one backup after the other, and remembers of each acknowledged one what had been acknowledged before."""

    def __init__(self, data: Path, record: Record) -> None:
        self._folder, self._record = data / "backups", record
        self._kept: dict[str, tuple[Json, set[str]]] = {}
        self.made = self.torn = 0

    async def keep_on(self, client: ConsoleClient) -> None:
        """Until the process is gone."""
        with contextlib.suppress(httpx.TransportError):
            while True:
                before = self._record.sessions | self._record.generations
                backup = await client.post("/api/admin/backups")
                self._kept[backup["name"]] = backup, before

    def look(self) -> None:
        """What the killed process left: a torn copy at most."""
        unfinished = [file for file in self._folder.glob("*") if ".partial" in file.name]
        self.torn += bool(unfinished)

    async def check(self, client: ConsoleClient) -> None:
        """Each backup that is listed is whole, each that was acknowledged is listed, and nothing else is there.

        All are read here; the console itself, which takes two processes for it, reads the newest.
        """
        listed = {backup["name"]: backup for backup in await client.every("/api/admin/backups")}
        for name, (acknowledged, before) in self._kept.items():
            assert listed[name] == acknowledged
            with database_of(self._folder / name) as conn:
                assert before <= audit.ids(conn, "SELECT id FROM sessions UNION ALL SELECT id FROM generations")
        for name, backup in listed.items():
            file = self._folder / name
            assert hashlib.sha256(file.read_bytes()).hexdigest() == backup["sha256"]
            with database_of(file) as conn:
                assert audit.damage(conn) == {}
        for newest in list(listed)[:1]:
            assert (await client.post(f"/api/admin/backups/{newest}/verify"))["sha256"] == listed[newest]["sha256"]
        names = {name for backup in listed for name in (backup, f"{backup}.json")}
        assert {file.name for file in self._folder.glob("*")} <= names
        self.made += len(listed)
        for name in listed:
            await client.delete(f"/api/admin/backups/{name}")
        self._kept.clear()


async def test_kills_while_backups_are_made_leave_whole_ones_only(
    tmp_path: Path, draw: random.Random, scale: Scale, figures: Figures
) -> None:
    """Under eight streams, at random instants and at counted steps; what was acknowledged is there and whole."""
    kills, made, torn = scale.of(8, KILLS), 0, 0
    for first in range(0, kills, LIVES_OF_A_FOLDER):
        async with (
            Emulator() as emulator,
            FailingConsole(tmp_path / f"data-{first}", upstream=emulator.base_url) as process,
        ):
            lives = Lives(process, emulator, draw)
            keeper = Keeper(process.data, lives.record)
            await process.start()
            for number in range(min(LIVES_OF_A_FOLDER, kills - first)):
                await lives.live(number, by_step=bool(number % 2), beside=keeper.keep_on)
                keeper.look()
                await lives.start_again()
                async with process.client() as client:
                    await keeper.check(client)
            await lives.end()
        made, torn = made + keeper.made, torn + keeper.torn
        figures.tell(
            "SIGKILL while backups are made, under eight streams",
            f"{min(first + LIVES_OF_A_FOLDER, kills)} kills, half of them at a counted step",
            f"{torn} kills in the middle of a copy, each removed by the next start; {made:,} backups made, all whole;"
            " 0 acknowledged backups or rows lost",
        )
    assert made
    assert torn, "no kill came in the middle of a copy"
