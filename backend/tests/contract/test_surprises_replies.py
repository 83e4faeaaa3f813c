"""What replies and their figures have been seen to look like (API reference, section 10), row by row."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from app.bootstrap import Pace
from tests.contract.surprises import (
    BILL,
    DONE,
    FINISH,
    GOOD,
    UNKNOWN_CALL,
    USAGE,
    ask,
    asking,
    chunk,
    refused,
    streamed,
    text,
    whole,
)
from tests.harness import Json
from tests.harness.console import QUICK
from tests.services.raw_provider import Exchange, reply

PADDING = b"\n         \n"
COMPLETION: Json = {
    "id": "gen-9",
    "model": "a/b",
    "provider": "P",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello"}, "finish_reason": "stop"}],
    "usage": USAGE,
}


async def test_row_04_white_space_before_the_reply(data: Path) -> None:
    """It is no part of the answer; nor is it a sign that there will be one: the whole body has its time."""

    async def padding_only(exchange: Exchange) -> None:
        await exchange.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99999\r\n\r\n")
        await exchange.send(PADDING * 20)

    waits = replace(QUICK.timeouts, total_s=0.5)
    reply_ = whole(PADDING * 20 + json.dumps(COMPLETION).encode())
    async with asking(data, reply_, pace=Pace(waits, QUICK.reconcile_delays_s, QUICK.retries)) as it:
        told = await it.answer()
        assert (told.end, told.message["content"]) == (("completed", "stop", None), "Hello")
        assert (told.row["cost_usd"], told.row["upstream_id"]) == (Decimal("0.5"), "gen-9")
        it.provider.answers = [padding_only]
        assert (await it.answer()).end == ("failed", None, "upstream_timeout")


async def test_row_05_an_error_under_status_200(data: Path) -> None:
    """It is that error, behind white space too, and nothing is known to have been charged."""
    error = {"error": {"code": 402, "message": "Insufficient credits"}, "user_id": "user_1"}
    async with asking(data, whole(PADDING + json.dumps(error).encode())) as it:
        told = await it.answer()
        assert told.end == ("failed", None, "upstream_no_credit")
        assert told.transcript.events == ["start", "error", "done"]
        assert len(it.provider.calls) == 1


async def test_row_06_no_choices_and_no_error(data: Path) -> None:
    """Typed and worth another try; in a stream, too, where other chunks may still come."""
    async with asking(data, GOOD) as it:
        bodies: list[Json] = [{"choices": None}, {"choices": []}, {"id": "gen-1"}, {}]
        for body in bodies:
            it.provider.answers = [whole(body)]
            told = await it.answer()
            assert told.end == ("failed", None, "upstream_garbage"), body
            assert told.error["retryable"], body
        nothing = ({"id": "gen-1", "choices": None}, {"id": "gen-1"}, {"choices": [None]}, {"choices": "x"})
        it.provider.answers = [streamed(text("Hel"), *nothing, text("lo"), FINISH, BILL, DONE)]
        assert (await it.answer()).message["content"] == "Hello"
        it.provider.answers = [streamed(*nothing, DONE)]
        assert (await it.answer()).end == ("truncated", None, "upstream_truncated")


async def test_row_07_an_answer_in_the_wrong_place(data: Path) -> None:
    """A completion under `provider` is not guessed at, and not shown."""
    nested = {"id": None, "model": None, "choices": None, "provider": {**COMPLETION}}
    told = await ask(data, whole(nested))
    assert told.end == ("failed", None, "upstream_garbage")
    assert "Hello" not in json.dumps(told.generation, default=str)


EDGE: list[tuple[int, str]] = [
    (200, "upstream_garbage"),
    (403, "upstream_error"),
    (404, "upstream_model_not_found"),
    (502, "upstream_unavailable"),
    (520, "upstream_unavailable"),
    (522, "upstream_unavailable"),
    (524, "upstream_timeout"),
]


async def test_row_12_pages_of_the_edge(data: Path) -> None:
    """The status says what happened; the page is never shown, nor stored."""
    page = b"<!DOCTYPE html><html><title>Just a moment...</title><script>challenge()</script></html>"
    async with asking(data, GOOD) as it:
        for status, code in EDGE:
            it.provider.answers = [reply(page, status=f"{status} Edge", content_type="text/html; charset=UTF-8")]
            told = await it.answer()
            assert told.end == ("failed", None, code), status
            assert "<" not in json.dumps([told.error, told.message["parts"]]), status
            assert "moment" not in json.dumps(told.error), status
            it.provider.answers = [GOOD]
            assert (await it.answer()).message["content"] == "Hello"


async def test_row_13_a_time_out_of_the_edge_in_its_own_words(data: Path) -> None:
    """524 in JSON: once more, not twice; and all that we send are streams."""
    slow = refused(524, {"message": "Provider timed out"})
    async with asking(data, slow, GOOD) as it:
        assert (await it.answer()).message["content"] == "Hello"
        assert [call["stream"] for call in it.provider.calls] == [True, True]
        it.provider.answers, it.provider.calls = [slow], []
        assert (await it.answer()).error_code == "upstream_timeout"
        assert len(it.provider.calls) == 2


COSTS: list[tuple[bytes, Decimal | None]] = [
    (b"null", None),
    (b'""', None),
    (b"{}", None),
    (b"true", None),
    (b"0", Decimal(0)),
    (b"0.0", Decimal(0)),
    (b"0.000837", Decimal("0.000837")),
    (b"4.2e-7", Decimal("4.2e-7")),
    (b"4.2E-07", Decimal("4.2e-7")),
    (b'"0.000837"', Decimal("0.000837")),
    (b'"4.2e-7"', Decimal("4.2e-7")),
]


async def test_row_19_costs_of_every_kind(data: Path) -> None:
    """Null is not zero, zero is zero, and every notation is exact."""
    async with asking(data, GOOD) as it:
        for written, cost in COSTS:
            bill = json.dumps(chunk(usage={**USAGE, "cost": "@"})).replace('"@"', written.decode())
            it.provider.answers = [streamed(text("Hello"), FINISH, f"data: {bill}\n\n", DONE)]
            told = await it.answer()
            state = "unknown" if cost is None else "settled"
            assert (told.row["state"], told.row["cost_usd"]) == (state, cost), written
            assert told.transcript.data_of("usage")["cost_usd"] == cost, written
        missing = {name: value for name, value in USAGE.items() if name != "cost"}
        it.provider.answers = [streamed(text("Hello"), FINISH, chunk(usage=missing), DONE)]
        assert (await it.answer()).row["state"] == "unknown"


async def test_row_18_no_usage_at_all(data: Path) -> None:
    """Unknown, until the provider's record of the call tells."""
    record = whole({"data": {"id": "gen-1", "total_cost": 0.25, "native_tokens_prompt": 7, "is_byok": False}})
    async with asking(data, streamed(text("Hello"), FINISH, DONE), records=(record,)) as it:
        told = await it.answer()
        assert (told.message["status"], told.transcript.events) == ("completed", ["start", "token", "done"])
        row = await it.reconciled(told)
        assert (row["cost_usd"], row["prompt_tokens"]) == (Decimal("0.25"), 7)


