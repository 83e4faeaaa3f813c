"""Chunks, completions and catalogues in every recorded shape, and in shapes nobody promised not to send."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.errors import UpstreamGarbage
from app.services.upstream.wire import (
    Chunk,
    Delta,
    decode_chunk,
    decode_completion,
    decode_endpoints,
    decode_failure,
    decode_generation,
    decode_models,
)


def chunk(**fields: Any) -> Chunk:
    return decode_chunk(json.dumps(fields).encode())


def delta(**fields: Any) -> Delta:
    (choice,) = chunk(choices=[{"index": 0, "delta": fields}]).choices or []
    assert choice.delta is not None
    return choice.delta


def test_a_recorded_chunk() -> None:
    """The form of section 4.2."""
    got = decode_chunk(
        b'{"id":"gen-1","object":"chat.completion.chunk","created":1,"model":"a/b","provider":"P","choices":[{"index":0,'
        b'"delta":{"content":"Hel","role":"assistant"},"finish_reason":null,"native_finish_reason":null}]}'
    )
    assert (got.id, got.model, got.provider, got.usage, got.failure) == ("gen-1", "a/b", "P", None, None)
    assert got.choices is not None
    assert got.choices[0].delta is not None
    assert got.choices[0].delta.content == "Hel"
    assert got.choices[0].finish_reason is None


def test_reasoning_and_its_opaque_details_are_kept_as_they_came() -> None:
    """Unknown types and a signature without text included."""
    details = [
        {"type": "reasoning.text", "signature": "abc", "format": "anthropic-claude-v1", "index": 0},
        {"type": "reasoning.new", "x": {"deep": [1, 2.5, None]}},
    ]
    got = delta(role="assistant", content="", reasoning="We", reasoning_details=details)
    assert (got.reasoning, got.reasoning_details) == ("We", details)
    assert delta(content=None, reasoning=None, reasoning_details=[]).reasoning_details == []
    assert delta(reasoning_content="think").reasoning_content == "think"


def test_tool_calls_may_lack_index_and_id() -> None:
    """Missing, null and empty are told apart only as far as the sender did."""
    got = delta(
        content=None,
        tool_calls=[
            {"index": 0, "id": "t1", "type": "function", "function": {"name": "f", "arguments": ""}},
            {"function": {"arguments": '{"a'}},
            {"index": None, "id": None, "function": {"name": None}},
            {"id": "", "function": None},
        ],
    )
    assert [(call.index, call.id) for call in got.tool_calls or []] == [
        (0, "t1"),
        (None, None),
        (None, None),
        (None, ""),
    ]
    assert got.content is None


@pytest.mark.parametrize("choices", [[], None, "absent"])
def test_the_usage_chunk_needs_no_choices(choices: object) -> None:
    """All forms of section 4.3."""
    fields = {"usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}}
    got = chunk(**fields) if choices == "absent" else chunk(choices=choices, **fields)
    assert got.usage is not None
    assert (got.usage.prompt_tokens, got.usage.completion_tokens, got.usage.total_tokens) == (1, 2, 3)
    assert got.usage.cost_text is None


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"0.000837", "0.000837"),
        (b"0", "0"),
        (b"0.0", "0.0"),
        (b"4.2e-7", "4.2e-7"),
        (b"4.2E-07", "4.2E-07"),
        (b"0.12345678901234567890123456789", "0.12345678901234567890123456789"),
        (b'"0.5"', "0.5"),
        (b'"4.2e-7"', "4.2e-7"),
        (b"-1", "-1"),
        (b" 1.50 ", "1.50"),
        (b"null", None),
        (b'""', None),
        (b"true", None),
        (b"{}", None),
        (b"[1]", None),
    ],
)
def test_money_keeps_the_providers_own_digits(raw: bytes, text: str | None) -> None:
    """No float on the way; null and nonsense are unknown, which is not zero."""
    got = decode_chunk(b'{"usage":{"cost":' + raw + b',"cost_details":{"upstream_inference_cost":' + raw + b"}}}")
    assert got.usage is not None
    assert got.usage.cost_text == text
    assert got.usage.upstream_cost_text == text


def test_token_classes_may_be_null_or_missing() -> None:
    """Section 5: details objects, or what is in them, may be null."""
    got = chunk(usage={"prompt_tokens_details": None, "completion_tokens_details": {"reasoning_tokens": None}}).usage
    assert got is not None
    assert (got.cached_tokens, got.cache_write_tokens, got.reasoning_tokens) == (None, None, None)
    full = chunk(
        usage={
            "prompt_tokens_details": {"cached_tokens": 5, "cache_write_tokens": 2},
            "completion_tokens_details": {"reasoning_tokens": 11},
        }
    ).usage
    assert full is not None
    assert (full.cached_tokens, full.cache_write_tokens, full.reasoning_tokens) == (5, 2, 11)


@pytest.mark.parametrize(
    ("fields", "failed"),
    [
        ({"error": {"code": 502, "message": "x"}, "choices": []}, True),
        ({"error": {"code": None}, "choices": None}, True),
        ({"error": "boom"}, True),
        ({"choices": [{"delta": {"content": ""}, "finish_reason": "error", "error": {"code": "server_error"}}]}, True),
        ({"error": None, "choices": []}, False),
        ({"error": {}, "choices": []}, False),
        ({"error": False}, False),
        ({"choices": [{"delta": {}, "error": None}]}, False),
    ],
)
def test_an_error_is_found_wherever_it_stands(fields: dict[str, Any], failed: bool) -> None:
    """At the top or in a choice; a null one is none."""
    assert (chunk(**fields).failure is not None) is failed


def test_one_odd_field_does_not_lose_the_chunk() -> None:
    """What has a wrong type is read as far as it makes sense, all else stays."""
    got = decode_chunk(
        b'{"id":7,"model":["m"],"provider":{"id":"nested"},"choices":[5,{"index":"0","delta":{"content":[{"type":"text",'
        b'"text":"Hel"},{"type":"image"},{"type":"text","text":"lo"}],"tool_calls":[{"index":"1","id":12,"function":'
        b'{"name":"f","arguments":{"a":1.50}}},null],"reasoning_details":"?","annotations":{}},"finish_reason":"stop"}],'
        b'"usage":{"prompt_tokens":12.0,"completion_tokens":"7","total_tokens":{},"is_byok":"yes","cost":1.5e-7,'
        b'"cost_details":[]}}'
    )
    assert (got.id, got.provider) == ("7", None)
    assert got.choices is not None
    (choice,) = got.choices
    assert choice.finish_reason == "stop"
    assert choice.delta is not None
    assert choice.delta.content == "Hello"
    assert choice.delta.reasoning_details is None
    assert choice.delta.tool_calls is not None
    (call,) = choice.delta.tool_calls
    assert call.function is not None
    assert (call.index, call.id, call.function.name, call.function.arguments) == (1, "12", "f", '{"a":1.50}')
    assert got.usage is not None
    assert (got.usage.prompt_tokens, got.usage.completion_tokens, got.usage.total_tokens) == (12, 7, None)
    assert (got.usage.is_byok, got.usage.cost_text) == (None, "1.5e-7")


def test_half_surrogates_and_bad_utf8_become_replacement_characters() -> None:
    """Other languages' JSON writers let them through; whole pairs and escaped backslashes are left alone."""
    got = decode_chunk(rb'{"choices":[{"delta":{"content":"a\ud83d\\ud83d \ud83d\ude00\udE00"}}]}')
    assert got.choices is not None
    assert got.choices[0].delta is not None
    assert got.choices[0].delta.content == "a\ufffd\\ud83d \U0001f600\ufffd"
    bad = decode_completion(b'{"id":"a\xff","choices":[]}')
    assert bad.id == "a\ufffd"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"1",
        b'"x"',
        b"<html>",
        b'{"a":NaN}',
        b"[" * 100_000,
        b'{"choices":' * 5000,
        b"[DONE]",
    ],
    ids=repr,
)
def test_what_is_no_object_is_garbage(data: bytes) -> None:
    """And its bytes are not repeated in the error."""
    with pytest.raises(UpstreamGarbage) as refused:
        decode_chunk(data)
    assert refused.value.details == {"size_bytes": len(data)}


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
_mutable = ["id", "model", "provider", "choices", "usage", "error"]
_in_choice = ["index", "delta", "message", "finish_reason", "native_finish_reason", "logprobs", "error"]
_in_delta = ["content", "reasoning", "reasoning_details", "tool_calls", "annotations", "images", "audio", "refusal"]


