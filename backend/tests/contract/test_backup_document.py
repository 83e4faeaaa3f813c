"""The commands of docs/backup.md do what it says."""

from __future__ import annotations

import asyncio
import json
import re
import shlex
import shutil
import sys
from pathlib import Path

from tests.harness import Console
from tests.harness.environment import server_environment

BACKEND = Path(__file__).resolve().parents[2]
DOCUMENT = BACKEND / "docs" / "backup.md"
PRINTED_URL = "http://localhost:8000"
BLOCKS = re.findall(r"^```bash\n(.*?)^```$", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
COMMANDS = [line for block in BLOCKS for line in block.splitlines()]
TIMEOUT_S = 60.0


async def run(command: str, folder: Path) -> str:
    """What a command line prints, in a folder of its own."""
    program, *arguments = shlex.split(command)
    if program == "scripts/console":
        here = [sys.executable, "-m", "app.cli.main", *arguments]
    else:
        found = shutil.which(program)
        assert found, f"{program} is needed to run the documented commands"
        here = [found, "--silent", "--show-error", "--fail", *arguments]
    process = await asyncio.create_subprocess_exec(
        *here,
        cwd=folder,
        env=server_environment(PYTHONPATH=str(BACKEND)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(TIMEOUT_S):
            printed, complaints = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, f"{command}: {complaints.decode()}"
    return printed.decode()


async def test_the_commands_of_curl(console: Console, tmp_path: Path) -> None:
    """One after the other, with the name that the first one downloaded."""
    here = tmp_path / "downloads"
    here.mkdir()
    commands = [command.replace(PRINTED_URL, console.url) for command in COMMANDS if command.startswith("curl")]
    assert len(commands) == 8
    fresh, listed, made, steps, schedule, download, verify, delete = commands
    await run(fresh, here)
    (file,) = here.iterdir()
    assert [item["name"] for item in json.loads(await run(listed, here))["items"]] == [file.name]
    assert json.loads(await run(made, here))["kind"] == "manual"
    assert "event: done" in await run(steps, here)
    assert json.loads(await run(schedule, here))["every"] == "day"
    whole = file.read_bytes()
    file.unlink()
    await run(download.replace("NAME", file.name), here)
    assert file.read_bytes() == whole
    assert json.loads(await run(verify.replace("NAME", file.name), here))["name"] == file.name
    await run(delete.replace("NAME", file.name), here)
    assert len(await console.client.every("/api/admin/backups")) == 2


async def test_the_commands_of_the_console(data: Path, tmp_path: Path) -> None:
    """Without a console running, in the folder of one that has nothing yet."""
    data.mkdir()
    (data / "console.db").touch()
    commands = [f"{command} --data {data}" for command in COMMANDS if command.startswith("scripts/console")]
    assert len(commands) == 4
    make, listed, verify, delete = commands
    name = (await run(make, tmp_path)).split()[0]
    assert name in await run(listed, tmp_path)
    assert "is sound" in await run(verify.replace("NAME", name), tmp_path)
    await run(delete.replace("NAME", name), tmp_path)
    assert await run(listed, tmp_path) == ""
