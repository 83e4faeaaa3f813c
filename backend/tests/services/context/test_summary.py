"""Summaries: what they take in, where they stand, and that nothing is lost between them and what follows."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import Conflict, ContextTooLong
from app.core.json import encode_text
from app.db.types import Row
from app.schemas.parts import ImagePart, Part, ReasoningPart, TextPart, ToolCallPart, ToolResultPart, content_of
from app.services.context.estimate import Calibration
from app.services.context.summary import (
    Standing,
    line_of,
    request_messages,
    select,
    standing_on,
    summary_tokens,
    without_summarised,
)
from tests.core.properties import SOME

EXACT = Calibration(1.0, 100)


def row(name: str, role: str, *parts: Part, pinned: bool = False) -> Row:
    said = list(parts) or [TextPart(text=f"says {name}")]
    return {
        "id": name,
        "role": role,
        "content": content_of(said),
        "parts": encode_text(said),
        "pinned": int(pinned),
        "model": None,
    }


def talk(turns: int) -> list[Row]:
    return [row(f"{who[0]}{n}", who) for n in range(turns) for who in ("user", "assistant")]


def standing(through: str, text: str = "earlier") -> Standing:
    return Standing(id="c", through_message_id=through, text=text)


def test_older_turns_are_taken_in_and_newer_ones_stay() -> None:
    chosen = select(talk(5), None, keep_turns=2, limit_tokens=None, calibration=EXACT)
    assert (chosen.through_message_id, chosen.message_count) == ("a2", 6)
    assert "says u0" in chosen.text
    assert "says a2" in chosen.text
    assert "says u3" not in chosen.text
    system, user = request_messages(chosen)
    assert (system["role"], user) == ("system", {"role": "user", "content": chosen.text})


def test_everything_that_was_said_is_in_the_text() -> None:
    """Calls and results as well; thoughts are no part of what was said."""
    path = [
        row("s", "system", TextPart(text="be brief")),
        row("u", "user", TextPart(text="Look"), ImagePart(url="https://x/y.png")),
        row("a", "assistant", ReasoningPart(text="hm"), ToolCallPart(id="c", name="weather", arguments='{"city":1}')),
        row("t", "tool", ToolResultPart(tool_call_id="c", content="5 degrees")),
        row("b", "assistant", TextPart(text="Cold")),
        row("n", "user", TextPart(text="newest")),
    ]
    chosen = select(path, None, keep_turns=1, limit_tokens=None, calibration=EXACT)
    for said in ("Look", "(image)", "weather", '{"city":1}', "5 degrees", "Cold", "[User]", "[Assistant]", "[Tool]"):
        assert said in chosen.text
    assert not any(unsaid in chosen.text for unsaid in ("hm", "be brief", "newest", "https://x/y.png"))
    assert chosen.message_count == 4


def test_a_second_summary_takes_in_the_first() -> None:
    chosen = select(talk(6), standing("a1"), keep_turns=2, limit_tokens=None, calibration=EXACT)
    assert "earlier" in chosen.text
    assert "says u1" not in chosen.text
    assert "says u2" in chosen.text
    assert (chosen.through_message_id, chosen.message_count) == ("a3", 8)


@pytest.mark.parametrize(("turns", "keep", "through"), [(2, 2, None), (1, 1, None), (0, 1, None), (4, 2, "a1")])
def test_nothing_old_enough_is_a_conflict(turns: int, keep: int, through: str | None) -> None:
    with pytest.raises(Conflict):
        select(
            talk(turns), standing(through) if through else None, keep_turns=keep, limit_tokens=None, calibration=EXACT
        )


def test_a_model_that_reads_little_takes_in_what_it_can() -> None:
    """The rest waits for the next summary; when not even one turn fits, that is said."""
    long = [row(f"m{n}", "user" if n % 2 == 0 else "assistant", TextPart(text="x" * 2000)) for n in range(12)]
    chosen = select(long, None, keep_turns=1, limit_tokens=4000, calibration=EXACT)
    assert chosen.through_message_id in {"m1", "m3", "m5"}
    following = select(long, standing(chosen.through_message_id), keep_turns=1, limit_tokens=4000, calibration=EXACT)
    assert following.message_count > chosen.message_count
    with pytest.raises(ContextTooLong):
        select(long, None, keep_turns=1, limit_tokens=500, calibration=EXACT)
    assert [summary_tokens(limit) for limit in (None, 100_000, 4000, 1)] == [4096, 4096, 1000, 1]


def found(*through: str) -> list[Row]:
    """Stored summaries, the newest first."""
    return [{"id": f"c{n}", "through_message_id": at, "summary": "s"} for n, at in enumerate(through)]


@pytest.mark.parametrize(
    ("through", "expected"),
    [
        ([], None),
        (["elsewhere"], None),
        (["a0"], "c0"),
        (["a0", "a1"], "c1"),
        (["a1", "a1"], "c0"),
        (["a2"], None),
        (["elsewhere", "a1"], "c1"),
    ],
)
def test_the_summary_that_reaches_farthest_applies(through: list[str], expected: str | None) -> None:
    """On this branch, and not over what is to be answered."""
    applied = standing_on(talk(3), found(*through))
    assert (applied.id if applied else None) == expected


def test_system_messages_and_pinned_turns_are_sent_themselves() -> None:
    path = [row("s", "system"), *talk(4)]
    path[3]["pinned"] = 1  # u1's turn
    kept, first = without_summarised(path, standing("a2"))
    assert [one["id"] for one in kept] == ["s", "u1", "a1", "u3", "a3"]
    assert first == "u3"


def test_a_summary_says_that_it_is_one() -> None:
    line = line_of(standing("a1", "They agreed on blue."))
    assert line.message["role"] == "system"
    assert line.message["content"].startswith("Summary of the older part")
    assert line.message["content"].endswith("They agreed on blue.")
    assert line.source is None


@given(
    st.lists(st.tuples(st.sampled_from(["user", "assistant", "tool", "system"]), st.booleans()), max_size=20),
    st.lists(st.integers(1, 4), max_size=4),
)
@SOME
def test_nothing_is_lost(said: list[tuple[str, bool]], keeps: list[int]) -> None:
    """In however many steps: each message is in a summary or sent itself, in order, and the newest turn is sent."""
    path = [row(f"m{n}", role, TextPart(text=f"<{n}>"), pinned=pin) for n, (role, pin) in enumerate(said)]
    last: Standing | None = None
    summarised: set[str] = set()
    for keep in keeps:
        try:
            chosen = select(path, last, keep_turns=keep, limit_tokens=None, calibration=EXACT)
        except Conflict:
            continue
        summarised |= {one["id"] for n, one in enumerate(path) if f"<{n}>" in chosen.text}
        last = standing(chosen.through_message_id, "so far")
    if last is None:
        return
    kept, _ = without_summarised(path, last)
    sent = [one["id"] for one in kept]
    assert {one["id"] for one in path} == set(sent) | summarised
    assert all(int(one[1:]) < int(other[1:]) for one, other in pairwise(sent))
    assert path[-1]["id"] in sent
    assert all(one["id"] in sent for one in path if one["pinned"] or one["role"] == "system")
