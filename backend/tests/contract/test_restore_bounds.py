"""What a restored file must not leave behind: open budgets, sums that overflow, numbers without a next, lost order."""

from __future__ import annotations

import sqlite3
import uuid
from contextlib import AsyncExitStack, closing
from decimal import Decimal
from pathlib import Path

import httpx
import pytest

from app.core.errors import DiskFull
from app.services.backups.restore import MOST_UPLOADS, Upload
from emulator import Emulator
from tests.harness import Console, ConsoleClient, Json
from tests.harness.stored import store_of

NOW = "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')"
CALL = f"""
    INSERT INTO usage_logs (id, generation_id, purpose, state, model, provider, token_id, upstream_id, cost_picousd,
        reserved_picousd, prompt_tokens, created_at)
    VALUES (:id, :generation_id, 'chat', :state, 'openai/gpt-4o-mini', 'openrouter', :token_id, :upstream_id,
        :cost_picousd, :reserved_picousd, :prompt_tokens, {NOW})
"""  # noqa: S608


@pytest.fixture
def folder(data: Path) -> Path:
    return data / "backups"


async def edited_backup(client: ConsoleClient, folder: Path, *statements: str) -> str:
    """A new backup after some statements; its name."""
    backup = await client.post("/api/admin/backups")
    with closing(sqlite3.connect(folder / backup["name"])) as conn, conn:
        for statement in statements:
            conn.execute(statement)
    return str(backup["name"])


def add_call(file: Path, **values: str | int | None) -> None:
    """A row of the ledger that nobody here wrote."""
    row: dict[str, str | int | None] = dict.fromkeys(
        ("token_id", "upstream_id", "cost_picousd", "reserved_picousd", "prompt_tokens")
    )
    identity = {"id": str(uuid.uuid4()), "generation_id": str(uuid.uuid4()), "state": "settled"}
    with closing(sqlite3.connect(file)) as conn, conn:
        conn.execute(CALL, {**row, **identity, **values})


async def restore(client: ConsoleClient, name: str, *, dry_run: bool = False) -> httpx.Response:
    return await client.ask("POST", "/api/admin/restore", json={"name": name, "dry_run": dry_run})


async def refused(client: ConsoleClient, name: str) -> str:
    """Why a backup is refused, the same with and without a dry run."""
    replies = [await restore(client, name, dry_run=dry_run) for dry_run in (True, False)]
    assert [(reply.status_code, reply.json()["error_code"]) for reply in replies] == [(422, "bad_backup")] * 2
    return str(replies[0].json()["message"])


@pytest.mark.parametrize("state", ["unknown", "reserved", "settled"])
async def test_a_file_opens_no_budget(client: ConsoleClient, folder: Path, data: Path, state: str) -> None:
    """A call that was not made here is nobody's: settling it would give its token back what was never held."""
    token = await client.post("/api/tokens", {"name": "small", "scopes": ["chat"], "budget_usd": "0.01"})
    await client.answer("Paid")
    with store_of(data) as conn:
        ((upstream_id,),) = conn.execute("SELECT upstream_id FROM usage_logs").fetchall()
    name = await edited_backup(client, folder)
    cost = 0 if state == "settled" else None
    values: Json = {"state": state, "cost_picousd": cost, "upstream_id": upstream_id, "reserved_picousd": 10**15}
    add_call(folder / name, token_id=token["id"], **values)
    assert (await restore(client, name)).status_code == 200
    with store_of(data) as conn:
        assert conn.execute("SELECT token_id FROM usage_logs").fetchall() == [(None,), (None,)]


async def test_no_row_is_dearer_than_a_call_can_be(client: ConsoleClient, folder: Path) -> None:
    """One more such row, and the day could not be added up."""
    name = await edited_backup(client, folder)
    add_call(folder / name, cost_picousd=2**63 - 1)
    assert "usage_logs.cost_picousd" in await refused(client, name)


async def test_a_ledger_beyond_what_a_column_holds_is_added_up(client: ConsoleClient, folder: Path) -> None:
    """Each row is small enough, all of them are ten million dollars: every sum is exact, twice."""
    session = await client.create_session(title="Dear")
    name = await edited_backup(client, folder)
    with closing(sqlite3.connect(folder / name)) as conn, conn:
        rows = [
            {
                **dict.fromkeys(("token_id", "upstream_id", "reserved_picousd", "prompt_tokens")),
                "id": f"00{str(uuid.uuid4())[2:]}",
                "generation_id": str(uuid.uuid4()),
                "state": "settled",
                "cost_picousd": 10**15,
            }
            for _ in range(10_000)
        ]
        conn.executemany(CALL, rows)
        conn.execute("UPDATE usage_logs SET session_id = ?", (session["id"],))
    dear = Decimal(10_000_000)
    for _ in range(2):
        assert (await restore(client, name)).status_code == 200
        assert (await client.answer("On", session_id=session["id"])).status == "completed"
        (newest, *_) = (await client.get("/api/usage", limit=1))["items"]
        dear += newest["cost_usd"]
        summary = await client.get("/api/usage/summary")
        assert {summary["totals"]["cost_usd"], summary["by_day"][0]["cost_usd"]} == {dear}
        assert sum(row["cost_usd"] for row in summary["by_model"]) == dear
        assert (await client.get(f"/api/usage/sessions/{session['id']}"))["totals"]["cost_usd"] == dear
        assert (await client.get(f"/api/sessions/{session['id']}"))["totals"]["cost_usd"] == dear
        name = str((await client.post("/api/admin/backups"))["name"])


