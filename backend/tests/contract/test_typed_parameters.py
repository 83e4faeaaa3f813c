"""Each field of the typed dialect arrives upstream exactly where the API reference says, and nothing beside it."""

from __future__ import annotations

import pytest

from app.services.upstream.request import FLAGGED_SEARCH
from emulator import Emulator
from tests.contract.typed_client import HYBRID, MODEL, THINKER, TOOLS, Json, ask, body, complete, sent
from tests.harness import ConsoleClient

SCHEMA: Json = {
    "type": "json_schema",
    "json_schema": {
        "name": "answer",
        "strict": True,
        "schema": {
            "type": "object",
            "properties": {"a": {"type": "string"}},
            "required": ["a"],
            "additionalProperties": False,
        },
    },
}
ARRIVALS: list[tuple[Json, Json]] = [
    ({"sampling": {"temperature": 0.3, "top_p": 0.9}}, {"temperature": 0.3, "top_p": 0.9}),
    ({"sampling": {"top_k": 40, "min_p": 0.1, "top_a": 0.2}}, {"top_k": 40, "min_p": 0.1, "top_a": 0.2}),
    ({"frequency_penalty": -0.5, "presence_penalty": 0.5}, {"frequency_penalty": -0.5, "presence_penalty": 0.5}),
    ({"repetition_penalty": 1.1, "seed": 7}, {"repetition_penalty": 1.1, "seed": 7}),
    ({"routing": {"providers": ["openai", "azure"]}}, {"provider": {"order": ["openai", "azure"]}}),
    ({"providers": ["openai"]}, {"provider": {"order": ["openai"]}}),
    ({"routing": {"sort": "price"}}, {"provider": {"sort": "price"}}),
    ({"sort": "throughput"}, {"provider": {"sort": "throughput"}}),
    ({"routing": {"max_price": {"prompt": 5}}}, {"provider": {"max_price": {"prompt": 5}}}),
    ({"max_price": 7.5}, {"provider": {"max_price": {"prompt": 7.5, "completion": 7.5}}}),
    ({"routing": {"require_parameters": True}}, {"provider": {"require_parameters": True}}),
    ({"require_parameters": False}, {"provider": {"require_parameters": False}}),
    ({"routing": {"fallbacks": ["openai/gpt-4o"]}}, {"models": ["openai/gpt-4o"]}),
    ({"fallbacks": ["openai/gpt-4o"]}, {"models": ["openai/gpt-4o"]}),
    ({"max_tokens": 50, "stop": "END"}, {"max_tokens": 50, "stop": ["END"]}),
    ({"stop": ["a", "b"]}, {"stop": ["a", "b"]}),
    ({"logit_bias": {"50256": -100}}, {"logit_bias": {"50256": -100}}),
    ({"logprobs": True, "top_logprobs": 3}, {"logprobs": True, "top_logprobs": 3}),
    ({"response_format": SCHEMA}, {"response_format": SCHEMA}),
    ({"tools": TOOLS, "tool_choice": "auto"}, {"tools": TOOLS, "tool_choice": "auto"}),
    (
        {"tools": TOOLS, "tool_choice": {"type": "function", "function": {"name": "time"}}},
        {"tools": TOOLS, "tool_choice": {"type": "function", "function": {"name": "time"}}},
    ),
    ({"web_search": True}, {"tools": [FLAGGED_SEARCH]}),
    ({"plugins": [{"id": "web", "max_results": 3}]}, {"plugins": [{"id": "web", "max_results": 3}]}),
    ({"user": "u", "metadata": {"k": "v"}}, {"user": "u", "metadata": {"k": "v"}}),
]


@pytest.mark.parametrize(("fields", "arrives"), ARRIVALS, ids=lambda value: ",".join(value))
async def test_each_parameter_arrives_where_the_reference_says(
    synced: ConsoleClient, emulator: Emulator, fields: Json, arrives: Json
) -> None:
    """And nothing beside it."""
    await complete(synced, body(**fields))
    request = sent(emulator)[-1]
    for name in ("model", "messages", "stream"):
        request.pop(name)
    assert request == arrives


@pytest.mark.parametrize(
    ("model", "fields", "reasoning"),
    [
        (THINKER, {}, {"effort": "medium"}),
        (THINKER, {"reasoning_effort": "high"}, {"effort": "high"}),
        (THINKER, {"hide_reasoning": True}, {"effort": "medium", "exclude": True}),
        (THINKER, {"reasoning_effort": "low", "hide_reasoning": True}, {"effort": "low", "exclude": True}),
        (HYBRID, {"reasoning_max_tokens": 2000, "max_tokens": 4000}, {"max_tokens": 2000}),
        (HYBRID, {"disable_reasoning": True, "reasoning_effort": "high", "hide_reasoning": True}, {"enabled": False}),
        (HYBRID, {"max_tokens": 100}, None),
        (MODEL, {}, None),
        (MODEL, {"disable_reasoning": True}, None),
    ],
)
async def test_reasoning_arrives_as_it_was_meant(
    synced: ConsoleClient, emulator: Emulator, model: str, fields: Json, reasoning: Json | None
) -> None:
    """A reasoning model at its default effort unless told otherwise; disabling wins over every other wish."""
    await complete(synced, body(**{"model": model, **fields}))
    assert sent(emulator)[-1].get("reasoning") == reasoning


async def test_a_model_that_must_think_cannot_be_kept_from_it(synced: ConsoleClient, emulator: Emulator) -> None:
    """Said before anything is sent or paid."""
    response = await ask(synced, body(model=THINKER, disable_reasoning=True))
    assert (response.status_code, response.json()["type"]) == (422, "api_error")
    assert "always reasons" in response.json()["error"]
    assert sent(emulator) == []
