"""Fitting a conversation to what its model can read. Pure; ``docs/context.md`` tells its users the same.

A turn is a user message with everything that answers it, so that no tool call loses its results. Text from retrieval
goes first, then turn by turn, the oldest first. System messages, pinned turns and the newest turn stay.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from msgspec import Struct, structs

from app.core.errors import ContextTooLong
from app.schemas.context import ContextUse
from app.services.context.estimate import Calibration, Weight, weigh, weigh_message
from app.services.context.history import Line, Message

_SYSTEM = ("system", "developer")


class Room(Struct, frozen=True, kw_only=True):
    """What a model has room for.

    Args:
        limit_tokens: of prompt and answer together, None if not known.
        answer_tokens: the most that the answer may take, None if nobody said.
        beside: tools, the form of the answer, and text for the model to continue.
        calibration: how the model counts.
        may_drop: False when the provider was asked to shorten the conversation itself.
    """

    limit_tokens: int | None
    answer_tokens: int | None
    calibration: Calibration
    beside: Weight = Weight()
    may_drop: bool = True

    @property
    def reserved_tokens(self) -> int:
        """What is kept for the answer: its limit, but never more than half of all."""
        if self.limit_tokens is None:
            return self.answer_tokens or 0
        return min(self.answer_tokens or 0, self.limit_tokens // 2)


class Fit(Struct, frozen=True, kw_only=True):
    """What is sent of a conversation. ``droppable`` may still go, piece by piece, as positions in ``messages``."""

    messages: list[Message]
    use: ContextUse
    room: Room
    weight: Weight
    sources: list[str | None]
    droppable: list[list[int]]
    counts_for: str | None = None
    """The model whose tokens the provider's figure for this prompt tells us to count; None where it cannot."""

    @property
    def is_partial(self) -> bool:
        """Whether something of the conversation is not sent as it is."""
        return self.use.dropped_messages > 0 or self.use.summary_id is not None

    def shorter(self, body: Mapping[str, Any]) -> tuple[Fit, dict[str, Any]] | None:
        """The same without the older half of what may go, and ``body``, which is made of it, likewise.

        For a provider that says it is too long all the same; None when nothing may go.
        """
        if not self.droppable:
            return None
        going = {at for turn in self.droppable[: (len(self.droppable) + 1) // 2] for at in turn}
        staying = [at for at in range(len(self.messages)) if at not in going]
        places = {at: place for place, at in enumerate(staying)}
        messages = [self.messages[at] for at in staying]
        sources = [self.sources[at] for at in staying]
        weight = weigh(messages) + self.room.beside
        dropped = {self.sources[at] or at for at in going}
        use = replace(
            self.use,
            estimated_tokens=self.room.calibration.tokens(weight),
            dropped_messages=self.use.dropped_messages + len(dropped),
            first_kept_id=_first_after(max(going), self.messages, self.sources),
            strategy="drop_oldest",
        )
        fit = structs.replace(
            self,
            messages=messages,
            use=use,
            weight=weight,
            sources=sources,
            droppable=[[places[at] for at in turn] for turn in self.droppable if turn[0] not in going],
        )
        return fit, {**body, "messages": [m for at, m in enumerate(body["messages"]) if at not in going]}


def fit(lines: Sequence[Line], room: Room, *, summary_id: str | None = None, first_kept_id: str | None = None) -> Fit:
    """Choose what is sent.

    Args:
        summary_id: the summary among the lines, None if there is none.
        first_kept_id: the first stored message after what the summary stands for.

    Raises:
        ContextTooLong: what has to stay is surely more than the model can read.
    """
    weights = [weigh_message(line.message) for line in lines]
    droppable = _droppable(lines)
    gone: set[int] = set()
    weight = sum(weights, room.beside)
    while droppable and room.may_drop and _is_too_much(weight, room):
        turn = droppable.pop(0)
        gone.update(turn)
        weight = weight - sum((weights[at] for at in turn), Weight())
    if room.may_drop:
        _refuse_hopeless(weight, room)
    staying = [at for at in range(len(lines)) if at not in gone]
    places = {at: place for place, at in enumerate(staying)}
    messages = [lines[at].message for at in staying]
    sources = [lines[at].source for at in staying]
    return Fit(
        messages=messages,
        use=ContextUse(
            limit_tokens=room.limit_tokens,
            reserved_tokens=room.reserved_tokens,
            estimated_tokens=room.calibration.tokens(weight),
            dropped_messages=len({lines[at].source or at for at in gone}),
            first_kept_id=_first_after(max(gone), *_columns(lines)) if gone else first_kept_id,
            strategy="drop_oldest" if gone else "whole",
            summary_id=summary_id,
        ),
        room=room,
        weight=weight,
        sources=sources,
        droppable=[[places[at] for at in turn] for turn in droppable] if room.may_drop else [],
    )


def turns_of(roles: Iterable[str]) -> list[list[int]]:
    """Positions by turn: a user message begins one, a system message belongs to none."""
    turns: list[list[int]] = []
    for at, role in enumerate(roles):
        if role in _SYSTEM:
            continue
        if role == "user" or not turns:
            turns.append([])
        turns[-1].append(at)
    return turns


def _droppable(lines: Sequence[Line]) -> list[list[int]]:
    """What may go, in the order in which it goes."""
    retrieved = [[at] for at, line in enumerate(lines) if line.retrieval]
    said = [at for at, line in enumerate(lines) if not line.retrieval]
    turns = [[said[at] for at in turn] for turn in turns_of(lines[at].message["role"] for at in said)]
    return retrieved + [turn for turn in turns[:-1] if not any(lines[at].pinned for at in turn)]


def _is_too_much(weight: Weight, room: Room) -> bool:
    if room.limit_tokens is None:
        return False
    wanted = room.calibration.tokens(weight) * (1 + room.calibration.margin)
    return wanted + room.reserved_tokens > room.limit_tokens


def _refuse_hopeless(weight: Weight, room: Room) -> None:
    """A guess that may be too high is left to the provider, which refuses for nothing; media are guessed too high."""
    if room.limit_tokens is None:
        return
    least = weight.text * room.calibration.ratio / room.calibration.doubt
    if least > room.limit_tokens:
        raise ContextTooLong(
            "Even the newest message is longer than the model can read.",
            details={"limit_tokens": room.limit_tokens, "estimated_tokens": room.calibration.tokens(weight)},
        )


def _columns(lines: Sequence[Line]) -> tuple[list[Message], list[str | None]]:
    return [line.message for line in lines], [line.source for line in lines]


def _first_after(last: int, messages: Sequence[Message], sources: Sequence[str | None]) -> str | None:
    """The first stored message beyond a position that is no system message."""
    for message, source in zip(messages[last + 1 :], sources[last + 1 :], strict=True):
        if source is not None and message["role"] not in _SYSTEM:
            return source
    return None
