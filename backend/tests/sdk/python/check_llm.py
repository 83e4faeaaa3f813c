"""The ``llm`` tool with its OpenRouter plugin.

The plugin knows one address, and asks for its list of models there unless it has one from the last hour; so the list is
put where it keeps it, and the address is changed on the model.
"""

from __future__ import annotations

import base64
import json

import httpx
import llm
import pytest
from openai import APIStatusError
from target import BASE_URL, ENDLESS, KEY, MODEL, PIXEL, REFUSALS, WORDS, City, is_told

OPTIONS = {"chat_completions": True, "max_tokens": 500}


@pytest.fixture(scope="module")
def model() -> llm.Model:
    """The plugin's own model, found by its own list."""
    listed = httpx.get(f"{BASE_URL}/models", headers={"Authorization": f"Bearer {KEY}"})
    (llm.user_dir() / "openrouter_models.json").write_text(json.dumps(listed.json()))
    found = llm.get_model(f"openrouter/{MODEL}")
    found.api_base = BASE_URL
    found.key = KEY
    return found


def check_models_are_listed(model: llm.Model) -> None:
    assert len([known for known in llm.get_models() if known.model_id.startswith("openrouter/")]) > 10
    assert model.supports_tools
    assert model.supports_schema


def check_an_answer_comes_whole(model: llm.Model) -> None:
    response = model.prompt(WORDS, stream=False, **OPTIONS)

    assert response.text() == "alpha beta gamma"
    assert response.usage().output == 3


def check_an_answer_streams(model: llm.Model) -> None:
    response = model.prompt(WORDS, **OPTIONS)

    assert "".join(list(response)) == "alpha beta gamma"
    assert response.usage().output == 3


@pytest.mark.parametrize("count", [1, 2])
def check_tools_are_called_and_the_answer_goes_on(model: llm.Model, count: int) -> None:
    called: list[str] = []

    def weather(city: str) -> str:
        """The weather of a city."""
        called.append(f"weather {city}")
        return "rain"

    def time(city: str) -> str:
        """The time of a city."""
        called.append(f"time {city}")
        return "noon"

    chain = model.chain(f"Oslo? [[tool_calls={count}]]", tools=[weather, time], options=OPTIONS)

    assert chain.text()
    assert called == ["weather Oslo?", "time Oslo?"][:count]


def check_an_answer_has_the_shape_asked_for(model: llm.Model) -> None:
    assert City.model_validate_json(model.prompt("Oslo", schema=City, **OPTIONS).text())


def check_a_picture_can_be_shown(model: llm.Model) -> None:
    picture = llm.Attachment(type="image/png", content=base64.b64decode(PIXEL.partition(",")[2]))

    assert model.prompt(WORDS, attachments=[picture], **OPTIONS).text() == "alpha beta gamma"


def check_a_conversation_goes_on(model: llm.Model) -> None:
    conversation = model.conversation()
    conversation.prompt(WORDS, **OPTIONS).text()

    assert conversation.prompt("And then? [[text=delta]]", **OPTIONS).text() == "delta"


@pytest.mark.parametrize(("directive", "status"), [pair for pair in REFUSALS if pair[1] < 429])
def check_a_refusal_is_the_error_of_its_status(model: llm.Model, directive: str, status: int) -> None:
    with pytest.raises(APIStatusError) as refused:
        model.prompt(f"Hello {directive}", **OPTIONS).text()

    assert is_told(refused.value.status_code, status)


def check_a_stream_can_be_left(model: llm.Model) -> None:
    pieces = iter(model.prompt(ENDLESS, chat_completions=True, max_tokens=6000))
    assert next(pieces)
    pieces.close()
