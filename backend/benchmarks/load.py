"""A load client: opens streams, counts the stamped contents in whatever comes back, and how long each was under way.

As a program it puts one load on one URL and prints what it saw:
``python -m benchmarks.load http://127.0.0.1:4000/api/stream --streams 200 --prompt "500 events" --events 500``
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
import uuid
from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import urlsplit

import httptools
import uvloop

from benchmarks import stamp, wire


@dataclass(frozen=True, slots=True)
class Load:
    """``streams`` requests for ``prompt``, each answered by ``events`` stamps; ``at_once`` are open at a time.

    The first ones start evenly over ``ramp_s``; what has not ended after ``limit_s`` has failed.
    """

    prompt: str
    events: int
    streams: int
    at_once: int
    ramp_s: float = 0.0
    limit_s: float = 90.0


@dataclass(slots=True)
class Outcome:
    """What the client saw; delays are those of the single events, in milliseconds."""

    events: int = 0
    wall_s: float = 0.0
    delays_ms: array[float] = field(default_factory=lambda: array("d"))
    first_event_ms: array[float] = field(default_factory=lambda: array("d"))
    failures: Counter[str] = field(default_factory=Counter)

    @property
    def failed(self) -> int:
        """Streams that were refused, cut off, too late, or had not exactly the events asked for."""
        return self.failures.total()


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which ``share`` of ``values`` lie; NaN of none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


class Stream(asyncio.Protocol):
    """One request on a connection of its own; ``ended`` resolves to the reason of its failure, or to None."""

    def __init__(self, request: bytes, events: int, outcome: Outcome) -> None:
        self._request = request
        self._expected = events
        self._outcome = outcome
        self._parser = httptools.HttpResponseParser(self)
        self._seen = 0
        self._tail = b""
        self._began_ns = stamp.now_ns()
        self.ended: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the request."""
        cast("asyncio.Transport", transport).write(self._request)

    def data_received(self, data: bytes) -> None:
        """Take the body out of its HTTP chunks."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._end(f"not HTTP: {error}")

    def connection_lost(self, exc: Exception | None) -> None:
        """A connection that is lost before the answer's end is a failure."""
        self._end("connection lost")

    def on_body(self, body: bytes) -> None:
        """Count the stamps; one may lie across two bodies."""
        data = self._tail + body
        end = 0
        for match in stamp.PATTERN.finditer(data):
            self._outcome.delays_ms.append(stamp.age_ms(int(match[1])))
            end = match.end()
            self._seen += 1
            if self._seen == 1:
                self._outcome.first_event_ms.append(stamp.age_ms(self._began_ns))
        self._tail = data[max(end, len(data) - stamp.WIDTH_BYTES + 1) :]

    def on_message_complete(self) -> None:
        """Judge the answer."""
        self._outcome.events += self._seen
        status = self._parser.get_status_code()
        if status != 200:
            self._end(f"HTTP {status}")
        elif self._seen != self._expected:
            self._end(f"{self._seen} of {self._expected} events")
        else:
            self._end(None)

    def _end(self, failure: str | None) -> None:
        if not self.ended.done():
            self.ended.set_result(failure)


async def run(url: str, load: Load) -> Outcome:
    """Put ``load`` on the POST route at ``url``; every connection is closed on return."""
    outcome = Outcome()
    began = time.monotonic()
    deadline = asyncio.get_running_loop().time() + load.limit_s
    left = iter(range(load.streams))

    async def work(delay_s: float) -> None:
        await asyncio.sleep(delay_s)
        for _ in left:
            if failure := await _one(url, load, outcome, deadline):
                outcome.failures[failure] += 1

    delays = (index * load.ramp_s / load.at_once for index in range(load.at_once))
    await asyncio.gather(*(work(delay_s) for delay_s in delays))
    outcome.wall_s = time.monotonic() - began
    return outcome


async def _one(url: str, load: Load, outcome: Outcome, deadline: float) -> str | None:
    parts = urlsplit(url)
    stream = Stream(_request(url, load.prompt), load.events, outcome)
    try:
        async with asyncio.timeout_at(deadline):
            transport, _ = await asyncio.get_running_loop().create_connection(
                lambda: stream, parts.hostname or "127.0.0.1", parts.port or 80
            )
            try:
                return await stream.ended
            finally:
                transport.abort()
    except TimeoutError:
        return "not ended in time"
    except OSError as error:
        return type(error).__name__


def _request(url: str, prompt: str) -> bytes:
    parts = urlsplit(url)
    body = json.dumps({"content": prompt, "model": wire.MODEL, "request_id": uuid.uuid4().hex})
    return (
        f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nAccept: text/event-stream\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


def main() -> None:
    """Run as a program."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("url")
    parser.add_argument("--prompt", required=True)
    parser.add_argument("--events", type=int, required=True, help="stamps expected in each answer")
    parser.add_argument("--streams", type=int, required=True)
    parser.add_argument("--at-once", type=int, help="default: all")
    parser.add_argument("--ramp-s", type=float, default=0.0)
    args = parser.parse_args()
    load = Load(args.prompt, args.events, args.streams, args.at_once or args.streams, args.ramp_s)
    outcome = uvloop.run(run(args.url, load))
    print(f"{outcome.events} events in {outcome.wall_s:.2f} s, {outcome.events / outcome.wall_s:,.0f} per second")
    print(
        f"delay p50 {quantile(outcome.delays_ms, 0.5):.2f} ms, p99 {quantile(outcome.delays_ms, 0.99):.2f} ms, "
        f"first event p50 {quantile(outcome.first_event_ms, 0.5):.2f} ms"
    )
    print(f"failed {outcome.failed} of {load.streams}", dict(outcome.failures) or "")


if __name__ == "__main__":
    main()
