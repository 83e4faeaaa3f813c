"""A fast fake OpenRouter whose answers cost next to nothing to make.

The newest message says what to answer: ``500 events`` come as fast as the socket takes them, 16 in one write;
``250 events at 50/s`` come in one write each. ``GET /stats`` tells how many calls and events there were.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import re
from dataclasses import asdict, dataclass
from itertools import count
from typing import cast

import httptools
import uvloop

from benchmarks import stamp, wire

BLOCK_EVENTS = 16
TICK_S = 0.001

_ORDER = re.compile(rb"(\d+) events(?: at (\d+)/s)?")


@dataclass(slots=True)
class Stats:
    """What was answered since the start."""

    calls: int = 0
    events: int = 0


class Answer:
    """One stream under way: writes its events until none is left or the connection is gone."""

    def __init__(self, transport: asyncio.Transport, answer_id: bytes, events: int, stats: Stats) -> None:
        self._transport = transport
        self._template = wire.token_template(answer_id)
        self._block = self._template * BLOCK_EVENTS
        self._ending = wire.ending(answer_id, events)
        self._left = events
        self._stats = stats
        stats.calls += 1
        transport.write(wire.STREAM_HEAD)

    def write(self, limit: int) -> bool:
        """Write up to ``limit`` events, and the ending after the last; whether more are to come."""
        if self._transport.is_closing():
            return False
        size = min(limit, self._left)
        self._left -= size
        self._stats.events += size
        template = self._block if size == BLOCK_EVENTS else self._template * size
        now_ns = stamp.now_ns()  # each event has its own nanosecond, so that all stamps of an answer differ
        data = template % tuple(range(now_ns, now_ns + size))
        self._transport.write(data if self._left else data + self._ending)
        return self._left > 0


class Wheel:
    """One timer for all paced answers: the slot of a millisecond holds those that are due in it."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._slots: dict[int, list[tuple[Answer, int]]] = {}
        self._turned_to = 0
        self._turning = False

    def add(self, answer: Answer, interval_s: float) -> None:
        """Write one event of ``answer`` now and the others at equal intervals."""
        now = self._now()
        self._write(answer, max(1, round(interval_s / TICK_S)), now)
        if not self._turning:
            self._turning, self._turned_to = True, now
            self._loop.call_later(TICK_S, self._turn)

    def _now(self) -> int:
        return int(self._loop.time() / TICK_S)

    def _write(self, answer: Answer, interval: int, slot: int) -> None:
        if answer.write(1):
            self._slots.setdefault(slot + interval, []).append((answer, interval))

    def _turn(self) -> None:
        now = self._now()
        while self._turned_to < now:
            self._turned_to += 1
            for answer, interval in self._slots.pop(self._turned_to, ()):
                self._write(answer, interval, self._turned_to)
        self._turning = bool(self._slots)
        if self._turning:
            self._loop.call_later(TICK_S, self._turn)


class Connection(asyncio.Protocol):
    """One connection of the server under test, kept alive over any number of requests."""

    _serials = count(1)

    def __init__(self, wheel: Wheel, stats: Stats) -> None:
        self._wheel = wheel
        self._stats = stats
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpRequestParser(self)
        self._path = b""
        self._body: list[bytes] = []
        self._full = False
        self._waiting: Answer | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Parse; a malformed request closes the connection."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._transport.close()

    def pause_writing(self) -> None:
        """The peer reads more slowly than we write: hold the burst."""
        self._full = True

    def resume_writing(self) -> None:
        """Go on with the burst that was held."""
        self._full = False
        if self._waiting is not None:
            answer, self._waiting = self._waiting, None
            self._burst(answer)

    def on_url(self, url: bytes) -> None:
        """Begin a request."""
        self._path = url.partition(b"?")[0]
        self._body.clear()

    def on_body(self, body: bytes) -> None:
        """Collect the body."""
        self._body.append(body)

    def on_message_complete(self) -> None:
        """Answer."""
        if self._path.endswith(b"/chat/completions"):
            self._complete(b"".join(self._body))
        elif self._path.endswith(b"/models"):
            self._transport.write(wire.json_response(b"200 OK", wire.MODELS))
        elif self._path == b"/stats":
            self._transport.write(wire.json_response(b"200 OK", asdict(self._stats)))
        else:
            self._refuse(404, b"Not Found", "No such path")

    def _complete(self, body: bytes) -> None:
        orders = _ORDER.findall(body)
        if not orders or b'"stream":false' in body:
            self._refuse(400, b"Bad Request", "Ask for a stream of `N events` or `N events at R/s`")
            return
        events, rate = orders[-1]
        answer_id = b"gen-1767225600-%020d" % next(self._serials)
        answer = Answer(self._transport, answer_id, int(events), self._stats)
        if rate:
            self._wheel.add(answer, 1 / int(rate))
        else:
            self._burst(answer)

    def _burst(self, answer: Answer) -> None:
        if not answer.write(BLOCK_EVENTS):
            return
        if self._full:
            self._waiting = answer
        else:
            self._loop.call_soon(self._burst, answer)

    def _refuse(self, code: int, reason: bytes, message: str) -> None:
        error = {"error": {"code": code, "message": message}}
        self._transport.write(wire.json_response(b"%d %s" % (code, reason), error))


async def serve(port: int) -> None:
    """Serve on loopback until cancelled; one line on standard output says where."""
    wheel, stats = Wheel(), Stats()
    server = await asyncio.get_running_loop().create_server(
        lambda: Connection(wheel, stats), "127.0.0.1", port, backlog=2048
    )
    async with server:
        bound = server.sockets[0].getsockname()[1]
        print(f"Ready: http://127.0.0.1:{bound}/api/v1", flush=True)
        await server.serve_forever()


def main() -> None:
    """Run as a program."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--port", type=int, default=0)
    gc.disable()  # its pauses would be read as the server's latency; reference counts free all there is
    with contextlib.suppress(KeyboardInterrupt):
        uvloop.run(serve(parser.parse_args().port))


if __name__ == "__main__":
    main()
