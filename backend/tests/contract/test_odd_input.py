"""Odd input on every documented route: refused in the usual shape, nothing stored, nothing sent upstream.

The cases are made from the OpenAPI document, so a new route is covered as soon as it exists.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import httpx
import pytest

from app.api.paths import body_limit_bytes, dialect_of
from app.db.types import Conn
from emulator import Emulator
from tests.contract.odd_values import BODIES, IGNORING, ODD, ODD_TEXTS, PATH_IDS
from tests.harness import Console, ConsoleClient
from tests.harness.document import DOCUMENT

Json = dict[str, Any]

# Thousands of rounds of what other tests reach too: coverage would double their time and add nothing.
pytestmark = pytest.mark.no_cover

JSON_TYPE = {"Content-Type": "application/json"}
TABLES = (
    *("sessions", "messages", "generations", "generation_events", "usage_logs", "usage_sums"),
    *("profiles", "settings", "idempotency_keys", "compactions", "draft_parts", "budgets"),
)


@dataclass(frozen=True, slots=True)
class Operation:
    """One documented method of a path."""

    method: str
    path: str
    details: Json = field(hash=False)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    def parameters(self, place: str) -> list[Json]:
        return [one for one in self.details.get("parameters", []) if one["in"] == place]

    @property
    def body(self) -> Json | None:
        """The schema of its JSON body."""
        content = self.details.get("requestBody", {}).get("content", {}).get("application/json")
        return _resolved(content["schema"]) if content else None


def _resolved(schema: Json) -> Json:
    """A schema behind its reference, and without the `null` that most fields may be."""
    if "$ref" in schema:
        return _resolved(DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    options = [_resolved(one) for one in schema.get("anyOf", ()) if one.get("type") != "null"]
    return options[0] if options else schema


def _kind(schema: Json) -> str:
    kind = str(_resolved(schema).get("type", "object"))
    return "number" if kind == "integer" else kind


OPERATIONS = [
    Operation(method.upper(), path, details)
    for path, methods in DOCUMENT["paths"].items()
    for method, details in methods.items()
]
WITH_BODY = [operation for operation in OPERATIONS if operation.body is not None]
WITH_QUERY = [operation for operation in OPERATIONS if operation.parameters("query")]
WITH_PATH = [operation for operation in OPERATIONS if operation.parameters("path")]


@dataclass(frozen=True, slots=True)
class Filled:
    """A console with something of everything in it, so that only the odd part of a request is wrong."""

    console: Console
    emulator: Emulator
    ids: dict[str, str]

    def path(self, operation: Operation) -> str:
        return operation.path.format(**self.ids)

    def valid_body(self, operation: Operation) -> Json:
        """The required fields of a body that would be accepted."""
        known: Json = {
            "session_id": self.ids["session_id"],
            "content": "hello",
            "name": "name",
            "key": "sk-some-key-0123456789",
            "model": "openai/gpt-4o-mini",
            "input": "hello",
            "messages": [{"role": "user", "content": "hello"}],
            "message": "hello",
            "pinned": True,
            "scopes": ["read"],
            "path": "/api/admin/backup",
            "items": [],
            "kind": "all",
            "period": "day",
            "limit_usd": "1",
            "prompt_tokens": 1,
            "completion_tokens": 1,
        }
        assert operation.body is not None
        needed = set(operation.body.get("required", ()))
        needed |= {"content", "message"} & operation.body["properties"].keys()
        return {name: known[name] for name in needed}

    def query(self, operation: Operation) -> str:
        needed = [one["name"] for one in operation.parameters("query") if one.get("required")]
        return "&".join(f"{name}={self.ids[name]}" for name in needed)

    async def state(self) -> tuple[object, int]:
        """All rows of the store, and how many calls went upstream."""
        return await self.console.services.store.read(_rows), len(self.emulator.requests)


def _rows(conn: Conn) -> list[list[Json]]:
    return [conn.execute(f"SELECT * FROM {table}").fetchall() for table in TABLES]  # noqa: S608 - names of our own


@pytest.fixture
async def filled(console: Console, emulator: Emulator) -> Filled:
    """The store as after a first day."""
    client = console.client
    await client.post("/api/models/sync")
    profile = await client.post("/api/profiles", {"name": "p"})
    transcript = await client.answer("Hello", profile_id=profile["id"])
    start = transcript.data_of("start")
    await client.post_message(start["session_id"], "waiting for an answer")
    ids = {
        "session_id": start["session_id"],
        "message_id": start["assistant_message_id"],
        "generation_id": transcript.generation_id,
        "id": transcript.generation_id,
        "profile_id": str(profile["id"]),
        "slug": "openai/gpt-4o-mini",
        "compaction_id": "none",
        "usage_id": "none",
        "token_id": "none",
        "budget_id": "none",
        "name": "none.db",
    }
    return Filled(console, emulator, ids)


async def _send(client: ConsoleClient, method: str, target: str, **request: Any) -> httpx.Response:
    """A request whose target leaves as it is written; of a stream only the head is waited for."""
    url = client.http.base_url.copy_with(raw_path=target.encode())
    response = await client.http.send(client.http.build_request(method, url, **request), stream=True)
    try:
        if not response.headers.get("content-type", "").startswith("text/event-stream"):
            await response.aread()
    finally:
        await response.aclose()
    return response


def _complaint(response: httpx.Response, statuses: range = range(400, 500)) -> str | None:
    """What is wrong with a refusal: its status, or its shape in the dialect of its path."""
    if response.status_code not in statuses:
        return f"status {response.status_code}"
    body = response.json()
    match dialect_of(response.request.url.path):
        case "openai":
            told = body.keys() == {"error"} and bool(body["error"]["message"])
        case "typed":
            told = body.keys() == {"error", "type"} and bool(body["error"])
        case "plain":
            told = body.keys() == {"detail"} and bool(body["detail"])
        case _:
            told = {"error_code", "message", "request_id", "details"} <= body.keys() and bool(body["details"]["hint"])
    return None if told else f"shape {body}"


def _is_refused(response: httpx.Response, status: int, code: str) -> bool:
    """A refusal of one status and, in the dialects that tell it, one code."""
    body = response.json()
    told = {
        "openai": body.get("error", {}),
        "typed": {"code": code},
        "plain": {"code": code},
        "api": {"code": body.get("error_code")},
    }
    return response.status_code == status and told[dialect_of(response.request.url.path)]["code"] == code


def _takes_any_field(operation: Operation) -> bool:
    """Whether fields that we do not know are passed on."""
    return operation.body is not None and operation.body.get("additionalProperties") is True


def _is_legal(schema: Json, odd: str) -> bool:
    """Whether another form takes it: a list or an object for a text, digits for money, any name in a free object."""
    forms = [inner for one in schema.get("anyOf", ()) for inner in one.get("anyOf", (one,))]
    others = {_kind(one) for one in forms[1:] if one.get("type") != "null"}
    is_free = _resolved(schema).get("additionalProperties") is True
    as_another = {"[]": "array", "{}": "object", '"5"': "string"}
    return as_another.get(odd) in others or (is_free and odd.startswith('{"no_such_field"'))


def _odd_bodies(valid: Json, schema: Json) -> Iterator[tuple[str, bytes]]:
    """The valid body with one field replaced by each odd value of its kind."""
    for name, field_schema in schema["properties"].items():
        for odd in ODD[_kind(field_schema)]:
            if _is_legal(field_schema, odd):
                continue
            body = {**copy.deepcopy(valid), name: "ODD"}
            if name == "parts":
                body.pop("content", None)
            yield f"{name}={odd[:40]}", json.dumps(body).replace('"ODD"', odd).encode()
        resolved = _resolved(field_schema)
        if "enum" in resolved:
            yield f"{name}=nope", json.dumps({**valid, name: "nope"}).encode()
        if resolved.get("minLength") or name == "content":
            yield f"{name} empty", json.dumps({**valid, name: ""}).encode()


@pytest.mark.parametrize("operation", WITH_BODY, ids=str)
async def test_odd_fields_of_a_body(filled: Filled, operation: Operation) -> None:
    """Too big, not a number, not a character, not of its type, blank, unknown."""
    assert operation.body is not None
    before = await filled.state()
    failures = []
    for case, body in _odd_bodies(filled.valid_body(operation), operation.body):
        reply = await _send(
            filled.console.client, operation.method, filled.path(operation), content=body, headers=JSON_TYPE
        )
        if (complaint := _complaint(reply)) is not None:
            failures.append(f"{case}: {complaint}")
    assert failures == []
    assert await filled.state() == before


@pytest.mark.parametrize("operation", WITH_BODY, ids=str)
async def test_odd_bodies(filled: Filled, operation: Operation) -> None:
    """What is not one JSON object in UTF-8, with each field once and none unknown."""
    before = await filled.state()
    valid = filled.valid_body(operation)
    twice = json.dumps(valid or {"revision": 1})[:-1]
    cases = BODIES | {"the same field twice": f"{twice}, {twice[1:]}}}".encode()}
    if not _takes_any_field(operation):
        cases["unknown beside valid"] = json.dumps({**valid, "no_such_field": None}).encode()
    failures = []
    for case, body in cases.items():
        reply = await _send(
            filled.console.client, operation.method, filled.path(operation), content=body, headers=JSON_TYPE
        )
        if (complaint := _complaint(reply)) is not None:
            failures.append(f"{case}: {complaint}")
    assert failures == []
    assert await filled.state() == before


async def test_bodies_of_another_type_or_size(filled: Filled) -> None:
    """415 and 413, before anything is read."""
    before = await filled.state()
    for operation in WITH_BODY:
        client, target = filled.console.client, filled.path(operation)
        body = json.dumps(filled.valid_body(operation)).encode()
        for content_type in ("text/plain", "application/x-www-form-urlencoded", "application/xml", ""):
            headers = {"Content-Type": content_type}
            reply = await _send(client, operation.method, target, content=body, headers=headers)
            assert _is_refused(reply, 415, "unsupported_media_type"), content_type
        huge = body + b" " * body_limit_bytes(operation.path, 4 * 2**20)
        reply = await _send(client, operation.method, target, content=huge, headers=JSON_TYPE)
        assert _is_refused(reply, 413, "body_too_large")
    assert await filled.state() == before


@pytest.mark.parametrize("operation", WITH_QUERY, ids=str)
async def test_odd_query_fields(filled: Filled, operation: Operation) -> None:
    """The same for what stands in the address, and fields that are not known."""
    before = await filled.state()
    failures = []
    targets = {} if operation.path in IGNORING else {"unknown": "no_such_field=1"}
    for parameter in operation.parameters("query"):
        for odd in ODD_TEXTS[_kind(parameter["schema"])]:
            targets[f"{parameter['name']}={odd[:20]}"] = f"{parameter['name']}={odd}"
        if "enum" in _resolved(parameter["schema"]):
            targets[f"{parameter['name']}=nope"] = f"{parameter['name']}=nope"
    for case, odd in targets.items():
        needed = [pair for pair in filled.query(operation).split("&") if pair.split("=")[0] != odd.split("=")[0]]
        target = f"{filled.path(operation)}?{'&'.join(filter(None, [*needed, odd]))}"
        reply = await _send(filled.console.client, operation.method, target)
        if (complaint := _complaint(reply)) is not None:
            failures.append(f"{case}: {complaint}")
    assert failures == []
    assert await filled.state() == before


# Health checks carry cache busters, and clients of the other dialects whatever they like.
WITHOUT_QUERY = [
    one
    for one in OPERATIONS
    if one not in WITH_QUERY and one.path.startswith("/api/") and not one.path.startswith(("/api/v1/", "/api/health"))
]


async def test_a_query_where_none_is_taken(filled: Filled) -> None:
    """A field that nobody reads is a mistake of the caller's, not a wish that was granted."""
    before = await filled.state()
    failures = []
    for operation in WITHOUT_QUERY:
        body = filled.valid_body(operation) if operation.body is not None else None
        target = f"{filled.path(operation)}?no_such_field=1"
        reply = await _send(filled.console.client, operation.method, target, json=body)
        if not _is_refused(reply, 422, "validation_failed"):
            failures.append(f"{operation}: {reply.status_code} {reply.text[:200]}")
        if await filled.state() != before:
            failures.append(f"{operation} did something")
            before = await filled.state()
    assert failures == []


