"""The most that what a provider does besides answering can cost: searches, pages, tools."""

from __future__ import annotations

import pytest

from app.services.turns.worst_cost import (
    RESULT_PICOUSD,
    SEARCH_PICOUSD,
    worst_cost_picousd,
)
from app.services.upstream.server_work import MOST_TOOL_CALLS, server_work
from tests.services.turns.priced import (
    FREE,
    PER_TOKEN,
    PLAIN,
    TOOL,
    WEB,
    Json,
    body,
    offer,
    pico,
    tool,
)


@pytest.mark.parametrize(
    ("fields", "cost"),
    [
        ({"model": "a/b:online"}, 5 * RESULT_PICOUSD),
        ({"model": "a/b", "models": ["c/d:online"]}, 5 * RESULT_PICOUSD),
        ({"plugins": [WEB]}, 5 * RESULT_PICOUSD),
        ({"plugins": [WEB], "model": "a/b:online"}, 5 * RESULT_PICOUSD),
        ({"plugins": [{**WEB, "max_results": 25}]}, 25 * RESULT_PICOUSD),
        ({"plugins": [{**WEB, "max_results": 1}]}, SEARCH_PICOUSD),
        ({"plugins": [{**WEB, "max_results": "ten"}]}, 25 * RESULT_PICOUSD),
        ({"plugins": [{**WEB, "max_uses": 3}]}, 15 * RESULT_PICOUSD),
        ({"plugins": [{**WEB, "max_uses": 3.0}]}, 15 * RESULT_PICOUSD),
        ({"plugins": [{**WEB, "max_uses": "3"}]}, 5000 * RESULT_PICOUSD),
        ({"plugins": [{**WEB, "enabled": False}]}, 0),
        ({"web_search_options": {}}, 5 * RESULT_PICOUSD),
        ({"tools": [TOOL]}, MOST_TOOL_CALLS * 5 * RESULT_PICOUSD),
        ({"tools": [{"type": "web_search_20250305", "parameters": {"max_uses": 2}}]}, 10 * RESULT_PICOUSD),
        ({"tools": [tool(max_uses=1)]}, 5 * RESULT_PICOUSD),
        ({"tools": [tool(max_uses=1, max_results=10)]}, 10 * RESULT_PICOUSD),
        ({"tools": [tool(max_uses=10, max_total_results=20)]}, 20 * RESULT_PICOUSD),
        ({"tools": [TOOL], "max_tool_calls": 2}, 10 * RESULT_PICOUSD),
        ({"tools": [TOOL], "max_tool_calls": 2, "stop_server_tools_when": []}, 150 * RESULT_PICOUSD),
        ({"tools": [TOOL], "max_tool_calls": 1000}, 150 * RESULT_PICOUSD),
        ({"tools": [tool(max_uses=True)]}, 150 * RESULT_PICOUSD),
        ({"tools": [{"type": "function", "function": {"name": "web_search"}}]}, 0),
        ({"tools": [{"type": "openrouter:datetime"}]}, 0),
        ({"tools": [{**TOOL, "max_uses": 1}]}, 150 * RESULT_PICOUSD),
        ({"tools": [{**TOOL, "max_results": 1}]}, 750 * RESULT_PICOUSD),
        ({"tools": [{**tool(max_results=1), "max_results": 9}]}, 750 * RESULT_PICOUSD),
        ({"tools": [{"type": "web_search_20250305", "max_uses": 2}]}, 150 * RESULT_PICOUSD),
        ({"plugins": [{**WEB, "max_results": 25, "max_total_results": 1}]}, 25 * RESULT_PICOUSD),
    ],
)
def test_searches_count_though_the_model_is_free(fields: Json, cost: int) -> None:
    """By the provider's list price where the catalogue has none, for as many as the request allows."""
    assert worst_cost_picousd({**body(), **fields}, [FREE]) == cost


def test_a_dearer_search_of_the_model_s_own_counts() -> None:
    own = offer(prompt="0", completion="0", web_search="0.05")
    assert worst_cost_picousd(body(model="a/b:online"), [own]) == pico("0.05")
    assert worst_cost_picousd(body(tools=[tool(max_uses=2)]), [own]) == 2 * pico("0.05")


def test_what_is_found_is_read_and_each_round_reads_it_all_again() -> None:
    """Four thousand characters a result, unless told otherwise, and no more at once than the model can read."""
    once = {**PER_TOKEN, "request": "0.5"}
    fee = 5 * RESULT_PICOUSD
    worst = worst_cost_picousd(body(model="a/b:online"), [offer(**once)])
    online = len(":online") * pico("0.000001")
    assert worst == PLAIN + online + 5 * 4000 * pico("0.000001") + pico("0.5") + fee
    schema = worst_cost_picousd(body(tools=[TOOL]), [offer(**PER_TOKEN)])
    plain = worst_cost_picousd(body(tools=[tool(max_uses=1)]), [offer(**PER_TOKEN)])
    assert plain is not None
    assert schema is not None
    assert schema > 100 * plain
    native = worst_cost_picousd(body(model="a/b:online"), [offer(**once, web_search="0.001")])
    assert native == 2 * (PLAIN + online + (5 * 4000 + 40) * pico("0.000001") + pico("0.5")) + fee
    small = offer(**PER_TOKEN) | {"context_length": 1000}
    assert (
        worst_cost_picousd(body(model="a/b:online"), [small]) == 1000 * pico("0.000001") + 40 * pico("0.000002") + fee
    )


@pytest.mark.parametrize(
    ("options", "chars"),
    [
        ({}, 4000),
        ({"search_context_size": "low"}, 5000),
        ({"search_context_size": "high"}, 30_000),
        ({"search_context_size": "huge"}, 30_000),
        ({"search_context_size": "high", "max_characters": 10}, 10),
        ({"max_characters": None}, 4000),
        ({"max_characters": -1}, 30_000),
    ],
)
def test_how_long_a_result_may_be(options: Json, chars: int) -> None:
    work = server_work(body(tools=[tool(max_uses=1, **options)]))
    assert work is not None
    assert work.tokens == 5 * chars


@pytest.mark.parametrize("option", ["max_characters", "search_context_size"])
def test_an_option_lowers_nothing_where_it_does_not_exist(option: str) -> None:
    """The plugin has none for the length of a result, nor has a tool beside its parameters."""
    value = {"max_characters": 1, "search_context_size": "low"}[option]
    for fields in ({"plugins": [{**WEB, option: value}]}, {"tools": [{**tool(max_uses=1), option: value}]}):
        work = server_work(body(**fields))
        assert work is not None
        assert work.tokens == 5 * 30_000
    assert (work := server_work(body(web_search_options={"max_characters": 1}))) is not None
    assert work.tokens == 5 * 30_000


def test_a_tool_of_no_type_is_a_function_or_nobody_knows_what() -> None:
    assert worst_cost_picousd(body(tools=[{"function": {"name": "f"}}]), [FREE]) == 0
    assert worst_cost_picousd(body(tools=[{"googleSearch": {}}]), [FREE]) is None


def test_pages_that_are_fetched_count() -> None:
    for fields in (
        {"tools": [{"type": "openrouter:web_fetch", "parameters": {"max_uses": 2, "max_content_tokens": 50}}]},
        {"plugins": [{"id": "web-fetch", "max_uses": 2, "max_content_tokens": 50}]},
    ):
        work = server_work(body(**fields))
        assert work is not None
        assert (work.pages, work.tokens, work.rounds) == (2, 100, 2)
