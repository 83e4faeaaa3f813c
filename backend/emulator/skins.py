"""The shapes in which one and the same call is asked for and answered: chat, and what is translated to it and back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from .ledger import Row

Json = dict[str, Any]


class Rendering(Protocol):
    """One answer in the making; it is given chat's payloads and gives those that are sent."""

    fails_in_band: bool
    """Whether a failure after the status is an answer of its own, whole and properly ended."""

    def events(self, chunk: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
        """The events of a stream that one chunk becomes."""
        ...

    def end(self) -> Iterable[Mapping[str, Any]]:
        """What is due before ``[DONE]``."""
        ...

    def whole(self, completion: Mapping[str, Any]) -> Json:
        """The body of a call that is not streamed."""
        ...


@dataclass(frozen=True, slots=True)
class Skin:
    """``as_chat`` makes a request body one of chat's; ``render`` takes the row and the body as it came."""

    as_chat: Callable[[Json], Json]
    render: Callable[[Row, Mapping[str, Any]], Rendering]


class _Plain:
    """Chat as it is."""

    fails_in_band = False

    def events(self, chunk: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
        return (chunk,)

    def end(self) -> Iterable[Mapping[str, Any]]:
        return ()

    def whole(self, completion: Mapping[str, Any]) -> Json:
        return dict(completion)


CHAT = Skin(lambda body: body, lambda _row, _body: _Plain())
