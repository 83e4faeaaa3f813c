"""One server's turn: start it on a fresh folder, put every load on it, stop it, look at what it stored."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import httpx
import uvloop

from benchmarks import answers, load, process, servers
from benchmarks.scenarios import Scenario, Unit, warm_up


class Processors(NamedTuple):
    """Who runs where."""

    server: int
    harness: int


def choose_processors() -> Processors:
    """The first two that we may use; ``ValueError`` if there are fewer."""
    server, harness, *_ = sorted(os.sched_getaffinity(0))
    return Processors(server, harness)


@dataclass(frozen=True, slots=True)
class Measurement:
    """One scenario on one server; ``others_share`` is the part of a processor that other programs took meanwhile."""

    scenario: Scenario
    cpu_s: float
    others_share: float
    outcome: load.Outcome

    @property
    def cost(self) -> float:
        """CPU in the scenario's unit."""
        if self.scenario.unit is Unit.EVENT:
            return self.cpu_s * 1e6 / max(1, self.outcome.events)
        return self.cpu_s * 1e3 / self.scenario.load.streams

    def delay_ms(self, share: float) -> float:
        """Quantile of the events' delays."""
        return load.quantile(self.outcome.delays_ms, share)


@dataclass(frozen=True, slots=True)
class Turn:
    """All that one server showed between its start and its end."""

    server: str
    start_s: float
    idle_bytes: int
    measurements: list[Measurement]
    sent_events: int
    kept: answers.Stored


def take_turn(make: Callable[[Path, str], servers.Server], scenarios: list[Scenario], at: Processors) -> Turn:
    """Measure one server; raises ``ServerFailedError`` if it, or the fake upstream, does not start or does not last.

    The calling process, which is the load client, is moved to the harness's processor.
    """
    os.sched_setaffinity(0, {at.harness})
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        data = folder / "data"
        data.mkdir()
        with servers.running(servers.upstream(), folder, at.harness) as upstream:
            server = make(data, upstream.url)
            with servers.running(server, folder, at.server) as target:
                process.settle(target.pid)
                idle_bytes = process.resident_bytes(target.pid)
                _put(target, warm_up())
                process.settle(target.pid)
                measurements = [_measure(target, upstream, scenario) for scenario in scenarios]
            sent_events = httpx.get(f"{upstream.url}/stats", trust_env=False).json()["events"]
        kept = answers.stored(data / servers.DATABASE)
        return Turn(server.name, target.start_s, idle_bytes, measurements, sent_events, kept)


def _measure(target: servers.Running, upstream: servers.Running, scenario: Scenario) -> Measurement:
    began, busy_s, harness_s = time.monotonic(), process.machine_busy_s(), _harness_cpu_s(upstream)
    cpu_s = process.cpu_s(target.pid)
    outcome = _put(target, scenario.load)
    process.settle(target.pid)
    cpu_s = process.cpu_s(target.pid) - cpu_s
    others_s = process.machine_busy_s() - busy_s - cpu_s - (_harness_cpu_s(upstream) - harness_s)
    return Measurement(scenario, cpu_s, max(0.0, others_s) / (time.monotonic() - began), outcome)


def _harness_cpu_s(upstream: servers.Running) -> float:
    return time.process_time() + process.cpu_s(upstream.pid)


def _put(target: servers.Running, demand: load.Load) -> load.Outcome:
    return uvloop.run(load.run(f"{target.url}/api/stream", demand))
