"""Parameters out of their bounds, nested ones too: refused before anything is stored or sent."""

from __future__ import annotations

from typing import Any

import pytest

from app.schemas.parameters import NAMES
from tests.harness import ConsoleClient

Json = dict[str, Any]


def _deep(levels: int) -> Json:
    value: Json = {}
    for _ in range(levels):
        value = {"properties": value}
    return value


def _tool(name: str = "f", **parameters: Any) -> Json:
    return {"type": "function", "function": {"name": name, "parameters": parameters}}


OUT_OF_BOUNDS: dict[str, Json] = {
    "17 pairs": {"metadata": {str(n): "x" for n in range(17)}},
    "a long key": {"metadata": {"x" * 65: "x"}},
    "a bracket in a key": {"metadata": {"a[0]": "x"}},
    "a long value": {"metadata": {"a": "x" * 513}},
    "129 tools": {"tools": [_tool(f"f{n}") for n in range(129)]},
    "a deep schema": {"tools": [_tool(x=_deep(40))]},
    "a name with spaces": {"tools": [_tool("a b")]},
    "a name of 65": {"tools": [_tool("x" * 65)]},
    "a tool of an unknown type": {"tools": [{"type": "rm"}]},
    "a huge schema": {"tools": [_tool(x=["y"] * 30_000)]},
    "too many bytes": {"tools": [_tool(f"f{n}", x="y" * 9000) for n in range(64)]},
    "NUL in a schema": {"tools": [_tool(x={"a\0": 1})]},
    "an integer of 65 bits": {"image_config": {"x": 2**64}},
    "a negative one": {"image_config": {"x": -(2**63) - 1}},
    "a seed of 64 bits without sign": {"seed": 2**63},
    "half a token": {"max_tokens": 100.5},
    "a count in quotes": {"max_tokens": "100"},
    "a truth for a count": {"max_tokens": True},
    "an unknown key of routing": {"provider": {"orders": ["x"]}},
    "an unknown quantization": {"provider": {"quantizations": ["int3"]}},
    "an unknown plugin": {"plugins": [{"id": "x"}]},
    "an unknown option of a plugin": {"plugins": [{"id": "web", "x": 1}]},
    "a negative price": {"provider": {"max_price": {"prompt": -1}}},
    "a bias beyond 100": {"logit_bias": {"1": 101}},
    "a bias of a word": {"logit_bias": {"word": 1}},
    "an unknown format": {"response_format": {"type": "xml"}},
    "a schema without a name": {"response_format": {"type": "json_schema", "json_schema": {"schema": {}}}},
    "a schema with a bad name": {
        "response_format": {"type": "json_schema", "json_schema": {"name": "a b", "schema": {}}}
    },
    "21 likely tokens": {"logprobs": True, "top_logprobs": 21},
    "31 tool calls": {"max_tool_calls": 31},
    "another transform": {"transforms": ["middle-in"]},
    "a preset with a slash": {"preset": "a/b"},
    "no modality": {"modalities": []},
    "an unknown tier": {"service_tier": "gold"},
    "ours, which is not theirs": {"stream": True},
    "theirs, which is ours": {"messages": []},
}


@pytest.mark.parametrize("case", OUT_OF_BOUNDS)
async def test_what_is_out_of_bounds_is_refused(client: ConsoleClient, case: str) -> None:
    """By request and by profile alike."""
    for path, body in (
        ("/api/generations", {"content": "Hello", **OUT_OF_BOUNDS[case]}),
        ("/api/profiles", {"name": "p", "params": OUT_OF_BOUNDS[case]}),
    ):
        reply = await client.ask("POST", path, json=body)
        assert (reply.status_code, reply.json()["error_code"]) == (422, "validation_failed")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/generations", {"content": "Hello"}),
        ("/api/profiles", {"name": "p"}),
        ("/chat?stream=false", {"message": "Hello"}),
        ("/v1/chat/completions", {"messages": [{"role": "user", "content": "Hello"}]}),
    ],
)
async def test_null_is_not_given(client: ConsoleClient, path: str, body: Json) -> None:
    """For every parameter: clients that write all fields of their model send it where nothing is set."""
    unset: Json = dict.fromkeys(NAMES)
    reply = await client.ask("POST", path, json=body | ({"params": unset} if path == "/api/profiles" else unset))
    assert reply.status_code in (200, 201), reply.text