async def test_row_20_details_that_are_null_or_missing(data: Path) -> None:
    """Figures that nobody gave are unknown; the bill stands. A missing own-key flag means there is none."""
    nulls = {"prompt_tokens_details": None, "completion_tokens_details": None, "cost_details": None, "is_byok": None}
    own_key = {"is_byok": True, "cost_details": {"upstream_inference_cost": "0.25"}}
    no_key = {"cost_details": {"upstream_inference_cost": "0.25"}}
    async with asking(data, GOOD) as it:
        for details, cost in ((nulls, "0.5"), ({}, "0.5"), (no_key, "0.5"), (own_key, "0.75")):
            it.provider.answers = [streamed(text("Hello"), FINISH, chunk(usage=USAGE | details), DONE)]
            told = await it.answer()
            assert (told.row["state"], told.row["cost_usd"]) == ("settled", Decimal(cost)), details
            assert (told.row["cached_tokens"], told.row["reasoning_tokens"]) == (None, None), details


async def test_row_37_another_model_and_no_provider(data: Path) -> None:
    """Who was asked and who answered are both on record."""
    dated: Json = {"model": "a/b-20260101", "provider": None}
    told = await ask(data, streamed(text("Hello", **dated), chunk({}, "stop", **dated), chunk(usage=USAGE, **dated)))
    assert told.message["status"] == "completed"
    assert told.generation["model"] == "openai/gpt-4o-mini"
    assert told.transcript.data_of("usage")["model"] == "a/b-20260101"
    assert told.transcript.data_of("usage")["provider"] == told.generation["provider"]


async def test_row_38_words_that_are_not_on_any_list(data: Path) -> None:
    """Tiers, native reasons and finish reasons are free text."""
    async with asking(data, GOOD) as it:
        finish = chunk({"content": ""}, "stop", service_tier="standard")
        finish["choices"][0]["native_finish_reason"] = "SOMETHING_NEW"
        it.provider.answers = [streamed(text("Hello"), finish, BILL, DONE)]
        assert (await it.answer()).end == ("completed", "stop", None)
        it.provider.answers = [streamed(text("Hello"), chunk({}, "tomorrow"), BILL, DONE)]
        assert (await it.answer()).end == ("completed", "tomorrow", None)


