"""What must hold for every file of the repository: nothing private, nothing big, nothing that leads nowhere."""

from __future__ import annotations

import ast
import json
import re
import subprocess
from pathlib import Path

import pytest
from dotenv import dotenv_values
from pydantic import AliasChoices

from app.core.config import Settings

REPOSITORY = Path(__file__).resolve().parents[2]
BACKEND = REPOSITORY / "backend"
LOCKS = sorted((*BACKEND.glob("requirements*.txt"), *(BACKEND / "benchmarks").glob("requirements*.txt")))

MAX_FILE_BYTES = 1024 * 1024
MAX_LINES = {".py": 400, ".ts": 250, ".tsx": 250}
GENERATED = {"frontend/src/client/schema.d.ts"}

# Written so that this file does not match itself.
MACHINE_PATH = re.compile(r"(?<![\w.*-])/(?:root|work|Users/\w+|home/\w+)/")
SECRETS = re.compile(
    r"sk-or-v1-[0-9a-f]{32}|\bsk-(?:proj-|ant-)?[A-Za-z0-9]{32}|\bgh[pousr]_\w{30}|\bAKIA[0-9A-Z]{16}\b"
    r"|-----BEGIN [A-Z ]*PRIVATE"
)

# Tests that may let time pass, and why.
SLEEPS_ALLOWED = {
    "backend/tests/services/upstream/test_openrouter.py::test_a_slow_reader_is_not_an_idle_provider": (
        "its subject is the time"
    ),
}


def _files() -> list[str]:
    """Tracked files and those about to be, as paths from the repository's root."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    return sorted({name for name in listed.stdout.split("\0") if name and (REPOSITORY / name).is_file()})


FILES = _files()


def _texts() -> dict[str, str]:
    """The files that are text, lock files left out: those are hashes and checked on their own."""
    texts = {}
    for name in FILES:
        data = (REPOSITORY / name).read_bytes()
        if b"\0" not in data and not re.search(r"requirements[\w-]*\.txt$|package-lock\.json$", name):
            texts[name] = data.decode()
    return texts


TEXTS = _texts()


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_python_locks_are_pinned_hashed_and_name_no_address(lock: Path) -> None:
    """Any index may serve them, and only the very same files."""
    text = lock.read_text()
    assert not re.search(r"://|^-", text, re.MULTILINE)
    entries = re.split(r"\n(?=\S)", text.strip())
    assert entries
    for entry in entries:
        assert re.match(r"[a-z0-9-]+(\[[\w,-]+\])?==[\w.+]+( ;.+)? \\\n    --hash=sha256:[0-9a-f]{64}", entry), entry[
            :80
        ]


def test_the_development_lock_holds_the_runtime_lock() -> None:
    """Tests run on the versions that are shipped."""
    entry = re.compile(r"^\S+==.*(?:\n    .*)+", re.MULTILINE)
    runtime = entry.findall((BACKEND / "requirements-runtime.txt").read_text())
    assert runtime
    assert set(runtime) <= set(entry.findall((BACKEND / "requirements.txt").read_text()))


@pytest.mark.parametrize("folder", ["frontend", "backend/tests/sdk/js"])
def test_node_locks_are_complete_and_name_no_address(folder: str) -> None:
    """Each package is pinned with its checksum, and so is each platform's build of it."""
    packages = json.loads((REPOSITORY / folder / "package-lock.json").read_text())["packages"]
    for path, package in packages.items():
        assert not package.get("resolved", "").startswith("http"), path
        assert not path or "integrity" in package or package.get("inBundle"), path
        for name in package.get("optionalDependencies", {}):
            assert f"node_modules/{name}" in packages or f"{path}/node_modules/{name}" in packages, name


@pytest.mark.parametrize("pattern", [MACHINE_PATH, SECRETS], ids=["machine path", "secret"])
def test_no_text_holds_what_belongs_to_one_machine_or_person(pattern: re.Pattern[str]) -> None:
    """No file names a developer's folders or holds anything like a key."""
    found = [f"{name}: {match[0]}" for name, text in TEXTS.items() if (match := pattern.search(text))]
    assert found == []


def test_no_file_is_big() -> None:
    """Nothing over 1 MiB is tracked."""
    assert [name for name in FILES if (REPOSITORY / name).stat().st_size > MAX_FILE_BYTES] == []


def test_no_source_file_is_long() -> None:
    """A file that outgrows its limit has more than one reason to change."""
    long = {}
    for name in set(TEXTS) - GENERATED:
        lines = TEXTS[name].count("\n")
        if lines > MAX_LINES.get(Path(name).suffix, lines):
            long[name] = lines
    assert long == {}


def test_the_top_level_is_the_usual_one() -> None:
    """A newcomer finds the two halves, the backups, the scripts and the files every repository has."""
    folders = {name.split("/")[0] for name in FILES if "/" in name}
    assert folders == {".ci", "backend", "backups", "frontend", "scripts"}


def _anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith(".md")])
def test_links_in_documents_lead_somewhere(name: str) -> None:
    """Relative links name a file of the repository, and a heading in it."""
    prose = re.sub(r"```.*?```|`[^`\n]*`", "", TEXTS[name], flags=re.DOTALL)
    for link in re.findall(r"\]\(([^)\s]+)\)", prose):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (REPOSITORY / name).parent / path if path else REPOSITORY / name
        assert target.exists(), link
        if anchor:
            assert anchor in _anchors(target.read_text()), link


def _variables() -> set[str]:
    """Every environment variable that is read."""
    names: set[str] = set()
    for setting in Settings.model_fields.values():
        alias = setting.validation_alias
        names |= {str(name) for name in alias.choices} if isinstance(alias, AliasChoices) else {str(alias)}
    return names


def test_the_example_environment_starts_as_it_is() -> None:
    """Each name in it is a setting, and copying it changes none: its key is a placeholder."""
    example = BACKEND / "env.example"
    values = dotenv_values(example)
    assert values["OPENROUTER_API_KEY"]
    assert set(values) <= _variables()
    read = Settings(_env_file=example).model_dump()
    assert read["openrouter_api_key"] is None
    assert read == Settings(_env_file=None).model_dump()


def _sleeps(node: ast.AST) -> bool:
    """Whether it lets time pass; `asyncio.sleep(0)` only gives others their turn."""
    if not isinstance(node, ast.Call):
        return False
    return re.match(r"(time|asyncio|anyio)\.sleep\((?!0\))", ast.unparse(node)) is not None


def test_no_test_sleeps_to_synchronise() -> None:
    """A test waits for what it expects; a fixed time is either too short or wasted."""
    found = {
        f"{name}::{getattr(part, 'name', part.lineno)}"
        for name, text in TEXTS.items()
        if name.startswith("backend/tests/") and name.endswith(".py")
        for part in ast.parse(text).body
        if any(_sleeps(node) for node in ast.walk(part))
    }
    assert found == set(SLEEPS_ALLOWED)
