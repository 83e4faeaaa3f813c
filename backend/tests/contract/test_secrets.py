"""A key and two tokens go through the whole product, logged at DEBUG; nothing that it writes or says has them."""

from __future__ import annotations

import ast
import asyncio
import base64
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

import httpx
import pytest

from app.api.route_class import classed_routes
from app.main import create_app
from tests.contract import gate_matrix
from tests.contract.gate_matrix import MODEL
from tests.faults.figures import Figures
from tests.harness import ConsoleProcess, Json
from tests.services.raw_provider import STREAM_HEAD, Exchange, RawProvider, chunked, event, reply

# Of no form that a pattern would know.
KEY = "Canary/key+of=the.owner~0123456789&x"
MANAGEMENT_KEY = "Canary/manager+of=the.account~0123456789&x"
TOKEN = "Canary.token_of-the~console/0123456789"
APP = Path(__file__).resolve().parents[2] / "app"
HOLDERS = {"token", "secrets.json", "hash.key", ".env"}
"""The files that secrets are kept in, each readable by its owner alone."""
FAILURES = (
    ("stream error", "api/stream"),
    ("garbage", "api/stream"),
    ("cut off", "api/stream"),
    ("moderated", "api/stream"),
    ("fine", "api/stream"),
    ("page", "v1/chat/completions"),
    ("stream error", "v1/chat/completions"),
    ("redirect", "chat"),
    ("fine", "chat"),
    ("rate", "v1/embeddings"),
    ("credit", "v1/chat/completions"),
    ("refused", "api/stream"),
)

SERVE_WITH_DOTENV = """
import sys
from app.core.config import Settings
Settings.model_config["env_file"] = sys.argv.pop(1)
from app.cli.main import main
main()
"""

Source = Literal["env", "dotenv", "page"]
GIVEN_BY: dict[Source, str] = {"env": "the environment", "dotenv": "a `.env` file", "page": "the settings page"}


def spellings(secret: str) -> list[bytes]:
    """A secret as it is and as other layers would write it."""
    plain = secret.encode()
    return [
        plain,
        quote(secret).encode(),
        quote(secret, safe="").encode(),
        json.dumps(secret).strip('"').replace("/", "\\/").encode(),
        base64.b64encode(plain).rstrip(b"=")[:-2],
        base64.b64encode(b"Bearer " + plain).rstrip(b"=")[:-2],
        plain.hex().encode(),
    ]


async def parrot(exchange: Exchange) -> None:
    """A provider that fails in every way and tells the caller's key each time, in every place that is read."""
    head, text = exchange.head.decode(), exchange.body.decode()
    key = next((line.split()[-1] for line in head.split("\r\n") if line.lower().startswith("authorization")), "")
    named = f"X-Generation-Id: {key}\r\nX-Provider-Name: {key}\r\nSet-Cookie: key={key}\r\n"
    metadata = {
        "raw": f'{{"error":{{"message":"{key}"}}}}',
        "provider_name": key,
        "reasons": [key],
        "headers": {key: key},
    }
    error = {"error": {"message": f"The key {key} (Bearer {key}) ...", "code": key, "type": key, "metadata": metadata}}
    failures = {"credit": "402 Payment Required", "rate": "429 Too Many Requests", "refused": "401 Unauthorized"}
    failures |= {"moderated": "403 Forbidden"}
    told = next((status for word, status in failures.items() if f"[{word}]" in text), None)
    stream = STREAM_HEAD + f"{named}Transfer-Encoding: chunked\r\n\r\n".encode()
    if "GET " in head[:4]:
        models = {"data": [{"id": MODEL, "name": "Mini", "pricing": {"prompt": "0.1", "completion": "0.1"}}]}
        is_list = head.startswith("GET /api/v1/models ")
        found, status = (models, "200 OK") if is_list else (error, "404 Not Found")
        await exchange.send(reply(json.dumps(found).encode(), status=status, extra=named))
    elif told is not None:
        await exchange.send(reply(json.dumps(error).encode(), status=told, extra=named))
    elif "[page]" in text:
        page = f"<html><title>{key}</title>{key}</html>".encode()
        await exchange.send(reply(page, status="502 Bad Gateway", content_type="text/html", extra=named))
    elif "[redirect]" in text:
        elsewhere = f"{named}Location: http://127.0.0.1:9/?key={key}\r\n"
        await exchange.send(reply(b"", status="302 Found", extra=elsewhere))
    else:
        endings = {"stream error": json.dumps(error), "garbage": f'{{"{key}', "cut off": ""}
        ending = next((end for word, end in endings.items() if f"[{word}]" in text), "[DONE]")
        pieces = [f": {key}\n\n".encode(), event("fine")]
        pieces += [f"data: {ending}\n\n".encode()] if ending else []
        await exchange.send(stream + chunked(*pieces))
        exchange.writer.close()


