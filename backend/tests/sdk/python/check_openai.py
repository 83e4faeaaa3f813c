"""The official ``openai`` package for Python."""

from __future__ import annotations

import asyncio
import json

import openai
import pytest
from openai import AsyncOpenAI, OpenAI
from target import (
    BASE_URL,
    EMBEDDER,
    ENDLESS,
    HAS_RESPONSES,
    KEY,
    MODEL,
    PAINTER,
    PIXEL,
    REFUSALS,
    SMALL,
    THINKER,
    WORDS,
    City,
    is_told,
    tool,
    user,
)

CLIENT = OpenAI(base_url=BASE_URL, api_key=KEY, max_retries=0, timeout=30)
CHAT = CLIENT.chat.completions

ERRORS = {
    400: openai.BadRequestError,
    401: openai.AuthenticationError,
    402: openai.APIStatusError,
    403: openai.PermissionDeniedError,
    404: openai.NotFoundError,
    429: openai.RateLimitError,
    502: openai.InternalServerError,
    503: openai.InternalServerError,
}


def check_models_are_listed() -> None:
    assert MODEL in {model.id for model in CLIENT.models.list()}


def check_an_answer_comes_whole() -> None:
    answer = CHAT.create(model=MODEL, messages=user(WORDS), **SMALL)

    assert answer.choices[0].message.content == "alpha beta gamma"
    assert (answer.choices[0].finish_reason, answer.object) == ("stop", "chat.completion")
    assert answer.id
    assert answer.usage.completion_tokens == 3
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + 3
    assert answer.usage.model_extra["cost"] > 0


def check_an_answer_streams() -> None:
    chunks = list(CHAT.create(model=MODEL, messages=user(WORDS), stream=True, **SMALL))

    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text == "alpha beta gamma"
    assert {chunk.object for chunk in chunks} == {"chat.completion.chunk"}
    assert len({chunk.id for chunk in chunks}) == 1
    assert "stop" in [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices]
    (usage,) = [chunk.usage for chunk in chunks if chunk.usage]
    assert usage == chunks[-1].usage
    assert usage.completion_tokens == 3
    assert usage.model_extra["cost"] > 0


def check_the_stream_helper_puts_the_same_answer_together() -> None:
    with CHAT.stream(model=MODEL, messages=user(WORDS), **SMALL) as stream:
        kinds = {event.type for event in stream}
        final = stream.get_final_completion()

    assert {"chunk", "content.delta", "content.done"} <= kinds
    assert final.choices[0].message.content == "alpha beta gamma"


def check_a_tool_is_called_and_its_result_goes_back() -> None:
    asked = user("Oslo?")
    first = CHAT.create(model=MODEL, messages=asked, tools=[tool("weather")], tool_choice="required", **SMALL)
    (call,) = first.choices[0].message.tool_calls
    assert (call.type, call.function.name) == ("function", "weather")
    assert isinstance(json.loads(call.function.arguments)["city"], str)
    assert first.choices[0].finish_reason == "tool_calls"

    history = [*asked, first.choices[0].message, {"role": "tool", "tool_call_id": call.id, "content": "rain"}]
    second = CHAT.create(model=MODEL, messages=history, tools=[tool("weather")], **SMALL)
    assert second.choices[0].finish_reason == "stop"
    assert second.choices[0].message.content


def check_parallel_tool_calls_stream_interleaved() -> None:
    tools = [tool("weather"), tool("time")]
    with CHAT.stream(model=MODEL, messages=user("Oslo? [[tool_calls=2]]"), tools=tools, **SMALL) as stream:
        final = stream.get_final_completion()

    calls = final.choices[0].message.tool_calls
    assert [call.function.name for call in calls] == ["weather", "time"]
    assert len({call.id for call in calls}) == 2
    assert all(json.loads(call.function.arguments)["city"] for call in calls)


def check_an_answer_has_the_shape_asked_for() -> None:
    parsed = CHAT.parse(model=MODEL, messages=user("Oslo"), response_format=City, **SMALL)

    assert isinstance(parsed.choices[0].message.parsed, City)


def check_a_picture_can_be_shown_and_drawn() -> None:
    parts = [{"type": "text", "text": WORDS}, {"type": "image_url", "image_url": {"url": PIXEL}}]
    seen = CHAT.create(model=MODEL, messages=[{"role": "user", "content": parts}], **SMALL)
    drawn = CHAT.create(
        model=PAINTER, messages=user("A cat [[tokens=2]]"), extra_body={"modalities": ["image", "text"]}, **SMALL
    )

    assert seen.choices[0].message.content == "alpha beta gamma"
    (image,) = drawn.choices[0].message.model_extra["images"]
    assert image["image_url"]["url"].startswith("data:image/png;base64,")


