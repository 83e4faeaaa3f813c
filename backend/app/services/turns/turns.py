"""Turns: start, attach to, stop and continue answers. The one place that ties the store, the runs and the readers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from app.core.clock import now
from app.core.errors import DiskFull, NotFound, StoreBusy, UpstreamModelNotFound
from app.core.sse import Source
from app.db.store import Store
from app.db.types import Conn
from app.repo import generations, messages, sessions
from app.schemas.generations import Choice, Generation, GenerationCreate, Regenerate, Started, StreamQuery
from app.services.changes import Changes
from app.services.providers.providers import DEMO, Providers
from app.services.turns import transcript, turn_start
from app.services.turns.keys import Key, body_of, key_of
from app.services.turns.posting import posted_of
from app.services.turns.prompt import Defaults
from app.services.turns.replay import Replays, parse_cursor
from app.services.turns.runner import Call, Runner
from app.services.turns.runs import Run, Runs
from app.services.turns.turn_start import Begun, Plan


@dataclass(frozen=True, slots=True)
class Attached:
    """A generation's stream. ``source`` None: the reader has everything already. ``demo``: nobody is paid."""

    generation_id: str
    source: Source | None
    started: bool
    replayed: bool
    demo: bool


class Turns:
    """What the routes call. Every start is stored before it returns; nothing here waits for the provider.

    ``model_missing`` is told when a model was asked for that the catalogue does not have.
    """

    def __init__(
        self,
        store: Store,
        runs: Runs,
        runner: Runner,
        replays: Replays,
        changes: Changes,
        providers: Providers,
        defaults: Defaults,
        model_missing: Callable[[], None],
    ) -> None:
        self._store, self._runs, self._runner, self._replays = store, runs, runner, replays
        self._changes, self._providers, self._defaults = changes, providers, defaults
        self._model_missing = model_missing
        self._starting: set[asyncio.Task[Begun]] = set()

    async def close(self) -> None:
        """Wait until every start under way is stored and launched; the runner refuses new ones by then."""
        await asyncio.gather(*self._starting, return_exceptions=True)

    async def create(self, request: GenerationCreate, request_id: str | None) -> tuple[Started, bool]:
        """Store a user message and start its answer. The flag says that an earlier request had done so."""
        begun = await self._create(request, request_id)
        return await self._started(begun.generation_id), begun.replayed

    async def create_and_attach(self, request: GenerationCreate, request_id: str | None) -> Attached:
        """The same, answered by its stream."""
        begun = await self._create(request, request_id)
        source = await self._replays.attach(begun.generation_id, None)
        return await self._attached(begun.generation_id, source, started=not begun.replayed, replayed=begun.replayed)

    async def regenerate(self, message_id: str, request: Regenerate, request_id: str | None) -> tuple[Started, bool]:
        """Start another answer beside an ended one. Raises NotFound, GenerationRunning."""
        key = key_of(request.request_id, "regenerate", {"message_id": message_id, **body_of(request)})
        begun = await self._begin(request, key, request_id, partial(turn_start.start_sibling, message_id=message_id))
        return await self._started(begun.generation_id), begun.replayed

    async def resume(self, generation_id: str, request: Regenerate, request_id: str | None) -> tuple[Started, bool]:
        """Continue an ended answer: a new generation that keeps its text. Raises NotFound, GenerationRunning."""
        key = key_of(request.request_id, "continue", {"generation_id": generation_id, **body_of(request)})
        begun = await self._begin(
            request, key, request_id, partial(turn_start.start_continuation, generation_id=generation_id)
        )
        return await self._started(begun.generation_id), begun.replayed

    async def answer(self, query: StreamQuery, last_event_id: str | None, request_id: str | None) -> Attached:
        """Serve the answer to a stored user message: attach to it, or start it if there is none in any state.

        Raises NotFound, NothingToAnswer; MissingKey only when one would have to be started.
        """
        existing = await self._store.read(turn_start.newest_answer, query.session_id, query.message_id)
        if last_event_id:
            return await self._reattach(query.session_id, last_event_id, existing)
        if existing is None:
            start = partial(turn_start.start_or_find, session_id=query.session_id, message_id=query.message_id)
            begun = await self._begin(query, None, request_id, start)
            generation_id, started = begun.generation_id, begun.start is not None
        else:
            generation_id, started = existing, False
        return await self._attached(generation_id, await self._replays.attach(generation_id, None), started=started)

    async def attach(self, generation_id: str, after: int | None, last_event_id: str | None) -> Attached:
        """Follow a generation from after a seq or cursor, else from its start; a foreign cursor gets a snapshot.

        Raises NotFound; never starts anything.
        """
        await self.get(generation_id)
        if after is None and last_event_id is not None:
            named, after = parse_cursor(last_event_id) or ("", None)
            if named != generation_id:
                return await self._attached(generation_id, await self._replays.snapshot(generation_id), started=False)
        return await self._attached(generation_id, await self._replays.attach(generation_id, after), started=False)

    async def get(self, generation_id: str) -> Generation:
        """Raises NotFound."""
        generation = await self._store.read(generations.get, generation_id)
        if generation is None:
            raise NotFound.of("generation", generation_id)
        return generation

    async def stop(self, generation_id: str) -> Generation:
        """End a running generation; the wish is stored before it acts, and asking again changes nothing.

        Raises DiskFull or StoreBusy when it has stopped but that could not be stored.
        """
        generation = await self.get(generation_id)
        if generation.ended_at is not None:
            return generation
        try:
            await self._store.write(_request_stop, generation_id)
        except (DiskFull, StoreBusy) as error:
            raise type(error)("The answer has stopped, but that could not be stored yet.") from error
        finally:
            # Also when the wish cannot be stored: a full disk is no reason to go on paying.
            self._runner.stop(generation_id)
        run = self._runs.get(generation_id)
        if run is not None:
            await self._runner.ended(run)
        return await self.get(generation_id)

    async def _reattach(self, session_id: str, last_event_id: str, existing: str | None) -> Attached:
        """Serve a reader that comes back. A cursor of this session goes on after it; any other gets a snapshot.

        A reader that has been here before starts nothing: it is told that there is nothing more.
        """
        generation_id, seq = parse_cursor(last_event_id) or (None, None)
        named = await self._store.read(generations.get, generation_id) if generation_id else None
        if named is not None and named.session_id == session_id:
            return await self._attached(named.id, await self._replays.attach(named.id, seq), started=False)
        if existing is None:
            return await self._attached("", None, started=False)
        return await self._attached(existing, await self._replays.snapshot(existing), started=False)

    async def _attached(
        self, generation_id: str, source: Source | None, *, started: bool, replayed: bool = False
    ) -> Attached:
        demo = self._providers.has_demo and await self._store.read(generations.provider_of, generation_id) == DEMO
        return Attached(generation_id, source, started, replayed, demo)

    async def _create(self, request: GenerationCreate, request_id: str | None) -> Begun:
        key = key_of(request.request_id, "generation", body_of(request))
        start: Callable[[Conn, Plan], Begun]
        if request.session_id is not None and request.answers_stored:
            start = partial(turn_start.start_stored, session_id=request.session_id, message_id=request.parent_id)
        else:
            start = partial(turn_start.start_new, session_id=request.session_id, posted=posted_of(request))
        return await self._begin(request, key, request_id, start)

    async def _begin(
        self,
        choice: Choice | StreamQuery,
        key: Key | None,
        request_id: str | None,
        start: Callable[[Conn, Plan], Begun],
    ) -> Begun:
        plan = Plan(
            model=choice.model,
            profile_id=choice.profile_id,
            given=choice.given(),
            defaults=self._defaults,
            route=self._providers.route,
            key=key,
        )
        return await self.begin(plan, request_id, start)

    async def begin(self, plan: Plan, request_id: str | None, start: Callable[[Conn, Plan], Begun]) -> Begun:
        """Store the start of a turn in one unit and let it run, whether or not the caller waits for it.

        The run is known under its future id before the commit, so that nobody can find the stored generation and not
        its run; it is forgotten again when the unit made none. Raises ShuttingDown, and what ``start`` raises.
        """
        self._runner.refuse_when_closing()
        task = asyncio.create_task(self._store_and_launch(plan, request_id, start))
        self._starting.add(task)
        task.add_done_callback(self._starting.discard)
        try:
            return await asyncio.shield(task)
        except UpstreamModelNotFound:
            self._model_missing()
            raise

    async def _store_and_launch(
        self, plan: Plan, request_id: str | None, start: Callable[[Conn, Plan], Begun]
    ) -> Begun:
        run = Run(plan.generation_id)
        self._runs.add(run)
        try:
            begun = await self._store.write(start, plan)
        except BaseException:
            self._runs.remove(run)
            raise
        if begun.start is None or begun.provider is None:
            self._runs.remove(run)
            return begun
        run.begin(begun.start, begun.base)
        key = plan.key.stored_id if plan.key is not None and plan.reply_is_answer else None
        call = Call(begun.start, begun.body, begun.provider, request_id, begun.fit, begun.headers, key, begun.rate)
        self._runner.launch(run, call)
        if (session_id := run.session_id) is not None:
            self._changes.publish("message", begun.start.user_message_id, session_id=session_id)
            self._changes.publish("message", begun.start.assistant_message_id, session_id=session_id)
            self._changes.publish("session", session_id, session_id=session_id)
        begun.run = run
        return begun

    async def _started(self, generation_id: str) -> Started:
        return await self._store.read(_read_started, generation_id)


def _request_stop(conn: Conn, generation_id: str) -> None:
    message_id = generations.request_stop(conn, generation_id, now=now())
    if message_id is not None:
        messages.set_status(conn, message_id, "stopping")


def _read_started(conn: Conn, generation_id: str) -> Started:
    generation = generations.get(conn, generation_id)
    if generation is None or generation.session_id is None or generation.user_message_id is None:
        raise NotFound.of("generation", generation_id)
    session = sessions.get(conn, generation.session_id)
    if session is None:
        raise NotFound.of("session", generation.session_id)
    return Started(
        generation=generation,
        session=session,
        user_message=transcript.get(conn, generation.user_message_id),
        assistant_message=transcript.get(conn, generation.message_id),
    )