async def test_a_dear_ledger_can_be_restored_again(client: ConsoleClient, folder: Path) -> None:
    """What was accepted once leaves room for the calls after it."""
    name = await edited_backup(client, folder)
    add_call(folder / name, cost_picousd=10**15, prompt_tokens=10**12)
    assert (await restore(client, name)).status_code == 200
    assert (await client.answer("On")).status == "completed"
    again = await client.post("/api/admin/backups")
    assert (await restore(client, again["name"])).status_code == 200
    assert (await client.get("/api/usage/summary"))["totals"]["calls"] == 2


async def test_a_profile_with_the_last_number_is_refused(client: ConsoleClient, folder: Path) -> None:
    await client.post("/api/profiles", {"name": "Poet"})
    name = await edited_backup(client, folder, "UPDATE profiles SET id = 9007199254740992")
    assert "number" in await refused(client, name)


async def test_a_profile_with_a_large_number_is_gone_on_from(client: ConsoleClient, folder: Path) -> None:
    """The next one has the next number, and our own backup of both is as good as any."""
    await client.post("/api/profiles", {"name": "Poet"})
    name = await edited_backup(client, folder, "UPDATE profiles SET id = 2147483648")
    assert (await restore(client, name)).status_code == 200
    assert (await client.post("/api/profiles", {"name": "Next"}))["id"] == 2**31 + 1
    own = await client.post("/api/admin/backups")
    assert (await restore(client, own["name"])).status_code == 200


async def test_revisions_are_gone_on_from(client: ConsoleClient, folder: Path) -> None:
    """The largest there is starts again; one that cannot be is refused."""
    session = await client.create_session(title="Here")
    name = await edited_backup(client, folder, "UPDATE sessions SET revision = 9223372036854775807")
    assert "sessions.revision" in await refused(client, name)
    name = await edited_backup(client, folder, "UPDATE sessions SET revision = 9007199254740992")
    for _ in range(2):
        assert (await restore(client, name)).status_code == 200
        revision = (await client.get(f"/api/sessions/{session['id']}"))["revision"]
        assert session["revision"] < revision < 2**40
        name = str((await client.post("/api/admin/backups"))["name"])


@pytest.mark.parametrize(
    "session_id",
    ["a/../b?x", "..", ".", "a#b", "a%2Fb", "a\tb", "a\nb", "ÿ", "zzzzzzzz-zzzz-7zzz-zzzz-zzzzzzzzzzzz"],
)
async def test_ids_that_no_url_reaches_are_refused(client: ConsoleClient, folder: Path, session_id: str) -> None:
    """Nor may one pass for one of ours, behind which no new one can be found."""
    await client.create_session(title="Here")
    quoted = session_id.replace("'", "''")
    name = await edited_backup(client, folder, f"UPDATE sessions SET id = '{quoted}'")  # noqa: S608
    assert await refused(client, name) == "A value of its column sessions.id is no id."


async def test_ids_of_a_far_future_are_refused(client: ConsoleClient, folder: Path) -> None:
    """All later ids would have to sort behind it."""
    await client.create_session(title="Here")
    name = await edited_backup(client, folder, "UPDATE sessions SET id = 'ffffffff-ffff-7fff-bfff-ffffffffffff'")
    assert "of the future" in await refused(client, name)


async def test_order_is_kept_after_a_clock_that_was_a_day_ahead(client: ConsoleClient, folder: Path) -> None:
    """New ids sort behind those of the file."""
    session = await client.create_session(title="Here")
    stamp = int(session["id"].replace("-", "")[:12], 16) + 86_400_000
    ahead = f"{stamp:012x}"
    ahead = f"{ahead[:8]}-{ahead[8:]}{session['id'][13:]}"
    name = await edited_backup(client, folder, f"UPDATE sessions SET id = '{ahead}'")  # noqa: S608
    assert (await restore(client, name)).status_code == 200
    assert (await client.create_session(title="Next"))["id"] > ahead


async def test_a_restore_that_cannot_be_made_interrupts_nothing(
    console: Console, emulator: Emulator, folder: Path, tmp_path: Path
) -> None:
    """Without a place for the safety backup, the answer that is being written is finished."""
    client = console.client
    name = await edited_backup(client, folder)
    file = (folder / name).read_bytes()
    folder.rename(tmp_path / "elsewhere")
    folder.write_bytes(b"")
    emulator.set_scenario("tokens=30; stall after=10")
    started = await client.start("Tell me a long story")
    async with client.events(started["generation"]["id"]) as stream:
        async for frame in stream:
            if frame.event == "token":
                break
    reply = await client.ask("POST", "/api/admin/restore", files={"file": ("console.db", file)})
    assert reply.json()["error_code"] == "backups_unavailable"
    generation = await client.get(f"/api/generations/{started['generation']['id']}")
    assert generation["status"] == "running"
    await client.stop(started["generation"]["id"])


async def test_few_files_are_received_at_once(console: Console) -> None:
    """One more is told to come again, before it is sent."""
    async with AsyncExitStack() as stack:
        for _ in range(MOST_UPLOADS):
            await stack.enter_async_context(console.services.restores.upload())
        reply = await console.client.ask("POST", "/api/admin/restore", files={"file": ("a.db", b"x")})
        assert (reply.status_code, reply.json()["error_code"]) == (503, "restoring")
    reply = await console.client.ask("POST", "/api/admin/restore", files={"file": ("a.db", b"x")})
    assert reply.json()["error_code"] == "bad_backup"


async def test_an_upload_leaves_room_on_the_disk(tmp_path: Path) -> None:
    """A full disk would stop the answers that are being written."""
    upload = Upload(tmp_path / "upload.db", free_bytes=lambda _: 64 * 2**20 + 5)
    await upload.write(b"12345")
    with pytest.raises(DiskFull):
        await upload.write(b"123456")
