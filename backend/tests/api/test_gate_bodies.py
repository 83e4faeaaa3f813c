"""What the gate lets a request carry: one media type, a bounded number of bytes."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import replace

import pytest
from starlette.types import Message, Receive, Scope

from app.api.patience import BYTES_PER_S, within
from tests.api.gate_console import DATA, Console, Reply


@pytest.fixture
def console() -> Console:
    return Console()


# Bodies


def with_body(content_type: str | None, length: int) -> dict[str, str]:
    headers = {"content-length": str(length)}
    return headers if content_type is None else {**headers, "content-type": content_type}


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "text/plain",
        "text/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonp",
        "application/json, text/plain",
        "application/json; charset=utf-16",
        "text/plain; application/json",
        "application/json\xff",
    ],
)
async def test_a_body_that_is_not_json_is_415(console: Console, method: str, content_type: str | None) -> None:
    """The types a page can send without a preflight, and none at all."""
    reply = await console.ask(headers=with_body(content_type, 2), method=method, body=[b"{}"])
    assert (reply.status, reply.code) == (415, "unsupported_media_type")
    chunked = {name: value for name, value in with_body(content_type, 2).items() if name != "content-length"}
    reply = await console.ask(headers={**chunked, "transfer-encoding": "chunked"}, method=method, body=[b"{}"])
    assert reply.status == 415
    assert console.reached == []


async def test_two_content_types_are_415(console: Console) -> None:
    """Even two of the right ones."""
    headers = [("content-length", "2"), ("content-type", "application/json"), ("content-type", "application/json")]
    assert (await console.ask(headers=headers, method="POST", body=[b"{}"])).status == 415


@pytest.mark.parametrize("encoding", ["gzip", "br", "zstd", "identity, gzip", "", "GZIP"])
@pytest.mark.parametrize("path", [DATA, "/api/profiles/import"])
async def test_a_compressed_body_is_415(console: Console, encoding: str, path: str) -> None:
    """Not read as if it were plain, and not unpacked: its size would say nothing of what it holds."""
    for content_type in ("application/json", "multipart/form-data; boundary=x"):
        headers = {**with_body(content_type, 2), "content-encoding": encoding}
        reply = await console.ask(path, headers, method="POST", body=[b"{}"])
        assert (reply.status, reply.code) == (415, "unsupported_media_type")
    assert console.reached == []


async def test_identity_is_no_encoding(console: Console) -> None:
    """Some clients say it."""
    headers = {**with_body("application/json", 2), "content-encoding": "Identity"}
    assert (await console.ask(headers=headers, method="POST", body=[b"{}"])).status == 200


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "Application/JSON", "application/json;charset=UTF-8", 'application/json; charset="utf-8"'],
)
async def test_json_reaches_the_route_unchanged(console: Console, content_type: str) -> None:
    """In as many pieces as it came; without a body no type is needed."""
    assert (await console.ask(headers=with_body(content_type, 8), method="POST", body=[b'{"a"', b": 1}"])).status == 200
    assert console.bodies == [b'{"a": 1}']
    assert (await console.ask(method="POST")).status == 200
    assert (await console.ask(method="POST", headers={"content-length": "0"})).status == 200


async def test_multipart_is_for_uploads_only(console: Console) -> None:
    """A page can send it without a preflight, so one more path is one more risk."""
    headers = with_body("multipart/form-data; boundary=x", 2)
    assert (await console.ask("/api/profiles/import", headers, method="POST", body=[b"--"])).status == 200
    assert (await console.ask("/api/documents", headers, method="POST", body=[b"--"])).status == 415


async def test_the_body_is_counted_not_believed(console: Console) -> None:
    """A declared length is refused before a byte is read, an undeclared one at the first byte too many."""
    console.policy = replace(console.policy, body_limit_bytes=100)
    typed = {"content-type": "application/json"}
    chunked = {**typed, "transfer-encoding": "chunked"}
    for headers, body in (
        (with_body("application/json", 101), []),
        ({**typed, "content-length": "9" * 5000}, []),
        (chunked, [b"x" * 60, b"x" * 41, b"never read"]),
        ({**typed, "content-length": "5"}, [b"x" * 101]),
    ):
        reply = await console.ask(headers=headers, method="POST", body=body)
        assert (reply.status, reply.code) == (413, "body_too_large")
        assert json.loads(reply.body)["details"]["limit_bytes"] == 100
    assert console.reached == []
    assert (await console.ask(headers=chunked, method="POST", body=[b"x" * 60, b"x" * 40])).status == 200


async def test_the_default_limit_is_4_mib(console: Console) -> None:
    """A little more than the longest message the store takes."""
    headers = {"content-type": "application/json", "transfer-encoding": "chunked"}
    piece = b"x" * 2**20
    assert (await console.ask(headers=headers, method="POST", body=[piece] * 4)).status == 200
    assert (await console.ask(headers=headers, method="POST", body=[piece] * 4 + [b"x"])).status == 413


@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        (DATA, "application/json"),
        ("/v1/chat/completions", "application/json"),
        ("/api/profiles/import", "multipart/form-data; boundary=x"),
        ("/api/admin/restore", "multipart/form-data; boundary=x"),
    ],
)
@pytest.mark.parametrize("pieces", [0, 1, 3])
async def test_a_body_that_stalls_is_408(console: Console, path: str, content_type: str, pieces: int) -> None:
    """Before its first byte or after some, read whole or as it comes; the connection is not kept."""
    console.policy = replace(console.policy, body_wait_s=0.05)
    incoming: list[Message] = [{"type": "http.request", "body": b"--", "more_body": True}] * pieces

    async def receive() -> Message:
        if not incoming:
            await asyncio.Event().wait()
        return incoming.pop()

    reply = await sent_in_pieces(console, path, content_type, receive)
    assert (reply.status, reply.headers["connection"]) == (408, "close")
    assert b"request_timeout" in reply.body
    assert console.bodies == []


BODIES = pytest.mark.parametrize(
    ("path", "content_type"),
    [
        (DATA, "application/json"),
        ("/api/stream", "application/json"),
        ("/api/profiles/import", "multipart/form-data; boundary=x"),
        ("/api/admin/restore", "multipart/form-data; boundary=x"),
    ],
)


@BODIES
async def test_a_body_that_trickles_in_is_408(console: Console, path: str, content_type: str) -> None:
    """A byte now and then renews nothing: all of it has half a minute, and a second for each 64 KiB."""
    pieces = 0

    async def receive() -> Message:
        nonlocal pieces
        pieces += 1
        console.now_s += 10
        assert pieces < 10
        return {"type": "http.request", "body": b"-", "more_body": True}

    assert (await sent_in_pieces(console, path, content_type, receive)).status == 408
    assert pieces == 4
    assert console.bodies == []


@BODIES
async def test_a_large_body_has_time_in_proportion(console: Console, path: str, content_type: str) -> None:
    """As slow as is allowed, it takes as long as it takes."""
    sizes = [1, *[BYTES_PER_S] * 60]

    async def receive() -> Message:
        size = sizes.pop()
        console.now_s += 1 if size > 1 else 25
        return {"type": "http.request", "body": b"-" * size, "more_body": bool(sizes)}

    assert (await sent_in_pieces(console, path, content_type, receive)).status == 200


async def test_the_time_of_its_reader_is_not_the_client_s(console: Console) -> None:
    """A file is written to the disk between two pieces."""
    now_s = [0.0]

    async def receive() -> Message:
        return {"type": "http.request", "body": b"-", "more_body": True}

    arriving = within(receive, 1, lambda: now_s[0])
    for _ in range(10):
        await arriving()
        now_s[0] += 10


@pytest.mark.parametrize(
    ("method", "path"),
    [
        *(
            ("POST", "/api/health"),
            ("GET", "/api/health"),
            ("POST", "/"),
            ("POST", "/app/chat/1"),
            ("PUT", "/assets/a.js"),
        ),
        *(("PUT", DATA), ("POST", "/api/nothing"), ("POST", "/v1/nothing"), ("DELETE", "/nothing")),
    ],
)
async def test_a_body_that_no_route_takes_is_not_read(console: Console, method: str, path: str) -> None:
    """On paths that are open to everybody it would lie in memory for as long as its sender likes."""

    async def receive() -> Message:
        pytest.fail("a piece was taken")

    await sent_in_pieces(console, path, "application/json", receive, method)
    assert console.bodies == [b""]


@pytest.mark.parametrize("path", [DATA, "/api/admin/restore", "/v1/chat/completions", "/api/nothing"])
async def test_no_body_is_read_before_its_token(console: Console, path: str) -> None:
    """Whoever may not ask may not fill the memory either."""
    console.policy = replace(console.policy, auth="token")

    async def receive() -> Message:
        pytest.fail("a piece was taken")

    assert (await sent_in_pieces(console, path, "application/json", receive)).status == 401


async def sent_in_pieces(
    console: Console, path: str, content_type: str, receive: Receive, method: str = "POST"
) -> Reply:
    """The answer to a body that comes as ``receive`` gives it."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    headers = {"host": "localhost", "content-type": content_type, "transfer-encoding": "chunked"}
    scope: Scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 1),
    }
    async with asyncio.timeout(5):
        await console.app(scope, receive, send)
    told = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return Reply(sent[0]["status"], told, sent[1]["body"])


