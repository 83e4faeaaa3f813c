"""Counters and histograms, and their text for Prometheus (exposition format 0.0.4).

Numbers are exact: integers and decimals are added and written as they are.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Literal, TypeAlias

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Number: TypeAlias = int | float | Decimal
Labels: TypeAlias = tuple[str, ...]
Kind: TypeAlias = Literal["counter", "gauge", "histogram"]

_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


class Family:
    """One named measurement, with a series for each combination of its labels' values."""

    def __init__(self, name: str, meaning: str, labels: Sequence[str] = (), *, kind: Kind) -> None:
        self.name, self.meaning, self.labels, self.kind = name, meaning, tuple(labels), kind

    def samples(self) -> Iterator[str]:
        """Its lines, the series in order."""
        raise NotImplementedError

    def _line(self, suffix: str, values: Labels, number: Number, *more: tuple[str, str]) -> str:
        pairs = [*zip(self.labels, values, strict=True), *more]
        shown = ",".join(f'{name}="{value.translate(_ESCAPES)}"' for name, value in pairs)
        return f"{self.name}{suffix}{{{shown}}} {_text(number)}" if shown else f"{self.name}{suffix} {_text(number)}"


class Counter(Family):
    """What only grows, from the start of the process."""

    def __init__(self, name: str, meaning: str, labels: Sequence[str] = ()) -> None:
        super().__init__(name, meaning, labels, kind="counter")
        self._series: dict[Labels, Number] = {} if labels else {(): 0}

    def add(self, amount: Number, *values: str) -> None:
        """Count ``amount`` more for the series of these label values."""
        self._series[values] = self._series.get(values, 0) + amount  # type: ignore[operator]

    def samples(self) -> Iterator[str]:
        for values, number in sorted(self._series.items()):
            yield self._line("", values, number)


class Gauge(Family):
    """What goes up and down; set as a whole when it is read."""

    def __init__(self, name: str, meaning: str, labels: Sequence[str] = ()) -> None:
        super().__init__(name, meaning, labels, kind="gauge")
        self._series: Mapping[Labels, Number] = {}

    def set(self, series: Mapping[Labels, Number]) -> None:
        """The values of now, by label values."""
        self._series = series

    def samples(self) -> Iterator[str]:
        for values, number in sorted(self._series.items()):
            yield self._line("", values, number)


class Histogram(Family):
    """How often a measured value was at most each of ``bounds``."""

    def __init__(self, name: str, meaning: str, labels: Sequence[str] = (), *, bounds: Sequence[float]) -> None:
        super().__init__(name, meaning, labels, kind="histogram")
        self.bounds = tuple(bounds)
        self._series: dict[Labels, tuple[list[int], list[float]]] = {} if labels else {(): self._empty()}

    def observe(self, value: float, *values: str) -> None:
        """Count one measured value for the series of these label values."""
        series = self._series.get(values)
        if series is None:
            series = self._series[values] = self._empty()
        counts, total = series
        counts[bisect_left(self.bounds, value)] += 1
        total[0] += value

    def samples(self) -> Iterator[str]:
        for values, (counts, total) in sorted(self._series.items()):
            below = 0
            for bound, count in zip((*self.bounds, float("inf")), counts, strict=True):
                below += count
                yield self._line("_bucket", values, below, ("le", _text(bound)))
            yield self._line("_sum", values, total[0])
            yield self._line("_count", values, below)

    def _empty(self) -> tuple[list[int], list[float]]:
        return [0] * (len(self.bounds) + 1), [0.0]


def exposition(families: Iterable[Family]) -> bytes:
    """All families as one document."""
    lines: list[str] = []
    for family in families:
        meaning = family.meaning.replace("\\", r"\\").replace("\n", r"\n")
        lines += (f"# HELP {family.name} {meaning}", f"# TYPE {family.name} {family.kind}", *family.samples())
    return ("\n".join(lines) + "\n").encode("utf-8", "replace")


def _text(number: Number) -> str:
    if isinstance(number, float):
        return "+Inf" if number == float("inf") else repr(number)
    return format(number, "f") if isinstance(number, Decimal) else str(number)
