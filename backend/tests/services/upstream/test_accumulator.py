"""Folding: the same events give the same message, however they were cut."""

from __future__ import annotations

import json
from collections.abc import Iterable
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from app.core.json import encode_text
from app.schemas.events import (
    Annotation,
    Done,
    Error,
    Event,
    Reasoning,
    Start,
    Text,
    ToolCall,
    ToolCallDelta,
    Usage,
    decode_events,
    encode_events,
)
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
    part_from,
)
from app.services.upstream.accumulator import Accumulator, fold
from tests.core.properties import MANY, SOME

START = Start(generation_id="g", session_id="s", user_message_id="u", assistant_message_id="m", model="a/b")
CALL = ToolCall(id="c", name="f", arguments="{}", index=0)
DONE = Done(status="completed", finish_reason="stop", message_id="m")

WORDS = st.text(max_size=4)
DETAILS = st.none() | st.lists(
    st.one_of(
        st.fixed_dictionaries(
            {"type": st.just("reasoning.text"), "index": st.integers(0, 1)}, optional={"text": WORDS}
        ),
        st.fixed_dictionaries({"type": st.just("reasoning.encrypted"), "data": WORDS}),
    ),
    min_size=1,
    max_size=2,
)
EVENTS = st.lists(
    st.one_of(
        st.builds(lambda text: Text(text=text), WORDS),
        st.builds(lambda text, details: Reasoning(text=text, details=details), WORDS, DETAILS),
        st.builds(lambda text: ToolCallDelta(id="c", name="f", arguments=text, index=0), WORDS),
        st.just(CALL),
        st.just(Annotation(annotation={"type": "file"})),
    ),
    max_size=12,
)


def merged(events: Iterable[Event]) -> list[Event]:
    """Adjacent deltas of one kind as one."""
    made: list[Event] = []
    for event in events:
        last = made[-1] if made else None
        if isinstance(event, Text) and isinstance(last, Text):
            made[-1] = Text(text=last.text + event.text)
        elif isinstance(event, Reasoning) and isinstance(last, Reasoning):
            details = [*(last.details or ()), *(event.details or ())]
            made[-1] = Reasoning(text=last.text + event.text, details=details or None)
        else:
            made.append(event)
    return made


def split(events: Iterable[Event]) -> list[Event]:
    """Each character in a delta of its own."""
    made: list[Event] = []
    for event in events:
        if isinstance(event, Text):
            made += [Text(text=char) for char in event.text] or [event]
        elif isinstance(event, Reasoning):
            made += [Reasoning(text=char) for char in event.text]
            if event.details or not event.text:
                made.append(Reasoning(text="", details=event.details))
        else:
            made.append(event)
    return made


@MANY
@given(EVENTS)
def test_how_deltas_are_cut_changes_nothing(events: list[Event]) -> None:
    """Merged or split, adjacent deltas of one kind fold to the same parts and the same text."""
    parts = fold(events).parts()
    assert fold(merged(events)).parts() == parts
    assert fold(split(events)).parts() == parts
    assert fold(events).content() == "".join(event.text for event in events if isinstance(event, Text))


@SOME
@given(EVENTS, st.integers(0, 12))
def test_what_was_folded_before_goes_on_the_same(events: list[Event], at: int) -> None:
    """Reading the parts in the middle disturbs nothing, and shows the fold of what came so far."""
    accumulator = Accumulator()
    for event in events[:at]:
        accumulator.apply(event)
    assert accumulator.parts() == fold(events[:at]).parts()
    for event in events[at:]:
        accumulator.apply(event)
    assert accumulator.parts() == fold(events).parts()
    assert accumulator.last_seq == len(events)


@SOME
@given(EVENTS)
def test_a_stored_event_reads_back_the_same(events: list[Event]) -> None:
    """The journal's form is exact, money included."""
    ending: list[Event] = [
        START,
        *events,
        Usage(cost_usd=Decimal("0.000000000001"), cost_state="settled", tokens_per_second=1.5),
        Error(error_code="x", message="m", retryable=True, hint="h"),
        DONE,
    ]
    assert decode_events(encode_events(ending)) == ending


def test_the_parts_of_a_continued_answer_are_kept() -> None:
    """Old parts stay as they are; new text opens a part of its own, and both are the content."""
    base: list[Part] = [ReasoningPart(text="r", duration_ms=7), TextPart(text="old ")]
    folded = fold([START, Text(text="new"), Text(text="er")], base)
    assert folded.parts() == [*base, TextPart(text="newer")]
    assert folded.content() == "old newer"
    assert base == [ReasoningPart(text="r", duration_ms=7), TextPart(text="old ")]


def test_each_change_of_kind_opens_a_part() -> None:
    events: list[Event] = [Reasoning(text="a"), Text(text="b"), CALL, Text(text="c"), Reasoning(text="d"), DONE]
    assert fold(events).parts() == [
        ReasoningPart(text="a"),
        TextPart(text="b"),
        ToolCallPart(id="c", name="f", arguments="{}"),
        TextPart(text="c"),
        ReasoningPart(text="d"),
    ]


