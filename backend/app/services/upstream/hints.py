"""What to do next when a call fails that answers no message: there is nothing to regenerate."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Final

from app.core.errors import UpstreamError, UpstreamGarbage, UpstreamRateLimited, UpstreamTimeout, UpstreamUnavailable

HINTS: Final[Mapping[type[UpstreamError], str]] = {
    UpstreamRateLimited: "Wait a little, then ask again.",
    UpstreamUnavailable: "Check the connection, then ask again.",
    UpstreamTimeout: "Ask again, or pick a faster model.",
    UpstreamGarbage: "Ask again.",
}


@contextlib.contextmanager
def without_answer() -> Iterator[None]:
    """Errors inside say to ask again; one that has a hint of its own keeps it."""
    try:
        yield
    except UpstreamError as error:
        if type(error) in HINTS:
            error.details.setdefault("hint", HINTS[type(error)])
        raise
