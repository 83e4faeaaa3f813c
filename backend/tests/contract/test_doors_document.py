"""The commands and programs of docs/doors.md do what it says."""

from __future__ import annotations

import asyncio
import json
import re
import shlex
import shutil
from pathlib import Path

import pytest

from emulator import Emulator
from tests.harness import Console

BACKEND = Path(__file__).resolve().parents[2]
DOCUMENT = BACKEND / "docs" / "doors.md"
SDK_PYTHON = BACKEND / ".venv-sdk" / "bin" / "python"
PRINTED_URL = "http://localhost:8000"
BLOCKS = re.findall(r"^```(bash|js|python)\n(.*?)^```$", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
COMMANDS = [one.strip() for kind, block in BLOCKS if kind == "bash" for one in re.split(r"\n(?=curl )", block)]
TIMEOUT_S = 30.0


def _block(kind: str) -> str:
    (found,) = [block for name, block in BLOCKS if name == kind]
    return str(found)


def _command(*words: str) -> str:
    """The one command of the document that has all these words."""
    (found,) = [command for command in COMMANDS if all(word in command for word in words)]
    return str(found)


async def _run(console: Console, *program: str) -> str:
    """What a program prints, its console being this one."""
    here = [part.replace(PRINTED_URL, console.url) for part in program]
    process = await asyncio.create_subprocess_exec(
        *here, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, stdin=asyncio.subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(TIMEOUT_S):
            printed, complaints = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, complaints.decode()
    return printed.decode()


async def _shell(console: Console, command: str) -> str:
    """A command line of curl, without a shell in between."""
    program, *arguments = shlex.split(command.replace("\\\n", ""))
    found = shutil.which(program)
    assert found, f"{program} is needed to run the documented commands"
    return await _run(console, found, "--silent", "--show-error", "--fail", *arguments)


@pytest.fixture(autouse=True)
async def _catalogue(console: Console, emulator: Emulator) -> None:
    emulator.set_scenario("text=one%20two%20three")
    await console.client.post("/api/models/sync")


async def test_curl_streams_typed_frames(console: Console) -> None:
    printed = await _shell(console, _command("curl -N", "/chat"))
    events = re.findall(r"^event: (\w+)$", printed, re.MULTILINE)
    assert events[-2:] == ["usage", "done"]
    assert set(events[:-2]) == {"content"}
    assert printed.endswith('data: {"completed":true}\n\n')


async def test_javascript_reads_typed_frames(console: Console) -> None:
    """The printed loop, under Node."""
    node = shutil.which("node")
    assert node, "Node is needed to run the documented program"
    printed = await _run(console, node, "--input-type=module", "-e", _block("js"))
    lines = printed.splitlines()
    assert "".join(line.removeprefix("Content: ") for line in lines if line.startswith("Content: ")) == "one two three"
    assert any(line.startswith("Usage: {") for line in lines)
    assert lines[-1] == "Done"


async def test_curl_gets_one_typed_body(console: Console, emulator: Emulator) -> None:
    whole = json.loads(await _shell(console, _command("stream=false")))
    assert (whole["content"], whole["usage"]["routing"]["sort"]) == ("one two three", "price")
    sent = emulator.requests[-1].body
    assert sent["provider"] == {"sort": "price", "max_price": {"prompt": 10, "completion": 10}}
    assert [message["role"] for message in sent["messages"]] == ["user", "assistant", "user"]


async def test_curl_speaks_to_openai_s_door(console: Console) -> None:
    whole = json.loads(await _shell(console, _command("/v1/chat/completions")))
    assert whole["choices"][0]["message"]["content"] == "one two three"


async def test_curl_lists_models_and_embeds(console: Console) -> None:
    listing, single = f"curl {PRINTED_URL}/v1/models", f"curl {PRINTED_URL}/v1/models/openai/gpt-4o-mini"
    assert {listing, single} <= set(COMMANDS)
    listed = json.loads(await _shell(console, listing))
    assert listed["object"] == "list"
    one = json.loads(await _shell(console, single))
    assert (one["id"], one["object"]) == ("openai/gpt-4o-mini", "model")
    embedded = json.loads(await _shell(console, _command("/v1/embeddings")))
    assert [len(vector["embedding"]) for vector in embedded["data"]] == [256, 256]


async def test_curl_looks_up_what_clients_of_openrouter_do(console: Console) -> None:
    assert json.loads(await _shell(console, _command("/v1/models/count")))["data"]["count"] > 10
    narrowed = json.loads(await _shell(console, _command("max_price=1")))["data"]
    assert 0 < len(narrowed) < 20
    told = json.loads(await _shell(console, _command("/endpoints")))
    assert told["data"]["id"] == "openai/gpt-4o-mini"


@pytest.mark.skipif(not SDK_PYTHON.exists(), reason="backend/.venv-sdk is missing: scripts/test makes it")
async def test_python_speaks_to_openai_s_door(console: Console) -> None:
    assert await _run(console, str(SDK_PYTHON), "-c", _block("python")) == "one two three"


def test_every_command_of_the_document_is_run() -> None:
    """Whoever adds one adds its test."""
    assert len(COMMANDS) == 9
    assert [kind for kind, _ in BLOCKS if kind != "bash"] == ["python", "js"]
