"""The text format of Prometheus, written by us and read by a strict reader."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from app.core.exposition import Counter, Gauge, Histogram, exposition
from tests.core.exposition_reader import read_exposition
from tests.core.properties import MANY


def test_the_document_is_as_the_format_says() -> None:
    """Names, help, types, series in order; numbers as they are."""
    calls = Counter("calls_total", "Calls\nby \\ path.", ["path"])
    calls.add(1, "/b")
    calls.add(2, "/a")
    calls.add(1, "/b")
    cost = Counter("cost_total", "Cost.")
    cost.add(Decimal("0.000000000001"))
    cost.add(Decimal(1000000))
    now = Gauge("now", "Now.")
    now.set({(): 1.5})
    waits = Histogram("wait_seconds", "Waits.", bounds=(0.1, 1))
    for seconds in (0.05, 0.1, 0.5, 7.0):
        waits.observe(seconds)
    assert exposition([calls, cost, now, waits]).decode() == (
        "# HELP calls_total Calls\\nby \\\\ path.\n"
        "# TYPE calls_total counter\n"
        'calls_total{path="/a"} 2\n'
        'calls_total{path="/b"} 2\n'
        "# HELP cost_total Cost.\n"
        "# TYPE cost_total counter\n"
        "cost_total 1000000.000000000001\n"
        "# HELP now Now.\n"
        "# TYPE now gauge\n"
        "now 1.5\n"
        "# HELP wait_seconds Waits.\n"
        "# TYPE wait_seconds histogram\n"
        'wait_seconds_bucket{le="0.1"} 2\n'
        'wait_seconds_bucket{le="1"} 3\n'
        'wait_seconds_bucket{le="+Inf"} 4\n'
        "wait_seconds_sum 7.65\n"
        "wait_seconds_count 4\n"
    )


def test_what_has_no_labels_is_there_from_the_start() -> None:
    """And what has some, once it was counted."""
    families = [Counter("a_total", "A."), Counter("b_total", "B.", ["x"]), Histogram("c", "C.", bounds=(1,))]
    read = read_exposition(exposition(families))
    assert read["a_total"].value() == "0"
    assert read["b_total"].samples == {}
    assert read["c"].value("_count") == "0"


NAMES = st.lists(st.tuples(st.text(), st.text()), max_size=8)


@MANY
@given(names=NAMES, amounts=st.lists(st.integers(0, 10**20) | st.decimals(0, 10**6, places=12), max_size=8))
def test_any_label_and_any_amount_comes_back(names: list[tuple[str, str]], amounts: list[int | Decimal]) -> None:
    """Quotes, newlines, backslashes, nonsense; what is no Unicode is replaced, never an error."""
    counter = Counter("n_total", "N.", ["one", "two"])
    expected: dict[frozenset[tuple[str, str]], int | Decimal] = {}
    for (one, two), amount in zip(names, amounts, strict=False):
        counter.add(amount, one, two)
        key = frozenset({("one", one), ("two", two)})
        expected[key] = expected.get(key, 0) + amount
    assert {
        key: Decimal(number) for (_, key), number in read_exposition(exposition([counter]))["n_total"].samples.items()
    } == expected


def test_half_a_character_is_no_error() -> None:
    counter = Counter("n_total", "N.", ["one"])
    counter.add(1, "\ud800")
    assert b'n_total{one="?"} 1\n' in exposition([counter])


@MANY
@given(values=st.lists(st.floats(0, 1e6), max_size=40))
def test_buckets_add_up(values: list[float]) -> None:
    """Each counts what is at most its bound; the last is the count."""
    bounds = (0.001, 1.0, 100.0)
    histogram = Histogram("h", "H.", ["x"], bounds=bounds)
    for value in values:
        histogram.observe(value, "y")
    read = read_exposition(exposition([histogram]))["h"]
    if not values:
        assert read.samples == {}
        return
    for bound, text in zip((*bounds, float("inf")), ("0.001", "1.0", "100.0", "+Inf"), strict=True):
        assert read.value("_bucket", x="y", le=text) == str(sum(value <= bound for value in values))
    assert read.value("_count", x="y") == str(len(values))
    assert float(read.value("_sum", x="y") or "") == sum(values)
