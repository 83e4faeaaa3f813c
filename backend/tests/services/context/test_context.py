"""What of a conversation is sent: the oldest turns go first, whole, and never more than has to."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import ContextTooLong
from app.services.context.context import Fit, Room, fit, turns_of
from app.services.context.estimate import Calibration, Weight
from app.services.context.history import Line
from tests.core.properties import SOME

EXACT = Calibration(1.0, 100)


def said(role: str, tokens: int, source: str | None = "", *, pinned: bool = False) -> Line:
    """A message that weighs about ``tokens``."""
    text = "x" * (4 * max(tokens - 5, 0))
    return Line({"role": role, "content": text}, f"m{id(text)}" if source == "" else source, pinned)


def room(limit: int | None, answer: int | None = 0, **fields: Any) -> Room:
    return Room(limit_tokens=limit, answer_tokens=answer, calibration=EXACT, **fields)


def talk(*tokens: int, **pins: bool) -> list[Line]:
    """A system prompt, then turns of a question and an answer, ``tokens`` each."""
    lines = [said("system", 10, None)]
    for n, size in enumerate(tokens):
        lines += [said("user", size, f"u{n}"), said("assistant", size, f"a{n}", pinned=pins.get(f"a{n}", False))]
    return lines


def sources(found: Fit) -> list[str | None]:
    return [source for source in found.sources if source is not None]


def test_what_fits_is_sent_whole() -> None:
    found = fit(talk(10, 10, 10), room(1000, 100))
    assert sources(found) == ["u0", "a0", "u1", "a1", "u2", "a2"]
    assert (found.use.strategy, found.use.dropped_messages, found.use.first_kept_id) == ("whole", 0, None)
    assert found.use.estimated_tokens == pytest.approx(70, abs=10)
    assert not found.is_partial


def test_without_a_known_limit_nothing_goes() -> None:
    assert len(sources(fit(talk(10_000, 10_000), room(None)))) == 4


def test_the_oldest_turns_go_first() -> None:
    """No more than has to; what is left out is told."""
    found = fit(talk(100, 100, 100, 100), room(600, 100))
    assert sources(found) == ["u2", "a2", "u3", "a3"]
    assert found.messages[0]["role"] == "system"
    assert (found.use.strategy, found.use.dropped_messages, found.use.first_kept_id) == ("drop_oldest", 4, "u2")
    assert (found.use.limit_tokens, found.use.reserved_tokens) == (600, 100)
    assert found.is_partial


def test_a_pinned_turn_stays_whole() -> None:
    """The next oldest goes instead; the first one kept after the gap is named."""
    found = fit(talk(100, 100, 100, a0=True), room(500, 0))
    assert sources(found) == ["u0", "a0", "u2", "a2"]
    assert (found.use.dropped_messages, found.use.first_kept_id) == (2, "u2")


def test_a_system_message_in_the_middle_stays_where_it_is() -> None:
    lines = [*talk(100), said("system", 10, "s1"), *talk(100, 100)[1:]]
    found = fit(lines, room(350, 0))
    assert [message["role"] for message in found.messages][:3] == ["system", "system", "user"]
    assert "s1" in sources(found)
    assert found.use.first_kept_id != "s1"


def test_the_answer_s_part_is_at_most_half() -> None:
    """A limit for the answer that is larger than the model does not leave nothing for the question."""
    assert room(1000, 100_000).reserved_tokens == 500
    assert room(1000, None).reserved_tokens == 0
    assert len(sources(fit(talk(50, 50), room(1000, 100_000)))) == 4


def test_a_newest_turn_that_is_surely_too_long_is_refused() -> None:
    """Before any call. One that only may be is left to the provider, whose refusal costs nothing."""
    with pytest.raises(ContextTooLong) as refused:
        fit(talk(10, 1000), room(500, 0))
    assert refused.value.details["limit_tokens"] == 500
    assert refused.value.details["estimated_tokens"] > 1500
    doubtful = fit(talk(10, 260), room(500, 0))
    assert sources(doubtful) == ["u1", "a1"]


def test_media_are_guessed_too_high_to_refuse_for() -> None:
    image = {"type": "image_url", "image_url": {"url": "https://x/y.png"}}
    lines = [Line({"role": "user", "content": [image] * 3}, "u")]
    assert sources(fit(lines, room(1000, 0))) == ["u"]


def test_a_provider_that_shortens_by_itself_gets_everything() -> None:
    found = fit(talk(1000, 1000, 1000), room(500, 0, may_drop=False))
    assert len(sources(found)) == 6
    assert found.droppable == []


def test_tools_take_room_too() -> None:
    assert len(sources(fit(talk(50, 50), room(300, 0)))) == 4
    assert len(sources(fit(talk(50, 50), room(300, 0, beside=Weight(150))))) == 2


def test_a_second_try_leaves_out_half_of_what_may_go() -> None:
    """From the body too, whatever was added to its end; at last nothing may go any more."""
    lines = talk(10, 10, 10, 10, 10, a1=True)
    found = fit(lines, room(10_000))
    body: dict[str, Any] = {
        "model": "m",
        "messages": [*found.messages, {"role": "assistant", "content": "prefill"}],
        "top_p": 1,
    }
    shorter = found.shorter(body)
    assert shorter is not None
    smaller, sent = shorter
    assert sources(smaller) == ["u1", "a1", "u3", "a3", "u4", "a4"]
    assert sent == body | {"messages": [*smaller.messages, {"role": "assistant", "content": "prefill"}]}
    assert (smaller.use.dropped_messages, smaller.use.first_kept_id, smaller.use.strategy) == (4, "u3", "drop_oldest")
    assert smaller.use.estimated_tokens < found.use.estimated_tokens
    again = smaller.shorter(sent)
    assert again is not None
    assert sources(again[0]) == ["u1", "a1", "u4", "a4"]
    assert again[0].use.dropped_messages == 6
    assert again[0].shorter(again[1]) is None
    assert len(body["messages"]) == 12, "the first body is left alone"


def test_text_from_retrieval_goes_first() -> None:
    """Piece by piece, even beside the newest question; on a second try too."""
    found_text = [Line({"role": "system", "content": "x" * 400}, retrieval=True) for _ in range(4)]
    lines = [*talk(20, 20), *found_text]
    lines.append(lines.pop(3))
    lines.append(lines.pop(3))
    found = fit(lines, room(400, 0))
    assert sources(found) == ["u0", "a0", "u1", "a1"]
    assert found.use.dropped_messages == 2
    assert found.is_partial
    roomy = fit(lines, room(10_000, 0))
    smaller = roomy.shorter({"messages": roomy.messages})
    assert smaller is not None
    assert sources(smaller[0]) == ["u0", "a0", "u1", "a1"]
    assert smaller[0].use.dropped_messages == 3


ROLES = st.sampled_from(["user", "assistant", "tool", "system"])


@given(
    st.lists(st.tuples(ROLES, st.integers(5, 60), st.booleans()), min_size=1, max_size=24),
    st.integers(50, 1500),
    st.integers(0, 800),
)
@SOME
def test_whatever_is_left_out(said_: list[tuple[str, int, bool]], limit: int, answer: int) -> None:
    """Order is kept; system, pinned and newest stay; turns go whole, oldest first; and only while it is too much."""
    lines = [said(role, size, f"m{n}", pinned=pin and role != "system") for n, (role, size, pin) in enumerate(said_)]
    try:
        found = fit(lines, room(limit, answer))
    except ContextTooLong:
        return
    kept = sources(found)
    assert kept == [line.source for line in lines if line.source in kept]
    turns = turns_of(role for role, _, _ in said_)
    whole = [all(f"m{at}" in kept for at in turn) for turn in turns]
    gone = [not any(f"m{at}" in kept for at in turn) for turn in turns]
    assert all(one != other for one, other in zip(whole, gone, strict=True))
    assert all(f"m{n}" in kept for n, (role, _, _) in enumerate(said_) if role == "system")
    assert not turns or whole[-1]
    free = [not any(lines[at].pinned for at in turn) for turn in turns[:-1]]
    assert all(is_free for is_free, is_gone in zip(free, gone[:-1], strict=True) if is_gone)
    order = [is_gone for is_free, is_gone in zip(free, gone[:-1], strict=True) if is_free]
    assert order == sorted(order, reverse=True)
    assert found.use.dropped_messages == len(lines) - len(kept)
    if any(gone):
        last = max(at for turn, is_gone in zip(turns, gone, strict=True) if is_gone for at in turn)
        assert found.use.first_kept_id in {f"m{n}" for n in range(last + 1, len(lines))}
        newest_gone = [at for turn, is_gone in zip(turns, gone, strict=True) if is_gone for at in turn]
        one_more = [line for n, line in enumerate(lines) if n not in newest_gone or n in _last_gone(turns, gone)]
        assert fit(one_more, room(limit, answer)).use.dropped_messages > 0, "it would have fitted with one turn more"


def _last_gone(turns: list[list[int]], gone: list[bool]) -> list[int]:
    return [turn for turn, is_gone in zip(turns, gone, strict=True) if is_gone][-1]
