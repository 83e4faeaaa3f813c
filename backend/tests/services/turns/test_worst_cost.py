"""The most that a call can cost: everything that is priced and everything that is not."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.json import encode_text
from app.core.money import MAX_CALL_PICOUSD, PICO_PER_USD
from app.db.types import Row
from app.services.catalog.rows import stored_prices
from app.services.turns.worst_cost import (
    PICTURE_TOKENS,
    RESULT_PICOUSD,
    SCANNED_PICOUSD,
    SEARCH_PICOUSD,
    input_tokens,
    worst_cost_picousd,
    worst_embedding_picousd,
)
from app.services.upstream.server_work import MOST_TOOL_CALLS, server_work
from emulator.pricing import Tokens, cost_of
from tests.core.properties import SOME

Json = dict[str, Any]


def body(chars: int = 300, max_tokens: int = 40, **fields: Any) -> Json:
    """316 tokens to read, with what stands around two messages, and 40 to write."""
    return {"model": "a/b", "messages": [{"content": "x" * chars}, {"content": ""}], "max_tokens": max_tokens, **fields}


def offer(**pricing: str) -> Row:
    """A row of the catalogue with these prices, in dollars as the provider writes them."""
    prices = stored_prices({name: msgspec.Raw(encode_text(text).encode()) for name, text in pricing.items()})
    columns = ("prompt", "completion", "request", "image", "cache_read", "cache_write", "reasoning")
    return {"id": "a/b", "prices": encode_text(prices), **{f"{name}_picousd": prices.get(name) for name in columns}}


def pico(dollars: str) -> int:
    return int(Decimal(dollars) * PICO_PER_USD)


@pytest.mark.parametrize(
    ("prices", "cost"),
    [
        (None, None),
        ({"prompt_picousd": None, "completion_picousd": 1, "request_picousd": None}, None),
        ({"prompt_picousd": 1, "completion_picousd": None, "request_picousd": None}, None),
        ({"prompt_picousd": 0, "completion_picousd": 0, "request_picousd": None}, 0),
        ({"prompt_picousd": 2, "completion_picousd": 5, "request_picousd": None}, 2 * 316 + 5 * 40),
        ({"prompt_picousd": 2, "completion_picousd": 5, "request_picousd": 7}, 2 * 316 + 5 * 40 + 7),
        ({"prompt_picousd": 2**62, "completion_picousd": 2**62, "request_picousd": 0}, MAX_CALL_PICOUSD),
    ],
)
def test_the_most_a_call_can_cost(prices: Row | None, cost: int | None) -> None:
    """Its text as prompt at a byte a token, all of ``max_tokens``; None without prices; never too much."""
    assert worst_cost_picousd(body(), [prices]) == cost


def test_the_dearest_model_that_may_answer_counts() -> None:
    """Whichever place it has; one whose price is open leaves the whole open."""
    cheap, dear = (
        {"prompt_picousd": price, "completion_picousd": price, "request_picousd": None} for price in (1, 1000)
    )
    worst = worst_cost_picousd(body(), [dear])
    assert worst == 356_000
    assert worst_cost_picousd(body(), [cheap, dear]) == worst
    assert worst_cost_picousd(body(), [dear, cheap, cheap]) == worst
    assert worst_cost_picousd(body(), [cheap, None]) is None


PER_TOKEN = {"prompt": "0.000001", "completion": "0.000002"}
PLAIN = 316 * pico("0.000001") + 40 * pico("0.000002")
IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}}
SOUND = {"type": "input_audio", "input_audio": {"data": "A" * 64, "format": "wav"}}


def seen(*parts: Json, **fields: Any) -> Json:
    return body(**fields) | {"messages": [{"role": "user", "content": list(parts)}]}


def beyond(request_: Json, /, **pricing: str) -> int:
    """What these prices make a call dearer by."""
    plain, priced = (worst_cost_picousd(request_, [offer(**PER_TOKEN, **more)]) for more in ({}, pricing))
    assert plain is not None
    assert priced is not None
    return priced - plain


@pytest.mark.parametrize(
    ("request_", "pricing", "more"),
    [
        (body(), {"request": "0.5"}, pico("0.5")),
        (body(), {"input_cache_write": "0.000003"}, 316 * pico("0.000002")),
        (body(), {"input_cache_read": "0.000003"}, 316 * pico("0.000002")),
        (body(), {"input_cache_write_1h": "0.000003"}, 0),
        (body(cache_control={"type": "ephemeral", "ttl": "1h"}), {"input_cache_write_1h": "0.000003"}, 316 * 2_000_000),
        (body(), {"internal_reasoning": "0.000012"}, 40 * pico("0.00001")),
        (body(), {"image": "0.5", "image_token": "1", "audio": "1", "web_search": "1", "image_output": "1"}, 0),
        (seen(IMAGE, IMAGE), {"image": "0.5"}, 2 * pico("0.5")),
        (seen(IMAGE), {"image_token": "0.000003"}, 2000 * pico("0.000002")),
        (seen(SOUND), {"audio": "0.000003"}, 2 * pico("0.000002")),
        (body(modalities=["image", "text"]), {"image_output": "0.000003"}, (40 + PICTURE_TOKENS) * pico("0.000001")),
        (body(modalities=["audio", "text"]), {"audio_output": "0.000003"}, 40 * pico("0.000001")),
    ],
)
def test_every_price_counts_where_it_can_be_charged(request_: Json, pricing: dict[str, str], more: int) -> None:
    assert beyond(request_, **pricing) == more


def test_gemini_takes_the_storage_of_a_cache_on_top() -> None:
    row = offer(**PER_TOKEN, input_cache_write="0.000003") | {"id": "google/gemini"}
    assert worst_cost_picousd(body(), [row]) == PLAIN + 316 * pico("0.000003")


def test_an_hour_of_cache_is_found_wherever_it_is_asked_for() -> None:
    """On a part and on a tool, too."""
    mark = {"cache_control": {"type": "ephemeral", "ttl": "1h"}}
    for request in (seen({"type": "text", "text": "x", **mark}), body(tools=[{"type": "function", **mark}])):
        assert beyond(request, input_cache_write_1h="0.000003") > 0


def test_what_tells_a_model_of_its_tools_is_read_too() -> None:
    """By far more than their own words."""
    tools = [{"type": "function", "function": {"name": "f"}}]
    worst = worst_cost_picousd(body(tools=tools), [offer(**PER_TOKEN)])
    assert worst is not None
    assert worst >= PLAIN + 500 * pico("0.000001")


def test_what_is_predicted_and_not_used_is_paid() -> None:
    request = body(prediction={"type": "content", "content": "x" * 300})
    worst = worst_cost_picousd(request, [offer(**PER_TOKEN)])
    assert worst is not None
    assert worst >= PLAIN + 300 * pico("0.000002")


FREE = offer(prompt="0", completion="0")
WEB = {"id": "web"}
TOOL = {"type": "openrouter:web_search"}


def tool(**parameters: object) -> Json:
    return {"type": "openrouter:web_search", "parameters": parameters}


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
        ({"tools": [{"type": "web_search_20250305", "max_uses": 2}]}, 10 * RESULT_PICOUSD),
        ({"tools": [tool(max_uses=1)]}, 5 * RESULT_PICOUSD),
        ({"tools": [tool(max_uses=1, max_results=10)]}, 10 * RESULT_PICOUSD),
        ({"tools": [tool(max_uses=10, max_total_results=20)]}, 20 * RESULT_PICOUSD),
        ({"tools": [TOOL], "max_tool_calls": 2}, 10 * RESULT_PICOUSD),
        ({"tools": [TOOL], "max_tool_calls": 2, "stop_server_tools_when": []}, 150 * RESULT_PICOUSD),
        ({"tools": [TOOL], "max_tool_calls": 1000}, 150 * RESULT_PICOUSD),
        ({"tools": [tool(max_uses=True)]}, 150 * RESULT_PICOUSD),
        ({"tools": [{"type": "function", "function": {"name": "web_search"}}]}, 0),
        ({"tools": [{"type": "openrouter:datetime"}]}, 0),
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
    assert worst == PLAIN + 5 * 4000 * pico("0.000001") + pico("0.5") + fee
    schema = worst_cost_picousd(body(tools=[TOOL]), [offer(**PER_TOKEN)])
    plain = worst_cost_picousd(body(tools=[{**TOOL, "max_uses": 1}]), [offer(**PER_TOKEN)])
    assert plain is not None
    assert schema is not None
    assert schema > 100 * plain
    native = worst_cost_picousd(body(model="a/b:online"), [offer(**once, web_search="0.001")])
    assert native == 2 * (PLAIN + (5 * 4000 + 40) * pico("0.000001") + pico("0.5")) + fee
    small = offer(**PER_TOKEN) | {"context_length": 1000}
    assert worst_cost_picousd(body(model="a/b:online"), [small]) == PLAIN + 684 * pico("0.000001") + fee


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
    work = server_work(body(plugins=[{**WEB, **options}]))
    assert work is not None
    assert work.tokens == 5 * chars


def test_pages_that_are_fetched_count() -> None:
    for fields in (
        {"tools": [{"type": "openrouter:web_fetch", "parameters": {"max_uses": 2, "max_content_tokens": 50}}]},
        {"plugins": [{"id": "web-fetch", "max_uses": 2, "max_content_tokens": 50}]},
    ):
        work = server_work(body(**fields))
        assert work is not None
        assert (work.pages, work.tokens, work.rounds) == (2, 100, 2)


def pdf(size: int = 60, head: str = "data:application/pdf;base64,") -> Json:
    return {"type": "file", "file": {"filename": "a", "file_data": head + "A" * size}}


@pytest.mark.parametrize(
    ("part", "engine", "reads_files", "pages"),
    [
        (pdf(), None, False, 1),
        (pdf(4000), None, False, 31),
        (pdf(10**6), None, False, 1000),
        (pdf(head="https://example.org/"), None, False, 1000),
        (pdf(head="data:text/plain;base64,"), None, False, 0),
        (pdf(), None, True, 0),
        (pdf(), "native", True, 0),
        (pdf(), "native", False, 1),
        (pdf(), "mistral-ocr", True, 1),
        (pdf(), "cloudflare-ai", False, 0),
        (pdf(), "pdf-text", False, 0),
    ],
)
def test_pages_that_are_scanned_count(part: Json, engine: str | None, reads_files: bool, pages: int) -> None:
    """Where the model takes no files itself, or scanning is asked for."""
    plugins = {"plugins": [{"id": "file-parser", "pdf": {"engine": engine}}]} if engine else {}
    row = FREE | {"input_modalities": '["text","file"]' if reads_files else '["text"]'}
    assert worst_cost_picousd(seen(part, **plugins), [row]) == pages * SCANNED_PICOUSD


@pytest.mark.parametrize(
    "fields",
    [
        {"preset": "mine"},
        {"model": "@preset/mine"},
        {"model": "a/b@preset/mine"},
        {"models": ["c/d@preset/mine"]},
        {"tools": [{"type": "openrouter:fusion"}]},
        {"tools": [{"type": "openrouter:image_generation"}]},
        {"tools": [{"type": 7}]},
        {"plugins": [{"id": "fusion"}]},
        {"plugins": [{"id": None}]},
        {"plugins": [{}]},
    ],
)
def test_what_asks_other_models_or_is_not_known_leaves_the_cost_open(fields: Json) -> None:
    assert worst_cost_picousd({**body(), **fields}, [FREE]) is None


def test_a_price_that_varies_leaves_the_cost_open_only_where_it_is_charged() -> None:
    row = offer(**PER_TOKEN, image="-1", web_search="-1")
    assert worst_cost_picousd(body(), [row]) == PLAIN
    assert worst_cost_picousd(seen(IMAGE), [row]) is None
    assert worst_cost_picousd(body(model="a/b:online"), [row]) is None


def test_plugins_that_cost_nothing_leave_it_as_it_is() -> None:
    plugins = [{"id": name} for name in ("response-healing", "context-compression", "moderation", "file-parser")]
    assert worst_cost_picousd(body(plugins=plugins), [offer(**PER_TOKEN)]) == PLAIN


@pytest.mark.parametrize(
    ("value", "tokens"),
    [("x" * 30, 32), (["x", "x"], 6), ([1, 2, 3], 3), ([[1, 2], [3]], 3), ([{"content": [IMAGE]}], 2002)],
)
def test_what_is_embedded_counts_in_every_form(value: Any, tokens: int) -> None:
    row = offer(prompt="0.000001", image="0.5")
    pictures = pico("0.5") if isinstance(value[0], dict) else 0
    assert input_tokens(value) == tokens
    assert worst_embedding_picousd(value, row) == tokens * pico("0.000001") + pictures
    assert worst_embedding_picousd(value, None) is None


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
OPTIONS = ("id", "type", "max_results", "max_uses", "max_characters", "search_context_size", "pdf", "engine", "enabled")
ODD = st.dictionaries(st.sampled_from(OPTIONS), ANYTHING | st.fixed_dictionaries({"engine": ANYTHING}))


@given(tools=st.lists(ODD, max_size=2), plugins=st.lists(ODD, max_size=2), part=ODD, rest=ANYTHING)
@SOME
def test_values_that_are_nothing_known_break_nothing(
    tools: list[Json], plugins: list[Json], part: Json, rest: object
) -> None:
    """The OpenAI door lets pass what may be newer than we are."""
    parser = {"id": "file-parser", "pdf": {"engine": rest}}
    mixed = [{**tool, "type": kind} for tool in tools for kind in ("openrouter:web_search", "openrouter:web_fetch")]
    searching = [{**plugin, "id": "web"} for plugin in plugins]
    for request in (
        seen(part, pdf(), tools=tools, plugins=[*plugins, parser]),
        seen(pdf(), tools=mixed, plugins=[*searching, parser]),
    ):
        worst = worst_cost_picousd(request, [FREE])
        assert worst is None or 0 <= worst <= MAX_CALL_PICOUSD


PRICE = st.decimals(0, Decimal("0.01"), places=9).map(lambda price: f"{price:f}")
KINDS = (
    "request", "image", "image_output", "audio_output", "internal_reasoning", "input_cache_read", "input_cache_write",
    "web_search",
)  # fmt: skip
PRICING = st.fixed_dictionaries(
    {"prompt": PRICE, "completion": PRICE}, optional=dict.fromkeys(KINDS, PRICE) | {"audio": PRICE}
)
ASKED = st.fixed_dictionaries(
    {},
    optional={
        "model": st.sampled_from(["a/b", "a/b:online", "google/gemini:nitro:online"]),
        "modalities": st.lists(st.sampled_from(["text", "image", "audio"])),
        "plugins": st.lists(st.fixed_dictionaries({"id": st.just("web")}, optional={"max_results": st.integers(1, 25)}))
        | st.just([{"id": "file-parser"}]),
        "tools": st.lists(st.builds(tool, max_uses=st.integers(1, 4), max_results=st.integers(1, 25)), max_size=2),
    },
)


@given(asked=ASKED, pricing=PRICING, drawn=st.data())
@SOME
def test_no_bill_of_the_provider_is_beyond_it(asked: Json, pricing: dict[str, str], drawn: st.DataObject) -> None:
    """Whatever comes of the call: tokens of any class up to the limit, and as many results as were allowed."""
    request = {**body(), **asked}
    work = server_work(request)
    worst = worst_cost_picousd(request, [offer(**pricing)])
    assert work is not None
    assert worst is not None

    def within(most: int) -> int:
        return drawn.draw(st.integers(0, most))

    prompt, completion = within(316 + work.tokens), within(40)
    cached, image = within(prompt), within(completion) if "image" in request.get("modalities", ()) else 0
    audio = within(completion - image) if "audio" in request.get("modalities", ()) else 0
    bill = cost_of(
        pricing,
        Tokens(
            prompt=prompt,
            completion=completion,
            cached=cached,
            cache_write=within(prompt - cached),
            reasoning=within(completion),
            image=image,
            audio=audio,
            search_results=within(work.results),
        ),
    )
    assert bill.total * PICO_PER_USD <= worst


@given(asked=ASKED, more=ASKED, pricing=PRICING, dearer=PRICING)
@SOME
def test_asking_for_more_at_higher_prices_is_never_cheaper(
    asked: Json, more: Json, pricing: dict[str, str], dearer: dict[str, str]
) -> None:
    both = {name: str(max(Decimal(pricing.get(name, 0)), Decimal(dearer.get(name, 0)))) for name in pricing | dearer}
    tools = {"tools": [*asked.get("tools", []), *more.get("tools", [])]}
    less = worst_cost_picousd({**body(), **asked}, [offer(**pricing)])
    most = worst_cost_picousd({**body(max_tokens=41), **asked, **tools}, [offer(**both)])
    assert less is not None
    assert most is not None
    assert most >= less
