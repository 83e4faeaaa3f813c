"""Providers that send without measure: the process stays small, each answer has a typed end, the next one is whole."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.harness import ConsoleProcess, soon
from tests.services.raw_provider import STREAM_HEAD, Exchange, RawProvider, chunked, event, reply

MOST_GROWTH_BYTES = 64 * 2**20
PATIENCE_S = 1
"""The console's own limit on an answer, for providers that never stop."""
MB = 2**20
CHUNKED = STREAM_HEAD + b"Transfer-Encoding: chunked\r\n\r\n"

Play = Callable[[Exchange], Awaitable[None]]


def once(*pieces: bytes, head: bytes = CHUNKED) -> Play:
    """These pieces, then the end of the body."""

    async def play(exchange: Exchange) -> None:
        await exchange.send(head + chunked(*pieces) + b"0\r\n\r\n")

    return play


def endless(piece: bytes, *, head: bytes = CHUNKED, first: bytes = b"") -> Play:
    """The same piece for ever."""

    async def play(exchange: Exchange) -> None:
        await exchange.send(head + first)
        block = chunked(piece * (65536 // len(piece) + 1))
        while True:
            await exchange.send(block)

    return play


def head_of(status: str = "200 OK", content_type: str = "application/json", extra: str = "") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\n{extra}Transfer-Encoding: chunked\r\n\r\n"
    return head.encode()


def bomb(wbits: int) -> bytes:
    """A hundred megabytes of zeros in a hundred kilobytes."""
    packer = zlib.compressobj(9, wbits=wbits)
    return b"".join([*(packer.compress(bytes(MB)) for _ in range(100)), packer.flush()])


def delta(fields: str) -> bytes:
    return b'data: {"id":"gen-1","choices":[{"index":0,"delta":{%s}}]}\n\n' % fields.encode()


def image(data: str) -> str:
    return f'"content":"","images":[{{"type":"image_url","image_url":{{"url":"data:image/png;base64,{data}"}}}}]'


def call(arguments: str) -> str:
    return f'"tool_calls":[{{"index":0,"id":"c","function":{{"name":"f","arguments":"{arguments}"}}}}]'


def citation(text: str) -> str:
    return (
        f'"annotations":[{{"type":"url_citation","url_citation":{{"url":"https://example.org","content":"{text}"}}}}]'
    )


def thought(text: str) -> str:
    return f'"reasoning":"{text}","reasoning_details":[{{"type":"reasoning.text","text":"{text}","index":0}}]'


def numbers(size_bytes: int) -> str:
    return f"[{','.join(['0.25'] * (size_bytes // 5))}]"


GZIP, DEFLATE = 31, 15
BY_GZIP = "Content-Encoding: gzip\r\n"
DONE = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'

WHOLE: frozenset[str | None] = frozenset({None})
TOO_MUCH: frozenset[str | None] = frozenset({"upstream_garbage"})
TOO_LONG: frozenset[str | None] = frozenset({"upstream_timeout"})
TOO_MUCH_OR_LONG = TOO_MUCH | TOO_LONG
"""Whichever comes first on this machine."""
REFUSED: frozenset[str | None] = frozenset({"upstream_error"})
DOWN: frozenset[str | None] = frozenset({"upstream_unavailable"})

HOSTILE: dict[str, tuple[Callable[[], Play], frozenset[str | None]]] = {
    "5 MB of text in one event": (lambda: once(event("x" * 5 * MB), DONE), TOO_MUCH),
    "5 MB of wide text in one event": (lambda: once(event("漢" * (5 * MB // 3)), DONE), TOO_MUCH),
    "5 MB of emoji in one event": (lambda: once(event("😀" * (5 * MB // 4)), DONE), WHOLE),
    "5 MB of escapes in one event": (lambda: once(event("\\u6f22" * (5 * MB // 6)), DONE), WHOLE),
    "5 MB of image in one event": (lambda: once(event("a"), delta(image("A" * 5 * MB)), DONE), WHOLE),
    "5 MB of a tool call's arguments": (lambda: once(delta(call("x" * 5 * MB)), DONE), TOO_MUCH),
    "5 MB of empty choices": (
        lambda: once(b'data: {"choices":[' + b"{}," * (5 * MB // 3) + b"{}]}\n\n", DONE),
        TOO_MUCH,
    ),
    "5 MB of empty details": (
        lambda: once(delta('"reasoning_details":[' + "{}," * (5 * MB // 3) + "{}]"), DONE),
        TOO_MUCH,
    ),
    "5 MB of numbers": (lambda: once(delta(f'"content":"a","audio":{{"x":{numbers(5 * MB)}}}'), DONE), TOO_MUCH),
    "1 MB of usage": (
        lambda: once(event("a"), b'data: {"usage":{"total_tokens":1,"x":%s}}\n\n' % numbers(MB).encode(), DONE),
        WHOLE,
    ),
    "5 MB of opened brackets": (lambda: once(b"data: " + b"[" * 5 * MB + b"\n\n", DONE), TOO_MUCH),
    "17 MB in one event": (lambda: once(event("a"), b"data: " + b"x" * 17 * MB), TOO_MUCH),
    "an event without end": (lambda: endless(b"x", first=chunked(b"data: ")), TOO_MUCH),
    "a comment without end": (lambda: endless(b"x", first=chunked(b": ")), TOO_MUCH),
    "comments without end": (lambda: endless(b": OPENROUTER PROCESSING\n\n"), TOO_LONG),
    "empty lines without end": (lambda: endless(b"\n"), TOO_LONG),
    "empty events without end": (lambda: endless(b"data:\n\n"), TOO_LONG),
    "empty chunks without end": (lambda: endless(b'data: {"choices":[]}\n\n'), TOO_LONG),
    "text without end": (lambda: endless(event("lorem ipsum " * 9)), TOO_MUCH_OR_LONG),
    "wide text without end": (lambda: endless(event("漢字" * 99)), TOO_MUCH_OR_LONG),
    "reasoning without end": (lambda: endless(delta(thought("thinking "))), TOO_MUCH_OR_LONG),
    "arguments without end": (lambda: endless(delta(call("y" * 2000))), TOO_MUCH_OR_LONG),
    "citations without end": (lambda: endless(delta(citation("z" * 50_000))), TOO_MUCH_OR_LONG),
    "images without end": (lambda: endless(delta(image("A" * MB))), TOO_MUCH_OR_LONG),
    "bad UTF-8 without end": (lambda: endless(event("a").replace(b'"a"', b'"\xff\xfe"')), TOO_MUCH_OR_LONG),
    "bytes without end": (lambda: endless(bytes(range(256))), TOO_MUCH_OR_LONG),
    "white space before JSON without end": (lambda: endless(b"\n         \n", head=head_of()), TOO_MUCH_OR_LONG),
    "a page without end": (lambda: endless(b"<p>Just a moment", head=head_of(content_type="text/html")), TOO_MUCH),
    "an error page without end": (
        lambda: endless(b"<p>Bad gateway", head=head_of("502 Bad Gateway", "text/html")),
        DOWN,
    ),
    "an error without end": (lambda: endless(b'{"error":', head=head_of("400 Bad Request")), REFUSED),
    "a redirect without end": (
        lambda: endless(b"x", head=head_of("302 Found", extra="Location: http://127.0.0.1:9/\r\n")),
        REFUSED,
    ),
    "a gzip bomb as a stream": (
        lambda: once(bomb(GZIP), head=head_of(content_type="text/event-stream", extra=BY_GZIP)),
        TOO_MUCH,
    ),
    "a gzip bomb as JSON": (lambda: once(bomb(GZIP), head=head_of(extra=BY_GZIP)), TOO_MUCH),
    "a deflate bomb under an error": (
        lambda: once(bomb(DEFLATE), head=head_of("500 Oops", extra="Content-Encoding: deflate\r\n")),
        DOWN,
    ),
    "headers without end": (lambda: endless(b"X: y\r\n", head=b"HTTP/1.1 200 OK\r\n"), TOO_MUCH),
    "a chunk header without end": (lambda: endless(b"f", first=b"5;"), TOO_MUCH_OR_LONG | {"upstream_truncated"}),
}


class Memory:
    """The resident size of a process."""

    def __init__(self, pid: int) -> None:
        self._status, self._clear = Path(f"/proc/{pid}/status"), Path(f"/proc/{pid}/clear_refs")

    @property
    def now_bytes(self) -> int:
        return self._read("VmRSS")

    @property
    def peak_bytes(self) -> int:
        """The largest since ``forget_peak``."""
        return self._read("VmHWM")

    def forget_peak(self) -> None:
        self._clear.write_text("5")

    def _read(self, name: str) -> int:
        (line,) = [line for line in self._status.read_text().splitlines() if line.startswith(f"{name}:")]
        return int(line.split()[1]) * 1024


@pytest.mark.skipif(sys.platform != "linux", reason="the peak of a process is read from /proc")
async def test_no_provider_makes_the_console_grow_or_fail(data: Path) -> None:
    """One process meets all of them, each with a reader on its answer; in the end it is about as large as before."""
    hostile: Play | None = None

    async def play(exchange: Exchange) -> None:
        if b"POST /api/v1/chat/completions" not in exchange.head:
            await exchange.send(reply(b'{"data":[]}' if b"/models" in exchange.head else b"{}"))
        elif hostile is None:
            await exchange.send(CHUNKED + chunked(event("all "), event("well"), DONE) + b"0\r\n\r\n")
        else:
            await hostile(exchange)

    variables = {"CONSOLE_API_TIMEOUT": str(PATIENCE_S)}
    async with (
        RawProvider(play) as provider,
        ConsoleProcess(data, upstream=provider.base_url, variables=variables) as process,
    ):
        await process.start()
        async with process.client() as client:
            assert (await soon(client.answer("warm up"))).text == "all well"
            memory = Memory(process.pid)
            at_first_bytes = memory.now_bytes
            wrong: dict[str, object] = {}
            for name, (make, expected) in HOSTILE.items():
                hostile = make()
                memory.forget_peak()
                before_bytes = memory.now_bytes
                transcript = await soon(client.answer(name))
                growth_bytes = memory.peak_bytes - before_bytes
                code = next((frame.data["error_code"] for frame in transcript.frames if frame.event == "error"), None)
                if growth_bytes > MOST_GROWTH_BYTES or code not in expected:
                    wrong[name] = (transcript.status, code, f"{growth_bytes // MB} MB")
                hostile = None
                assert (await soon(client.answer("and now"))).text == "all well", name
            kept_bytes = memory.now_bytes - at_first_bytes
    assert wrong == {}
    assert kept_bytes < MOST_GROWTH_BYTES
