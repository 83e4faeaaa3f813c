"""`llm-console prove`: it holds on the product, finds a product that breaks a promise, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import sys
import tempfile
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import psutil
import pytest

from app.cli.prove import Proof
from app.cli.proving.budget import prove_budget
from app.cli.proving.kills import prove_kills
from app.cli.proving.knocks import prove_gate
from app.cli.proving.restoring import prove_restore
from app.cli.proving.stage import stage
from tests.harness.environment import BACKEND, server_environment

pytestmark = pytest.mark.faults


@contextlib.asynccontextmanager
async def proving(*arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """The command, killed at the end if it still runs."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "app.cli.main", "prove", *arguments),
        cwd=BACKEND,
        # What the user has set must not count: these would keep a console from starting.
        env=server_environment(CONSOLE_HOST="192.0.2.1", CONSOLE_PORT="1", CONSOLE_OPENROUTER_API_KEY="sk-or-mine"),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.communicate()


def left_behind() -> list[Path]:
    return list(Path(tempfile.gettempdir()).glob("llm-console-prove-*"))


async def test_the_product_keeps_its_promises() -> None:
    """Each line says what was measured, and the folder it happened in is gone."""
    async with proving("--json") as process:
        output, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    told = json.loads(output)
    assert told["ok"]
    assert len(told["evidence"]) == 4
    for one in told["evidence"]:
        assert one["ok"], one
        assert any(figure.isdigit() for figure in one["measured"])
    assert [line[:4] for line in errors.decode().splitlines()] == ["1 of", "2 of", "3 of", "4 of"]
    assert left_behind() == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_an_interrupted_proof_leaves_nothing_behind(number: signal.Signals) -> None:
    """No process, no folder; the status is that of Ctrl-C."""
    async with proving() as process:
        assert process.stderr is not None
        assert (await process.stderr.readline()).startswith(b"1 of ")
        children = psutil.Process(process.pid).children()
        assert children
        assert left_behind() != []
        process.send_signal(number)
        output, errors = await process.communicate()
        assert (process.returncode, output, errors) == (130, b"", b"")
        assert not any(child.is_running() for child in children)
        assert left_behind() == []


@pytest.mark.parametrize(
    ("guard", "proof", "found"),
    [
        ("gate", prove_gate, "a foreign page asks: HTTP 2"),
        ("budget", prove_budget, "60 answered, refused: none"),
        ("merge", prove_restore, "not each is in the ledger"),
        ("journal", partial(prove_kills, kills=1), "is stored otherwise than it was shown"),
    ],
    ids=["gate", "budget", "merge", "journal"],
)
async def test_a_removed_guard_is_found_out(guard: str, proof: Proof, found: str) -> None:
    """A proof that always holds would prove nothing."""
    async with stage(("-m", "tests.cli.careless_console", guard)) as theatre:
        evidence = await proof(theatre)
    assert not evidence.ok
    assert found in evidence.measured
