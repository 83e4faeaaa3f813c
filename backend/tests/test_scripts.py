"""The scripts' set-up, run in a copy of the repository's outline with recorded stand-ins for Python, Node and npm."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from tests.house import (
    FAILING_GENERATOR,
    NPM,
    OLD_NODE,
    OLD_PYTHON,
    PYTHON_WITHOUT_VENV,
    REPOSITORY,
    SCRIPTS,
    House,
    outline,
)

VERBS = sorted(path for path in SCRIPTS.iterdir() if path.is_file() and path.suffix != ".md")


@pytest.fixture
def house(tmp_path: Path) -> House:
    return outline(tmp_path)


def test_the_list_of_verbs_is_the_folder() -> None:
    """The README beside the scripts names each of them, and nothing else."""
    listed = re.findall(r"^\| `(\w+)` \|", (SCRIPTS / "README.md").read_text(), re.MULTILINE)
    assert sorted(listed) == [path.name for path in VERBS]


@pytest.mark.parametrize("script", [*VERBS, REPOSITORY / ".ci/run"], ids=lambda path: path.name)
def test_each_script_is_strict_bash(script: Path) -> None:
    """A script may be started as it is, parses, and stops at the first failure."""
    text = script.read_text()
    assert os.access(script, os.X_OK)
    assert text.startswith("#!/usr/bin/env bash\n# ")
    assert "\nset -euo pipefail\n" in text
    subprocess.run(["bash", "-n", str(script)], check=True)


def test_the_first_run_sets_everything_up_and_the_second_nothing(house: House) -> None:
    """Environment, packages and page are made once; a later start only serves."""
    assert house.run("run").returncode == 0
    first = house.recorded()
    assert [line.split()[:2] for line in first] == [
        ["python", "venv"],
        ["python", "pip"],
        ["npm", "ci"],
        ["npm", "run"],
        ["python", "app.cli.main"],
    ]
    assert "--require-hashes" in first[1]
    assert first[1].split(" (in")[0].endswith("requirements-runtime.txt")

    assert house.run("run").returncode == 0
    assert house.recorded() == [f"python app.cli.main serve (in {house.root.parent})"]


@pytest.mark.parametrize(
    ("source", "redone"),
    [
        ("backend/requirements-runtime.txt", ["pip"]),
        ("backend/requirements.txt", []),
        ("frontend/package-lock.json", ["ci", "run"]),
        ("frontend/src/main.ts", ["run"]),
        ("frontend/src/added.ts", ["run"]),
    ],
)
def test_a_changed_source_is_worked_from_again(house: House, source: str, redone: list[str]) -> None:
    """Only what was made from the changed file is made again."""
    house.run("run")
    house.recorded()
    (house.root / source).write_text("changed")
    assert house.run("run").returncode == 0
    assert [line.split()[1] for line in house.recorded()] == [*redone, "app.cli.main"]


def test_a_deleted_result_is_made_again(house: House) -> None:
    """Removing the environment or the page by hand is safe."""
    house.run("run")
    house.recorded()
    shutil.rmtree(house.root / "backend/.venv")
    shutil.rmtree(house.root / "frontend/dist")
    assert house.run("run").returncode == 0
    assert [line.split()[1] for line in house.recorded()] == ["venv", "pip", "run", "app.cli.main"]


def test_the_development_set_serves_run_too(house: House) -> None:
    """After a developer's set-up `run` has nothing left to install."""
    house.run("lint", "--backend")
    house.recorded()
    house.run("run")
    assert not [line for line in house.recorded() if " pip " in line]


def test_arguments_reach_the_server_and_data_is_meant_from_here(house: House) -> None:
    """A relative data folder, named by the flag or by the environment, is taken from the caller's folder."""
    here = house.root.parent / "some where"
    here.mkdir()
    house.run("run", cwd=here)
    house.recorded()
    arguments = ("--port", "0", "--host", "::1", "--data", "my data", "--no-browser")
    assert house.run("run", *arguments, cwd=here).returncode == 0
    assert house.recorded() == [
        f"python app.cli.main serve --port 0 --host ::1 --data my data --no-browser (in {here})"
    ]
    house.run("run", "--data", "/srv/console", cwd=here)
    assert "--data /srv/console (in" in house.recorded()[0]


def test_any_command_runs_where_one_is(house: House, tmp_path: Path) -> None:
    """Files are named as they are seen from there; without a command there is a list of them."""
    house.run("run")
    house.recorded()
    assert house.run("console", "restore", "my file.db", cwd=tmp_path).returncode == 0
    assert house.run("console", cwd=tmp_path).returncode == 0
    assert house.recorded() == [
        f"python app.cli.main restore my file.db (in {tmp_path})",
        f"python app.cli.main --help (in {tmp_path})",
    ]


@pytest.mark.parametrize("arguments", [("--prot", "1"), ("--port",), ("serve",)])
def test_run_refuses_what_it_does_not_know_before_any_work(house: House, arguments: tuple[str, ...]) -> None:
    """A slip of the pen costs no set-up."""
    refused = house.run("run", *arguments)
    assert refused.returncode == 1
    assert arguments[0] in refused.stderr
    assert "usage: scripts/run" in refused.stderr
    assert house.recorded() == []


@pytest.mark.parametrize("verb", ["lint", "test"])
def test_a_part_that_does_not_exist_is_refused(house: House, verb: str) -> None:
    """The parts there are, are named."""
    refused = house.run(verb, "--fronted")
    assert refused.returncode == 1
    assert f"usage: scripts/{verb} [--backend] [--frontend]" in refused.stderr
    assert house.recorded() == []


