"""The most that a call can cost: everything that is priced and everything that is not."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.money import MAX_CALL_PICOUSD, PICO_PER_USD
from app.db.types import Row
from app.services.turns.worst_cost import (
    PICTURE_TOKENS,
    SCANNED_PICOUSD,
    input_tokens,
    worst_cost_picousd,
    worst_embedding_picousd,
)
from app.services.upstream.server_work import server_work
from emulator.pricing import Tokens, cost_of
from tests.core.properties import SOME
from tests.services.turns.priced import (
    FILM,
    FREE,
    IMAGE,
    PER_TOKEN,
    PLAIN,
    READ,
    ROOM,
    SOUND,
    Json,
    body,
    offer,
    pdf,
    pico,
    seen,
    size_of,
    tool,
)


@pytest.mark.parametrize(
    ("prices", "cost"),
    [
        (None, None),
        ({"prompt_picousd": None, "completion_picousd": 1, "request_picousd": None}, None),
        ({"prompt_picousd": 1, "completion_picousd": None, "request_picousd": None}, None),
        ({"prompt_picousd": 0, "completion_picousd": 0, "request_picousd": None}, 0),
        ({"prompt_picousd": 2, "completion_picousd": 5, "request_picousd": None}, 2 * READ + 5 * 40),
        ({"prompt_picousd": 2, "completion_picousd": 5, "request_picousd": 7}, 2 * READ + 5 * 40 + 7),
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
    assert worst == (READ + 40) * 1000
    assert worst_cost_picousd(body(), [cheap, dear]) == worst
    assert worst_cost_picousd(body(), [dear, cheap, cheap]) == worst
    assert worst_cost_picousd(body(), [cheap, None]) is None


LONG = body(cache_control={"type": "ephemeral", "ttl": "1h"})


def beyond(request_: Json, /, **pricing: str) -> int:
    """What these prices make a call dearer by."""
    plain, priced = (
        worst_cost_picousd(request_, [offer(**PER_TOKEN, **more) | {"context_length": ROOM}]) for more in ({}, pricing)
    )
    assert plain is not None
    assert priced is not None
    return priced - plain


@pytest.mark.parametrize(
    ("request_", "pricing", "more"),
    [
        (body(), {"request": "0.5"}, pico("0.5")),
        (body(), {"input_cache_write": "0.000003"}, READ * pico("0.000002")),
        (body(), {"input_cache_read": "0.000003"}, READ * pico("0.000002")),
        (body(), {"input_cache_write_1h": "0.000003"}, 0),
        (LONG, {"input_cache_write_1h": "0.000003"}, size_of(LONG) * 2_000_000),
        (body(), {"internal_reasoning": "0.000012"}, 40 * pico("0.00001")),
        (body(), {"image": "0.5", "image_token": "1", "audio": "1", "web_search": "1", "image_output": "1"}, 0),
        (seen(IMAGE, IMAGE), {"image": "0.5"}, 2 * pico("0.5")),
        (seen(IMAGE), {"image_token": "0.000003"}, 50_000 * pico("0.000002")),
        (seen(SOUND), {"audio": "0.000003"}, ROOM * pico("0.000002")),
        (seen(SOUND), {"image_token": "0.000003"}, 0),
        (seen(FILM), {"audio": "0.000003", "image_token": "0.000003"}, 2 * ROOM * pico("0.000002")),
        (seen(pdf()), {"image_token": "0.000003"}, ROOM * pico("0.000002")),
        (body(modalities=["image", "text"]), {"image_output": "0.000003"}, (40 + PICTURE_TOKENS) * pico("0.000001")),
        (body(modalities=["audio", "text"]), {"audio_output": "0.000003"}, 40 * pico("0.000001")),
    ],
)
def test_every_price_counts_where_it_can_be_charged(request_: Json, pricing: dict[str, str], more: int) -> None:
    assert beyond(request_, **pricing) == more


def test_gemini_takes_the_storage_of_a_cache_on_top() -> None:
    row = offer(**PER_TOKEN, input_cache_write="0.000003") | {"id": "google/gemini"}
    assert worst_cost_picousd(body(), [row]) == PLAIN + READ * pico("0.000003")


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
    request = body(plugins=plugins)
    assert worst_cost_picousd(request, [offer(**PER_TOKEN)]) == PLAIN + (size_of(request) - READ) * pico("0.000001")


@pytest.mark.parametrize(
    ("value", "tokens"),
    [("x" * 30, 34), (["x", "x"], 10), ([1, 2, 3], 3), ([[1, 2], [3]], 3)],
)
def test_what_is_embedded_counts_in_every_form(value: Any, tokens: int) -> None:
    """However short the model's context: each input has one of its own."""
    row = offer(prompt="0.000001", image="0.5") | {"context_length": 1}
    assert input_tokens(value) == tokens
    assert worst_embedding_picousd(value, row) == tokens * pico("0.000001")
    assert worst_embedding_picousd(value, None) is None


