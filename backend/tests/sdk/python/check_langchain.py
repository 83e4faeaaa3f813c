"""LangChain's ``langchain-openai``."""

from __future__ import annotations

import openai
import pytest
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from pydantic import SecretStr
from target import BASE_URL, EMBEDDER, ENDLESS, KEY, MODEL, PIXEL, REFUSALS, WORDS, City, is_told


def chat(max_tokens: int = 500) -> ChatOpenAI:
    return ChatOpenAI(
        model=MODEL, base_url=BASE_URL, api_key=SecretStr(KEY), max_retries=0, max_tokens=max_tokens, stream_usage=True
    )


@tool
def weather(city: str) -> str:
    """The weather of a city."""
    return f"rain in {city}"


@tool
def time(city: str) -> str:
    """The time of a city."""
    return f"noon in {city}"


TOOLS = {"weather": weather, "time": time}


def check_an_answer_comes_whole() -> None:
    answer = chat().invoke(WORDS)

    assert answer.content == "alpha beta gamma"
    assert answer.usage_metadata["output_tokens"] == 3
    assert answer.response_metadata["finish_reason"] == "stop"


def check_an_answer_streams() -> None:
    chunks = list(chat().stream(WORDS))
    whole = chunks[0]
    for chunk in chunks[1:]:
        whole += chunk

    assert whole.content == "alpha beta gamma"
    assert whole.usage_metadata["output_tokens"] == 3


@pytest.mark.parametrize("count", [1, 2])
def check_tools_are_called_and_the_answer_goes_on(count: int) -> None:
    asking = chat().bind_tools(list(TOOLS.values()))
    question = HumanMessage(f"Oslo? [[tool_calls={count}]]")
    first = asking.invoke([question])
    results = [
        ToolMessage(TOOLS[call["name"]].invoke(call["args"]), tool_call_id=call["id"]) for call in first.tool_calls
    ]
    second = asking.invoke([question, first, *results])

    assert [call["name"] for call in first.tool_calls] == ["weather", "time"][:count]
    assert second.content
    assert not second.tool_calls


def check_parallel_tool_calls_stream_interleaved() -> None:
    whole = None
    for chunk in chat().bind_tools(list(TOOLS.values())).stream("Oslo? [[tool_calls=2]]"):
        whole = chunk if whole is None else whole + chunk

    assert [call["name"] for call in whole.tool_calls] == ["weather", "time"]
    assert all(call["args"] == {"city": "Oslo?"} for call in whole.tool_calls)


@pytest.mark.parametrize("method", ["json_schema", "function_calling"])
def check_an_answer_has_the_shape_asked_for(method: str) -> None:
    assert isinstance(chat().with_structured_output(City, method=method).invoke("Oslo"), City)


def check_a_picture_can_be_shown() -> None:
    parts = [{"type": "text", "text": WORDS}, {"type": "image_url", "image_url": {"url": PIXEL}}]

    assert chat().invoke([HumanMessage(content=parts)]).content == "alpha beta gamma"


def check_texts_are_embedded() -> None:
    # Counting tokens first would load a vocabulary from the network.
    embedder = OpenAIEmbeddings(
        model=EMBEDDER, base_url=BASE_URL, api_key=SecretStr(KEY), dimensions=16, check_embedding_ctx_length=False
    )

    assert [len(vector) for vector in embedder.embed_documents(["one", "two"])] == [16, 16]


@pytest.mark.parametrize(("directive", "status"), REFUSALS)
def check_a_refusal_is_the_error_of_its_status(directive: str, status: int) -> None:
    with pytest.raises(openai.APIStatusError) as refused:
        chat().invoke(f"Hello {directive}")

    assert is_told(refused.value.status_code, status)


def check_a_stream_can_be_left() -> None:
    stream = chat(6000).stream(ENDLESS)
    for chunk in stream:
        if chunk.content:
            break
    stream.close()