async def test_a_slow_body_is_waited_for_and_so_is_the_answer(console: Console) -> None:
    """Each piece has the whole time; once the body is there nothing is limited any more."""
    left = asyncio.Event()
    incoming: list[Message] = [
        {"type": "http.request", "body": b"x", "more_body": more} for more in (False, True, True)
    ]

    async def receive() -> Message:
        await asyncio.sleep(0)
        if not incoming:
            await left.wait()
            return {"type": "http.disconnect"}
        return incoming.pop()

    arriving = within(receive, 0.05, time.monotonic)
    assert [(await arriving())["more_body"] for _ in range(3)] == [True, True, False]
    leaving = asyncio.ensure_future(arriving())
    done, _ = await asyncio.wait({leaving}, timeout=0.2)
    assert not done
    left.set()
    assert (await leaving)["type"] == "http.disconnect"


async def test_a_client_that_leaves_in_mid_body_reaches_nothing(console: Console) -> None:
    """Half a request is no request, and nobody is left to answer."""
    scope: Scope = {
        "type": "http",
        "method": "POST",
        "path": DATA,
        "headers": [(b"host", b"localhost"), (b"content-type", b"application/json"), (b"content-length", b"9")],
        "client": ("127.0.0.1", 1),
    }
    incoming: list[Message] = [{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}]

    async def receive() -> Message:
        return incoming.pop(0)

    async def send(message: Message) -> None:
        pytest.fail(f"answered {message}")

    await console.app(scope, receive, send)
    assert console.reached == []