async def test_row_39_a_large_catalogue_with_variable_prices(data: Path) -> None:
    """Megabytes are read; "-1" is an unknown price, not a negative one."""
    models = [
        {"id": f"author/model-{n}", "name": f"Model {n}", "description": "x" * 1000, "context_length": 8192}
        | {"pricing": {"prompt": "0.000001", "completion": "0.000002"}}
        for n in range(3000)
    ]
    router = {"id": "openrouter/auto", "name": "Auto", "pricing": {"prompt": "-1", "completion": "-1"}}
    async with asking(data, GOOD, models=whole({"data": [*models, router]})) as it:
        assert (await it.client.post("/api/models/sync"))["synced"] == 3001
        found = await it.client.get("/api/models/openrouter/auto")
        assert (found["pricing"]["prompt"], found["pricing"]["completion"]) == (None, None)
        told = await it.answer(model="openrouter/auto")
        assert (told.row["state"], told.row["cost_usd"]) == ("settled", Decimal("0.5"))


async def test_row_47_a_record_that_is_not_there_yet(data: Path) -> None:
    """Asked for again until it is; meanwhile the cost is unknown."""
    record = whole({"data": {"id": "gen-1", "total_cost": "0.125"}})
    cut = streamed(text("Hel"))
    async with asking(data, cut, records=(UNKNOWN_CALL, UNKNOWN_CALL, UNKNOWN_CALL, record)) as it:
        told = await it.answer()
        assert (await it.reconciled(told))["cost_usd"] == Decimal("0.125")


async def test_row_51_a_fallback_at_its_own_price(data: Path) -> None:
    """The bill and the name are those of the model that answered."""
    served: Json = {"model": "other/large", "provider": "Q"}
    bill = chunk(usage={**USAGE, "cost": 2.5}, **served)
    async with asking(data, streamed(text("Hello", **served), chunk({}, "stop", **served), bill, DONE)) as it:
        told = await it.answer(models=["other/large"])
        assert it.provider.calls[0]["models"] == ["other/large"]
        assert (told.row["state"], told.row["cost_usd"]) == ("settled", Decimal("2.5"))
        usage = told.transcript.data_of("usage")
        assert (usage["model"], usage["provider"]) == ("other/large", "Q")


async def test_row_52_figures_that_do_not_add_up(data: Path) -> None:
    """They are the provider's, and kept as told; what no column holds is unknown."""
    odd: list[tuple[Json, dict[str, Any]]] = [
        ({"prompt_tokens": 0, "completion_tokens": 10, "total_tokens": 3}, {"prompt_tokens": 0, "total_tokens": 3}),
        ({"completion_tokens": 10, "completion_tokens_details": {"reasoning_tokens": 11}}, {"reasoning_tokens": 11}),
        ({"prompt_tokens": -5, "completion_tokens": 2**80}, {"prompt_tokens": None, "completion_tokens": None}),
    ]
    async with asking(data, GOOD) as it:
        for usage, expected in odd:
            it.provider.answers = [streamed(text("Hello"), FINISH, chunk(usage={**usage, "cost": 0.5}), DONE)]
            told = await it.answer()
            assert told.message["status"] == "completed"
            assert {name: told.row[name] for name in expected} == expected
            assert told.row["cost_usd"] == Decimal("0.5")


async def test_row_56_an_empty_answer_that_cost_nothing(data: Path) -> None:
    """Asked for again, once: the provider says itself that nothing came. One that has a price is not."""
    free = {"prompt_tokens": 3, "completion_tokens": 0, "total_tokens": 3, "cost": 0}
    empty = streamed(text(""), chunk({"content": ""}, usage=free), DONE)
    async with asking(data, empty, GOOD) as it:
        told = await it.answer()
        assert (told.message["content"], len(it.provider.calls)) == ("Hello", 2)
        it.provider.answers, it.provider.calls = [empty], []
        assert (await it.answer()).end == ("truncated", None, "upstream_truncated")
        assert len(it.provider.calls) == 2
        paid = streamed(text(""), chunk({"content": ""}, usage={**free, "cost": 0.5}), DONE)
        it.provider.answers, it.provider.calls = [paid], []
        told = await it.answer()
        assert (len(it.provider.calls), told.row["cost_usd"]) == (1, Decimal("0.5"))
