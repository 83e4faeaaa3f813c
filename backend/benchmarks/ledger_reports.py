"""What reports of the ledger and one more call cost with a thousand and with a million calls behind them.

    python -m benchmarks.ledger_reports     # half a minute and 1 GB of disk

The calls are a busy owner's of the last three years: 12 models, 5 providers, 4 profiles, 3 purposes, 36 combinations a
day. Milliseconds of CPU at the server, from the request's fields to the bytes of the reply, medians of many on a warm
store: other programs do not count. On an idle machine they are those of the clock, but for the disk of the last calls.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from app.core.clock import now
from app.core.json import encode
from app.db.store import Store
from app.db.types import Conn
from app.repo import ledger
from app.repo.usage_sums import count_anew
from app.schemas.usage_queries import SpanQuery, TimelineQuery, UsageQuery
from app.services.usage.audit import UsageAudit
from app.services.usage.reports import UsageReports

SIZES = (1_000, 1_000_000)
DAYS = 1_096
FIRST_DAY = datetime.combine(datetime.now(UTC), datetime.min.time(), UTC) - timedelta(DAYS - 1)
ROUNDS = 15
_INSERT = """
    INSERT INTO usage_logs (id, session_id, profile_id, generation_id, purpose, state, model, provider,
        upstream_provider, upstream_id, prompt_tokens, completion_tokens, total_tokens, cached_tokens, reasoning_tokens,
        cost_picousd, cost_text, reserved_picousd, latency_ms, first_token_ms, tokens_per_second, finish_reason,
        is_failed, created_at, settled_at)
    VALUES (:id, :session, :profile, :id, :purpose, 'settled', :model, 'openrouter', :served, :id, 800, :tokens,
        :tokens + 800, 100, 20, :cost, '0.01', 90000000000, 4000, 350, 61.5, 'stop', :failed, :at, :at)
"""


def fill(conn: Conn, calls: int, start: int, end: int) -> None:
    """Rows ``start`` to ``end`` of so many, spread evenly over the days."""
    conn.executemany(_INSERT, (_row(number, calls) for number in range(start, end)))


def _row(number: int, calls: int) -> dict[str, Any]:
    combination = number * 7919 % 36
    at = FIRST_DAY + timedelta(seconds=number * DAYS * 86_400 // calls)
    return {
        "id": f"{number:09}",
        "session": f"s{number // 100}",
        "profile": combination % 4 or None,
        "purpose": ("chat", "endpoint", "title")[combination % 3],
        "model": "author/rare" if number == calls // 3 else f"author/model-{combination % 12}",
        "served": f"Provider {combination % 5}",
        "tokens": 200 + number % 900,
        "cost": 1_000_000_000 + number * 31 % 40_000_000_000,
        "failed": int(number % 97 == 0),
        "at": f"{at:%Y-%m-%dT%H:%M:%S}.000Z",
    }


def one_call(conn: Conn, number: int) -> None:
    """The ledger's part of a call: reserved, then settled."""
    key = {"generation_id": f"one-{number}", "now": now()}
    opened = {"id": f"one-{number}", "session_id": "s", "profile_id": 1, "purpose": "chat", "model": "author/model-1"}
    ledger.reserve(conn, {**key, **opened, "provider": "openrouter", "reserved_picousd": 1})
    names = ("cached_tokens", "cache_write_tokens", "reasoning_tokens", "cost_text", "latency_ms", "served_model")
    told = {"upstream_provider": "Provider 1", "upstream_id": "g", "finish_reason": "stop", "is_failed": 0}
    told |= {"prompt_tokens": 5, "completion_tokens": 5, "total_tokens": 10, "state": "settled"}
    figures = {"cost_picousd": 7, "first_token_ms": 300, "tokens_per_second": 50.5}
    ledger.settle(conn, {**dict.fromkeys(names), **told, **figures, **key})


def last(days: int) -> dict[str, str]:
    """A span of so many days that ends with the last of the calls."""
    first = FIRST_DAY + timedelta(DAYS - days)
    return {"from": f"{first:%Y-%m-%d}", "to": f"{FIRST_DAY + timedelta(DAYS - 1):%Y-%m-%d}"}


async def timed(work: Callable[[int], Awaitable[Any]], rounds: int = ROUNDS) -> float:
    """The median CPU of so many rounds, all threads, in milliseconds."""
    took: list[float] = []
    for number in range(rounds):
        started = time.process_time()
        await work(number)
        took.append((time.process_time() - started) * 1000)
    return statistics.median(took)


async def measure(calls: int, folder: Path) -> dict[str, float]:
    """Milliseconds by what was asked, with so many calls in the ledger."""
    store = await Store.open(folder / "console.db")
    try:
        for start in range(0, calls, 50_000):
            await store.write_relaxed(fill, calls, start, min(start + 50_000, calls))
        started = time.process_time()
        await store.write(count_anew, "UTC")
        counted_ms = (time.process_time() - started) * 1000
        reports, audit = UsageReports(store), UsageAudit(store)

        async def body(report: Awaitable[Any]) -> None:
            encode((await report).body())

        async def page(query: UsageQuery) -> None:
            encode((await reports.list(query)).items)

        usual, whole, year = SpanQuery(), SpanQuery.model_validate(last(DAYS)), SpanQuery.model_validate(last(365))
        weeks, months = (TimelineQuery.model_validate(last(DAYS) | {"unit": unit}) for unit in ("week", "month"))
        days = TimelineQuery.model_validate(last(1000))
        split = TimelineQuery.model_validate(last(DAYS) | {"unit": "month", "by": "model"})
        chart = TimelineQuery.model_validate(last(92) | {"by": "model"})
        return {
            "summary, no days named": await timed(lambda _: body(reports.summary(usual))),
            "statistics, no days named": await timed(lambda _: body(reports.stats(usual))),
            "models, no days named": await timed(lambda _: body(reports.models(usual))),
            "timeline, no days named": await timed(lambda _: body(reports.timeline(TimelineQuery()))),
            "summary of everything": await timed(lambda _: body(reports.summary(whole))),
            "summary of one year": await timed(lambda _: body(reports.summary(year))),
            "timeline, 1000 days": await timed(lambda _: body(reports.timeline(days))),
            "timeline, three years by week": await timed(lambda _: body(reports.timeline(weeks))),
            "timeline, three years by month": await timed(lambda _: body(reports.timeline(months))),
            "timeline, by month and model": await timed(lambda _: body(reports.timeline(split))),
            "timeline, 92 days by model": await timed(lambda _: body(reports.timeline(chart))),
            "a page of 50 rows": await timed(lambda _: page(UsageQuery())),
            "the only row of a model": await timed(lambda _: page(UsageQuery(model="author/rare"))),
            "one more call, reserved and settled": await timed(
                lambda number: store.write_relaxed(one_call, number), rounds=500
            ),
            "every sum counted anew": counted_ms,
            "every sum checked": await timed(lambda _: audit.check(), rounds=1),
        }
    finally:
        await store.close()


async def main() -> None:
    found = []
    for calls in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            found.append(await measure(calls, Path(folder)))
    few, many = found
    print("| ms | 1,000 calls | 1,000,000 calls |\n| --- | --- | --- |")
    for name in few:
        print(f"| {name} | {few[name]:.2f} | {many[name]:.2f} |")


if __name__ == "__main__":
    asyncio.run(main())