@settings(max_examples=200, deadline=None)
@given(
    top=st.dictionaries(st.sampled_from(_mutable), _json),
    choice=st.dictionaries(st.sampled_from(_in_choice), _json),
    fields=st.dictionaries(st.sampled_from(_in_delta), _json),
    usage=st.dictionaries(st.sampled_from(["prompt_tokens", "cost", "cost_details", "prompt_tokens_details"]), _json),
)
def test_any_json_object_is_a_chunk(
    top: dict[str, Any], choice: dict[str, Any], fields: dict[str, Any], usage: dict[str, Any]
) -> None:
    """Whatever stands in the fields we read, the chunk is read, and its text is not lost to the rest."""
    whole = {"choices": [{"delta": {"content": "kept"} | fields} | choice], "usage": usage} | top
    got = decode_chunk(json.dumps(whole).encode())
    assert isinstance(got, Chunk)
    assert got.failure is None or bytes(got.failure)
    if got.usage is not None:
        assert got.usage.cost_text is None or isinstance(got.usage.cost_text, str)
    if "choices" not in top and "delta" not in choice and "content" not in fields:
        assert got.choices is not None
        assert got.choices[0].delta is not None
        assert got.choices[0].delta.content == "kept"
    msgspec.json.encode(msgspec.structs.asdict(got))


