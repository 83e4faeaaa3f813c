"""The ``llm`` tool with its OpenRouter plugin, which asks ``/responses`` unless it is told not to.

The plugin knows one address, with no option and no variable for another, and asks for its list of models there unless
it has one from the last hour; so the list is put where it keeps it, and the address is set on the model, as a program
that uses the plugin does. ``chat_completions``, an option of its own, is set where there is no ``/responses``.
"""

from __future__ import annotations

import base64
import json
import subprocess
import sys

import httpx
import llm
import pytest
from openai import APIStatusError
from target import BASE_URL, ENDLESS, HAS_RESPONSES, KEY, MODEL, PIXEL, REFUSALS, THINKER, WORDS, City, is_told

WAY = {} if HAS_RESPONSES else {"chat_completions": True}
OPTIONS = {**WAY, "max_tokens": 500}


@pytest.fixture(scope="module", autouse=True)
def _listed() -> None:
    listed = httpx.get(f"{BASE_URL}/models", headers={"Authorization": f"Bearer {KEY}"})
    (llm.user_dir() / "openrouter_models.json").write_text(json.dumps(listed.json()))


def found(model_id: str) -> llm.Model:
    """The plugin's own model, found by its own list."""
    model = llm.get_model(f"openrouter/{model_id}")
    model.api_base = BASE_URL
    return model


@pytest.fixture
def model() -> llm.Model:
    return found(MODEL)


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


def check_thoughts_are_told_apart_from_the_answer() -> None:
    response = found(THINKER).prompt("Oslo [[text=delta]]", reasoning_effort="low", **OPTIONS)
    told = list(response.stream_events())

    assert "".join(event.chunk for event in told if event.type == "text") == "delta"
    # Of chat's deltas the tool reads no thoughts.
    assert any(event.chunk for event in told if event.type == "reasoning") is HAS_RESPONSES


def check_the_command_works_with_a_model_of_the_settings_file() -> None:
    """As a user has it: an address in the file that ``llm`` has for such, and no line of Python."""
    settings = [{"model_id": "here", "model_name": MODEL, "api_base": BASE_URL, "responses": HAS_RESPONSES}]
    settings[0]["api_key_name"] = "openrouter"
    (llm.user_dir() / "extra-openai-models.yaml").write_text(json.dumps(settings))
    told = subprocess.run(
        [sys.executable, "-m", "llm", "-m", "here", "--key", KEY, "-o", "max_tokens", "500", WORDS],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (told.stdout, told.stderr) == ("alpha beta gamma\n", "")


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
    pieces = iter(model.prompt(ENDLESS, **{**OPTIONS, "max_tokens": 6000}))
    assert next(pieces)
    pieces.close()
