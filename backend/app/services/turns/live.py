"""The live channel: every generation of the watched sessions and the change feed, in one stateless stream per tab."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping

from app import __version__
from app.core.errors import NotFound
from app.core.sse import sse_data
from app.services.changes import Changes
from app.services.turns.frames import LogReader
from app.services.turns.replay import Replays
from app.services.turns.runs import Run, Runs


class LiveReader:
    """A source that merges the logs of several generations with the change feed.

    It listens from the moment it is made, so that nothing begins unseen, and until it is detached. It ends only when
    it has fallen behind the changes that are kept, or when the process closes it; the page reopens it with its cursors.
    """

    def __init__(
        self,
        runs: Runs,
        changes: Changes,
        session_ids: frozenset[str],
        epoch: str,
        closed: Callable[[LiveReader], None],
    ) -> None:
        self.ended = False
        self._runs, self._changes, self._session_ids, self._closed = runs, changes, session_ids, closed
        self._readers: dict[str, LogReader] = {}
        self._position = changes.position
        self._hello = sse_data({"epoch": epoch, "version": __version__}, "hello")
        self._wake: Callable[[], None] | None = None
        runs.listen(self._begun)
        changes.listen(self._changed)

    def add(self, generation_id: str, reader: LogReader) -> None:
        """Send a generation's frames too."""
        self._readers[generation_id] = reader
        if self._wake is not None:
            reader.attach(self._wake)
            self._changed()

    def take(self) -> bytes:
        hello, self._hello = self._hello, b""
        changed = self._changes.since(self._position)
        if changed is None:
            self.ended = True
            return hello
        self._position = self._changes.position
        pieces = [hello]
        for generation_id, reader in list(self._readers.items()):
            over = reader.ended
            pieces.append(reader.take())
            if over:
                self._drop(generation_id)
        return b"".join([*pieces, changed])

    def attach(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        for reader in self._readers.values():
            reader.attach(wake)

    def detach(self, wake: Callable[[], None]) -> None:
        self.release()

    def release(self) -> None:
        """Listen to nothing any more."""
        self._changes.unlisten(self._changed)
        self._runs.unlisten(self._begun)
        for generation_id in list(self._readers):
            self._drop(generation_id)
        self._closed(self)

    def close(self) -> None:
        """End the stream; the process is stopping."""
        self.ended = True
        self._changed()

    def _changed(self) -> None:
        if self._wake is not None:
            self._wake()

    def _begun(self, run: Run) -> None:
        if run.session_id in self._session_ids and run.id not in self._readers:
            self.add(run.id, LogReader(run.log(), after=0))

    def _drop(self, generation_id: str) -> None:
        reader = self._readers.pop(generation_id)
        if self._wake is not None:
            reader.detach(self._wake)


class Live:
    """Opens live channels, and closes them all when the process stops."""

    def __init__(self, runs: Runs, changes: Changes, replays: Replays) -> None:
        self._runs, self._changes, self._replays = runs, changes, replays
        self._open: set[LiveReader] = set()
        self._epoch = uuid.uuid4().hex

    async def open(self, session_ids: Iterable[str], cursors: Mapping[str, int]) -> LiveReader:
        """A channel for sessions, with cursors by generation id.

        A running generation without a cursor starts at seq 1. An ended one is sent only if a cursor names it; a cursor
        of something that does not exist (any more) is passed over, because the page learns that from its lists.
        """
        watched = frozenset(session_ids)
        channel = LiveReader(self._runs, self._changes, watched, self._epoch, self._open.discard)
        self._open.add(channel)
        try:
            await self._fill(channel, watched, cursors)
        except BaseException:
            channel.release()
            raise
        return channel

    def renew(self) -> None:
        """The store holds something else from now on: end all channels. A page that then sees another epoch than
        before fetches everything again.
        """
        self._epoch = uuid.uuid4().hex
        self.close()

    def close(self) -> None:
        """End all channels."""
        for channel in tuple(self._open):
            channel.close()

    async def _fill(self, channel: LiveReader, watched: frozenset[str], cursors: Mapping[str, int]) -> None:
        for run in self._runs.all():
            if run.session_id in watched and run.id not in cursors:
                channel.add(run.id, LogReader(run.log(), after=0))
        for generation_id, seq in cursors.items():
            try:
                reader = await self._replays.attach(generation_id, seq)
            except NotFound:
                continue
            if reader is not None:
                channel.add(generation_id, reader)