class Ear:
    """Hears all that the console says."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http
        self.heard: dict[str, bytes] = {}

    async def ask(self, method: str, path: str, **request: Any) -> bytes:
        """One request; streams are read for a moment at most. The body."""
        body = bytearray()
        async with self.http.stream(method, path, **request) as response:
            try:
                async with asyncio.timeout(0.3):
                    async for piece in response.aiter_raw():
                        body += piece
            except TimeoutError:
                pass
            head = f"{response.status_code} {response.headers.raw!r}".encode()
        self.heard[f"{method} {path} {len(self.heard)}"] = head + bytes(body)
        return bytes(body)


def call(door: str, case: str) -> Json:
    text = f"[{case}] tell me"
    if door == "v1/embeddings":
        return {"model": MODEL, "input": text}
    if door == "v1/chat/completions":
        return {"model": MODEL, "messages": [{"role": "user", "content": text}], "stream": case == "stream error"}
    return {"model": MODEL, "content": text} if door == "api/stream" else {"model": MODEL, "message": text}


async def everything(ear: Ear) -> None:
    """Every failure of the provider at the doors, every route as it is meant, and every kind of refusal."""
    for case, door in FAILURES:
        await ear.ask("POST", f"/{door}", json=call(door, case))
    session = json.loads(await ear.ask("POST", "/api/sessions", json={"title": "x"}))["id"]
    message = {"session_id": session, "role": "user", "content": "x"}
    posted = json.loads(await ear.ask("POST", "/api/messages", json=message))["id"]
    ids = {"session_id": session, "waiting_id": session, "message_id": posted, "slug": MODEL, "rest": "x"}
    ids |= dict.fromkeys(
        ("generation_id", "name", "token_id", "budget_id", "compaction_id", "job_id", "usage_id"), "none"
    ) | {"profile_id": "1"}
    for route, method, path, body in gate_matrix.requests(classed_routes(create_app().routes), ids):
        if route.path != "/api/settings/key":
            await ear.ask(method, path, **({"json": body} if gate_matrix.has_body(method) else {}))
    for odd in (*({"key": value} for value in ([KEY], {"key": KEY}, f"{KEY}\n", KEY * 20)), {"key": KEY, "more": KEY}):
        await ear.ask("PUT", "/api/settings/key", json=odd)
    cut = f'{{"key": "{KEY}"'.encode()
    await ear.ask("PUT", "/api/settings/key", content=cut, headers={"content-type": "application/json"})
    for headers in ({"authorization": f"Bearer {TOKEN}x"}, {"host": "evil.example"}, {"origin": "null"}):
        await ear.ask("GET", "/api/sessions", headers=headers)


def haystack(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in folder.rglob("*"):
        if path.is_file() and path.name not in HOLDERS:
            yield str(path), path.read_bytes()


def console_of(data: Path, source: Source, base_url: str, temporary: Path) -> ConsoleProcess:
    """A console that is told its key by the environment, by a ``.env`` file, or not yet."""
    told = {"CONSOLE_OPENROUTER_BASE_URL": base_url, "CONSOLE_TOKEN": TOKEN}
    told |= {} if source == "page" else {"CONSOLE_OPENROUTER_API_KEY": KEY}
    told["CONSOLE_OPENROUTER_MANAGEMENT_KEY"] = MANAGEMENT_KEY
    variables = {"TMPDIR": str(temporary), "CONSOLE_LOG_LEVEL": "DEBUG"}
    if source != "dotenv":
        return ConsoleProcess(data, variables=variables | told)
    dotenv = data.with_name(".env")
    dotenv.write_text("".join(f"{name}={value}\n" for name, value in told.items()))
    # An empty variable hides no line of the file.
    process = ConsoleProcess(data, variables=variables | dict.fromkeys(told, ""))
    process.arguments[:2] = ["-c", SERVE_WITH_DOTENV, str(dotenv)]
    return process


@pytest.mark.parametrize("source", ["env", "dotenv", "page"])
async def test_no_secret_is_ever_written_or_said(tmp_path: Path, source: Source, figures: Figures) -> None:
    """Replies, streams, headers, OpenAPI, logs with a traceback, store, WAL, backups, temporary files, output."""
    data, temporary = tmp_path / "data", tmp_path / "temporary"
    temporary.mkdir()
    secrets = [KEY, MANAGEMENT_KEY, TOKEN]
    async with RawProvider(parrot) as provider:
        async with console_of(data, source, provider.base_url, temporary) as process:
            await process.start()
            headers = {"authorization": f"Bearer {TOKEN}"}
            async with httpx.AsyncClient(base_url=process.url, headers=headers, timeout=30, trust_env=False) as http:
                ear = Ear(http)
                if source == "page":
                    await ear.ask("PUT", "/api/settings/key", json={"key": KEY})
                await ear.ask("POST", "/api/models/sync")
                made = await http.post("/api/tokens", json={"name": "a program", "scopes": ["chat"]})
                secrets.append(made.json()["token"])
                await everything(ear)
                named = {"authorization": f"Bearer {secrets[-1]}"}
                await ear.ask("POST", "/api/stream", json=call("api/stream", "fine"), headers=named)
                await ear.ask("GET", "/api/settings", headers=named)
                backup = json.loads(await ear.ask("POST", "/api/admin/backups"))["name"]
                await ear.ask("POST", "/api/admin/restore", json={"name": backup, "dry_run": True})
                await ear.ask("POST", "/api/admin/restore", files={"file": ("x.db", b"no database")})
                await break_the_store(data / "console.db", ear)
            during = dict(haystack(tmp_path))
            await process.interrupt()
        asked = [exchange.head for exchange in provider.requests]
    after = dict(haystack(tmp_path))
    found = {
        f"{place}: {spelling!r}"
        for place, text in {**ear.heard, **during, **after, "link": process.link.encode()}.items()
        for spelling in (spelling for secret in secrets for spelling in spellings(secret))
        if spelling in text and place != "link"
    }
    assert found == set()
    for key in (KEY, MANAGEMENT_KEY):
        assert any(key.encode() in head for head in asked), "a key was never used"
    assert b"Traceback" in during[str(data.with_suffix(".log"))]
    assert any(name.endswith(".db") and "backups" in name for name in during)
    assert any(name.endswith("-wal") for name in during)
    size_bytes = sum(map(len, (*ear.heard.values(), *during.values(), *after.values())))
    figures.tell(
        f"A key and two tokens to be found, the key given by {GIVEN_BY[source]}",
        f"{len(ear.heard)} replies, {len(during)} files while it ran and {len(after)} afterwards, {size_bytes:,} bytes",
        "found nowhere, in none of seven spellings",
    )


async def break_the_store(file: Path, ear: Ear) -> None:
    """What no code expects: a table is gone. The failure is logged with its traceback."""
    with closing(sqlite3.connect(file, timeout=30)) as conn:
        conn.execute("ALTER TABLE profiles RENAME TO elsewhere")
        await ear.ask("GET", "/api/profiles")
        conn.execute("ALTER TABLE elsewhere RENAME TO profiles")


def test_children_get_an_environment_of_their_own() -> None:
    """Whatever starts a process says which variables it has: inherited ones would hold the key."""
    starters = {"create_subprocess_exec", "create_subprocess_shell", "Popen", "run", "Process", "execv", "execve"}
    found = []
    for path in sorted(APP.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            module = node.func.value.id if isinstance(node.func.value, ast.Name) else ""
            starts = node.func.attr in starters and module in ("asyncio", "subprocess", "multiprocessing", "os")
            if starts and ast.unparse(node.func) != "asyncio.run":
                found.append((path.name, {keyword.arg for keyword in node.keywords}))
    assert [name for name, arguments in found if "env" not in arguments] == []
