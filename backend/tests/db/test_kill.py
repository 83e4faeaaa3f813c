"""What was acknowledged survives: real processes, really killed or really out of space."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
from pathlib import Path

import pytest

from app.db.store import Store
from tests.db.units import query

BACKEND = Path(__file__).parents[2]
ROUNDS = 12


def write_until_killed(path: Path, migrations: Path, name: str, after: int) -> set[str]:
    """Kill a busy writer when it has acknowledged `after` notes; all that it acknowledged until it was dead."""
    command = [sys.executable, "-m", "tests.db.acknowledging_writer", str(path), str(migrations), name]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=BACKEND) as writer:
        assert writer.stdout is not None
        try:
            seen = [writer.stdout.readline().strip() for _ in range(after)]
        finally:
            writer.kill()
        *rest, _cut_off = writer.stdout.read().split("\n")
    assert all(seen), "the writer died by itself"
    return {*seen, *rest}


@pytest.mark.faults
async def test_acknowledged_writes_survive_sigkill_at_random_instants(path: Path, migrations: Path) -> None:
    seed = random.randrange(2**32)  # noqa: S311
    instants = random.Random(seed)  # noqa: S311
    acknowledged: set[str] = set()
    for number in range(ROUNDS):
        after = instants.randrange(1, 2000)
        acknowledged |= await asyncio.to_thread(write_until_killed, path, migrations, f"round-{number}", after)

        store = await Store.open(path, migrations=migrations)
        notes = {row["text"] for row in await store.read(query, "SELECT text FROM note")}
        half = await store.read(query, "SELECT id FROM note EXCEPT SELECT note_id FROM reply")
        check = await store.read(query, "PRAGMA integrity_check")
        await store.close()
        assert acknowledged <= notes, f"seed {seed}"
        assert half == [], f"seed {seed}"
        assert check == [{"integrity_check": "ok"}], f"seed {seed}"


FULL_DISK = """
import asyncio, resource, sys
from pathlib import Path
from app.core.errors import DiskFull
from app.db.store import Store
from tests.db.units import add_note, texts

async def main():
    store = await Store.open(Path(sys.argv[1]), migrations=Path(sys.argv[2]))
    await store.write(add_note, "before")
    resource.setrlimit(resource.RLIMIT_FSIZE, (64 * 1024, resource.RLIM_INFINITY))
    outcomes = await asyncio.gather(*(store.write(add_note, "x" * 30_000) for _ in range(8)), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [DiskFull] * 8, outcomes
    assert await store.read(texts) == ["before"]
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert await store.write(add_note, "x" * 30_000) == 2
    await store.close()

asyncio.run(main())
"""


@pytest.mark.faults
def test_a_commit_that_meets_a_full_disk_fails_all_its_units_and_the_store_recovers(
    path: Path, migrations: Path
) -> None:
    command = [sys.executable, "-c", FULL_DISK, str(path), str(migrations)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60, cwd=BACKEND)
    assert done.returncode == 0, done.stderr


ABANDONED = """
import asyncio, sys
from pathlib import Path
from app.db.store import Store
from tests.db.units import add_note

async def main():
    store = await Store.open(Path(sys.argv[1]), migrations=Path(sys.argv[2]))
    assert await store.write(add_note, "kept") == 1
    raise SystemExit(7)

asyncio.run(main())
"""


def test_a_store_nobody_closed_does_not_keep_its_process_alive(path: Path, migrations: Path) -> None:
    command = [sys.executable, "-c", ABANDONED, str(path), str(migrations)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60, cwd=BACKEND)
    assert done.returncode == 7, done.stderr
