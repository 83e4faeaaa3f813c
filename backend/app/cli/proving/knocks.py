"""Promise: nobody else gets in. What a hostile page, a rebound name or a stranger would send, sent to the gate."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import httpx

from app.cli.proving.evidence import Evidence
from app.cli.proving.stage import ConsoleChild, Stage, json_of

CLAIM = "Foreign pages, rebound names and strangers read nothing, change nothing, spend nothing"
CANARY = "canary-of-a-private-conversation"
REFUSALS = frozenset({401, 403, 415, 421})
_EVIL = "evil.example"
_CROSS = {
    "Origin": f"https://{_EVIL}",
    "Sec-Fetch-Site": "cross-site",
    "Sec-Fetch-Mode": "cors",
    "Sec-Fetch-Dest": "empty",
}
_IMAGE = {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}
_ANSWER = "/api/stream?session_id={session}"
_QUESTION = {"content": "Spend something.", "model": "openai/gpt-4o-mini"}


@dataclass(frozen=True, slots=True)
class Knock:
    """One request of somebody who must not come in. ``{session}`` and ``{port}`` are filled in."""

    who: str
    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None


ALWAYS = (
    Knock("a foreign page asks", "POST", "/api/generations", _CROSS, _QUESTION),
    Knock("a foreign page reads", "GET", "/api/sessions", _CROSS),
    Knock("a foreign page deletes", "DELETE", "/api/sessions/{session}", _CROSS),
    Knock("a foreign page asks for a token", "POST", "/api/tokens", _CROSS, {"name": "x", "scopes": ["admin"]}),
    Knock("a foreign page takes a backup", "GET", "/api/admin/backup", _CROSS),
    Knock("a foreign page uses the OpenAI door", "POST", "/v1/chat/completions", _CROSS, {"messages": []}),
    Knock("a sandboxed frame reads", "GET", "/api/sessions", {**_CROSS, "Origin": "null"}),
    Knock("another local app asks", "POST", "/api/generations", {"Origin": "http://127.0.0.1:1"}, _QUESTION),
    Knock("a foreign form posts", "POST", "/api/messages", {"Origin": f"https://{_EVIL}"}, "content=x"),
    Knock("an old browser's form posts", "POST", "/api/messages", {"Content-Type": "text/plain"}, "{}"),
    Knock("a foreign image asks", "GET", _ANSWER, {**_IMAGE, "Sec-Fetch-Site": "cross-site"}),
    Knock(
        "an image in an answer asks",
        "GET",
        "/api/stream?session_id={session}",
        {**_IMAGE, "Sec-Fetch-Site": "same-origin"},
    ),
    Knock(
        "a link from elsewhere leads to data",
        "GET",
        "/api/sessions",
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"},
    ),
    Knock("a prefetch asks", "GET", _ANSWER, {"Sec-Purpose": "prefetch"}),
    Knock("a rebound name reads", "GET", "/api/sessions", {"Host": f"{_EVIL}:{{port}}"}),
    Knock(
        "a rebound name asks as its own origin",
        "POST",
        "/api/generations",
        {"Host": f"{_EVIL}:{{port}}", "Origin": f"http://{_EVIL}:{{port}}", "Sec-Fetch-Site": "same-origin"},
        _QUESTION,
    ),
    Knock("a stranger behind a proxy reads", "GET", "/api/sessions", {"X-Forwarded-For": "203.0.113.9"}),
    Knock(
        "a stranger behind a proxy guesses the token",
        "GET",
        "/api/sessions",
        {"Forwarded": "for=203.0.113.9", "Authorization": "Bearer guessed-guessed-guessed"},
    ),
)
WITH_TOKEN = (
    Knock("a neighbour without a token reads", "GET", "/api/sessions"),
    Knock("a neighbour without a token asks", "POST", "/api/generations", {}, _QUESTION),
    Knock("a neighbour guesses the token", "GET", "/api/sessions", {"Authorization": "Bearer guessed-guessed-guessed"}),
    Knock("a token in the address is none", "GET", "/api/sessions?token={token}"),
)


async def prove_gate(stage: Stage) -> Evidence:
    """Knock at a console on loopback and at one that wants its token; count what came through."""
    wrong: list[str] = []
    statuses = Counter[int]()
    token = "token-of-the-proof-0123456789"  # noqa: S105  # of a console that lives for a second
    async with stage.console("gate-auto") as console:
        await _knock(stage, console, None, ALWAYS, statuses, wrong)
    async with stage.console("gate-token", auth="token", token=token) as console:
        await _knock(stage, console, token, (*ALWAYS, *WITH_TOKEN), statuses, wrong)
    answers = ", ".join(f"{count} with {status}" for status, count in sorted(statuses.items()))
    measured = (
        f"{statuses.total()} knocks, with and without a token required: refused {answers}; "
        "0 paid calls, 0 changes, 0 private words in the replies; the owner was let in each time"
    )
    return Evidence(CLAIM, "; ".join(wrong) or measured, not wrong)


async def _knock(
    stage: Stage,
    console: ConsoleChild,
    token: str | None,
    knocks: tuple[Knock, ...],
    statuses: Counter[int],
    wrong: list[str],
) -> None:
    async with console.client(token) as owner, console.client() as stranger:
        session = json_of(await owner.post("/api/sessions", json={"title": CANARY}))
        json_of(await owner.post("/api/messages", json={"session_id": session["id"], "content": CANARY}))
        before = await _state(stage, owner)
        names = {"session": session["id"], "port": str(httpx.URL(console.url).port), "token": token or ""}
        for knock in knocks:
            response = await stranger.send(_request(stranger, knock, names))
            statuses[response.status_code] += 1
            if response.status_code not in REFUSALS or CANARY in response.text:
                wrong.append(f"{knock.who}: HTTP {response.status_code}")
        if await _state(stage, owner) != before:
            wrong.append("something was changed or paid")
        if CANARY not in before[1]:
            wrong.append("the owner was not let in")


async def _state(stage: Stage, owner: httpx.AsyncClient) -> tuple[int, str]:
    """Paid calls, and all that a knock might have changed."""
    paths = ("/api/sessions", "/api/tokens", "/api/usage", "/api/admin/backups")
    texts = [(await owner.get(path)).raise_for_status().text for path in paths]
    return len(await stage.provider.paid_calls()), "\n".join(texts)


def _request(http: httpx.AsyncClient, knock: Knock, names: dict[str, str]) -> httpx.Request:
    headers = {name: value.format_map(names) for name, value in knock.headers.items()}
    body: dict[str, Any] = {"content": knock.body} if isinstance(knock.body, str) else {"json": knock.body}
    return http.build_request(
        knock.method, knock.path.format_map(names), headers=headers, **(body if knock.body is not None else {})
    )
