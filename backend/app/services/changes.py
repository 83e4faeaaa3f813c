"""The change feed: which stored object has changed, for the live channel. Not replayed; readers refetch."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Literal

from app.core.sse import sse_data

Kind = Literal["session", "message", "generation", "model", "document", "budget", "settings", "backup", "profile"]
KEPT = 4096


class Changes:
    """Frames of the latest changes. A reader is a position; one that falls behind what is kept must reopen."""

    def __init__(self) -> None:
        self._frames: deque[bytes] = deque(maxlen=KEPT)
        self._count = 0
        self._listeners: set[Callable[[], None]] = set()

    @property
    def position(self) -> int:
        """The position of the next change."""
        return self._count

    @property
    def has_listeners(self) -> bool:
        """Whether anybody would be told."""
        return bool(self._listeners)

    def publish(
        self,
        kind: Kind,
        object_id: str | int,
        *,
        op: Literal["put", "delete"] = "put",
        session_id: str | None = None,
        revision: int | None = None,
    ) -> None:
        """Tell the readers, if there are any; call it after the commit."""
        if not self._listeners:
            return
        data = {"kind": kind, "id": str(object_id), "session_id": session_id, "op": op, "revision": revision}
        self._frames.append(sse_data(data, "changed"))
        self._count += 1
        for wake in tuple(self._listeners):
            wake()

    def since(self, position: int) -> bytes | None:
        """Frames from ``position`` on; None when some of them are no longer kept."""
        missing = self._count - position
        if missing > len(self._frames):
            return None
        return b"".join(list(self._frames)[-missing:]) if missing else b""

    def listen(self, wake: Callable[[], None]) -> None:
        self._listeners.add(wake)

    def unlisten(self, wake: Callable[[], None]) -> None:
        self._listeners.discard(wake)
