"""Who needs the token, who has it, who may guess it, and what a listed foreign origin gets for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from app.api.attempts import BURST, MAX_PEERS, REFILL_S, Attempts
from app.api.gate_policy import GatePolicy
from app.core.config import Settings
from tests.api.gate_console import BEARER, DATA, FOREIGN, LISTED, START, TOKEN, Console


@pytest.fixture
def console() -> Console:
    return Console()


def required(console: Console) -> None:
    console.policy = replace(console.policy, auth="token")


# Token


async def test_on_loopback_the_owners_programs_need_no_token(console: Console) -> None:
    """`auto`: curl and SDKs work, whatever key they send; both address families."""
    for headers in ({}, {"authorization": "Bearer sk-anything"}, {"authorization": "Basic eDp5"}):
        assert (await console.ask(headers=headers)).status == 200
    assert (await console.ask(peer="::1", host="[::1]:8000")).status == 200
    assert (await console.ask(peer="::ffff:127.0.0.1")).status == 200


Change = Callable[[GatePolicy], GatePolicy]


@pytest.mark.parametrize(
    ("change", "request_"),
    [
        (lambda policy: replace(policy, auth="token"), {}),
        (lambda policy: replace(policy, loopback_bind=False), {}),
        (lambda policy: replace(policy, hosts=("console.example",)), {}),
        (lambda policy: policy, {"peer": "192.168.1.7"}),
        (lambda policy: policy, {"peer": "fe80::1%eth0"}),
        (lambda policy: policy, {"peer": "testclient"}),
        (lambda policy: policy, {"peer": None}),
        (lambda policy: policy, {"headers": {"forwarded": "for=1.2.3.4"}}),
        (lambda policy: policy, {"headers": {"x-forwarded-for": "127.0.0.1"}}),
        (lambda policy: policy, {"headers": {"x-forwarded-proto": "https"}}),
        (lambda policy: policy, {"headers": {"x-forwarded-host": ""}}),
    ],
    ids=["auth", "bind", "hosts", "lan", "link-local", "name", "socket", "forwarded", "xff", "xfp", "xfh"],
)
async def test_the_token_is_required_when(console: Console, change: Change, request_: dict[str, Any]) -> None:
    """Each condition alone; health and the page's static files stay open, docs and unknown paths do not."""
    console.policy = change(console.policy)
    headers = request_.pop("headers", {})
    for path in (DATA, START, "/docs", "/openapi.json", "/v1/models", "/api/admin/backup", "/metrics", "/unknown"):
        reply = await console.ask(path, headers, **request_)
        assert reply.status == 401
        assert reply.headers["www-authenticate"] == "Bearer"
        assert b"data" not in reply.body
    assert console.reached == []
    assert (await console.ask(DATA, {**headers, **BEARER}, **request_)).status == 200
    for path in ("/health", "/api/health", "/", "/app/chat/1", "/assets/a.js", "/favicon.svg"):
        assert (await console.ask(path, headers, **request_)).status == 200


@pytest.mark.parametrize(
    "value",
    [
        "",
        TOKEN,
        "Bearer",
        "Bearer ",
        f"Basic {TOKEN}",
        f"Bearer {TOKEN}x",
        f"Bearer {TOKEN[:-1]}",
        f"Bearer {TOKEN.upper()}",
        f"Bearer {TOKEN} {TOKEN}",
        f"Bearer\t{TOKEN}",
        f"Bearer {TOKEN}, Bearer {TOKEN}",
        "Bearer \xff",
    ],
)
async def test_only_the_exact_bearer_is_the_token(console: Console, value: str) -> None:
    """No other scheme, no prefix, no suffix."""
    required(console)
    assert (await console.ask(headers={"authorization": value})).code == "unauthorized"


async def test_the_scheme_has_no_case_and_other_places_hold_no_token(console: Console) -> None:
    """`bearer` is Bearer; a query field, a cookie or another header is not looked at."""
    required(console)
    assert (await console.ask(headers={"authorization": f"bearer {TOKEN}"})).status == 200
    for headers in ({"x-api-key": TOKEN}, {"cookie": f"token={TOKEN}"}, {"proxy-authorization": f"Bearer {TOKEN}"}):
        assert (await console.ask(headers=headers)).status == 401