def check_reasoning_is_passed_on() -> None:
    whole = CHAT.create(model=THINKER, messages=user("Why?"), **SMALL)
    chunks = CHAT.create(model=THINKER, messages=user("Why?"), stream=True, **SMALL)

    reasoning = whole.choices[0].message.model_extra["reasoning"]
    assert reasoning
    assert whole.choices[0].message.model_extra["reasoning_details"]
    deltas = [chunk.choices[0].delta.model_extra or {} for chunk in chunks if chunk.choices]
    assert "".join(delta.get("reasoning") or "" for delta in deltas) == reasoning


def check_likelihoods_are_told() -> None:
    answer = CHAT.create(model=MODEL, messages=user(WORDS), logprobs=True, top_logprobs=2, **SMALL)

    tokens = answer.choices[0].logprobs.content
    assert [token.token for token in tokens] == ["alpha", " beta", " gamma"]
    assert len(tokens[0].top_logprobs) == 2


def check_texts_are_embedded() -> None:
    packed = CLIENT.embeddings.create(model=EMBEDDER, input=["one", "two"], dimensions=16)
    plain = CLIENT.embeddings.create(model=EMBEDDER, input="one", dimensions=16, encoding_format="float")

    assert [len(item.embedding) for item in packed.data] == [16, 16]
    assert packed.data[0].embedding == pytest.approx(plain.data[0].embedding, abs=1e-6)
    assert packed.usage.prompt_tokens > 0


@pytest.mark.parametrize(("directive", "status"), REFUSALS)
@pytest.mark.parametrize("stream", [False, True])
def check_a_refusal_is_the_error_of_its_status(directive: str, status: int, stream: bool) -> None:
    with pytest.raises(ERRORS[status]) as refused:
        CHAT.create(model=MODEL, messages=user(f"Hello {directive}"), stream=stream, **SMALL)

    assert is_told(refused.value.status_code, status)
    assert refused.value.message
    assert KEY not in str(refused.value)


def check_an_unknown_model_is_not_found() -> None:
    with pytest.raises(openai.NotFoundError):
        CHAT.create(model="openai/gpt-unknown", messages=user("Hello"))


def check_a_bad_body_is_a_bad_request() -> None:
    with pytest.raises(openai.BadRequestError):
        CHAT.create(model=MODEL, messages=[])
    with pytest.raises(openai.BadRequestError):
        CHAT.create(model=MODEL, messages=user("Hello"), temperature=9)


def check_an_error_in_mid_stream_is_raised_behind_the_text() -> None:
    question = user("Hello [[tokens=9; mid_stream_error after=3]]")
    seen: list[str] = []
    stream = CHAT.create(model=MODEL, messages=question, stream=True, **SMALL)
    with pytest.raises(openai.APIError):
        seen.extend(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)

    assert len("".join(seen).split()) == 3


def check_a_stream_can_be_left() -> None:
    with CHAT.create(model=MODEL, messages=user(ENDLESS), stream=True, max_tokens=6000) as stream:
        assert next(iter(stream)).id


async def _answered() -> str:
    async with AsyncOpenAI(base_url=BASE_URL, api_key=KEY, max_retries=0) as client:
        stream = await client.chat.completions.create(model=MODEL, messages=user(WORDS), stream=True, **SMALL)
        return "".join([chunk.choices[0].delta.content or "" async for chunk in stream if chunk.choices])


def check_the_asynchronous_client_gets_the_same() -> None:
    assert asyncio.run(_answered()) == "alpha beta gamma"


if HAS_RESPONSES:

    def check_a_response_comes_whole_and_streams() -> None:
        answer = CLIENT.responses.create(model=MODEL, input=WORDS)
        with CLIENT.responses.stream(model=THINKER, input=WORDS, reasoning={"effort": "low"}) as stream:
            for event in stream:
                assert event.type
            streamed = stream.get_final_response()

        assert answer.output_text == streamed.output_text == "alpha beta gamma"
        assert answer.usage.output_tokens == 3
        assert [item.type for item in streamed.output] == ["reasoning", "message"]

    def check_a_response_has_the_shape_asked_for() -> None:
        assert CLIENT.responses.parse(model=MODEL, input="Oslo", text_format=City).output_parsed

    def check_functions_of_a_response_are_called_and_answered() -> None:
        tools = [{"type": "function", **tool(name)["function"], "strict": True} for name in ("weather", "time")]
        asked = [*user("Oslo [[tool_calls=2]]")]
        first = CLIENT.responses.create(model=MODEL, input=asked, tools=tools)
        results = [{"type": "function_call_output", "call_id": call.call_id, "output": "rain"} for call in first.output]
        second = CLIENT.responses.create(model=MODEL, input=[*asked, *first.output, *results], tools=tools)

        assert [call.name for call in first.output] == ["weather", "time"]
        assert second.output_text
