"""What ``GET /metrics`` tells after answers good and bad, to whom, and what it never tells."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import httpx

from app.bootstrap import Pace
from app.services.metrics import MOST_MODELS, OTHER, Metrics, Paid
from app.services.upstream.openrouter import UpstreamTimeouts
from emulator import Emulator
from tests.contract.conformance import check_reply
from tests.core.exposition_reader import Read, read_exposition
from tests.harness import ConsoleClient, console_app
from tests.harness.client import MODEL
from tests.harness.console import QUICK

ANSWER = "text=one%20two%20three"


async def measured(client: ConsoleClient) -> dict[str, Read]:
    response = await client.ask("GET", "/metrics")
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert response.headers["cache-control"] == "no-store"
    return read_exposition(response.content)


async def test_an_answer_is_counted_with_its_tokens_time_and_cost(client: ConsoleClient, emulator: Emulator) -> None:
    """The cost to the last digit, as the ledger has it."""
    emulator.set_scenario(ANSWER)
    for _ in range(2):
        await client.answer("count")
    totals = (await client.get("/api/usage/summary"))["totals"]
    read = await measured(client)
    labels = {"provider": "custom", "model": MODEL}
    assert read["console_generations_total"].value(**labels, status="completed") == "2"
    assert Decimal(read["console_cost_usd_total"].value(**labels) or "") == totals["cost_usd"] > 0
    assert read["console_tokens_total"].value(**labels, kind="completion") == str(totals["completion_tokens"])
    assert read["console_generation_seconds"].value("_count", provider="custom") == "2"
    assert read["console_first_token_seconds"].value("_count", provider="custom") == "2"
    assert read["console_http_requests_total"].value(method="POST", route="/api/stream", status="200") == "2"
    assert read["console_breaker_state"].value(provider="custom", scope="provider") == "0"
    assert read["console_unknown_costs_total"].samples == {}


async def test_failures_retries_and_the_breaker_are_counted(client: ConsoleClient, emulator: Emulator) -> None:
    """Every failed call once; the breaker opens in sight."""
    emulator.set_scenario(f"error=429; times=1; {ANSWER}")
    await client.answer("count")
    read = await measured(client)
    errors, retries = read["console_upstream_errors_total"], read["console_upstream_retries_total"]
    assert errors.value(provider="custom", code="upstream_rate_limited", phase="") == "1"
    assert retries.value(provider="custom", reason="transient") == "1"
    assert float(read["console_upstream_retry_wait_seconds_total"].value(provider="custom") or "") > 0
    emulator.set_scenario("error=503")
    for _ in range(6):
        await client.answer("count")
    read = await measured(client)
    failed = read["console_upstream_errors_total"].value(provider="custom", code="upstream_unavailable", phase="")
    assert failed == "15", "four calls made three times, the fifth once, and two that were not let through"
    assert read["console_breaker_state"].value(provider="custom", scope="provider") == "2"
    assert read["console_generations_total"].value(provider="custom", model=MODEL, status="failed") == "6"


async def test_a_refused_key_is_seen(client: ConsoleClient, emulator: Emulator) -> None:
    emulator.set_scenario("error=401")
    await client.answer("count")
    read = await measured(client)
    assert read["console_breaker_state"].value(provider="custom", scope="account") == "2"


async def test_a_time_out_names_its_phase(data: Path, emulator: Emulator) -> None:
    """In the error and in the count."""
    pace = Pace(UpstreamTimeouts(connect_s=5, first_byte_s=10, idle_s=0.1, total_s=60), QUICK.reconcile_delays_s)
    async with console_app(data, upstream=emulator.base_url, pace=pace) as console:
        emulator.set_scenario(f"{ANSWER}; stall after=1")
        transcript = await console.client.answer("count")
        assert transcript.data_of("error")["error_code"] == "upstream_timeout"
        read = await measured(console.client)
        errors = read["console_upstream_errors_total"]
        assert errors.value(provider="custom", code="upstream_timeout", phase="idle") == "1"
        assert read["console_unknown_costs_total"].value(provider="custom", model=MODEL) == "1"


async def test_running_answers_are_seen_while_they_run(client: ConsoleClient, emulator: Emulator) -> None:
    """And what was stored of them; a tick is counted a moment after its readers have it."""
    emulator.set_scenario(f"{ANSWER}; stall after=1")
    started = await client.start("count")
    async with client.events(started["generation"]["id"]) as stream:
        frames = stream.frames()
        assert [(await anext(frames)).event for _ in range(2)] == ["start", "token"]
        await frames.aclose()
    read = await measured(client)
    assert read["console_live_generations"].value() == "1"
    assert int(read["console_journal_commit_seconds"].value("_count") or "") >= 1
    assert int(read["console_journal_events_total"].value() or "") >= 1
    await client.stop(started["generation"]["id"])
    assert (await measured(client))["console_live_generations"].value() == "0"


async def test_paths_are_told_by_their_pattern_alone(client: ConsoleClient) -> None:
    """Ids and whatever strangers ask for make no series of their own."""
    session = await client.create_session(title="x")
    await client.get(f"/api/sessions/{session['id']}")
    for path in ("/api/nothing", "/.env", "/v1/nothing", "/wp-login.php"):
        await client.ask("GET", path)
    await client.ask("BREW", "/api/sessions")
    read = (await measured(client))["console_http_requests_total"]
    assert read.value(method="GET", route="/api/sessions/{session_id}", status="200") == "1"
    routes = {value for _, labels in read.samples for name, value in labels if name == "route"}
    assert all("{" in route or route.startswith(("(", "/api/", "/v1/", "/health")) for route in routes), routes
    assert session["id"] not in repr(read.samples)
    assert "wp-login" not in repr(read.samples)
    assert "BREW" not in repr(read.samples)


async def test_no_text_and_no_key_is_told(data: Path, emulator: Emulator) -> None:
    """Of prompts, answers, titles, keys or tokens."""
    emulator.set_scenario("text=very%20private%20answer")
    async with console_app(
        data, upstream=emulator.base_url, openrouter_api_key="sk-or-v1-hidden", token="hidden-token-of-mine"
    ) as console:
        console.client.http.headers["Authorization"] = "Bearer hidden-token-of-mine"
        console.client.http.event_hooks["response"].append(check_reply)
        await console.client.answer("very private question")
        document = (await console.client.ask("GET", "/metrics")).text
        assert "console_generations_total{" in document
        assert "private" not in document
        assert "hidden" not in document


async def test_metrics_want_the_token_where_data_does(data: Path, emulator: Emulator) -> None:
    """And a page of another origin gets nothing."""
    async with (
        console_app(data, upstream=emulator.base_url, token="a-token-of-sixteen") as console,
        httpx.AsyncClient(base_url=console.url, trust_env=False) as stranger,
    ):
        assert (await stranger.get("/metrics")).status_code == 401
        allowed = {"Authorization": "Bearer a-token-of-sixteen"}
        assert (await stranger.get("/metrics", headers=allowed)).status_code == 200
        foreign = allowed | {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
        assert (await stranger.get("/metrics", headers=foreign)).status_code == 403


def test_models_without_end_make_no_document_without_end() -> None:
    """The first fifty keep their names; money and tokens of the others are still counted."""
    metrics = Metrics()
    for number in range(MOST_MODELS * 4):
        metrics.ended("p", f"a/{number}", "completed", 10, None)
        metrics.paid(Paid(provider="p", model=f"a/{number}", usage=None, cost_picousd=10**12))
    lines = [line for family in metrics.families for line in family.samples()]
    assert len([line for line in lines if line.startswith("console_cost_usd_total{")]) == MOST_MODELS + 1
    assert f'console_cost_usd_total{{provider="p",model="{OTHER}"}} {MOST_MODELS * 3}' in lines
