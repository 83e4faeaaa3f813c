"""One owner for a data folder, and how the others find it."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.db.errors import DataInUse
from app.db.lock import DataLock, Endpoint, read_endpoint

OWNER = """
import os, sys
from pathlib import Path
from app.db.lock import DataLock
with DataLock(Path(sys.argv[1])) as lock:
    lock.write_endpoint("http://127.0.0.1:4321", os.getpid())
    print("ready", flush=True)
    sys.stdin.read()
"""
BACKEND = Path(__file__).parents[2]


@contextmanager
def owner(data: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that has the folder, until its input is closed."""
    with subprocess.Popen(
        [sys.executable, "-c", OWNER, str(data)], cwd=BACKEND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.kill()


def test_a_second_process_is_refused_at_once_and_told_where_the_first_is(tmp_path: Path) -> None:
    with owner(tmp_path) as first:
        with pytest.raises(DataInUse, match=rf"http://127\.0\.0\.1:4321 \(pid {first.pid}\)"):
            DataLock(tmp_path).acquire()
        assert read_endpoint(tmp_path) == Endpoint("http://127.0.0.1:4321", first.pid)


def test_a_killed_owner_is_succeeded_and_its_endpoint_forgotten(tmp_path: Path) -> None:
    with owner(tmp_path) as first:
        first.kill()
        first.wait(timeout=30)
    assert read_endpoint(tmp_path) is not None
    with DataLock(tmp_path):
        assert read_endpoint(tmp_path) is None


def test_a_leaving_owner_withdraws_its_endpoint(tmp_path: Path) -> None:
    with owner(tmp_path) as first:
        first.communicate(timeout=30)
        assert first.returncode == 0
    assert sorted(file.name for file in tmp_path.iterdir()) == ["lock"]


def test_an_owner_that_has_not_said_where_it_listens_is_named_as_starting(tmp_path: Path) -> None:
    with DataLock(tmp_path), pytest.raises(DataInUse, match="starting or stopping"):
        DataLock(tmp_path).acquire()


def test_the_endpoint_is_the_users_alone_and_replaced_whole(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with DataLock(data) as lock:
        lock.write_endpoint("http://127.0.0.1:1", os.getpid())
        lock.write_endpoint("http://127.0.0.1:2", os.getpid())
        file = data / "endpoint.json"
        assert json.loads(file.read_text()) == {"url": "http://127.0.0.1:2", "pid": os.getpid()}
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE(data.stat().st_mode) == 0o700
        assert sorted(entry.name for entry in data.iterdir()) == ["endpoint.json", "lock"]


def test_an_endpoint_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    lock = DataLock(tmp_path)
    lock.acquire()
    lock.write_endpoint("http://127.0.0.1:1", os.getpid())
    foreign = {"url": "http://127.0.0.1:2", "pid": 1}
    (tmp_path / "endpoint.json").write_text(json.dumps(foreign))
    lock.release()
    lock.release()
    assert read_endpoint(tmp_path) == Endpoint("http://127.0.0.1:2", 1)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"url": "x", "pid": null}', "\udcff"])
def test_an_unreadable_endpoint_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "endpoint.json").write_text(text, errors="surrogateescape")
    assert read_endpoint(tmp_path) is None


@pytest.mark.parametrize("way", ["named", "linked"])
def test_a_database_of_another_folders_console_is_refused(tmp_path: Path, way: str) -> None:
    """Two data folders may name one file; whoever comes second gets nothing, not even its own folder."""
    store = other = tmp_path / "shared" / "console.db"
    if way == "linked":
        other = tmp_path / "two" / "console.db"
        other.parent.mkdir()
        other.symlink_to(store)
    with DataLock(tmp_path / "one", store):
        with pytest.raises(DataInUse, match=r"in use by the console of another data folder.*CONSOLE_DB_PATH"):
            DataLock(tmp_path / "two", other).acquire()
        with DataLock(tmp_path / "two"):
            pass
    with DataLock(tmp_path / "two", other):
        pass
