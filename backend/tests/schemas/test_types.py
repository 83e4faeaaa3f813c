"""What clients may send: texts that can be stored, one form of content, parameters in their bounds."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from app.schemas.generations import Choice, GenerationCreate
from app.schemas.messages import Contents, MessagePatch
from app.schemas.parameters import Parameters, QueryParameters, ReasoningOptions
from app.schemas.parts import TextPart
from app.schemas.profiles import ProfilePatch
from app.schemas.restores import RestoreRequest
from app.schemas.routing import ProviderRouting
from app.schemas.sessions import SessionPatch
from app.schemas.types import MAX_CONTENT_CHARS, Content, PlainText, RequestId


@pytest.mark.parametrize("text", ["\0", "a\0b", "\ud800", "a\udfffb"])
def test_what_no_store_keeps_is_refused(text: str) -> None:
    """NUL and lone surrogates, in any text."""
    for kind in (PlainText, Content):
        with pytest.raises(ValidationError):
            TypeAdapter(kind).validate_python(text)


@pytest.mark.parametrize("text", ["", " ", "\n\t", "\u2003", "x" * (MAX_CONTENT_CHARS + 1)])
def test_content_says_something_and_is_bounded(text: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Content).validate_python(text)


@pytest.mark.parametrize("text", ["c++", "it's", "🙂", "e\u0301", "\u200b", "a\r\nb", "x" * MAX_CONTENT_CHARS])
def test_content_is_kept_as_it_is(text: str) -> None:
    assert TypeAdapter(Content).validate_python(text) == text


@pytest.mark.parametrize("text", ["", " ", "a b", "ü", "a\n", "x" * 129])
def test_a_request_id_is_visible_ascii(text: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(RequestId).validate_python(text)


@pytest.mark.parametrize(
    "body",
    [{}, {"content": "a", "parts": [{"text": "b"}]}, {"parts": []}, {"content": None}, {"parts": [{"text": " "}]}],
)
def test_content_or_parts_and_not_both(body: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Contents.model_validate(body)


def test_content_is_a_part_of_text() -> None:
    """A part without a type is text."""
    parts = Contents.model_validate({"parts": [{"text": "a"}, {"type": "text", "text": "b"}]}).stored_parts()
    assert parts == [TextPart(text="a"), TextPart(text="b")]
    assert Contents.model_validate({"content": "ab"}).stored_parts() == [TextPart(text="ab")]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("temperature", 2.1), ("temperature", float("nan")), ("temperature", float("inf")), ("max_tokens", 0),
        ("max_tokens", 2**63), ("top_p", 0), ("top_p", 1.1), ("frequency_penalty", -2.1), ("seed", 2**63),
        ("stop", ["a"] * 5), ("stop", [""]), ("reasoning_effort", "huge"),
    ],
)  # fmt: skip
def test_a_parameter_out_of_bounds_is_refused(name: str, value: Any) -> None:
    with pytest.raises(ValidationError):
        Parameters.model_validate({name: value})


def test_only_what_was_named_is_given() -> None:
    """A named 0 is a value."""
    assert Parameters.model_validate({"temperature": 0, "seed": None}).given() == {"temperature": 0}
    assert GenerationCreate.model_validate({"content": "x", "model": "a/b", "top_k": 0}).given() == {"top_k": 0}


def test_a_model_may_be_called_model_id() -> None:
    """One name or the other, not both."""
    assert Choice.model_validate({"model_id": "a/b"}).model == "a/b"
    with pytest.raises(ValidationError):
        Choice.model_validate({"model_id": "a/b", "model": "c/d"})


@pytest.mark.parametrize("value", [0, 1, "true", "no", 0.0])
@pytest.mark.parametrize(
    ("model", "field"),
    [
        (SessionPatch, "archived"),
        (ProfilePatch, "is_default"),
        (MessagePatch, "pinned"),
        (RestoreRequest, "dry_run"),
        (ReasoningOptions, "enabled"),
        (ProviderRouting, "zdr"),
        (Parameters, "logprobs"),
    ],
)
def test_what_is_no_boolean_is_none(model: type[BaseModel], field: str, value: object) -> None:
    """As the document says: a body that means something else is refused, not guessed at."""
    with pytest.raises(ValidationError, match=field):
        model.model_validate({field: value})


def test_words_of_a_query_string_are_booleans() -> None:
    """There is nothing else to write them with."""
    assert QueryParameters.model_validate({"logprobs": "true", "web_search": "0"}).given() == {
        "logprobs": True,
        "web_search": False,
    }
