"""Nothing that is sent as a backup does harm: it is refused with its reason, in time and in little memory."""

from __future__ import annotations

import random
import re
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from app.core.errors import BackupTooNew, BadBackup
from app.services.backups.confined import MEMORY_BYTES, confine
from app.services.backups.sandbox import LEAST_S, rebuild_from
from tests.faults.audit import ids
from tests.faults.figures import Figures
from tests.harness import Console, ConsoleClient
from tests.harness.scale import Scale
from tests.harness.stored import StoredRow, store_of
from tests.services.backups.hostile_files import HOSTILE, mutations
from tests.services.backups.reading import Readers


async def good_backup(client: ConsoleClient, data: Path) -> bytes:
    """A backup with a row of every kind, some of them long."""
    profile = await client.post("/api/profiles", {"name": "Poet", "reasoning": {"effort": "low"}, "is_default": True})
    await client.answer("Remember this", profile_id=profile["id"])
    (session,) = await client.every("/api/sessions")
    await client.answer("And this", session_id=session["id"])
    await client.post(f"/api/sessions/{session['id']}/compact", {"keep_turns": 1})
    for n in range(30):
        await client.post_message(session["id"], f"Note {n}. " + "Long text. " * 900)
    backup = await client.post("/api/admin/backups")
    return Path(data / "backups" / str(backup["name"])).read_bytes()


def contents(data: Path) -> dict[str, list[StoredRow]]:
    """All that the store holds, by table."""
    with store_of(data) as conn:
        tables = ids(conn, "SELECT name FROM sqlite_schema WHERE type = 'table'") | {"sqlite_schema"}
        return {table: conn.execute(f'SELECT * FROM "{table}"').fetchall() for table in tables}  # noqa: S608


async def refuse_each(console: Console, data: Path, names: Sequence[str]) -> float:
    """Send files one after the other: each is refused with its reason, and nothing has changed. The longest time."""
    client = console.client
    good = await good_backup(client, data)
    before, wrong, longest_s = contents(data), {}, 0.0
    for name in names:
        make, reason = HOSTILE[name]
        file = make(good)
        began_s = time.monotonic()
        reply = await client.ask("POST", "/api/admin/restore", files={"file": ("console_backup.db", file)})
        took_s = time.monotonic() - began_s
        longest_s = max(longest_s, took_s)
        body = reply.json()
        if body.get("error_code") not in ("bad_backup", "backup_too_new") or not re.search(reason, body["message"]):
            wrong[name] = body
        assert took_s < LEAST_S + 2, name
    assert wrong == {}
    assert contents(data) == before
    assert list((data / "restoring").iterdir()) == []
    return longest_s


async def test_each_is_refused_with_its_reason(console: Console, data: Path, readers: Readers, tmp_path: Path) -> None:
    """Within ten seconds and 256 MB, by the two processes that read whatever is sent."""
    good = await good_backup(console.client, data)
    file, wrong = tmp_path / "hostile.db", {}
    for number, (name, (make, reason)) in enumerate(HOSTILE.items()):
        file.write_bytes(make(good))
        began_s = time.monotonic()
        try:
            wrong[name] = repr(readers.rebuild(file, tmp_path / f"fresh-{number}.db"))
        except (BadBackup, BackupTooNew) as error:
            if not re.search(reason, error.message):
                wrong[name] = error.message
        assert time.monotonic() - began_s < LEAST_S + 2, name
    assert wrong == {}


async def test_one_console_refuses_them_in_any_order(
    console: Console, data: Path, scale: Scale, draw: random.Random, figures: Figures
) -> None:
    """What is here is untouched, and what one leaves would be in the way of the next."""
    names = draw.sample(sorted(HOSTILE), scale.of(3, len(HOSTILE)))
    longest_s = await refuse_each(console, data, names)
    figures.tell(
        "Hostile backup files",
        f"{len(names)} files, sent one after the other",
        f"each refused with its reason within {longest_s:.2f} s, by a process held to {MEMORY_BYTES // 2**20} MB; "
        "live data unchanged",
    )


@pytest.mark.parametrize(
    ("does", "ends"),
    [
        (f"bytearray({MEMORY_BYTES + 1})", b"MemoryError"),
        ("open(sys.argv[1], 'w').write('x' * 2**20)", b"OSError|File too large"),
        ("[None for _ in iter(int, 1)]", b"MemoryError|^$"),
    ],
)
def test_the_process_that_opens_it_has_little(tmp_path: Path, does: str, ends: bytes) -> None:
    """Neither memory nor files to write, nor time without end."""
    code = f"import sys; from app.services.backups.confined import confine; confine(cpu_s=1); {does}"
    done = subprocess.run([sys.executable, "-c", code, tmp_path / "out"], capture_output=True, check=False, timeout=30)
    assert done.returncode != 0
    assert re.search(ends, done.stderr)
    assert not (tmp_path / "out").exists() or (tmp_path / "out").read_bytes() == b""


def test_a_limit_that_the_system_refuses_is_left_out() -> None:
    """macOS bounds no address space; all the other limits are set."""
    wanted: set[int] = set()

    def set_limit(limit: int, values: tuple[int, int]) -> None:
        wanted.add(limit)
        if limit == resource.RLIMIT_AS:
            raise ValueError("current limit exceeds maximum limit")

    confine(cpu_s=1, set_limit=set_limit)
    assert wanted == {
        *(resource.RLIMIT_AS, resource.RLIMIT_CPU, resource.RLIMIT_CORE, resource.RLIMIT_FSIZE),
        resource.RLIMIT_NPROC,
    }


async def test_one_that_takes_too_long_is_given_up(tmp_path: Path) -> None:
    """Both processes end, and the reason is told."""
    (tmp_path / "slow.db").write_bytes(b"")
    with pytest.raises(BadBackup, match="took more than 0 seconds"):
        await rebuild_from(tmp_path / "slow.db", tmp_path / "fresh.db", page_bytes=4096, limit_s=0.01)


async def test_damage_anywhere_does_no_harm(
    console: Console, data: Path, readers: Readers, scale: Scale, draw: random.Random, tmp_path: Path
) -> None:
    """A few bytes changed at random: refused with a reason, or only other text; never anything else."""
    good = await good_backup(console.client, data)
    file, reasons = tmp_path / "mutated.db", set[str]()
    for number, mutated in enumerate(mutations(good, draw, count=scale.of(40, 4000))):
        file.write_bytes(mutated)
        fresh = tmp_path / f"fresh-{number}.db"
        try:
            readers.rebuild(file, fresh)
        except BadBackup as error:
            reasons.add(error.message)
        fresh.unlink(missing_ok=True)
    assert reasons
