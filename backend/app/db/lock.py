"""One owner for a data folder.

The owner holds an exclusive flock on ``<data>/lock`` for as long as it lives; the system lets go of it however the
process ends. ``<data>/endpoint.json`` tells everybody else where the owner listens.
"""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path
from typing import NamedTuple, Self

from app.db.errors import DataInUse


class Endpoint(NamedTuple):
    """Where the owner of a data folder listens."""

    url: str
    pid: int


class DataLock:
    """The right to open the store of a data folder. Use it as a context, or `acquire` and `release`."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._descriptor: int | None = None
        self._endpoint: Endpoint | None = None

    def acquire(self) -> None:
        """Take the folder, made 0700 when missing; raises `DataInUse` at once when another process has it."""
        self._data.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self._data / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise DataInUse(_who_has(self._data)) from None
        except BaseException:
            os.close(descriptor)
            raise
        self._descriptor = descriptor
        # Left by an owner that was killed.
        (self._data / "endpoint.json").unlink(missing_ok=True)

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
        """Withdraw the endpoint if it is still ours and let the folder go; nothing when it is not held."""
        if self._descriptor is None:
            return
        if self._endpoint is not None and read_endpoint(self._data) == self._endpoint:
            (self._data / "endpoint.json").unlink(missing_ok=True)
        # The file stays: removing it would let two processes lock two different files of that name.
        os.close(self._descriptor)
        self._descriptor = self._endpoint = None

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
    return f"{data} is in use by another console that is just starting or stopping. Try again in a moment."
