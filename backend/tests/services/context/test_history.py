"""A conversation as it goes back: tool loops as they were received, nothing that a provider would refuse."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.json import encode_text
from app.db.types import Row
from app.schemas.model_facts import ModelFacts
from app.schemas.parts import (
    AnnotationPart,
    AudioPart,
    FilePart,
    ImagePart,
    Part,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    VideoPart,
    content_of,
)
from app.services.context.history import Message
from app.services.context.history import history as lines_of
from tests.core.properties import SOME

Json = dict[str, Any]
CLAUDE, GPT, GEMINI, DEEPSEEK = "anthropic/claude-x", "openai/gpt-5", "google/gemini-3-pro-preview", "deepseek/v4"
GROK, QWEN = "x-ai/grok-4", "qwen/qwen3"


def row(role: str, *parts: Part, model: str | None = None) -> Row:
    stored = {"id": "m", "pinned": 0, "role": role, "model": model}
    return {**stored, "content": content_of(parts), "parts": encode_text(list(parts))}


def history(path: list[Row], **asked: Any) -> list[Message]:
    return [line.message for line in lines_of(path, **asked)]


def text(value: str) -> TextPart:
    return TextPart(text=value)


def call(id_: str, name: str = "f", arguments: str = "{}") -> ToolCallPart:
    return ToolCallPart(id=id_, name=name, arguments=arguments)


def result(id_: str, content: str = "5") -> Row:
    return row("tool", ToolResultPart(tool_call_id=id_, content=content))


def thought(value: str, *details: Json) -> ReasoningPart:
    return ReasoningPart(text=value, details=list(details) or None)


def wire_call(id_: str, name: str = "f", arguments: str = "{}") -> Json:
    return {"id": id_, "type": "function", "function": {"name": name, "arguments": arguments}}


SIGNED = {"type": "reasoning.text", "text": "hm", "signature": "s", "format": "anthropic-claude-v1", "index": 0}
UNSIGNED = {"type": "reasoning.text", "text": "hm", "format": "anthropic-claude-v1", "index": 0}
SUMMARY = {"type": "reasoning.summary", "summary": "hm", "format": "openai-responses-v1", "index": 0, "id": "rs_1"}
SEALED = {"type": "reasoning.encrypted", "data": "x", "format": "azure-openai-responses-v1", "index": 0, "id": "rs_1"}
GROKKED = {"type": "reasoning.encrypted", "data": "x", "format": "xai-responses-v1", "index": 0, "id": "rs_9"}
THOUGHT = {"type": "reasoning.encrypted", "data": "y", "format": "google-gemini-v1", "index": 0, "id": "c1"}
PLAIN = {"type": "reasoning.text", "text": "hm", "format": "unknown", "index": 0}
NEW = {"type": "reasoning.new", "x": [1, {"y": None}], "format": "anthropic-claude-v1"}


def loop(*parts: Part, model: str) -> list[Row]:
    """A question, an answer that calls ``c1``, and its result."""
    return [row("user", text("Q")), row("assistant", *parts, call("c1"), model=model), result("c1")]


def test_parallel_calls_go_back_with_their_results_in_order() -> None:
    """Content is null where there was no text; arguments are the very text that came."""
    odd = '{"a": 1.0,  "b":"\\u00e9"}'
    path = [
        row("user", text("Q")),
        row("assistant", call("c1", "f", odd), call("c2", "g"), model=GPT),
        result("c2", "two"),
        result("c1", "one"),
        row("assistant", text("Done."), model=GPT),
        row("user", text("Thanks")),
    ]
    assert history(path, model=GPT, system="Be brief.") == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Q"},
        {"role": "assistant", "content": None, "tool_calls": [wire_call("c1", "f", odd), wire_call("c2", "g")]},
        {"role": "tool", "tool_call_id": "c2", "content": "two"},
        {"role": "tool", "tool_call_id": "c1", "content": "one"},
        {"role": "assistant", "content": "Done."},
        {"role": "user", "content": "Thanks"},
    ]


DETAILS: dict[str, tuple[str, list[Json], str, list[Json]]] = {
    "claude, whole": (CLAUDE, [SIGNED, NEW], CLAUDE, [SIGNED, NEW]),
    "claude, unsigned": (CLAUDE, [UNSIGNED, SIGNED], CLAUDE, [SIGNED]),
    "no format counts as claude's": (CLAUDE, [{"type": "reasoning.text", "text": "x"}], CLAUDE, []),
    "claude to gpt": (CLAUDE, [SIGNED], GPT, []),
    "gpt, summary and seal of one item": (GPT, [SUMMARY, SEALED], GPT, [SUMMARY, SEALED]),
    "gpt, the same twice": (GPT, [SEALED, SEALED], GPT, [SEALED]),
    "gpt to grok": (GPT, [SUMMARY, SEALED], GROK, []),
    "grok": (GROK, [GROKKED], GROK, [GROKKED]),
    "gemini": (GEMINI, [THOUGHT], GEMINI, [THOUGHT]),
    "gemini to claude": (GEMINI, [THOUGHT], CLAUDE, []),
    "deepseek": (DEEPSEEK, [PLAIN], DEEPSEEK, [PLAIN]),
    "deepseek to qwen": (DEEPSEEK, [PLAIN], QWEN, []),
    "deepseek to claude": (DEEPSEEK, [PLAIN], CLAUDE, []),
    "to a router, which may choose the same again": (CLAUDE, [SIGNED], "openrouter/auto", [SIGNED]),
}  # fmt: skip


@pytest.mark.parametrize("name", DETAILS)
def test_reasoning_goes_back_to_who_can_read_it(name: str) -> None:
    """Byte for byte and in order; signatures only to their own family; an empty list says that there was some."""
    written_by, received, read_by, sent = DETAILS[name]
    _, answer, _ = history(loop(thought("hm", *received), model=written_by), model=read_by)
    assert json.dumps(answer["reasoning_details"]) == json.dumps(sent)
    assert answer.get("reasoning") == ("hm" if sent else None)


@pytest.mark.parametrize(
    ("written_by", "read_by", "parts", "reasoning"),
    [
        (DEEPSEEK, DEEPSEEK, [thought("hm")], "hm"),
        (DEEPSEEK, DEEPSEEK, [], ""),
        (QWEN, QWEN, [thought("hm")], "hm"),
        (QWEN, QWEN, [], None),
        (QWEN, DEEPSEEK, [thought("hm")], None),
        (CLAUDE, CLAUDE, [thought("hm")], None),
        (GPT, GPT, [thought("hm")], None),
    ],
)
def test_plain_reasoning_goes_back_where_nothing_is_signed(
    written_by: str, read_by: str, parts: list[Part], reasoning: str | None
) -> None:
    """DeepSeek wants it in tool loops even when there is none."""
    _, answer, _ = history(loop(*parts, model=written_by), model=read_by)
    assert answer.get("reasoning") == reasoning
    assert "reasoning_details" not in answer


def test_an_item_of_openai_s_goes_back_once() -> None:
    """In the whole history, whatever repeats it."""
    path = [
        *loop(thought("", SEALED), model=GPT),
        row("assistant", thought("", SEALED), call("c2"), model=GPT),
        result("c2"),
    ]
    sent = [message.get("reasoning_details") for message in history(path, model=GPT) if message["role"] == "assistant"]
    assert sent == [[SEALED], []]


def test_reasoning_stays_where_no_tool_was_called() -> None:
    """A plain turn goes back as its text; the answer that ends a tool loop keeps its reasoning."""
    plain = [row("user", text("Q")), row("assistant", thought("hm", SIGNED), text("A"), model=CLAUDE)]
    assert history(plain, model=CLAUDE)[1] == {"role": "assistant", "content": "A"}
    path = [*loop(model=CLAUDE), row("assistant", thought("hm", SIGNED), text("A"), model=CLAUDE)]
    assert history(path, model=CLAUDE)[-1]["reasoning_details"] == [SIGNED]


def test_calls_that_nobody_answered_do_not_go_back() -> None:
    """Nor the reasoning that led to them, nor the answer if it was nothing else, nor a result without its call."""
    path = [row("user", text("Q")), row("assistant", thought("hm", SIGNED), call("c1"), call("c2"), model=CLAUDE)]
    assert history([*path, row("user", text("Never mind"))], model=CLAUDE) == [
        {"role": "user", "content": "Q"},
        {"role": "user", "content": "Never mind"},
    ]
    assert history([*path, result("c2"), result("zz"), row("user", text("So?"))], model=CLAUDE) == [
        {"role": "user", "content": "Q"},
        {"role": "assistant", "content": None, "tool_calls": [wire_call("c2")]},
        {"role": "tool", "tool_call_id": "c2", "content": "5"},
        {"role": "user", "content": "So?"},
    ]


def test_system_messages() -> None:
    """The profile's prompt comes first; the same one stored again is not sent twice."""
    path = [row("system", text("Be brief. ")), row("system", text("Rhyme.")), row("user", text("Q"))]
    assert [message["content"] for message in history(path, model=GPT, system="Be brief.")] == [
        "Be brief.",
        "Rhyme.",
        "Q",
    ]
    assert [message["content"] for message in history(path, model=GPT, system=" ")] == ["Be brief. ", "Rhyme.", "Q"]


