"""The stream that readers get: what it sends, how it waits, and what ends it. All of it in virtual time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, MutableMapping
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.sse import HEARTBEAT, HEARTBEAT_S, SEND_TIMEOUT_S, EventStream, sse_data
from app.core.sse_decoder import SseDecoder
from tests.core import virtual_time
from tests.core.properties import SOME

Message = MutableMapping[str, Any]


class Tap:
    """A source that the test fills."""

    def __init__(self, *ready: bytes) -> None:
        self.ended = False
        self.wakes: list[Callable[[], None]] = []
        self._ready = b"".join(ready)

    def give(self, data: bytes = b"", *, end: bool = False) -> None:
        self._ready += data
        self.ended = self.ended or end
        for wake in tuple(self.wakes):
            wake()

    def take(self) -> bytes:
        taken, self._ready = self._ready, b""
        return taken

    def attach(self, wake: Callable[[], None]) -> None:
        self.wakes.append(wake)

    def detach(self, wake: Callable[[], None]) -> None:
        self.wakes.remove(wake)


class Client:
    """The server's side of one connection. It reads at once unless ``stuck``."""

    def __init__(self) -> None:
        self.messages: list[tuple[float, Message]] = []
        self.leaves = asyncio.Event()
        self.reads = asyncio.Event()
        self.reads.set()

    async def receive(self) -> Message:
        await self.leaves.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        self.messages.append((asyncio.get_running_loop().time() - 1000, message))
        await self.reads.wait()

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for _, message in self.messages)

    @property
    def sent(self) -> list[tuple[float, bytes]]:
        return [(at_s, message["body"]) for at_s, message in self.messages if message.get("body")]

    @property
    def finished(self) -> bool:
        """Whether the response came to a proper end."""
        return self.messages[-1][1].get("more_body") is False


def serve(tap: Tap, client: Client) -> asyncio.Task[None]:
    return asyncio.create_task(EventStream(tap)({"type": "http"}, client.receive, client.send))


def test_all_bytes_are_sent_in_order_to_a_proper_end() -> None:
    """Bytes there before, bytes that come, the end; then the source is let go."""

    async def main() -> None:
        tap, client = Tap(b"a"), Client()
        serving = serve(tap, client)
        for piece in (b"b", b"", b"c"):
            await virtual_time.passes(1)
            tap.give(piece)
        tap.give(b"d", end=True)
        await serving
        assert client.body == b"abcd"
        assert client.finished
        assert tap.wakes == []

    virtual_time.run(main())


def test_bytes_that_come_with_the_end_are_sent() -> None:
    """Whatever the source has when it ends still goes out."""

    async def main() -> None:
        tap, client = Tap(b"all"), Client()
        tap.ended = True
        await serve(tap, client)
        assert client.body == b"all"
        assert client.finished

    virtual_time.run(main())


def test_headers_keep_proxies_from_holding_back() -> None:
    """Not cached, not buffered, with what the route adds."""

    async def main() -> None:
        tap, client = Tap(), Client()
        tap.ended = True
        await EventStream(tap, {"x-generation-id": "g"})({"type": "http"}, client.receive, client.send)
        _, start = client.messages[0]
        assert start["status"] == 200
        assert dict(start["headers"]) == {
            b"content-type": b"text/event-stream; charset=utf-8",
            b"cache-control": b"no-cache",
            b"x-accel-buffering": b"no",
            b"x-generation-id": b"g",
        }

    virtual_time.run(main())


def test_a_comment_is_sent_after_each_15_s_of_silence() -> None:
    """The pause counts from the last bytes, whatever they were."""

    async def main() -> None:
        tap, client = Tap(), Client()
        serving = serve(tap, client)
        await virtual_time.passes(10)
        tap.give(b"x")
        await virtual_time.passes(2.5 * HEARTBEAT_S)
        tap.give(end=True)
        await serving
        sent = [(round(at_s, 3), body) for at_s, body in client.sent]
        assert sent == [(10, b"x"), (10 + HEARTBEAT_S, HEARTBEAT), (10 + 2 * HEARTBEAT_S, HEARTBEAT)]

    virtual_time.run(main())


