"""Who asks: the named token of the request being served. None for the owner."""

from __future__ import annotations

from contextvars import ContextVar

token_id_var: ContextVar[str | None] = ContextVar("token_id", default=None)
"""Set by the gate; whatever a request starts inherits it."""


def current_token_id() -> str | None:
    """The id of the named token that asks, for the ledger."""
    return token_id_var.get()
