"""Readers of generations: live ones share the run's log, ended ones get theirs rebuilt from the store."""

from __future__ import annotations

from app.core.errors import NotFound
from app.db.store import Store
from app.db.types import Conn
from app.repo import generations, journal
from app.schemas.events import Done, Error, Event, Reasoning, Start, Text, ToolCall, Usage
from app.schemas.generations import Generation
from app.schemas.messages import Message
from app.schemas.parts import ImagePart, ReasoningPart, ToolCallPart
from app.services.turns import transcript
from app.services.turns.frames import Facts, FrameLog, LogReader, console, snapshot_frame
from app.services.turns.runs import Run, Runs


def parse_cursor(cursor: str) -> tuple[str, int] | None:
    """``generation:seq``; None for anything else."""
    generation_id, colon, seq = cursor.rpartition(":")
    if not (colon and generation_id and seq.isascii() and seq.isdecimal() and len(seq) <= 15):
        return None
    return generation_id, int(seq)


class Replays:
    """Makes sources. A cursor that cannot be honoured gets a snapshot, never an error."""

    def __init__(self, store: Store, runs: Runs) -> None:
        self._store, self._runs = store, runs

    async def attach(self, generation_id: str, after: int | None) -> LogReader | None:
        """From after a seq, from the start if None or 0; None when the reader has the terminal event already.

        Raises NotFound.
        """
        run = self._runs.get(generation_id)
        if run is not None:
            return await self._attach_live(run, after or 0)
        return await self._store.read(_attach_ended, generation_id, after or 0)

    async def snapshot(self, generation_id: str) -> LogReader:
        """The whole message in one frame, then what follows: at least ``done``."""
        run = self._runs.get(generation_id)
        generation, message = await self._store.read(_read, generation_id)
        frame = snapshot_frame(generation_id, message, message.last_seq)
        if run is not None and generation.ended_at is None:
            return LogReader(run.log(), after=message.last_seq, prefix=frame)
        return _closed_reader(generation, [_done(generation, message)], first_seq=generation.last_seq, prefix=frame)

    async def events(self, generation_id: str) -> tuple[Generation, list[Event]]:
        """An ended generation and all that it said, told shortly once its journal is pruned.

        No events when its text was not stored. Raises NotFound.
        """
        return await self._store.read(_events, generation_id)

    async def _attach_live(self, run: Run, after: int) -> LogReader | None:
        if run.closed and after == run.assigned_seq:
            return None
        if after > run.assigned_seq:
            return await self.snapshot(run.id)
        return LogReader(run.log(), after=after)


def _attach_ended(conn: Conn, generation_id: str, after: int) -> LogReader | None:
    generation, message = _read(conn, generation_id)
    if generation.ended_at is not None and after == generation.last_seq:
        return None
    events = journal.read(conn, generation_id)
    # Pruned, or with a gap where a process died before a tick that its end had overtaken: the message holds it all.
    is_whole = len(events) == generation.last_seq
    if is_whole and after <= len(events):
        return _closed_reader(generation, events, after=after)
    if after == 0:
        short = _shortest(generation, message)
        return _closed_reader(generation, short, first_seq=generation.last_seq - len(short) + 1)
    frame = snapshot_frame(generation_id, message, message.last_seq)
    return _closed_reader(generation, [_done(generation, message)], first_seq=generation.last_seq, prefix=frame)


def _events(conn: Conn, generation_id: str) -> tuple[Generation, list[Event]]:
    generation = generations.get(conn, generation_id)
    if generation is None:
        raise NotFound.of("generation", generation_id)
    if generation.session_id is None:
        return generation, []
    events = journal.read(conn, generation_id)
    is_whole = len(events) == generation.last_seq
    return generation, events if is_whole else _shortest(generation, transcript.get(conn, generation.message_id))


def _read(conn: Conn, generation_id: str) -> tuple[Generation, Message]:
    generation = generations.get(conn, generation_id)
    if generation is None:
        raise NotFound.of("generation", generation_id)
    return generation, transcript.get(conn, generation.message_id)


def _closed_reader(
    generation: Generation, events: list[Event], *, first_seq: int = 1, after: int | None = None, prefix: bytes = b""
) -> LogReader:
    log = FrameLog(console(Facts(generation.id)), events, first_seq=max(1, first_seq))
    log.close()
    return LogReader(log, after=log.first_seq - 1 if after is None else after, prefix=prefix)


def _shortest(generation: Generation, message: Message) -> list[Event]:
    """What is left once the journal is pruned: start, one reasoning, one token, tool calls, usage, error, done.

    All pictures come with the token.
    """
    thought = "".join(part.text for part in message.parts if isinstance(part, ReasoningPart))
    events: list[Event] = [
        Start(
            generation_id=generation.id,
            session_id=message.session_id,
            user_message_id=generation.user_message_id or "",
            assistant_message_id=message.id,
            model=generation.model,
        )
    ]
    if thought:
        events.append(Reasoning(text=thought))
    images = [{"type": "image_url", "image_url": {"url": p.url}} for p in message.parts if isinstance(p, ImagePart)]
    if message.content or images:
        events.append(Text(text=message.content, extra={"images": images} if images else None))
    calls = [part for part in message.parts if isinstance(part, ToolCallPart)]
    events += [
        ToolCall(index=index, id=call.id, name=call.name, arguments=call.arguments) for index, call in enumerate(calls)
    ]
    if generation.usage:
        figures = generation.usage
        events.append(Usage(**{name: getattr(figures, name) for name in figures.__dataclass_fields__}))
    if generation.error:
        error = generation.error
        events.append(Error(**{name: getattr(error, name) for name in error.__dataclass_fields__}))
    return [*events, _done(generation, message)]


def _done(generation: Generation, message: Message) -> Done:
    return Done(
        status=generation.status,
        finish_reason=message.finish_reason,
        message_id=generation.message_id,
    )
