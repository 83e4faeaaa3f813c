"""Stores that can be held or fail, and a provider that follows a script; all in the loop's own time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from app.core.errors import AppError
from app.db.migrate import MIGRATIONS, migrate
from app.db.sqlite import open_writer
from app.schemas.events import Event, decode_events
from app.services.turns.runs import Marks
from app.services.turns.turn_end import Ending
from app.services.upstream.wire import Chunk, decode_chunk
from tests.core import virtual_time


class PretendedStore:
    """Takes what the journal and the runner write, one unit after the other, in the order of the calls.

    ``open`` cleared holds every commit. ``failures`` are raised by the next units, None lets one through.
    """

    def __init__(self, commit_s: float = 0.001) -> None:
        self.commit_s = commit_s
        self.open = asyncio.Event()
        self.open.set()
        self.failures: list[Exception | None] = []
        self.ticks: list[tuple[float, dict[str, list[Event]]]] = []
        self.marks: list[tuple[float, str, Marks]] = []
        self.endings: list[Ending] = []
        self.log: list[str] = []
        self.attempts = 0
        self._turn = asyncio.Lock()

    async def write_relaxed(self, _: Callable[..., None], rows: list[tuple[str, int, str]], marks: list[Any]) -> None:
        """A journal tick."""
        await self._unit()
        self.marks += [(asyncio.get_running_loop().time(), run_id, mark) for run_id, _, mark in marks]
        self.ticks.append((asyncio.get_running_loop().time(), {row[0]: decode_events(row[2]) for row in rows}))
        self.log.append("tick")

    async def write(self, _: Callable[..., Any], ending: Ending) -> int:
        """The end of a turn; its session's revision."""
        await self._unit()
        self.endings.append(ending)
        self.log.append("end")
        return 1

    async def _unit(self) -> None:
        async with self._turn:
            self.attempts += 1
            await virtual_time.passes(self.commit_s)
            await self.open.wait()
            if self.failures and (failure := self.failures.pop(0)) is not None:
                raise failure

    def stored(self, generation_id: str) -> list[Event]:
        """All events of a generation that are stored, its start left out."""
        found = [event for _, rows in self.ticks for event in rows.get(generation_id, [])]
        return found + [event for end in self.endings if end.generation_id == generation_id for event in end.events]


class InlineStore:
    """A real database without threads: units run where they are awaited, so that virtual time waits for them.

    ``failures`` are raised by the next writes, None lets one through.
    """

    def __init__(self, path: Path) -> None:
        self.failures: list[Exception | None] = []
        self._conn = open_writer(path)
        migrate(self._conn, path=path, migrations=MIGRATIONS)

    async def read(self, f: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return await self._unit(f, args, kwargs)

    async def write(self, f: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if self.failures and (failure := self.failures.pop(0)) is not None:
            raise failure
        return await self._unit(f, args, kwargs)

    async def _unit(self, f: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        await asyncio.sleep(0)
        self._conn.execute("BEGIN IMMEDIATE")
        try:
            result = f(self._conn, *args, **kwargs)
        except BaseException:
            self._conn.execute("ROLLBACK")
            raise
        self._conn.execute("COMMIT")
        return result

    def close(self) -> None:
        self._conn.close()


HANG = "hang"
Script = Sequence["list[Chunk] | float | Exception | str"]


class PretendedStream:
    saw_done = False

    def __init__(self, client: PretendedClient) -> None:
        self.upstream_id = client.upstream_id
        self._client = client
        self._script = iter(client.script)

    def __aiter__(self) -> PretendedStream:
        return self

    async def __anext__(self) -> list[Chunk]:
        for step in self._script:
            if isinstance(step, Exception):
                raise step
            if isinstance(step, list):
                self._client.given += 1
                return step
            await (asyncio.Event().wait() if isinstance(step, str) else virtual_time.passes(step))
        raise StopAsyncIteration

    def error_of(self, chunk: Chunk) -> AppError | None:
        return None if chunk.failure is None else self._client.reported


class PretendedClient:
    """Answers each call with its script: chunks, pauses in seconds, an error, or ``HANG``.

    ``refusal`` is raised instead of accepting, or makes the connection hang.
    """

    def __init__(
        self,
        *script: list[Chunk] | float | Exception | str,
        refusal: Exception | str | None = None,
        upstream_id: str | None = "gen-1",
        reported: AppError | None = None,
    ) -> None:
        self.script: Script = script
        self.refusal, self.upstream_id, self.reported = refusal, upstream_id, reported
        self.calls: list[Mapping[str, Any]] = []
        self.given = 0
        self.connected = 0

    @asynccontextmanager
    async def stream(
        self, body: Mapping[str, Any], headers: Mapping[str, str] | None = None, *, again: bool = False
    ) -> AsyncIterator[PretendedStream]:
        self.calls.append(body)
        if isinstance(self.refusal, Exception):
            raise self.refusal
        if self.refusal is not None:
            await asyncio.Event().wait()
        self.connected += 1
        try:
            yield PretendedStream(self)
        finally:
            self.connected -= 1


class PretendedSeries:
    """Answers each call as the next of its clients does, the last one for good. ``sent_at`` are the calls' times."""

    def __init__(self, *clients: PretendedClient) -> None:
        self.clients = clients
        self.sent_at: list[float] = []
        self.calls: list[Mapping[str, Any]] = []

    @asynccontextmanager
    async def stream(
        self, body: Mapping[str, Any], headers: Mapping[str, str] | None = None, *, again: bool = False
    ) -> AsyncIterator[PretendedStream]:
        client = self.clients[min(len(self.calls), len(self.clients) - 1)]
        self.calls.append(body)
        self.sent_at.append(asyncio.get_running_loop().time())
        async with client.stream(body) as stream:
            yield stream


def chunks(*texts: str, finish: str | None = None, **fields: Any) -> list[Chunk]:
    """One read: a chunk for each text, then the finish, usage or error if given."""
    made = [{"id": "gen-1", "choices": [{"index": 0, "delta": {"content": text}}]} for text in texts]
    if finish is not None or fields:
        choice = {"index": 0, "delta": {"content": ""}, "finish_reason": finish}
        made.append({"id": "gen-1", "choices": [choice], **fields})
    return [decode_chunk(json.dumps(one).encode()) for one in made]