async def test_odd_ids_in_the_path(filled: Filled) -> None:
    """An id that cannot be is not found, or refused; never an error of ours."""
    before = await filled.state()
    failures = []
    for operation in WITH_PATH:
        body = filled.valid_body(operation) if operation.body is not None else None
        names = [parameter["name"] for parameter in operation.parameters("path")]
        for name, odd in product(names, PATH_IDS):
            target = operation.path.format(**(filled.ids | {name: odd}))
            reply = await _send(filled.console.client, operation.method, target, json=body)
            if (complaint := _complaint(reply)) is not None:
                failures.append(f"{operation} {odd[:40]}: {complaint}")
    assert failures == []
    assert await filled.state() == before


async def test_odd_headers(filled: Filled) -> None:
    """A key that is none, a cursor of any length: refused, or for a cursor at most a snapshot."""
    before = await filled.state()
    for operation in OPERATIONS:
        names = [one["name"] for one in operation.parameters("header") if one["name"].lower() != "accept"]
        body = filled.valid_body(operation) if operation.body is not None else None
        target = f"{filled.path(operation)}?{filled.query(operation)}".rstrip("?")
        for name in names:
            for odd in (b"x" * 300, b"\xff\xfe" * 100, b"a b" * 100):
                headers = {name.encode(): odd}
                reply = await _send(filled.console.client, operation.method, target, json=body, headers=headers)
                if name.lower() == "last-event-id" and reply.status_code in (200, 204):
                    continue
                assert _complaint(reply) is None, f"{operation} {name} {odd!r}"
    assert await filled.state() == before


PAGED = [one for one in WITH_QUERY if any(field["name"] == "cursor" for field in one.parameters("query"))]


async def test_bad_cursors(filled: Filled) -> None:
    """Whatever was not made by this list."""
    for operation in PAGED:
        for cursor in ("x", "W10", "WyJzZXNzaW9ucyJd", "bnVsbA", "x" * 512, "_-_-", "WzEsMl0"):
            reply = await _send(filled.console.client, "GET", f"{filled.path(operation)}?cursor={cursor}")
            assert (reply.status_code, reply.json()["error_code"]) == (422, "bad_cursor"), f"{operation} {cursor}"


async def test_limits_are_1_to_200(filled: Filled) -> None:
    """Both ends are allowed, what lies beyond is refused."""
    for operation in PAGED:
        path = filled.path(operation)
        for limit in ("0", "-1", "201", "x", "1.5", ""):
            reply = await _send(filled.console.client, "GET", f"{path}?limit={limit}")
            assert (reply.status_code, reply.json()["error_code"]) == (422, "validation_failed"), f"{path} {limit}"
        for allowed in (1, 200):
            assert (await _send(filled.console.client, "GET", f"{path}?limit={allowed}")).status_code == 200
