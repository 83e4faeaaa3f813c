"""The small parts on their own: tokens, prices, answers, scenario texts, faults by lot, the clock."""

from __future__ import annotations

import asyncio
import contextlib
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator import ManualClock, answers, chaos, scenarios, tokens
from emulator.clock import SystemClock
from emulator.errors import edge_page
from emulator.models import CATALOGUE, MODELS
from emulator.pricing import Tokens, affordable_tokens, cost_of, plain
from emulator.scenarios import UnknownScenario, parse, resolve
from emulator.wire import fragments


@given(st.text())
def test_tokens_join_to_the_text_again(text: str) -> None:
    """Nothing is lost, nothing is empty, whatever the script."""
    pieces = tokens.split(text)

    assert "".join(pieces) == text
    assert all(pieces)


def test_long_words_are_cut_and_short_ones_keep_their_space() -> None:
    """About the size a real tokenizer makes."""
    assert tokens.split("Hello, wonderful 日本 1234!") == [
        "Hello",
        ",",
        " wond",
        "erful",
        " ",
        "日",
        "本",
        " 123",
        "4",
        "!",
    ]


def test_a_long_prompt_costs_its_own_price() -> None:
    """The override applies strictly above its bound."""
    pricing = next(model.pricing for model in MODELS if model.id == "google/gemini-2.5-pro")

    assert cost_of(pricing, Tokens(200_000, 1)).total == Decimal("0.25001")
    assert cost_of(pricing, Tokens(200_001, 1)).total == Decimal("0.5000175")


def test_exponent_prices_and_per_request_prices_are_exact() -> None:
    """No float on the way."""
    pricing = {"prompt": "3.2e-7", "completion": "0.1", "request": "0.0000000000001"}

    assert cost_of(pricing, Tokens(3, 3)).total == Decimal("0.3000009600001")


@pytest.mark.parametrize(
    ("amount", "text"), [("4.2E-7", "0.00000042"), ("1.500", "1.5"), ("0E-9", "0"), ("100", "100"), ("1E+2", "100")]
)
def test_money_is_printed_plainly(amount: str, text: str) -> None:
    """No exponent, no trailing zeros."""
    assert plain(Decimal(amount)) == text


def test_free_tokens_are_always_affordable_but_for_a_debt() -> None:
    """A zero price has no bound."""
    free = {"prompt": "0", "completion": "0"}

    assert affordable_tokens(free, 10, Decimal(0)) > 10**8
    assert affordable_tokens(free, 10, Decimal(-1)) == 0


def test_every_router_leads_to_a_model_with_prices() -> None:
    """A "-1" price is never billed."""
    assert all(Decimal(CATALOGUE.resolve(model.id).pricing["prompt"]) >= 0 for model in MODELS)


def test_ids_and_canonical_slugs_are_unique_where_they_must_be() -> None:
    """A free variant shares the slug of its model, nothing else does."""
    assert len({model.id for model in MODELS}) == len(MODELS)
    paid = [model.canonical_slug for model in MODELS if ":" not in model.id]
    assert len(set(paid)) == len(paid)


@pytest.mark.parametrize("question", ["Why is the sky blue?", "hi", "", "東京はどこ?", "x" * 500, "a | b\n\n> c"])
def test_the_demo_answer_is_worth_reading(question: str) -> None:
    """Between 120 and 260 tokens with a list, a table, a code block and a bit of the question."""
    answer = answers.demo(question)

    assert 120 <= tokens.count(answer) <= 260
    assert answer.count("\n- ") == 3
    assert "|---|" in answer
    assert answer.count("```") == 2
    assert "demo" in answer
    assert question[:20].split("\n")[0] in answer
    assert answer == answers.demo(question)


def test_different_questions_get_different_openings() -> None:
    """And another seed another answer to the same question."""
    openings = {answers.demo(f"question {at}").partition("\n")[0] for at in range(30)}

    assert len(openings) > 4
    assert answers.demo("hi", 1) != answers.demo("hi", 2)


def test_the_demos_code_runs() -> None:
    """A newcomer may try it."""
    for at in range(12):
        code = answers.demo(f"{at}").partition("```python\n")[2].partition("```")[0]
        exec(compile(code, "answer", "exec"), {"print": lambda *_: None})  # noqa: S102


def test_scenario_texts_combine_names_values_and_parameters() -> None:
    """An item belongs to the name before it when that has such a parameter."""
    scenario = resolve([parse("drop after=5 form=fin; rate=60 crlf; stall=3 ms=200; error=503 html; split_utf8; hold")])

    assert scenario.drop == scenarios.Drop(after=5, form="fin")
    assert (scenario.rate, scenario.crlf, scenario.split_utf8, scenario.hold) == (60, True, "bytes", 3_600_000)
    assert scenario.stall == scenarios.Stall(after=3, ms=200)
    assert scenario.error == scenarios.Refuse(status=503, html=True)


def test_later_layers_win_item_by_item() -> None:
    """The general rate stays, the particular drop replaces the general one."""
    scenario = resolve([parse("rate=5; drop after=1"), parse("drop after=9"), parse("")])

    assert (scenario.rate, scenario.drop) == (5, scenarios.Drop(after=9))


@given(st.text(max_size=60))
def test_any_text_is_a_scenario_or_a_typed_refusal(text: str) -> None:
    """Never another exception."""
    with contextlib.suppress(UnknownScenario):
        parse(text)


def test_the_same_seed_draws_the_same_fault_and_a_retry_draws_again() -> None:
    """By body, not by order; every fault of the menu comes up, and none of them waits for ever."""
    drawn = [chaos.pick(7, f"body {at}", 1) for at in range(500)]

    assert drawn == [chaos.pick(7, f"body {at}", 1) for at in range(500)]
    assert drawn != [chaos.pick(7, f"body {at}", 2) for at in range(500)]
    kinds = {name for tree in drawn for name in tree}
    assert {"drop", "reset", "mid_stream_error", "error", "garbage", "stall", "missing_usage", "hangup"} <= kinds
    assert all(resolve([tree]).stall is None or tree["stall"]["ms"] for tree in drawn)


def test_fragments_join_again_and_cut_inside_characters() -> None:
    """``cuts`` leaves the lead byte of each character alone at the end of a piece."""
    data = "aé🦀z".encode()

    for mode in (None, "bytes", "cuts"):
        assert b"".join(fragments(data, mode)) == data
    assert list(fragments(data, "cuts")) == [b"a\xc3", b"\xa9\xf0", b"\x9f\xa6\x80z"]


def test_unknown_statuses_have_an_edge_page_too() -> None:
    """With the number in it."""
    assert "Error code 530" in edge_page(530)


async def test_a_manual_clock_wakes_sleepers_in_order() -> None:
    """Only those whose time has come; one that was cancelled is passed over."""
    clock = ManualClock()
    woken: list[float] = []

    async def sleep(seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append(seconds)

    tasks = [asyncio.create_task(sleep(seconds)) for seconds in (3.0, 1.0, 2.0)]
    await clock.slept_on()
    await asyncio.sleep(0)
    tasks[1].cancel()
    clock.advance(2.5)
    await tasks[2]
    clock.advance(1)
    await tasks[0]

    assert woken == [2.0, 3.0]
    assert clock.monotonic() == 3.5
    assert tasks[1].cancelled()


async def test_the_system_clock_tells_and_passes_time() -> None:
    """The default of every emulator."""
    clock = SystemClock()
    before_s = clock.monotonic()
    await clock.sleep(0)

    assert clock.monotonic() >= before_s
    assert clock.unix() > 1_700_000_000
