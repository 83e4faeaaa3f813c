"""Who may call and who can pay: the key, its limit, and the account's credit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from . import errors
from .pricing import affordable_tokens
from .state import State


def authorize(state: State, request: web.Request) -> str:
    """The caller's key, empty when none is needed.

    Raises:
        ApiError: 401 without a key or with a revoked one, 403 when the key's own limit is spent.
    """
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    key = key.strip() if scheme.lower() == "bearer" else ""
    if state.account.needs_key:
        if not key:
            raise errors.missing_key()
        if key in state.account.revoked_keys:
            raise errors.revoked_key()
    return key


def authorize_management(state: State, request: web.Request) -> None:
    """Raise as ``authorize``, and 403 for a key that may only make calls."""
    key = authorize(state, request)
    if state.account.management_keys is not None and key not in state.account.management_keys:
        raise errors.management_key_needed()


def check_key_limit(state: State, key: str) -> None:
    """Raise 403 when the key has spent what it may."""
    limit = state.account.key_limits_usd.get(key)
    if limit is not None and state.ledger.spent_by(key) >= limit:
        raise errors.key_limit_reached()


def check_credit(state: State, pricing: Mapping[str, Any], prompt_tokens: int, output_tokens: int) -> None:
    """Raise 402 when the balance does not cover the prompt and the most that may be answered."""
    balance = state.balance_usd
    is_free = pricing["prompt"] == pricing["completion"] == "0"
    if balance < 0 or (balance == 0 and not is_free):
        raise errors.no_credit()
    affordable = affordable_tokens(pricing, prompt_tokens, balance)
    if affordable < output_tokens:
        raise errors.too_few_credits(output_tokens, affordable)