def test_everything_a_user_attached() -> None:
    """In its order and in the API's shapes; sound as bare base64."""
    parts: list[Part] = [
        text("Look:"),
        ImagePart(url="https://a.example/x.png", name="x"),
        FilePart(url="data:application/pdf;base64,JVBERi0=", name="x.pdf", mime="application/pdf"),
        FilePart(url="https://a.example/y.pdf"),
        AudioPart(url="data:audio/mpeg;base64,AAAA", mime="audio/mpeg"),
        VideoPart(url="https://a.example/z.mp4"),
    ]
    (message,) = history([row("user", *parts)], model=GEMINI)
    assert message["content"] == [
        {"type": "text", "text": "Look:"},
        {"type": "image_url", "image_url": {"url": "https://a.example/x.png"}},
        {"type": "file", "file": {"file_data": "data:application/pdf;base64,JVBERi0=", "filename": "x.pdf"}},
        {"type": "file", "file": {"file_data": "https://a.example/y.pdf"}},
        {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "mp3"}},
        {"type": "video_url", "video_url": {"url": "https://a.example/z.mp4"}},
    ]


def test_what_a_provider_parsed_goes_back_so_that_it_need_not_again() -> None:
    """Annotations of files; citations stay here. Pictures only to a model that sees."""
    parsed = {"type": "file", "file": {"hash": "h", "content": [{"type": "text", "text": "x"}]}}
    cited = {"type": "url_citation", "url_citation": {"url": "https://a.example"}}
    parts: list[Part] = [text("A"), ImagePart(url="data:image/png;base64,AA=="), AnnotationPart(annotation=cited)]
    path = [row("assistant", *parts, AnnotationPart(annotation=parsed), model=GPT)]
    assert history(path, model=GPT) == [{"role": "assistant", "content": "A", "annotations": [parsed]}]
    facts = ModelFacts(
        id=GPT, family="openai", context_length=None, max_output_tokens=None, supported_parameters=frozenset(),
        input_modalities=frozenset({"text", "image"}), is_reasoning=False,
    )  # fmt: skip
    (seen,) = history(path, model=GPT, facts=facts)
    assert seen["images"] == [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}]