def test_a_completion_behind_keepalive_white_space() -> None:
    """Section 3: up to twenty lines of white space come before the JSON."""
    got = decode_completion(b"\n         \n" * 20 + b'{"id":"gen-1","choices":[{"message":{"content":"Hi"}}]}')
    assert got.choices is not None
    assert got.choices[0].message is not None
    assert got.choices[0].message.content == "Hi"


def test_prices_stay_text_whatever_their_form() -> None:
    """Strings, numbers, the router's -1; a discount is a number, overrides are a list."""
    (model,) = decode_models(
        b'{"data":[{"id":"a/b","created":1.7e9,"context_length":null,"pricing":{"prompt":"0.000003","completion":1.5e-5,'
        b'"request":"-1","discount":0.1,"overrides":[{"prompt":"1"}]},"default_parameters":{},"architecture":null,'
        b'"supported_parameters":["tools"],"top_provider":{"context_length":1000}}]}'
    )
    prices = [model.price_text(name) for name in ("prompt", "completion", "request", "overrides", "image")]
    assert prices == ["0.000003", "1.5e-5", "-1", None, None]
    assert (model.created, model.context_length, model.supported_parameters) == (1_700_000_000, None, ["tools"])


def test_odd_models_do_not_lose_the_list() -> None:
    """Entries without an id are left out; other servers' lists have little else."""
    models = decode_models(b'{"object":"list","data":[{"id":"m1","object":"model"},{"name":"no id"},7,{"id":5}]}')
    assert [model.id for model in models] == ["m1", "5"]
    with pytest.raises(UpstreamGarbage):
        decode_models(b'{"models":[]}')


def test_endpoints_and_generation_records_are_read_from_data() -> None:
    """Both come in an envelope; an empty one is garbage."""
    found = decode_endpoints(
        b'{"data":{"id":"a/b","endpoints":[{"name":"P | a/b","tag":"p","status":0,"pricing":{"prompt":"1"},'
        b'"latency_last_30m":{"p50":300.5},"uptime_last_30m":99}]}}'
    )
    assert found.endpoints is not None
    assert (found.endpoints[0].tag, found.endpoints[0].price_text("prompt")) == ("p", "1")
    record = decode_generation(
        b'{"data":{"id":"gen-1","total_cost":0.000016,"usage":1,"latency":812,"cancelled":true}}'
    )
    assert (record.cost_text, record.latency, record.cancelled) == ("0.000016", 812, True)
    for decode in (decode_endpoints, decode_generation):
        with pytest.raises(UpstreamGarbage):
            decode(b'{"data":null}')


def test_an_error_envelope_is_told_from_an_answer() -> None:
    """`error: null` is none."""
    assert decode_failure(b'{"error":{"code":429}}') is not None
    assert decode_failure(b'{"error":null,"data":[]}') is None