def test_the_long_form_of_the_fault_tests_runs_alone(house: House) -> None:
    """What follows the option goes to pytest: a seed to repeat, a test to choose."""
    assert house.run("test", "--faults", "--seed", "7").returncode == 0
    assert house.recorded()[-1] == (
        f"python pytest --long -s -o faulthandler_timeout=0 --seed 7 (in {house.root}/backend)"
    )


@pytest.mark.parametrize(
    ("python", "reason"),
    [
        (None, "Python 3.11 or newer is needed"),
        (OLD_PYTHON, "Python 3.11 or newer is needed"),
        (PYTHON_WITHOUT_VENV, "apt-get install python3-venv"),
    ],
    ids=["missing", "too old", "without venv"],
)
def test_an_unfit_python_is_named(house: House, python: str | None, reason: str) -> None:
    """The message says what to install."""
    (house.bin / "python3.12").unlink()
    if python:
        house.install("python3", python)
    refused = house.run("run")
    assert refused.returncode == 1
    assert reason in refused.stderr


def test_a_fit_python_is_found_behind_an_unfit_one(house: House) -> None:
    """The search goes on past interpreters that cannot serve."""
    house.install("python3.13", PYTHON_WITHOUT_VENV)
    served = house.run("run")
    assert served.returncode == 0
    assert f"with {house.bin}/python3.12" in served.stderr


@pytest.mark.parametrize("node", [None, OLD_NODE], ids=["missing", "too old"])
def test_node_is_needed_only_to_build(house: House, node: str | None) -> None:
    """Without Node a page that is built is served, also an older one, and says so; none at all is an error."""
    (house.bin / "node").unlink()
    if node:
        house.install("node", node)
    refused = house.run("run")
    assert refused.returncode == 1
    assert "Node 20.19 or newer" in refused.stderr

    dist = house.root / "frontend/dist"
    dist.mkdir()
    (dist / "index.html").write_text("page")
    served = house.run("run")
    assert served.returncode == 0
    assert "built earlier" in served.stderr
    assert house.recorded()[-1].startswith("python app.cli.main serve")


def test_end_to_end_tests_without_chromium_fail_with_the_reason(house: House) -> None:
    """They are never skipped in silence."""
    refused = house.run("test")
    assert refused.returncode == 1
    assert "need Chromium" in refused.stderr
    assert house.recorded() == []


def test_docs_checks_the_documents_of_both_halves(house: House) -> None:
    """The check asks each generator, writes nothing, and fails when either does."""
    assert house.run("docs").returncode == 0
    assert house.recorded()[-2:] == [f"python {house.root}/backend/docs/generate.py", "npm run --silent api:types"]
    assert house.run("docs", "--check").returncode == 0
    assert house.recorded() == [
        f"python {house.root}/backend/docs/generate.py --check",
        "npm run --silent api:types -- --check",
    ]
    house.install("npm", "#!/usr/bin/env bash\nexit 1\n")
    stale = house.run("docs", "--check")
    assert stale.returncode == 1
    assert "frontend/src/client/schema.d.ts. Run scripts/docs" in stale.stderr
    house.install("npm", NPM)
    house.install("../a house/backend/.venv/bin/python", FAILING_GENERATOR)
    assert house.run("docs", "--check").returncode == 1


@pytest.mark.parametrize(
    ("user", "called"),
    [
        ("0", ["apt-get update", "apt-get install chromium python3-venv", "test"]),
        ("1000", ["test"]),
    ],
    ids=["root", "not root"],
)
def test_a_build_server_gets_what_it_lacks(house: House, user: str, called: list[str]) -> None:
    """As root the missing packages are installed, otherwise named; then every test runs."""
    shutil.copytree(REPOSITORY / ".ci", house.root / ".ci")
    (house.root / "scripts/test").write_text('#!/usr/bin/env bash\necho test >>"$RECORD"\n')
    house.install("python3", PYTHON_WITHOUT_VENV)
    house.install("id", f"#!/usr/bin/env bash\necho {user}\n")
    house.install("apt-get", '#!/usr/bin/env bash\necho "apt-get $*" >>"$RECORD"\n')
    done = house.run("../.ci/run")
    assert done.returncode == 0
    assert "chromium python3-venv" in done.stdout + done.stderr
    assert [re.sub(r" -\S+", "", line) for line in house.recorded()] == called


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_dev_ends_both_halves(house: House, ending: signal.Signals) -> None:
    """Ctrl-C and a plain kill leave neither server behind."""
    script = [str(house.root / "scripts/dev"), "--port", "0", "--page-port", "0"]
    with subprocess.Popen(
        script, env=house.environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
    ) as process:
        assert process.stdout
        started = dict(process.stdout.readline().split() for _ in range(2))
        os.killpg(process.pid, ending)
        assert process.wait(timeout=30) == 0
    assert sorted(started) == [b"backend", b"page"]
    for pid in started.values():
        with pytest.raises(ProcessLookupError):
            os.kill(int(pid), 0)


def test_dev_ends_when_one_half_does(house: House) -> None:
    """One half alone is of no use."""
    with subprocess.Popen(
        [str(house.root / "scripts/dev")], env=house.environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdout
        started = dict(process.stdout.readline().split() for _ in range(2))
        os.kill(int(started[b"backend"]), signal.SIGKILL)
        assert process.wait(timeout=30) == 1
    with pytest.raises(ProcessLookupError):
        os.kill(int(started[b"page"]), 0)