IDS = st.sampled_from(["c1", "c2", "c3"])
ROWS = st.lists(
    st.one_of(
        st.builds(lambda value: row("user", text(value)), st.text(min_size=1, max_size=3)),
        st.builds(
            lambda ids, model, details: row(
                "assistant", thought("hm", *details), *(call(one) for one in ids), model=model
            ),
            st.lists(IDS, unique=True, max_size=3),
            st.sampled_from([CLAUDE, GPT, GEMINI, DEEPSEEK, None]),
            st.lists(st.sampled_from([SIGNED, UNSIGNED, SUMMARY, SEALED, THOUGHT, PLAIN, NEW, GROKKED]), max_size=3),
        ),
        st.builds(result, IDS),
    ),
    max_size=10,
)


@SOME
@given(ROWS, st.sampled_from([CLAUDE, GPT, GEMINI, DEEPSEEK, "openrouter/auto"]))
def test_nothing_is_sent_that_a_provider_refuses(path: list[Row], model: str) -> None:
    """Every call has its result right after it, every result its call, every item stands once, Claude's are signed."""
    messages = history(path, model=model)
    items: list[str] = []
    for at, message in enumerate(messages):
        results = []
        for later in messages[at + 1 :]:
            if later["role"] != "tool":
                break
            results.append(later["tool_call_id"])
        assert {one["id"] for one in message.get("tool_calls", ())} <= set(results)
        details = message.get("reasoning_details", [])
        items += {one["id"] for one in details if str(one.get("id")).startswith("rs_")}
        if model == CLAUDE:
            assert all(one.get("signature") for one in details if one["type"] == "reasoning.text")
    assert len(items) == len(set(items))
    called = {one["id"] for message in messages for one in message.get("tool_calls", ())}
    assert {message["tool_call_id"] for message in messages if message["role"] == "tool"} <= called
