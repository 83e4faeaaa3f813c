"""What to do next, where the hint of an error's class would lead astray."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Final

from app.core.errors import (
    UpstreamBadKey,
    UpstreamError,
    UpstreamGarbage,
    UpstreamRateLimited,
    UpstreamTimeout,
    UpstreamUnavailable,
)

COMPRESSED: Final = "Have that server, or the proxy before it, send replies as they are: compressed ones stay unread."
HINTS: Final[Mapping[type[UpstreamError], str]] = {
    UpstreamRateLimited: "Wait a little, then ask again.",
    UpstreamUnavailable: "Check the connection, then ask again.",
    UpstreamTimeout: "Ask again, or pick a faster model.",
    UpstreamGarbage: "Ask again.",
}


@contextlib.contextmanager
def without_answer() -> Iterator[None]:
    """Errors inside answer no message, so they say to ask again; one that has a hint of its own keeps it."""
    try:
        yield
    except UpstreamError as error:
        if type(error) in HINTS:
            error.details.setdefault("hint", HINTS[type(error)])
        raise


def for_owner(error: UpstreamError, entry: str | None) -> UpstreamError:
    """``error``, which says where its owner wrote down what is wrong: the address that redirects, the refused key.

    Args:
        entry: the provider's name in the providers file; None for the main provider, which the settings hold.
    """
    where = f"of the provider {entry!r} in the providers file" if entry else ""
    if error.details.get("reason") == "redirect":
        address = f"the base_url {where}" if entry else "OPENROUTER_BASE_URL"
        error.details.setdefault("hint", f"Correct {address}, to where the answers are.")
    elif company := isinstance(error, UpstreamBadKey) and not entry and error.details.get("provider"):
        error.details.setdefault("hint", f"Check your own key of {company} where you gave it to the provider.")
    elif entry and isinstance(error, UpstreamBadKey):
        error.details.setdefault("hint", f"Check the key that the api_key {where} refers to.")
    return error
