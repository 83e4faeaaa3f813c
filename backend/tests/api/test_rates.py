"""Limits on requests: exact in their count, told in headers, counted apart for each client and class."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.api.gate_policy import GatePolicy
from app.api.rates import MOST_CLIENTS, Rate, Rates
from app.core.config import Settings
from tests.api.gate_console import BEARER, DATA, TOKEN, Console


@pytest.fixture
def console() -> Console:
    limited = GatePolicy(token=TOKEN, rates={"read": Rate(3, 60.0), "write": Rate(1, 1.0)})
    return Console(limited)


async def test_a_full_period_passes_and_the_next_waits(console: Console) -> None:
    """429 with Retry-After and its code; a moment later one more passes, not three."""
    for left in (2, 1, 0):
        reply = await console.ask()
        assert (reply.status, reply.headers["ratelimit-limit"]) == (200, "3")
        assert int(reply.headers["ratelimit-remaining"]) == left
    refused = await console.ask()
    assert (refused.status, refused.code, refused.headers["retry-after"]) == (429, "rate_limited_local", "20")
    assert (refused.headers["ratelimit-remaining"], refused.headers["ratelimit-reset"]) == ("0", "60")
    console.now_s += 20
    assert (await console.ask()).status == 200
    assert (await console.ask()).status == 429
    assert len(console.reached) == 4


async def test_classes_and_clients_are_counted_apart(console: Console) -> None:
    """Who reads too much may still write; who asks from elsewhere is somebody else; health is never limited."""
    for _ in range(4):
        last = await console.ask()
    assert last.status == 429
    assert (await console.ask(method="POST")).status == 200
    assert (await console.ask(peer="::1", host="[::1]")).status == 200
    for _ in range(10):
        health = await console.ask("/api/health")
        assert health.status == 200
        assert "ratelimit-limit" not in health.headers


async def test_a_refused_request_costs_nothing(console: Console) -> None:
    """What is refused before the limit does not use it up, and a client that keeps asking is let in in time."""
    for _ in range(5):
        assert (await console.ask(host="evil.example")).status == 421
    for _ in range(3):
        assert (await console.ask()).status == 200
    for _ in range(100):
        assert (await console.ask()).status == 429
    console.now_s += 20
    assert (await console.ask(headers=BEARER)).status == 200


async def test_without_a_limit_none_is_told(console: Console) -> None:
    """`off`."""
    console.policy = replace(console.policy, rates={})
    assert "ratelimit-limit" not in (await console.ask(DATA)).headers


def test_the_settings_make_the_limits() -> None:
    """As `count/period`; the defaults are far above what a page or a person does."""
    policy = GatePolicy.of(Settings(_env_file=None, rate_read="10/s", rate_write="5/h", rate_spend="off"), TOKEN)
    assert policy.rates == {"read": Rate(10, 1.0), "write": Rate(5, 3600.0), "destructive": Rate(6000, 60.0)}
    for odd in ("0/s", "10", "10/day", "-1/s", "1.5/s", "10/s ", "99999999/s"):
        with pytest.raises(ValueError, match="rate_read"):
            Settings(_env_file=None, rate_read=odd)


@given(st.integers(1, 50), st.floats(0.5, 3600), st.lists(st.floats(0, 100), max_size=200))
def test_never_more_than_twice_the_count_in_any_period(count: int, period_s: float, waits_s: list[float]) -> None:
    """A burst and what becomes free meanwhile; who waits as long as told is let in."""
    now_s, passed = [1000.0], list[float]()
    rates, rate = Rates(lambda: now_s[0]), Rate(count, period_s)
    for wait_s in waits_s:
        now_s[0] += wait_s
        _, refused_s = rates.take("x", "read", rate)
        if refused_s:
            now_s[0] += refused_s
            _, again_s = rates.take("x", "read", rate)
            assert again_s == 0
        passed.append(now_s[0])
    for start in passed:
        assert sum(1 for at in passed if start <= at < start + period_s) <= 2 * count


def test_clients_take_bounded_memory() -> None:
    """However many there are."""
    rates = Rates(lambda: 0.0)
    for number in range(MOST_CLIENTS + 50):
        rates.take(str(number), "read", Rate(1, 60.0))
    assert len(rates) == MOST_CLIENTS