async def test_two_authorizations_are_401_even_where_none_is_needed(console: Console) -> None:
    """One reader may take the first, another the second."""
    twice = [*BEARER.items(), ("authorization", "Bearer other")]
    assert (await console.ask(headers=twice)).status == 401
    required(console)
    assert (await console.ask(headers=[*BEARER.items(), *BEARER.items()])).status == 401


async def test_without_a_token_of_our_own_nobody_has_the_right_one() -> None:
    """A policy that requires a token and has none refuses, the empty one too."""
    console = Console(GatePolicy(auth="token"))
    for value in ("Bearer ", "Bearer None", "Bearer x"):
        assert (await console.ask(headers={"authorization": value})).status == 401


async def test_guessing_is_limited_per_peer(console: Console) -> None:
    """Ten guesses, then 429 with Retry-After; other peers go on; time heals."""
    required(console)
    for guess in range(BURST):
        assert (await console.ask(headers={"authorization": f"Bearer {guess}"})).status == 401
    wrong = {"authorization": "Bearer another"}
    blocked = await console.ask(headers=wrong)
    assert (blocked.status, blocked.code) == (429, "rate_limited_local")
    assert blocked.headers["retry-after"] == "6"
    assert (await console.ask(headers=wrong, peer="::1")).status == 401
    assert (await console.ask("/api/health")).status == 200
    console.now_s += REFILL_S
    assert (await console.ask(headers=wrong)).status == 401
    assert (await console.ask(headers=wrong)).status == 429


async def test_guesses_do_not_lock_out_who_has_the_token(console: Console) -> None:
    """Any program of this machine can guess from the owner's address."""
    required(console)
    for guess in range(2 * BURST):
        await console.ask(headers={"authorization": f"Bearer {guess}"})
        assert (await console.ask(headers=BEARER)).status == 200


async def test_a_stale_or_missing_token_is_no_guess(console: Console) -> None:
    """A page that still holds yesterday's token repeats it; that must not lock its owner out."""
    required(console)
    for _ in range(3 * BURST):
        assert (await console.ask(headers={"authorization": "Bearer yesterdays-token"})).status == 401
        assert (await console.ask()).status == 401
    assert (await console.ask(headers=BEARER)).status == 200


async def test_several_stale_programs_do_not_lock_the_owner_out(console: Console) -> None:
    """Behind one address their old tokens come in turn; each is counted once."""
    required(console)
    for _ in range(BURST):
        for number in range(BURST - 1):
            assert (await console.ask(headers={"authorization": f"Bearer old-{number}"})).status == 401
    assert (await console.ask(headers=BEARER)).status == 200


def test_attempts_take_bounded_memory() -> None:
    """A million peers are remembered as a thousand; an IPv6 network is one peer."""
    attempts = Attempts(lambda: 0.0)
    for number in range(MAX_PEERS + 100):
        attempts.failed(f"10.0.{number // 256}.{number % 256}", b"x")
    assert len(attempts) == MAX_PEERS
    for number in range(BURST):
        attempts.failed(f"2001:db8::{number + 1:x}", str(number).encode())
    assert attempts.wait_s("2001:db8::ffff") == REFILL_S
    assert attempts.wait_s("2001:db8:0:1::1") == 0
    assert len(attempts) == MAX_PEERS


# Listed foreign origins


@pytest.fixture
def shared(console: Console) -> Console:
    console.policy = replace(console.policy, origins=(LISTED,))
    return console


async def test_a_listed_origin_is_answered_with_the_token_alone(shared: Console) -> None:
    """Everywhere, also on paths that are otherwise open; refusals can be read by that page too."""
    for path in (DATA, "/api/health", "/"):
        refused = await shared.ask(path, FOREIGN)
        assert (refused.status, refused.headers["access-control-allow-origin"]) == (401, LISTED)
        reply = await shared.ask(path, {**FOREIGN, **BEARER})
        assert (reply.status, reply.headers["access-control-allow-origin"]) == (200, LISTED)
        assert reply.headers["vary"] == "Origin"
        assert "X-Request-ID" in reply.headers["access-control-expose-headers"]
        assert "access-control-allow-credentials" not in reply.headers


async def test_a_preflight_of_a_listed_origin_never_reaches_a_route(shared: Console) -> None:
    """It cannot carry the token, so it is answered by the gate."""
    asked = {**FOREIGN, "access-control-request-method": "POST"}
    reply = await shared.ask(START, asked, method="OPTIONS")
    assert (reply.status, reply.body) == (204, b"")
    assert reply.headers["access-control-allow-origin"] == LISTED
    assert "POST" in reply.headers["access-control-allow-methods"]
    assert "Authorization" in reply.headers["access-control-allow-headers"]
    assert shared.reached == []