def test_a_busy_stream_has_no_comments() -> None:
    async def main() -> None:
        tap, client = Tap(), Client()
        serving = serve(tap, client)
        for _ in range(20):
            await virtual_time.passes(HEARTBEAT_S * 0.9)
            tap.give(b"x")
        tap.give(end=True)
        await serving
        assert client.body == b"x" * 20

    virtual_time.run(main())


def test_a_comment_is_no_event() -> None:
    """A client that decodes it sees nothing."""
    assert SseDecoder().feed(HEARTBEAT) == []


@pytest.mark.parametrize("begins_s", [0.0, 1.0, 14.0, 29.5])
def test_a_client_that_does_not_read_is_dropped(begins_s: float) -> None:
    """Between 30 and 45 s after the send got stuck; without an end, so that the server closes the connection."""

    async def main() -> None:
        tap, client = Tap(), Client()
        serving = serve(tap, client)
        await virtual_time.passes(begins_s)
        client.reads.clear()
        tap.give(b"x")
        began_s = asyncio.get_running_loop().time()
        await serving
        took_s = asyncio.get_running_loop().time() - began_s
        assert SEND_TIMEOUT_S <= took_s <= SEND_TIMEOUT_S + HEARTBEAT_S
        assert not client.finished
        assert tap.wakes == []
        assert serving.cancelling() == 0

    virtual_time.run(main())


def test_a_slow_client_is_not_dropped() -> None:
    """A send that takes 29 s is only slow, and the next one has its own 30."""

    async def main() -> None:
        tap, client = Tap(), Client()
        serving = serve(tap, client)
        await virtual_time.passes(1)
        for _ in range(4):
            client.reads.clear()
            tap.give(b"x")
            await virtual_time.passes(29)
            client.reads.set()
            await virtual_time.passes(0.1)
        tap.give(end=True)
        await serving
        assert client.body.replace(HEARTBEAT, b"") == b"xxxx"
        assert client.finished

    virtual_time.run(main())


def test_a_client_that_leaves_ends_its_stream() -> None:
    """At once while it waits; nothing more is sent and the source is let go."""

    async def main() -> None:
        tap, client = Tap(b"x"), Client()
        serving = serve(tap, client)
        await virtual_time.passes(1)
        client.leaves.set()
        await serving
        assert client.body == b"x"
        assert not client.finished
        assert tap.wakes == []

    virtual_time.run(main())


def test_a_client_that_leaves_during_a_send_ends_its_stream() -> None:
    async def main() -> None:
        tap, client = Tap(b"x"), Client()
        client.reads.clear()
        serving = serve(tap, client)
        await virtual_time.passes(1)
        client.leaves.set()
        client.reads.set()
        await serving
        assert not client.finished
        assert tap.wakes == []

    virtual_time.run(main())


def test_a_server_that_cancels_the_request_is_obeyed() -> None:
    """Cancellation from outside is not swallowed, and lets the source go too."""

    async def main() -> None:
        tap, client = Tap(), Client()
        serving = serve(tap, client)
        await virtual_time.passes(1)
        serving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await serving
        assert tap.wakes == []

    virtual_time.run(main())


def test_a_send_that_fails_lets_the_source_go() -> None:
    """The server's error goes up as it is."""

    async def main() -> None:
        tap, client = Tap(b"x"), Client()

        async def broken(message: Message) -> None:
            if message["type"] == "http.response.body":
                raise OSError("broken pipe")

        with pytest.raises(OSError, match="broken pipe"):
            await EventStream(tap)({"type": "http"}, client.receive, broken)
        assert tap.wakes == []

    virtual_time.run(main())


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@SOME
@given(VALUES, st.sampled_from(["token", "done"]), st.none() | st.just("g-1:7"))
def test_a_frame_reads_back(data: Any, event: str, frame_id: str | None) -> None:
    """Any JSON value, line breaks included, is one event."""
    (read,) = SseDecoder().feed(sse_data(data, event, frame_id))
    assert (json.loads(read.data), read.event, read.id) == (data, event, frame_id or "")


def test_money_in_a_frame_is_exact() -> None:
    (read,) = SseDecoder().feed(sse_data({"cost_usd": Decimal("0.123456789012")}, "usage"))
    assert read.data == b'{"cost_usd":0.123456789012}'
