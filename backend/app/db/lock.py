"""One owner for a data folder, and for the database it works on, wherever that lies.

The owner holds an exclusive flock on ``<data>/lock`` for as long as it lives, and one on ``<database>.lock``, for two
folders may name one database; the system lets go of them however the process ends. ``<data>/endpoint.json`` tells
everybody else where the owner listens.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, Self

from app.db.errors import DataInUse


class Endpoint(NamedTuple):
    """Where the owner of a data folder listens."""

    url: str
    pid: int


class DataLock:
    """The right to open the store of a data folder. Use it as a context, or `acquire` and `release`.

    Args:
        store: the database, which is locked too where it is given; its links are followed.
    """

    def __init__(self, data: Path, store: Path | None = None) -> None:
        self._data, self._store = data, store
        self._descriptors: list[int] = []
        self._endpoint: Endpoint | None = None

    def acquire(self) -> None:
        """Take the folder, made 0700 when missing, and the database.

        Raises `DataInUse` at once when another process has either; nothing is taken then.
        """
        self._take(self._data / "lock", lambda: _who_has(self._data))
        if (store := self._store) is not None:
            try:
                real = store.resolve()
                self._take(real.with_name(real.name + ".lock"), lambda: _whose(store))
            except BaseException:
                self.release()
                raise
        # Left by an owner that was killed.
        (self._data / "endpoint.json").unlink(missing_ok=True)

    def _take(self, file: Path, taken: Callable[[], str]) -> None:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise DataInUse(taken()) from None
        except BaseException:
            os.close(descriptor)
            raise
        self._descriptors.append(descriptor)

    def write_endpoint(self, url: str, pid: int) -> None:
        """Publish where we listen, whole or not at all, readable by the user alone."""
        endpoint = Endpoint(url, pid)
        partial = self._data / "endpoint.json.partial"
        partial.unlink(missing_ok=True)
        partial.touch(mode=0o600)
        partial.write_text(json.dumps(endpoint._asdict()), encoding="utf-8")
        partial.replace(self._data / "endpoint.json")
        self._endpoint = endpoint

    def release(self) -> None:
        """Withdraw the endpoint if it is still ours and let all go; nothing when it is not held."""
        if not self._descriptors:
            return
        if self._endpoint is not None and read_endpoint(self._data) == self._endpoint:
            (self._data / "endpoint.json").unlink(missing_ok=True)
        # The files stay: removing one would let two processes lock two different files of that name.
        while self._descriptors:
            os.close(self._descriptors.pop())
        self._endpoint = None

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def read_endpoint(data: Path) -> Endpoint | None:
    """Where the owner of the folder listens; ``None`` when there is none or it has not said yet."""
    try:
        fields = json.loads((data / "endpoint.json").read_text(encoding="utf-8"))
        return Endpoint(str(fields["url"]), int(fields["pid"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def find_owner(data: Path) -> Endpoint | None:
    """Where the owner of the folder listens; ``None`` when nobody owns it.

    Raises `DataInUse` while the owner has not said where. For an instant the folder is ours, so that an address that a
    killed owner left, and that may be somebody else's by now, is never taken for one.
    """
    try:
        with DataLock(data):
            return None
    except DataInUse:
        if endpoint := read_endpoint(data):
            return endpoint
        raise


def _who_has(data: Path) -> str:
    if endpoint := read_endpoint(data):
        return (
            f"{data} is in use by the console at {endpoint.url} (pid {endpoint.pid}). Use that one, or stop it first."
        )
    return (
        f"{data} is in use by another console, which does not say where it listens. Either it is just starting or"
        " stopping: try again in a moment. Or it was started by hand, as an application of uvicorn: commands find a"
        " console that scripts/run or scripts/console serve has started."
    )


def _whose(store: Path) -> str:
    return (
        f"The database {store} is in use by the console of another data folder. Stop that one first, or give this one"
        " a database of its own (CONSOLE_DB_PATH)."
    )
