"""Agents of ``pydantic-ai``, by its OpenAI model and by its OpenRouter model."""

from __future__ import annotations

import asyncio
import base64

import pytest
from openai import AsyncOpenAI
from pydantic_ai import Agent, BinaryContent, Embedder, NativeOutput, ToolOutput
from pydantic_ai.embeddings.openai import OpenAIEmbeddingModel
from pydantic_ai.exceptions import ModelHTTPError
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.models.openrouter import OpenRouterModel
from pydantic_ai.providers.openai import OpenAIProvider
from pydantic_ai.providers.openrouter import OpenRouterProvider
from target import BASE_URL, EMBEDDER, ENDLESS, KEY, MODEL, PIXEL, REFUSALS, SMALL, THINKER, WORDS, City, is_told

KINDS = ["openai", "openrouter"]


def client() -> AsyncOpenAI:
    return AsyncOpenAI(base_url=BASE_URL, api_key=KEY, max_retries=0)


def agent(kind: str, model: str = MODEL, **options: object) -> Agent:
    if kind == "openai":
        asked = OpenAIChatModel(model, provider=OpenAIProvider(openai_client=client()))
    else:
        asked = OpenRouterModel(model, provider=OpenRouterProvider(openai_client=client()))
    return Agent(asked, model_settings=SMALL, **options)


@pytest.mark.parametrize("kind", KINDS)
def check_an_answer_comes_whole(kind: str) -> None:
    result = agent(kind).run_sync(WORDS)

    assert result.output == "alpha beta gamma"
    assert result.usage.output_tokens == 3


@pytest.mark.parametrize("kind", KINDS)
def check_an_answer_streams(kind: str) -> None:
    async def read() -> tuple[list[str], int]:
        async with agent(kind).run_stream(WORDS) as stream:
            pieces = [piece async for piece in stream.stream_text(delta=True, debounce_by=None)]
            return pieces, stream.usage.output_tokens

    pieces, tokens = asyncio.run(read())
    assert "".join(pieces) == "alpha beta gamma"
    assert tokens == 3


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("count", [1, 2])
def check_tools_are_called_and_the_answer_goes_on(kind: str, count: int) -> None:
    called: list[str] = []
    asking = agent(kind)

    @asking.tool_plain
    def weather(city: str) -> str:
        called.append(f"weather {city}")
        return "rain"

    @asking.tool_plain
    def time(city: str) -> str:
        called.append(f"time {city}")
        return "noon"

    result = asking.run_sync(f"Oslo? [[tool_calls={count}]]")

    assert sorted(called) == ["time Oslo?", "weather Oslo?"][-count:]
    assert result.output
    assert result.usage.requests == 2


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("how", [NativeOutput, ToolOutput])
def check_an_answer_has_the_shape_asked_for(kind: str, how: type) -> None:
    assert isinstance(agent(kind, output_type=how(City)).run_sync("Oslo").output, City)


@pytest.mark.parametrize("kind", KINDS)
def check_a_picture_can_be_shown(kind: str) -> None:
    picture = BinaryContent(base64.b64decode(PIXEL.partition(",")[2]), media_type="image/png")

    assert agent(kind).run_sync([WORDS, picture]).output == "alpha beta gamma"


@pytest.mark.parametrize("kind", KINDS)
def check_thinking_is_kept_and_sent_back(kind: str) -> None:
    asking = agent(kind, THINKER)
    first = asking.run_sync("Why?")
    second = asking.run_sync("And then?", message_history=first.all_messages())

    assert any(part.part_kind == "thinking" for part in first.response.parts)
    assert second.output


def check_texts_are_embedded() -> None:
    model = OpenAIEmbeddingModel(EMBEDDER, provider=OpenAIProvider(openai_client=client()))
    result = Embedder(model, settings={"dimensions": 16}).embed_documents_sync(["one", "two"])

    assert [len(vector) for vector in result.embeddings] == [16, 16]


@pytest.mark.parametrize(("directive", "status"), REFUSALS)
def check_a_refusal_is_the_error_of_its_status(directive: str, status: int) -> None:
    with pytest.raises(ModelHTTPError) as refused:
        agent("openrouter").run_sync(f"Hello {directive}")

    assert is_told(refused.value.status_code, status)


@pytest.mark.parametrize("kind", KINDS)
def check_a_stream_can_be_left(kind: str) -> None:
    async def leave() -> str:
        async with agent(kind).run_stream(ENDLESS, model_settings={"max_tokens": 6000}) as stream:
            async for piece in stream.stream_text(delta=True, debounce_by=None):
                return piece
        return ""

    assert asyncio.run(leave())