def test_what_is_embedded_of_pictures_and_films() -> None:
    row = offer(prompt="0.000001", image="0.5") | {"context_length": 60_000}
    picture, film = {"content": [IMAGE]}, {"content": [FILM]}
    worst = worst_embedding_picousd([picture, picture], row)
    assert worst is not None
    assert worst >= 2 * (50_000 * pico("0.000001") + pico("0.5"))
    assert worst_embedding_picousd([film, film], row) == 2 * 60_000 * pico("0.000001")
    assert worst_embedding_picousd([film], offer(prompt="0.000001")) is None


TEXT_FILE = pdf(5_000_000, "data:text/plain;base64,")


@pytest.mark.parametrize(
    "part",
    [
        {"type": "file", "file": {"data": "x", "file_data": "data:application/pdf;base64,AA"}},
        {"type": "file", "file": {"file_data": "http://a.example/x.pdf"}},
        {"type": "file", "file": {"file_data": "HTTPS://a.example/x.pdf"}},
        {"type": "file", "file": {"file_id": "file-1"}},
        {"type": "file", "file": {"file_data": "data:text/plain;base64,AA", "file_id": "file-1"}},
        {"type": "file"},
        {"type": "video_url", "video_url": {"url": "data:video/mp4;base64,AA"}},
        {"type": "video_url", "video_url": {"url": "HTTPS://www.example/x"}},
        {"type": "input_video", "input_video": {"url": "x"}},
        {"type": "image_url", "image_url": {"url": "data:application/pdf;base64,AA"}},
        {"type": "of_tomorrow"},
        SOUND,
        FILM,
    ],
)
def test_what_has_no_bound_is_bounded_by_what_the_model_reads(part: Json) -> None:
    """A minute of silence is a few bytes, and a small file may hold a large text: without a bound nobody can tell."""
    request = seen(part, plugins=[{"id": "file-parser", "pdf": {"engine": "pdf-text"}}])
    row = offer(**PER_TOKEN)
    expected = ROOM * pico("0.000001") + 40 * pico("0.000002")
    assert worst_cost_picousd(request, [row | {"context_length": ROOM}]) == expected
    assert worst_cost_picousd(request, [row]) is None
    assert worst_cost_picousd(request, [FREE]) == 0


@pytest.mark.parametrize(
    "fields",
    [
        {"messages": [{"role": "user", "content": [TEXT_FILE]}]},
        {"messages": [{"role": "user", "content": [{**IMAGE, "text": "x" * 5_000_000}]}]},
        {
            "messages": [
                {"role": "assistant", "content": "a", "annotations": [{"type": "file", "text": "x" * 5_000_000}]}
            ]
        },
        {"messages": [{"role": "user", "content": "a", "of_tomorrow": "x" * 5_000_000}]},
        {"functions": [{"name": "x", "description": "z" * 5_000_000}]},
        {"user": "x" * 5_000_000},
    ],
)
def test_text_counts_wherever_it_stands(fields: Json) -> None:
    worst = worst_cost_picousd(body() | fields, [offer(**PER_TOKEN)])
    assert worst is not None
    assert worst >= 5_000_000 * pico("0.000001")


@pytest.mark.parametrize(
    ("model", "tokens"),
    [
        ("openai/gpt-4o-mini", 48_169),
        ("lab/gpt-4o-mini", 48_169),
        ("openai/gpt-5-nano", 24_600),
        ("anthropic/claude-opus-4.8", 4784),
        ("~anthropic/claude-sonnet-latest", 4784),
        ("x-ai/grok-4", 1792),
        ("qwen/qwen3-vl", 16_384),
    ],
)
def test_a_picture_counts_as_much_as_its_family_can_make_of_it(model: str, tokens: int) -> None:
    """And hardly more: its data is no text."""
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 10**6}}
    worst = worst_cost_picousd(seen(*[image] * 10), [offer(prompt="0.000001", completion="0") | {"id": model}])
    assert worst is not None
    assert 10 * tokens * pico("0.000001") <= worst < 600_000 * pico("0.000001")


def test_earlier_pictures_and_sound_of_an_answer_count_too() -> None:
    drawn = {"messages": [{"role": "assistant", "content": "", "images": [IMAGE]}]}
    spoken = {"messages": [{"role": "assistant", "content": "", "audio": {"id": "audio_1"}}]}
    row = offer(prompt="0.000001", completion="0")
    worst = worst_cost_picousd(drawn, [row])
    assert worst is not None
    assert worst >= 50_000 * pico("0.000001")
    assert worst_cost_picousd(spoken, [row]) is None


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

    prompt, completion = within(READ + work.tokens), within(40)
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