@pytest.mark.parametrize(
    "origin",
    ["http://pages.example", "https://pages.example.evil", "https://x.pages.example", "https://pages.example:1"],
)
async def test_a_neighbour_of_a_listed_origin_is_not_listed(shared: Console, origin: str) -> None:
    """Scheme, name and port, exactly."""
    headers = {**FOREIGN, **BEARER, "origin": origin, "access-control-request-method": "GET"}
    for method in ("GET", "OPTIONS"):
        reply = await shared.ask(headers=headers, method=method)
        assert reply.status == 403
        assert "access-control-allow-origin" not in reply.headers


async def test_a_listed_origin_is_still_no_image_and_no_link(shared: Console) -> None:
    """Listing lets its scripts fetch; the other rules stand."""
    assert (await shared.ask(headers={**FOREIGN, **BEARER, "sec-fetch-mode": "no-cors"})).status == 403
    assert (await shared.ask(headers={**FOREIGN, **BEARER, "sec-fetch-dest": "image"})).status == 403
    assert (await shared.ask(headers={**FOREIGN, **BEARER}, host="evil.example")).status == 421


# Policy


@pytest.mark.parametrize("host", ["*", "*.example", "console.example:8000", "http://console.example", "", "a b"])
def test_a_host_that_could_match_many_is_refused_at_start(host: str) -> None:
    """Names only."""
    with pytest.raises(ValueError, match="CONSOLE_HOSTS"):
        GatePolicy(hosts=(host,))


@pytest.mark.parametrize("origin", ["*", "null", "console.example", "https://*.example", "https://a/b", "", "https://"])
def test_an_origin_that_could_match_many_is_refused_at_start(origin: str) -> None:
    """`null` is what any sandboxed frame sends."""
    with pytest.raises(ValueError, match="APP_ORIGINS"):
        GatePolicy(origins=(origin,))


def settings_of(**given: Any) -> Settings:
    return Settings(_env_file=None, **given)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.2", "console.example"])  # noqa: S104
def test_a_bind_beyond_loopback_needs_a_decision(host: str) -> None:
    """Refused until the owner asks for a token; with one, every request needs it."""
    with pytest.raises(ValueError, match="CONSOLE_AUTH=token"):
        GatePolicy.of(settings_of(host=host), TOKEN)
    assert GatePolicy.of(settings_of(host=host, auth="token"), TOKEN).token_always
    assert GatePolicy.of(settings_of(host=host, token=TOKEN), TOKEN).token_always


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.0.0.2"])
def test_a_loopback_bind_is_open_until_a_token_is_asked_for(host: str) -> None:
    """CONSOLE_TOKEN given, CONSOLE_AUTH=token or a foreign host asks for it."""
    assert not GatePolicy.of(settings_of(host=host), TOKEN).token_always
    assert GatePolicy.of(settings_of(host=host, token=TOKEN), TOKEN).token_always
    assert GatePolicy.of(settings_of(host=host, auth="token"), TOKEN).token_always
    assert GatePolicy.of(settings_of(host=host, hosts=("console.example",)), TOKEN).token_always
    assert not GatePolicy.of(settings_of(host=host, hosts=("localhost",)), TOKEN).token_always


@pytest.mark.parametrize(
    ("host", "names"),
    [
        ("127.0.0.2", ["127.0.0.2"]),
        ("192.168.1.7", ["192.168.1.7"]),
        ("fd00::7", ["[fd00::7]"]),
        ("desk.example", ["desk.example"]),
        ("0.0.0.0", []),  # noqa: S104
        ("::", []),
        ("::1", []),
        ("localhost", []),
    ],
)
def test_the_address_that_is_bound_is_a_name_of_ours(host: str, names: list[str]) -> None:
    """The link that is printed at the start leads in; an address that stands for all names none."""
    policy = GatePolicy.of(settings_of(host=host, auth="token"), TOKEN)
    known = {name.decode() for name in policy.host_names}
    assert known == {"127.0.0.1", "localhost", "[::1]", *names}
    assert GatePolicy.of(settings_of(host="127.0.0.2"), TOKEN).token_always is False
