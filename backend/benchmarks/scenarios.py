"""The loads, and what the product is held to in each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from benchmarks.load import Load

STARTING_S = 2.0
EVENTS_PER_S = 50


class Unit(Enum):
    """What CPU time is divided by."""

    EVENT = "µs / event"
    REQUEST = "ms / request"


@dataclass(frozen=True, slots=True)
class Scenario:
    """A load, the unit its CPU is told in, and the goals: CPU beside the naive relay's, delays of an event."""

    name: str
    load: Load
    unit: Unit = Unit.EVENT
    cpu_ratio: float | None = None
    delay_p50_ms: float | None = None
    delay_p99_ms: float | None = None
    ours_only: bool = False


def warm_up() -> Load:
    """Brings a server to its pace; not measured."""
    return Load("100 events", events=100, streams=20, at_once=20)


def all_scenarios(*, quick: bool) -> list[Scenario]:
    """In the order of running; ``quick`` shortens the loads and leaves their shape."""
    scenarios = [
        Scenario("bulk", _unpaced(200, 500), cpu_ratio=0.15),
        Scenario("paced200", _paced(200, 250), cpu_ratio=0.45),
        Scenario("paced50", _paced(50, 250), delay_p50_ms=6, delay_p99_ms=40),
        Scenario("short", Load("1 events", 1, streams=500, at_once=8), Unit.REQUEST, cpu_ratio=0.25),
        Scenario("paced500", _paced(500, 250), ours_only=True),
    ]
    return [replace(each, load=_shortened(each.load)) for each in scenarios] if quick else scenarios


def _unpaced(streams: int, events: int) -> Load:
    return Load(f"{events} events", events, streams, at_once=streams)


def _paced(streams: int, events: int) -> Load:
    prompt = f"{events} events at {EVENTS_PER_S}/s"
    return Load(prompt, events, streams, at_once=streams, ramp_s=STARTING_S)


def _shortened(load: Load) -> Load:
    if load.events == 1:
        return replace(load, streams=load.streams // 2)
    events = load.events * 2 // 5
    return replace(load, events=events, prompt=load.prompt.replace(str(load.events), str(events), 1))
