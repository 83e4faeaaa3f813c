"""The container image and its compose file, checked by their text, and its set-up steps, run with stand-ins."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.house import REPOSITORY, outline

DOCKERFILE = (REPOSITORY / "Dockerfile").read_text()
COMPOSE = (REPOSITORY / "docker-compose.yml").read_text()
STAGES = [stage for stage in re.split(r"^FROM ", DOCKERFILE, flags=re.MULTILINE) if "WORKDIR" in stage]


def block(key: str) -> list[str]:
    """The items of a list in the compose file."""
    found = re.search(rf"^( +){key}:\n((?:\1  .*\n)+)", COMPOSE, re.MULTILINE)
    assert found, key
    return [line.strip() for line in found[2].splitlines() if not line.strip().startswith("#")]


def instructions(stage: str, name: str) -> list[str]:
    return re.findall(rf"^{name} (.+)$", stage.replace("\\\n", ""), re.MULTILINE)


def test_every_published_port_is_on_loopback() -> None:
    """No other machine reaches the console unless its owner changes the file."""
    assert block("ports") == ['- "127.0.0.1:8000:8000"']


def test_the_token_is_required_however_the_image_is_started() -> None:
    """Inside, all interfaces are bound; the image alone and the compose file both ask for the token."""
    assert "CONSOLE_AUTH: token" in block("environment")
    variables = instructions(STAGES[-1], "ENV")[0].split()
    assert {"CONSOLE_HOST=0.0.0.0", "CONSOLE_AUTH=token"} <= set(variables)


def test_the_server_is_not_root_and_its_health_is_asked() -> None:
    """The last word on the user is an ordinary one; the health check is the product's own."""
    assert instructions(STAGES[-1], "USER") == ["console"]
    assert "/health'" in instructions(STAGES[-1], "HEALTHCHECK")[0]


def test_data_and_backups_are_volumes() -> None:
    """What a person cannot make again outlives the container."""
    folders = ["/console/backend/data", "/console/backups"]
    assert [item.partition(":")[2] for item in block("volumes")] == folders
    assert all(folder in instructions(STAGES[-1], "VOLUME")[0] for folder in folders)


@pytest.mark.parametrize("stage", range(len(STAGES)))
def test_the_copied_files_are_enough_for_the_set_up_steps(stage: int, tmp_path: Path) -> None:
    """Each stage's steps run to the end on what that stage was given, and make what the next one takes."""
    house = outline(tmp_path)
    console = tmp_path / "console"
    for copy in instructions(STAGES[stage], "COPY"):
        if copy.startswith("--from"):
            continue
        source, target = copy.split()
        if (REPOSITORY / source).is_dir():
            skipped = shutil.ignore_patterns("node_modules", "dist", "__pycache__")
            shutil.copytree(REPOSITORY / source, console / target, ignore=skipped)
        else:
            (console / target).mkdir(parents=True, exist_ok=True)
            shutil.copy(REPOSITORY / source, console / target)
        assert f"\n!{source}\n" in (REPOSITORY / ".dockerignore").read_text()
    steps = [shlex.split(step) for step in instructions(STAGES[stage], "RUN") if "setup.sh" in step]
    assert len(steps) == 1
    subprocess.run(steps[0], cwd=console, env=house.environment(), check=True, capture_output=True, timeout=60)
    made = ["frontend/dist/index.html", "backend/.venv/bin/python"][stage]
    assert (console / made).is_file()
