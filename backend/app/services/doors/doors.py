"""Foreign doors: calls in other products' shapes, run and paid like turns, read in their dialects.

A door's client has no stop call and no cursor. It cancels by closing its connection (API reference, section 4.8), so a
reader that leaves stops what it reads, unless its call had an idempotency key: who sends one may come back for the
reply.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final

from app.core.clock import unix_s
from app.core.errors import AppError, Conflict, ShuttingDown, Stopped, StoreBusy, paid_perhaps
from app.schemas.events import Done, Error, Event, Usage
from app.schemas.generations import Generation
from app.services.doors.door_start import DoorCall, start_call
from app.services.doors.foreign_messages import ForeignMessage, foreign_message
from app.services.providers.providers import DEMO, Providers
from app.services.turns.frames import Dialect, LogReader
from app.services.turns.keys import key_of
from app.services.turns.prompt import Defaults
from app.services.turns.replay import Replays
from app.services.turns.runs import Run, Runs
from app.services.turns.turn_start import Begun, Plan
from app.services.turns.turns import Turns

log = logging.getLogger(__name__)

MANY_PARTS: Final = 1000
_SAYS = frozenset({"text", "reasoning", "tool_call_delta", "tool_call", "annotation"})


class DoorReader(LogReader):
    """A run in a dialect, for a client that cancels by leaving."""

    def __init__(self, run: Run, dialect: Dialect, left: Callable[[], None]) -> None:
        super().__init__(run.log(dialect), after=0)
        self._run, self._left = run, left
        self._looked_at = 0

    @property
    def begun(self) -> bool:
        """Whether the answer has its first word, or has ended: from then on the status of the reply is known."""
        published = self._run.published
        said = any(event.type in _SAYS for event in published[self._looked_at :])
        self._looked_at = len(published)
        return said or self._run.closed

    @property
    def refusal(self) -> AppError | None:
        """Why there is no answer at all, once ``begun``; an error after the first word is the stream's to tell."""
        if self._run.closed and not any(event.type in _SAYS for event in self._run.published):
            return _shortfall(self._run)
        return None

    def detach(self, wake: Callable[[], None]) -> None:
        super().detach(wake)
        if not self._run.closed:
            self._left()


class Door:
    """A reply under way, or one given earlier. ``replayed``: an earlier request under the same key started it."""

    def __init__(self, run: Run, *, replayed: bool, left: Callable[[], None]) -> None:
        self._run, self._left = run, left
        self.replayed = replayed

    @property
    def generation_id(self) -> str:
        return self._run.id

    @property
    def session_id(self) -> str | None:
        """Where it is stored."""
        return self._run.session_id

    @property
    def demo(self) -> bool:
        """Whether the demo answers, and nobody is paid."""
        return self._run.facts.provider == DEMO

    def read(self, dialect: Dialect) -> DoorReader:
        """Its frames, from the first."""
        return DoorReader(self._run, dialect, self._left)

    async def whole(self) -> Run:
        """Wait for its end, whatever its client does meanwhile. Raises what kept it from being a whole answer.

        An answer that ran into its limit is one; text that an error cut off is not, and stays in the store.
        """
        await self._run.over.wait()
        if (error := _shortfall(self._run)) is not None:
            raise error
        return self._run


class Doors:
    """Starts calls, and stops those whose clients have left."""

    def __init__(self, runs: Runs, turns: Turns, replays: Replays, providers: Providers, defaults: Defaults) -> None:
        self._runs, self._turns, self._replays = runs, turns, replays
        self._providers, self._defaults = providers, defaults
        self._stopping: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        """Wait until every stop under way is stored."""
        await asyncio.gather(*self._stopping, return_exceptions=True)

    async def call(self, call: DoorCall, request_id: str | None) -> Door:
        """Store the start of a call and let it run. Raises MissingKey, IdempotencyMismatch, ShuttingDown."""
        plan = Plan(
            model=call.model,
            profile_id=None,
            given={},
            defaults=self._defaults,
            route=self._providers.route,
            key=key_of(call.key, "door", call.identity()),
            reply_is_answer=True,
        )
        conversation = await _conversation(call.messages) if call.store else []
        start = partial(start_call, call=call, conversation=conversation)
        begun = await self._turns.begin(plan, request_id, start)
        return await self.door(begun, keyed=call.key is not None)

    async def door(self, begun: Begun, *, keyed: bool) -> Door:
        """The reply of a generation that was started, now or by an earlier request.

        Args:
            keyed: its client sent an idempotency key, so that leaving it stops nothing.

        Raises Conflict when it has ended and its text was not stored.
        """
        generation_id = begun.generation_id
        run = begun.run or self._runs.get(generation_id) or await self._ended(generation_id)
        left = _nothing if keyed else partial(self._stop, generation_id)
        return Door(run, replayed=begun.replayed, left=left)

    async def _ended(self, generation_id: str) -> Run:
        generation, events = await self._replays.events(generation_id)
        if not events:
            refusal = Conflict(
                "That request was answered, and its answer was not stored.",
                details={"generation_id": generation_id, "hint": "Use a new key for a new request."},
            )
            raise paid_perhaps(refusal)
        return _run_of(generation, events)

    def _stop(self, generation_id: str) -> None:
        task = asyncio.create_task(self._stop_it(generation_id), name=f"stop {generation_id}")
        self._stopping.add(task)
        task.add_done_callback(self._stopping.discard)

    async def _stop_it(self, generation_id: str) -> None:
        try:
            await self._turns.stop(generation_id)
        except ShuttingDown:
            log.debug("the end of the process was faster than a stop", extra={"generation_id": generation_id})
        except AppError as error:
            log.warning("not stopped", extra={"generation_id": generation_id, "error_code": error.code})
        except Exception:
            log.exception("not stopped", extra={"generation_id": generation_id})


async def _conversation(messages: Sequence[Mapping[str, Any]]) -> list[ForeignMessage]:
    """A call's messages as they are stored; long ones are made beside the loop, so that nobody else waits."""

    def made() -> list[ForeignMessage]:
        return [foreign_message(message) for message in messages]

    contents = (message.get("content") for message in messages)
    parts = sum(len(content) if isinstance(content, list) else 1 for content in contents)
    return made() if parts < MANY_PARTS else await asyncio.to_thread(made)


def _nothing() -> None:
    """A reader has left whose call goes on."""


def _shortfall(run: Run) -> AppError | None:
    """What an ended run lacks to be a whole answer."""
    done = run.published[-1] if run.published else None
    if not isinstance(done, Done):
        return paid_perhaps(StoreBusy("The answer has ended, but its end could not be stored."))
    return None if done.is_whole else run.failure or paid_perhaps(Stopped())


def _run_of(generation: Generation, events: Sequence[Event]) -> Run:
    """An ended generation as a run that can be read like a live one."""
    error = next((event for event in events if isinstance(event, Error)), None)
    usage = next((event for event in events if isinstance(event, Usage)), None)
    failure = paid_perhaps(AppError.named(error.error_code)(error.message)) if error else None
    run = Run.over_with(generation.id, events, failure)
    run.facts.created_s = unix_s(generation.created_at)
    if usage is not None:
        run.learn(usage.model, usage.provider)
    return run
