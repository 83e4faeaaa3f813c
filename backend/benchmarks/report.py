"""The figures of all turns as two Markdown tables: medians over the rounds, each beside its goal."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import median

from benchmarks.measure import Measurement, Turn
from benchmarks.scenarios import Scenario

START_GOAL_S = 1.5
IDLE_GOAL_MB = 120
INSTALLED_GOAL_MB = 150

Row = tuple[str, ...]


def render(turns: list[Turn], scenarios: list[Scenario], installed_bytes: int) -> str:
    """The whole report."""
    naive = [turn for turn in turns if turn.server == "naive"]
    ours = [turn for turn in turns if turn.server == "ours"]
    loads = [_load_row(scenario, _of(naive, scenario), _of(ours, scenario)) for scenario in scenarios]
    head = ("scenario", "CPU", "naive", "ours", "ratio", "goal", "delay p50 / p99 ms", "", "goal", "failed", "")
    legend = ("", "", "", "", "", "", "naive", "ours", "", "naive", "ours")
    others = median(each.others_share for turn in turns for each in turn.measurements)
    return "\n\n".join(
        [
            _table([head, legend, *loads]),
            _table([("", "naive", "ours", "goal"), *_turn_rows(naive, ours, installed_bytes)]),
            f"Medians of {len(ours)} rounds; other programs took {others:.2f} of a processor meanwhile.",
        ]
    )


def _of(turns: list[Turn], scenario: Scenario) -> list[Measurement]:
    return [each for turn in turns for each in turn.measurements if each.scenario == scenario]


def _load_row(scenario: Scenario, naive: list[Measurement], ours: list[Measurement]) -> Row:
    ratio = _cost(ours) / _cost(naive) if naive else None
    limits = [scenario.delay_p50_ms, scenario.delay_p99_ms]
    return (
        scenario.name,
        scenario.unit.value,
        f"{_cost(naive):.1f}" if naive else "",
        f"{_cost(ours):.2f}",
        "" if ratio is None else f"{ratio:.3f}",
        "" if scenario.cpu_ratio is None else f"≤ {scenario.cpu_ratio}",
        _delays(naive),
        _delays(ours),
        " / ".join(f"< {limit:g}" for limit in limits if limit is not None),
        _failed(naive),
        _failed(ours),
    )


def _turn_rows(naive: list[Turn], ours: list[Turn], installed_bytes: int) -> list[Row]:
    return [
        ("start to ready, s", _start(naive), _start(ours), f"< {START_GOAL_S}"),
        ("resident when idle, MB", _idle(naive), _idle(ours), f"< {IDLE_GOAL_MB}"),
        ("installed runtime, MB", "", f"{installed_bytes / 1e6:.0f}", f"< {INSTALLED_GOAL_MB}"),
        ("tokens stored of sent", _stored(naive), _stored(ours), "all"),
        ("answers with a token doubled or out of order", _disordered(naive), _disordered(ours), "0"),
    ]


def _start(turns: list[Turn]) -> str:
    return f"{median(turn.start_s for turn in turns):.2f}"


def _idle(turns: list[Turn]) -> str:
    return f"{median(turn.idle_bytes for turn in turns) / 1e6:.0f}"


def _stored(turns: list[Turn]) -> str:
    return f"{sum(turn.kept.events for turn in turns)} of {sum(turn.sent_events for turn in turns)}"


def _disordered(turns: list[Turn]) -> str:
    return str(sum(turn.kept.disordered for turn in turns))


def _cost(measurements: list[Measurement]) -> float:
    return median(each.cost for each in measurements)


def _delays(measurements: list[Measurement]) -> str:
    # Unpaced, a slow server holds its upstream back, so the events it delays are not even stamped yet.
    if not measurements or not measurements[0].scenario.load.ramp_s:
        return ""
    p50_ms = median(each.delay_ms(0.5) for each in measurements)
    p99_ms = median(each.delay_ms(0.99) for each in measurements)
    return f"{p50_ms:.1f} / {p99_ms:.1f}"


def _failed(measurements: list[Measurement]) -> str:
    if not measurements:
        return ""
    streams = sum(each.scenario.load.streams for each in measurements)
    return f"{sum(each.outcome.failed for each in measurements)} of {streams}"


def _table(rows: Iterable[Row]) -> str:
    head, *body = rows
    lines = [head, tuple("---" for _ in head), *body]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
