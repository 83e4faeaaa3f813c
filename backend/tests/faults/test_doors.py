"""Doors of a process that ends: by Ctrl-C, or at once."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from pathlib import Path

import httpx
import pytest

from emulator import Emulator
from tests.contract.openai_client import Json, ask, body, opened, stream
from tests.harness import ConsoleProcess, soon
from tests.harness.stored import store_of

pytestmark = pytest.mark.faults

STANDING_STILL = "[[tokens=40; stall after=20]] secret"
AT_ONCE_S = 20.0


async def test_ctrl_c_is_told_to_the_clients_of_doors(data: Path, emulator: Emulator) -> None:
    """A stream ends with its error and ``[DONE]``, a reply in one piece with a status; the process ends with 0."""
    async with ConsoleProcess(data, upstream=emulator.base_url) as process:
        await process.start()
        async with process.client() as client:
            streamed = asyncio.create_task(stream(client, body(STANDING_STILL)))
            whole = asyncio.create_task(ask(client, body(STANDING_STILL + "!")))
            await soon(emulator.until(lambda e: e.stalled == 2))
            process.signal(signal.SIGINT)
            last = (await streamed).chunks[-1]
            response = await whole
        assert await process.wait(AT_ONCE_S) == 0
        assert "Traceback" not in process.errors()
    assert last["error"]["metadata"]["error_type"] == "interrupted"
    assert (response.status_code, response.json()["error"]["code"]) == (503, "interrupted")


async def test_a_kill_leaves_no_word_of_a_call_that_is_not_stored(data: Path, emulator: Emulator) -> None:
    """The next process knows that it was made and asks what it cost; what was said is nowhere."""
    async with ConsoleProcess(data, upstream=emulator.base_url) as process:
        await process.start()
        async with process.client() as client:
            request = body(STANDING_STILL)
            async with opened(client, request, **{"X-Console-Store": "false"}) as chunks:
                said = ""
                while len(said.split()) < 20:
                    said += (await anext(chunks))["choices"][0]["delta"].get("content") or ""
                await process.kill()
                with contextlib.suppress(httpx.TransportError):
                    async for _ in chunks:
                        pass
        (row,) = emulator.ledger.rows
        await soon(emulator.until(lambda e: e.ledger.rows[0].status != "open"))

        await process.start()
        async with process.client() as client:
            (generation,) = _generations(data)
            assert (generation["status"], generation["session_id"]) == ("interrupted", None)
            (bill,) = (await client.get("/api/usage"))["items"]
            assert (bill["purpose"], bill["upstream_id"]) == ("endpoint", row.id)
            assert bill["state"] in ("unknown", "reconciled")
        assert await process.interrupt() == 0
    for file in data.rglob("*"):
        if file.is_file():
            assert b"secret" not in file.read_bytes(), file


def _generations(data: Path) -> list[Json]:
    with store_of(data) as conn:
        return [dict(row) for row in conn.execute("SELECT * FROM generations").fetchall()]
