"""What chunks carry beside text: kept with the text, or with the answer as a whole."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.core.json import encode
from app.schemas.events import Text, Usage, decode_events, encode_events
from app.services.upstream.deltas import DeltaReader
from app.services.upstream.outcome import usage_event
from app.services.upstream.wire import decode_chunk

Json = dict[str, Any]


@pytest.mark.parametrize(
    ("delta", "fields", "expected"),
    [
        ({"content": "a"}, {}, Text(text="a")),
        ({"content": "a", "images": [{"n": 1}]}, {}, Text(text="a", extra={"images": [{"n": 1}]})),
        ({"content": "", "audio": {"data": "AA=="}}, {}, Text(text="", extra={"audio": {"data": "AA=="}})),
        ({"content": None, "refusal": "No."}, {}, Text(text="No.", extra={"refusal": True})),
        ({"content": "a"}, {"logprobs": {"content": [1]}}, Text(text="a", extra={"logprobs": {"content": [1]}})),
        ({"content": "a"}, {"logprobs": None}, Text(text="a")),
    ],
)
def test_what_comes_beside_text_is_kept_with_it(delta: Json, fields: Json, expected: Text) -> None:
    raw = {"choices": [{"delta": delta, **fields}]}
    assert DeltaReader().feed([decode_chunk(json.dumps(raw).encode())]) == [expected]


def test_what_is_said_of_the_whole_answer_is_kept() -> None:
    """The native reason of the finish that counts, the tier, the fingerprint; once each, wherever they stand."""
    first = {
        "choices": [{"delta": {}, "finish_reason": "stop", "native_finish_reason": "STOP"}],
        "service_tier": "flex",
    }
    second = {"choices": [{"delta": {}, "finish_reason": "stop", "native_finish_reason": "x"}], "service_tier": None}
    third = {"choices": [], "system_fingerprint": "fp", "openrouter_metadata": {"attempt": 1}}
    reader = DeltaReader()
    reader.feed([decode_chunk(json.dumps(raw).encode()) for raw in (first, second, third)])
    assert reader.extra == {
        "native_finish_reason": "STOP",
        "service_tier": "flex",
        "system_fingerprint": "fp",
        "openrouter_metadata": {"attempt": 1},
    }


def test_the_usage_object_is_kept_whole_and_exact() -> None:
    """Fields that we do not know, and every digit, also through the journal."""
    raw = b'{"usage":{"prompt_tokens":3,"cost":0.10000000000000000555,"new":{"share":1.10}}}'
    reader = DeltaReader()
    reader.feed([decode_chunk(raw)])
    usage = usage_event(
        reader,
        requested_model="a/b",
        provider="P",
        cost=None,
        upstream_id=None,
        latency_ms=1,
        first_token_ms=None,
        finish_reason=None,
    )
    assert usage is not None
    (kept,) = decode_events(encode_events([usage]))
    assert isinstance(kept, Usage)
    assert encode(kept.extra) == raw[len(b'{"usage":') : -1]
