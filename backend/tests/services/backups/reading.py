"""The two processes that read a backup, forked for each file from one that has imported what they need.

``python -m tests.services.backups.reading`` takes a line of JSON for each file, ``[source, target, page_bytes,
cpu_s]``, and answers with one: what the writer said and the status of the judge. `Readers` is the other end.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from app.db.reference import reference
from app.services.backups import judge, rebuild
from app.services.backups.rebuild import Verdict
from app.services.backups.sandbox import verdict_of
from tests.harness.environment import BACKEND, server_environment

PAGE_BYTES = 4096
CPU_S = 11
"""What a small file is given."""


class Readers:
    """Judges and rewrites files as `rebuild_from` does, in processes held to the same limits, at no cost of imports."""

    def __init__(self) -> None:
        self._nursery = subprocess.Popen(
            [sys.executable, "-m", __name__],
            cwd=BACKEND,
            env=server_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def rebuild(self, source: Path, target: Path) -> Verdict:
        """Raises as `rebuild_from`."""
        assert self._nursery.stdin is not None
        assert self._nursery.stdout is not None
        print(json.dumps([str(source), str(target), PAGE_BYTES, CPU_S]), file=self._nursery.stdin, flush=True)
        said, judge_status = json.loads(self._nursery.stdout.readline())
        return verdict_of(said.encode(), judge_status)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._nursery.communicate()


def _child(main: Callable[[], None], *, stdin: int, stdout: int) -> int:
    """A fork that does one thing with these as its standard input and output; its process id."""
    if pid := os.fork():
        return pid
    os.dup2(stdin, 0)
    os.dup2(stdout, 1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    os.closerange(3, 64)
    status = 1
    try:
        main()
        sys.stdout.flush()
        status = 0
    finally:
        os._exit(status)


def _read(source: str, target: str, page_bytes: int, cpu_s: int) -> tuple[str, int]:
    rows, frames = os.pipe()
    answer, verdict = os.pipe()
    null = os.open(os.devnull, os.O_RDONLY)
    judging = _child(lambda: judge.main(Path(source), cpu_s), stdin=null, stdout=frames)
    os.close(frames)
    writing = _child(lambda: rebuild.main(Path(target), page_bytes, cpu_s), stdin=rows, stdout=verdict)
    for descriptor in (rows, verdict, null):
        os.close(descriptor)
    with open(answer, encoding="utf-8") as told:  # noqa: PTH123 - a descriptor
        said = told.read()
    os.waitpid(writing, 0)
    return said, os.waitstatus_to_exitcode(os.waitpid(judging, 0)[1])


def _nurse() -> None:
    reference()
    # What is shared with every child is looked at by no collection of theirs.
    gc.collect()
    gc.freeze()
    # Unbuffered: what it holds would be the children's, too.
    with open(0, "rb", buffering=0, closefd=False) as asked:
        for line in asked:
            print(json.dumps(_read(*json.loads(line))), flush=True)  # noqa: T201


if __name__ == "__main__":
    _nurse()
