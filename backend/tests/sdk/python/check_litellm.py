"""LiteLLM's client, by its OpenAI and by its OpenRouter route."""

from __future__ import annotations

import gc
import json

import litellm
import openai
import pytest
from target import BASE_URL, EMBEDDER, ENDLESS, KEY, MODEL, PIXEL, REFUSALS, WORDS, City, is_told, tool, user

ROUTES = ["openai", "openrouter"]
# Other statuses have no class of their own on every route.
ERRORS = {
    400: litellm.BadRequestError,
    401: litellm.AuthenticationError,
    404: litellm.NotFoundError,
    429: litellm.RateLimitError,
}


def complete(route: str, messages: list, max_tokens: int = 500, **fields: object) -> object:
    return litellm.completion(
        model=f"{route}/{MODEL}",
        messages=messages,
        api_base=BASE_URL,
        api_key=KEY,
        max_tokens=max_tokens,
        num_retries=0,
        max_retries=0,
        **fields,
    )


@pytest.mark.parametrize("route", ROUTES)
def check_an_answer_comes_whole(route: str) -> None:
    answer = complete(route, user(WORDS))

    assert answer.choices[0].message.content == "alpha beta gamma"
    assert answer.usage.completion_tokens == 3


@pytest.mark.parametrize("route", ROUTES)
def check_an_answer_streams(route: str) -> None:
    chunks = list(complete(route, user(WORDS), stream=True, stream_options={"include_usage": True}))
    whole = litellm.stream_chunk_builder(chunks)

    assert whole.choices[0].message.content == "alpha beta gamma"
    assert whole.choices[0].finish_reason == "stop"
    assert whole.usage.completion_tokens == 3


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("count", [1, 2])
def check_tools_are_called_and_the_answer_goes_on(route: str, count: int) -> None:
    asked, tools = user(f"Oslo? [[tool_calls={count}]]"), [tool("weather"), tool("time")]
    first = complete(route, asked, tools=tools).choices[0]
    calls = first.message.tool_calls
    assert [call.function.name for call in calls] == ["weather", "time"][:count]
    assert all(json.loads(call.function.arguments) == {"city": "Oslo?"} for call in calls)
    assert first.finish_reason == "tool_calls"

    results = [{"role": "tool", "tool_call_id": call.id, "content": "rain"} for call in calls]
    second = complete(route, [*asked, first.message.model_dump(), *results], tools=tools).choices[0]
    assert second.message.content


@pytest.mark.parametrize("route", ROUTES)
def check_parallel_tool_calls_stream_interleaved(route: str) -> None:
    tools = [tool("weather"), tool("time")]
    chunks = list(complete(route, user("Oslo? [[tool_calls=2]]"), tools=tools, stream=True))
    calls = litellm.stream_chunk_builder(chunks).choices[0].message.tool_calls

    assert [call.function.name for call in calls] == ["weather", "time"]
    assert all(json.loads(call.function.arguments) == {"city": "Oslo?"} for call in calls)


@pytest.mark.parametrize("route", ROUTES)
def check_an_answer_has_the_shape_asked_for(route: str) -> None:
    answer = complete(route, user("Oslo"), response_format=City)

    assert City.model_validate_json(answer.choices[0].message.content)


@pytest.mark.parametrize("route", ROUTES)
def check_a_picture_can_be_shown(route: str) -> None:
    parts = [{"type": "text", "text": WORDS}, {"type": "image_url", "image_url": {"url": PIXEL}}]

    assert complete(route, [{"role": "user", "content": parts}]).choices[0].message.content == "alpha beta gamma"


def check_texts_are_embedded() -> None:
    answer = litellm.embedding(
        model=f"openai/{EMBEDDER}", input=["one", "two"], api_base=BASE_URL, api_key=KEY, dimensions=16
    )

    assert [len(item["embedding"]) for item in answer.data] == [16, 16]


@pytest.mark.parametrize(("directive", "status"), REFUSALS)
def check_a_refusal_is_the_error_of_its_status(directive: str, status: int) -> None:
    with pytest.raises(ERRORS.get(status, openai.APIError)) as refused:
        complete("openrouter", user(f"Hello {directive}"))

    assert is_told(refused.value.status_code, status)


@pytest.mark.parametrize("route", ROUTES)
def check_a_stream_can_be_left(route: str) -> None:
    stream = complete(route, user(ENDLESS), max_tokens=6000, stream=True)
    assert next(iter(stream)).id
    del stream
    gc.collect()
