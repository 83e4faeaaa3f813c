"""Client libraries, unchanged, against the emulator and against the console's own doors.

Each library runs in a process of its own, in an environment of its own that ``scripts/test`` fills: its checks are in
``python/check_*.py`` and ``js/*.check.mjs``.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import pytest

from app.services.upstream.breaker import BreakerPolicy
from emulator import Emulator
from tests.harness import QUICK, console_app

HERE = Path(__file__).parent
PYTHON = HERE.parents[1] / ".venv-sdk" / "bin" / "python"
MODULES = HERE / "js" / "node_modules"
KEY = "sdk-key"
LIMIT_S = 240
# A refusal is asked for again and again; a provider that refuses is not left alone meanwhile.
PACE = replace(QUICK, breaker=BreakerPolicy(failures=1_000_000, account_s=0))


@dataclass(frozen=True, slots=True)
class Sdk:
    """A library: its checks, the spelling of the console's door that it is pointed at, the streams that it leaves."""

    name: str
    checks: str
    door: Literal["/v1", "/api/v1"]
    left: int = 1

    def command(self) -> Sequence[str]:
        if self.checks.endswith(".mjs"):
            return ("node", "--test", "--test-reporter=tap", f"js/{self.checks}")
        return (str(PYTHON), "-m", "pytest", "-c", "python/pytest.ini", f"python/{self.checks}")

    def missing(self) -> str | None:
        """Why it cannot run here."""
        if self.checks.endswith(".mjs"):
            if shutil.which("node") is None:
                return "Node is not installed"
            return None if MODULES.is_dir() else "tests/sdk/js/node_modules is missing: scripts/test installs it"
        return None if PYTHON.exists() else "backend/.venv-sdk is missing: scripts/test makes it"


SDKS = (
    Sdk("openai", "check_openai.py", "/v1"),
    Sdk("pydantic-ai", "check_pydantic_ai.py", "/v1", left=2),
    Sdk("langchain", "check_langchain.py", "/v1"),
    Sdk("litellm", "check_litellm.py", "/api/v1", left=2),
    Sdk("llm", "check_llm.py", "/api/v1"),
    Sdk("openai-js", "openai.check.mjs", "/v1"),
    Sdk("openrouter-js", "openrouter.check.mjs", "/api/v1"),
    Sdk("ai-sdk-js", "ai-sdk.check.mjs", "/api/v1"),
)


@asynccontextmanager
async def target_of(kind: str, sdk: Sdk, data: Path) -> AsyncIterator[tuple[Emulator, str]]:
    """What a library is pointed at: the emulator, and the base URL."""
    async with Emulator() as emulator:
        if kind == "emulator":
            yield emulator, emulator.base_url
            return
        async with console_app(data, upstream=emulator.base_url, pace=PACE) as console:
            await console.client.post("/api/models/sync")
            yield emulator, f"{console.url}{sdk.door}"


def environment(base_url: str, home: Path, kind: str) -> dict[str, str]:
    """No setting of the user's, no way to the network: whatever is not on this machine goes to a closed door."""
    closed = "http://127.0.0.1:9"
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "TMPDIR": str(home),
        "SDK_BASE_URL": base_url,
        "SDK_KEY": KEY,
        # The console's doors have no /responses.
        "SDK_HAS_RESPONSES": "1" if kind == "emulator" else "",
        "HTTP_PROXY": closed,
        "HTTPS_PROXY": closed,
        "NO_PROXY": "127.0.0.1",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "LLM_USER_PATH": str(home),
        "OPENROUTER_KEY": KEY,
        "PYTHONDONTWRITEBYTECODE": "1",
    }


async def run(command: Sequence[str], variables: dict[str, str]) -> tuple[int | None, str]:
    """The exit status and all that was said."""
    process = await asyncio.create_subprocess_exec(
        *command, cwd=HERE, env=variables, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    try:
        told, _ = await asyncio.wait_for(process.communicate(), LIMIT_S)
    except TimeoutError:
        process.kill()
        told, _ = await process.communicate()
    return process.returncode, told.decode(errors="replace")


@pytest.mark.parametrize("kind", ["emulator", "console"])
@pytest.mark.parametrize("sdk", SDKS, ids=lambda sdk: sdk.name)
async def test_a_client_library_works_unchanged(sdk: Sdk, kind: str, data: Path, tmp_path: Path) -> None:
    """List, complete, stream, tools, structured output, pictures, embeddings, errors, and leaving a stream."""
    if reason := sdk.missing():
        pytest.skip(reason)
    home = tmp_path / "home"
    home.mkdir()
    async with target_of(kind, sdk, data) as (emulator, base_url):
        status, told = await run(sdk.command(), environment(base_url, home, kind))
        assert status == 0, told
        assert " skipped" not in told.replace("# skipped 0", ""), told
        await asyncio.wait_for(emulator.settled(), 10)
        # Nobody hears the rest of a stream that was left, so nobody pays for it.
        assert sum(row.cancelled for row in emulator.ledger.rows) == sdk.left
