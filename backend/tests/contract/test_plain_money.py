"""Money in bodies is a plain number: what Python reads as one beside that is refused, wherever money is taken."""

from __future__ import annotations

import pytest

from tests.harness import ConsoleClient, Json

TAKEN: list[tuple[str, str, Json, str]] = [
    ("POST", "/api/budgets", {"kind": "all", "period": "day"}, "limit_usd"),
    ("POST", "/api/budgets", {"kind": "all", "period": "day", "limit_usd": 1}, "warn_at"),
    ("POST", "/api/tokens", {"name": "p", "scopes": ["chat"]}, "budget_usd"),
    ("PATCH", "/api/settings", {}, "max_prompt_price"),
    ("PATCH", "/api/settings", {}, "max_completion_price"),
    ("POST", "/api/usage", {"model": "openai/gpt-4o-mini", "prompt_tokens": 1, "completion_tokens": 1}, "cost_usd"),
]


@pytest.mark.parametrize(("method", "path", "body", "field"), TAKEN)
async def test_money_is_a_plain_number(synced: ConsoleClient, method: str, path: str, body: Json, field: str) -> None:
    for odd in ("\u0663", " 1 ", "0.1_0", "\uff11", "1\n", "", "NaN", "Infinity", "0x1", "1,5", True, [1]):
        reply = await synced.ask(method, path, json={**body, field: odd})
        assert reply.status_code == 422, (odd, reply.text)
    for plain in ("0.25", "2.5e-1", 0.25, 1):
        reply = await synced.ask(method, path, json={**body, field: plain, **_fresh(path, plain)})
        assert reply.is_success, (plain, reply.text)


def _fresh(path: str, plain: object) -> Json:
    """No two budgets are of the same calls."""
    purposes = {"0.25": "chat", "2.5e-1": "summary", 0.25: "continue", 1: "regenerate"}
    return {"kind": "purpose", "of": purposes[plain]} if path == "/api/budgets" else {}


@pytest.mark.parametrize("odd", ["\u0663", " 1 ", "0_1"])
async def test_a_decision_is_a_plain_number(synced: ConsoleClient, odd: str) -> None:
    """Of a call that nobody knows, too: the body is looked at first."""
    reply = await synced.ask("POST", "/api/usage/none/decision", json={"cost_usd": odd})
    assert reply.status_code == 422, reply.text