def test_citations_stand_last_and_partial_calls_are_no_parts() -> None:
    """Text goes on around them."""
    partial = ToolCallDelta(id="c", name="f", arguments="{", index=0)
    events: list[Event] = [Text(text="a"), Annotation(annotation={"n": 1}), partial, Text(text="b")]
    assert fold(events).parts() == [TextPart(text="ab"), AnnotationPart(annotation={"n": 1})]


LATE = {"type": "reasoning.text", "signature": "sig", "index": 0}


def test_a_signature_that_comes_late_splits_nothing() -> None:
    """It signs the thought that came before the text, and the text goes on."""
    detail = {"type": "reasoning.text", "text": "hm", "index": 0}
    events: list[Event] = [
        Reasoning(text="hm", details=[detail]),
        Text(text="a"),
        Reasoning(text="", details=[LATE]),
        Text(text="b"),
        CALL,
    ]
    assert fold(events).parts() == [
        ReasoningPart(text="hm", details=[detail | {"signature": "sig"}]),
        TextPart(text="ab"),
        ToolCallPart(id="c", name="f", arguments="{}"),
    ]
    assert detail == {"type": "reasoning.text", "text": "hm", "index": 0}


def test_thoughts_that_are_only_opaque_are_kept_in_a_part_without_text() -> None:
    """Before what they led to, after what was there already."""
    opaque = {"type": "reasoning.encrypted", "data": "x", "id": "c"}
    events: list[Event] = [Text(text="a"), Reasoning(text="", details=[opaque]), Text(text="b"), CALL]
    assert fold(events, [TextPart(text="old")]).parts() == [
        TextPart(text="old"),
        ReasoningPart(text="", details=[opaque]),
        TextPart(text="ab"),
        ToolCallPart(id="c", name="f", arguments="{}"),
    ]


def test_pictures_of_an_answer_are_parts() -> None:
    """Where they came; what is no picture is passed over."""
    images = [
        {"image_url": {"url": "data:image/png;base64,AA=="}},
        {"image_url": None},
        {},
        5,
        {"image_url": {"url": 1}},
    ]
    events: list[Event] = [
        Text(text="a", extra={"images": images}),
        Text(text="b", extra={"images": "x", "logprobs": {}}),
    ]
    assert fold(events).parts() == [
        TextPart(text="a"),
        ImagePart(url="data:image/png;base64,AA==", mime="image/png"),
        TextPart(text="b"),
    ]


def test_the_ending_is_kept_beside_the_parts() -> None:
    usage, error = Usage(), Error(error_code="x", message="m", retryable=False, hint="h")
    folded = fold([START, usage, error, DONE])
    assert (folded.usage, folded.error, folded.done) == (usage, error, DONE)
    assert folded.parts() == []
    assert folded.last_seq == 4


def test_reasoning_lasts_until_something_else_begins() -> None:
    """From its first word to the first of what follows; unknown when the clock is."""
    accumulator = Accumulator()
    for at_ms, event in ((1000, Reasoning(text="a")), (1500, Reasoning(text="b")), (1800, Text(text="c"))):
        accumulator.apply(event, at_ms)
    assert accumulator.parts() == [ReasoningPart(text="ab", duration_ms=800), TextPart(text="c")]
    accumulator.apply(Reasoning(text="d"), 2000)
    accumulator.apply(CALL, 2250)
    assert accumulator.parts()[2] == ReasoningPart(text="d", duration_ms=250)
    assert fold([Reasoning(text="a"), Text(text="c")]).parts()[0] == ReasoningPart(text="a", duration_ms=None)


def test_reasoning_that_goes_on_has_lasted_until_now() -> None:
    accumulator = Accumulator()
    accumulator.apply(Reasoning(text="a"), 1000)
    assert accumulator.parts(1600) == [ReasoningPart(text="a", duration_ms=600)]
    assert accumulator.parts() == [ReasoningPart(text="a", duration_ms=None)]


def test_parts_read_back_from_their_stored_form() -> None:
    """Every kind of part survives the store."""
    parts: list[Part] = [
        TextPart(text="t"),
        ReasoningPart(text="r", details=[{"data": "x"}], duration_ms=3),
        ToolCallPart(id="c", name="f", arguments="{}"),
        ToolResultPart(tool_call_id="c", content="5"),
        ImagePart(url="https://a.example/x.png"),
        FilePart(url="data:application/pdf;base64,JVBERi0=", name="x.pdf", mime="application/pdf"),
        AudioPart(url="data:audio/wav;base64,AA==", mime="audio/wav"),
        VideoPart(url="https://a.example/x.mp4"),
        AnnotationPart(annotation={"type": "file"}),
    ]
    assert [part_from(part) for part in json.loads(encode_text(parts))] == parts
    assert content_of(parts) == "t5"
