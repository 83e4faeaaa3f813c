"""Reasoning, tool calls and annotations as they have been seen (API reference, section 10), row by row."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.contract.surprises import BILL, DONE, FINISH, GOOD, Told, ask, asking, chunk, streamed, text
from tests.harness import Json

ADD: Json = {"type": "function", "function": {"name": "add", "parameters": {"type": "object"}}}
NOW: Json = {"type": "function", "function": {"name": "now"}}
FINISH_CALLS = chunk({"role": "assistant", "content": ""}, "tool_calls")
ABSENT = object()


def call(index: Any = ABSENT, id_: Any = ABSENT, name: Any = ABSENT, arguments: Any = ABSENT) -> Json:
    """A chunk with a fragment of a tool call."""
    function = {key: value for key, value in (("name", name), ("arguments", arguments)) if value is not ABSENT}
    fragment = {key: value for key, value in (("index", index), ("id", id_)) if value is not ABSENT}
    return chunk({"role": "assistant", "content": None, "tool_calls": [{**fragment, "function": function}]})


def thought(*details: Json, reasoning: str | None = None) -> Json:
    said = {"reasoning": reasoning} if reasoning is not None else {}
    return chunk({"role": "assistant", "content": "", **said, "reasoning_details": list(details)})


def shown(told: Told) -> str:
    """All that a reader was sent."""
    return b"".join(frame.raw for frame in told.transcript.frames).decode()


async def test_row_24_a_signature_that_comes_late(data: Path) -> None:
    """After the text, or after a call has begun: it signs the thought of its index, and cuts nothing in two."""
    first = {"type": "reasoning.text", "text": "Hm", "format": "anthropic-claude-v1", "index": 0}
    second = {"type": "reasoning.text", "signature": "c2ln", "format": "anthropic-claude-v1", "index": 0}
    signed = {**first, "signature": "c2ln"}
    async with asking(data, GOOD) as it:
        it.provider.answers = [
            streamed(thought(first, reasoning="Hm"), text("Hel"), thought(second), text("lo"), FINISH, BILL, DONE)
        ]
        told = await it.answer()
        (part,) = told.parts("reasoning")
        assert (part["text"], part["details"]) == ("Hm", [signed])
        assert told.parts("text") == [{"type": "text", "text": "Hello"}]
        called = (call(0, "c1", "add", '{"x":'), thought(second), call(0, arguments="1}"))
        it.provider.answers = [streamed(thought(first, reasoning="Hm"), *called, FINISH_CALLS, BILL, DONE)]
        told = await it.answer(tools=[ADD])
        (part,) = told.parts("reasoning")
        assert (part["details"], told.calls) == ([signed], [("add", '{"x":1}')])


async def test_row_25_a_summary_and_a_sealed_piece_at_one_index(data: Path) -> None:
    """They stay two."""
    summary = {"type": "reasoning.summary", "summary": "Count", "format": "xai-responses-v1", "index": 0}
    more = {"type": "reasoning.summary", "summary": "ing", "format": "xai-responses-v1", "index": 0}
    sealed = {"type": "reasoning.encrypted", "data": "b3BhcXVl", "format": "xai-responses-v1", "index": 0}
    thoughts = (thought(summary, reasoning="Count"), thought(more, reasoning="ing"), thought(sealed))
    told = await ask(data, streamed(*thoughts, text("Many"), FINISH, BILL, DONE))
    (part,) = told.parts("reasoning")
    assert (part["text"], part["details"]) == ("Counting", [{**summary, "summary": "Counting"}, sealed])


async def test_row_26_sealed_pieces_of_nothing(data: Path) -> None:
    """Kept for the next turn, never shown."""
    sealed = [
        {"type": "reasoning.encrypted", "data": "[REDACTED]", "format": "anthropic-claude-v1", "index": 0},
        {"type": "reasoning.encrypted", "data": "", "format": "anthropic-claude-v1", "index": 1},
    ]
    told = await ask(data, streamed(*map(thought, sealed), text("Hello"), FINISH, BILL, DONE))
    (part,) = told.parts("reasoning")
    assert (part["text"], part["details"]) == ("", sealed)
    assert "REDACTED" not in shown(told)
    assert told.message["content"] == "Hello"


async def test_row_27_calls_without_ids_of_their_own(data: Path) -> None:
    """Each gets one, and the provider gets the same back with the result."""
    ids: list[tuple[Any, Any]] = [(ABSENT, ABSENT), ("", ""), (None, None), ("same", "same")]
    async with asking(data, GOOD) as it:
        for first, second in ids:
            calls = (call(0, first, "add", "{}"), call(1, second, "now", "{}"))
            it.provider.answers = [streamed(*calls, FINISH_CALLS, BILL, DONE)]
            told = await it.answer(tools=[ADD, NOW])
            made = [part["id"] for part in told.parts("tool_call")]
            assert len(set(made)) == 2, first
            assert all(made), first
            results = [{"type": "tool_result", "tool_call_id": each, "content": "3"} for each in made]
            await it.client.post(
                "/api/messages", {"session_id": told.message["session_id"], "role": "tool", "parts": results}
            )
            it.provider.answers, it.provider.calls = [GOOD], []
            started = await it.client.post("/api/generations", {"session_id": told.message["session_id"]})
            await it.client.follow(started["generation"]["id"])
            _, answer, *replies = it.provider.calls[0]["messages"]
            assert [each["id"] for each in answer["tool_calls"]] == made
            assert [each["tool_call_id"] for each in replies] == made


async def _calls(data: Path, *variants: tuple[Json, ...]) -> list[list[tuple[str, str]]]:
    """What each of several streams calls."""
    async with asking(data, GOOD) as it:
        found = []
        for fragments in variants:
            it.provider.answers = [streamed(*fragments, FINISH_CALLS, BILL, DONE)]
            told = await it.answer(tools=[ADD, NOW])
            assert told.end == ("completed", "tool_calls", None)
            found.append(told.calls)
        return found


async def test_row_28_calls_at_one_index_or_none(data: Path) -> None:
    """Another id and name begin another call, everything else belongs to the one before."""
    for found in await _calls(
        data,
        (call(0, "a", "add", '{"x":1}'), call(0, "b", "now", "{}")),
        (call(ABSENT, "a", "add", '{"x":'), call(ABSENT, arguments="1}"), call(ABSENT, "b", "now", "{}")),
        (call(None, "a", "add", '{"x":1}'), call(None, "b", "now", "{}")),
        (call(0, "a", "add", '{"x":1'), call(0, "a", arguments="}"), call(0, "b", "now"), call(0, "b", arguments="{}")),
    ):
        assert found == [("add", '{"x":1}'), ("now", "{}")]


async def test_row_29_ids_and_names_again_and_again(data: Path) -> None:
    """Empty ones are ignored, repeated ones begin nothing."""
    for found in await _calls(
        data,
        (call(0, "a", "add", '{"x"'), call(0, "", "", ":1"), call(0, "", None, "}")),
        (call(0, "a", "add", '{"x"'), call(0, "a", "add", ":1"), call(0, "a", "add", "}")),
        (call(0, "a", "", '{"x"'), call(0, None, "add", ":1}")),
    ):
        assert found == [("add", '{"x":1}')]


async def test_row_30_arguments_whole_or_in_pieces(data: Path) -> None:
    """In one delta, byte by byte, and cut inside an escape: the text is not touched."""
    arguments = json.dumps({"city": 'Z\u00fcrich \u6f22 \\ " \n'})
    pieces = tuple(call(0, arguments=letter) for letter in arguments)
    for found in await _calls(
        data, (call(0, "a", "add", arguments),), (call(0, "a", "add", ""), *pieces), (call(0, "a", "add"), *pieces)
    ):
        assert found == [("add", arguments)]


async def test_row_31_more_after_complete_arguments(data: Path) -> None:
    """White space, or text: a call is told once, whole, when the stream has ended."""
    fragments = (call(0, "a", "add", '{"x":1}'), call(0, arguments=" \n"), call(0, arguments=""))
    told = await ask(data, streamed(*fragments, FINISH_CALLS, BILL, DONE), tools=[ADD])
    assert told.calls == [("add", '{"x":1}')]
    kinds = [frame.event for frame in told.transcript.frames]
    assert kinds.count("tool_call") == 1
    assert "tool_call_delta" not in kinds[kinds.index("tool_call") :]


async def test_row_32_arguments_that_are_missing_or_no_text(data: Path) -> None:
    """Nothing means none; an object in their place is its JSON."""
    nothing = await _calls(
        data,
        (call(0, "a", "now"),),
        (call(0, "a", "now", ""), call(0, arguments="")),
        (call(0, "a", "now", None),),
        (call(0, "a", "now", {}),),
    )
    assert nothing == [[("now", "{}")]] * 4
    assert await _calls(data.with_name("other"), (call(0, "a", "add", {"x": 1}),)) == [[("add", '{"x": 1}')]]


async def test_row_33_calls_with_another_finish(data: Path) -> None:
    """`stop`, or none at all: there are calls, so the reason is `tool_calls`. Half a call is none."""
    whole = call(0, "a", "add", '{"x":1}')
    async with asking(data, GOOD) as it:
        for ending in (chunk({"content": ""}, "stop"), chunk({"content": ""}, None)):
            it.provider.answers = [streamed(whole, ending, BILL if ending["choices"][0]["finish_reason"] else DONE)]
            told = await it.answer(tools=[ADD])
            assert (told.end, told.calls) == (("completed", "tool_calls", None), [("add", '{"x":1}')])
        it.provider.answers = [streamed(call(0, "a", "add", '{"x":'))]
        told = await it.answer(tools=[ADD])
        assert (told.end, told.calls) == (("truncated", None, "upstream_truncated"), [])


async def test_row_34_a_call_that_the_model_garbled(data: Path) -> None:
    """A finish `error` that was free is asked for again, once; after text, or of unknown price, it is the end."""
    free = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0, "cost": 0}
    garbled = chunk({"role": "assistant", "content": ""}, "error", usage=free)
    garbled["choices"][0]["native_finish_reason"] = "MALFORMED_FUNCTION_CALL"
    async with asking(data, streamed(garbled, DONE), GOOD) as it:
        told = await it.answer(tools=[ADD])
        assert (told.message["content"], len(it.provider.calls)) == ("Hello", 2)
        it.provider.answers, it.provider.calls = [streamed(garbled, DONE)], []
        assert (await it.answer(tools=[ADD])).end == ("failed", "error", "upstream_midstream")
        assert len(it.provider.calls) == 2
        del garbled["usage"]
        it.provider.answers, it.provider.calls = [streamed(garbled, DONE)], []
        assert (await it.answer(tools=[ADD])).end == ("failed", "error", "upstream_midstream")
        assert len(it.provider.calls) == 1
        it.provider.answers, it.provider.calls = [streamed(text("Hel"), garbled, DONE)], []
        told = await it.answer(tools=[ADD])
        assert (told.end, told.message["content"]) == (("failed", "error", "upstream_midstream"), "Hel")
        assert len(it.provider.calls) == 1


async def test_row_48_annotations_without_places(data: Path) -> None:
    """One per chunk, at 0 to 0, without a title, of unknown kinds: a list, in order, and no text is cut by them."""
    cited: list[Json] = [
        {"type": "url_citation", "url_citation": {"url": "https://example.org/a", "start_index": 0, "end_index": 0}},
        {"type": "url_citation", "url_citation": {"url": "https://example.org/b", "title": ""}},
        {"type": "tomorrow", "x": [1, None]},
    ]
    chunks = [chunk({"role": "assistant", "content": "", "annotations": [each]}) for each in cited]
    told = await ask(data, streamed(*chunks, text("Hello"), FINISH, BILL, DONE))
    assert told.message["content"] == "Hello"
    assert [part["annotation"] for part in told.parts("annotation")] == cited
    assert [frame.event for frame in told.transcript.frames].count("annotation") == 3


async def test_row_49_calls_without_text(data: Path) -> None:
    """They go back with `content: null`; an empty text would be refused by some."""
    called = streamed(text(""), call(0, "a", "add", "{}"), FINISH_CALLS, BILL, DONE)
    async with asking(data, called, GOOD) as it:
        told = await it.answer(tools=[ADD])
        session_id = told.message["session_id"]
        result = {"type": "tool_result", "tool_call_id": "a", "content": "3"}
        await it.client.post("/api/messages", {"session_id": session_id, "role": "tool", "parts": [result]})
        started = await it.client.post("/api/generations", {"session_id": session_id})
        await it.client.follow(started["generation"]["id"])
        _, answer, reply = it.provider.calls[1]["messages"]
        assert (answer["role"], answer["content"]) == ("assistant", None)
        assert (answer["tool_calls"][0]["id"], reply["tool_call_id"]) == ("a", "a")


async def test_row_57_a_document_is_read_once(data: Path) -> None:
    """What the provider made of it goes back with the history, so that it is not parsed and paid again."""
    parsed = {"type": "file", "file": {"hash": "h1", "name": "a.pdf", "content": [{"type": "text", "text": "A"}]}}
    answer = streamed(chunk({"content": "", "annotations": [parsed]}), text("Hello"), FINISH, BILL, DONE)
    file = {"type": "file", "url": "data:application/pdf;base64,JVBERi0=", "name": "a.pdf", "mime": "application/pdf"}
    async with asking(data, answer, GOOD) as it:
        body = {"parts": [{"type": "text", "text": "Read this"}, file], "model": "openai/gpt-4o-mini"}
        started = await it.client.post("/api/generations", body)
        await it.client.follow(started["generation"]["id"])
        await it.answer("And now?", session_id=started["session"]["id"])
        asked, answered, _ = it.provider.calls[1]["messages"]
        assert asked == it.provider.calls[0]["messages"][0]
        assert (answered["content"], answered["annotations"]) == ("Hello", [parsed])
