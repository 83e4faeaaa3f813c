"""Fragments of reasoning details as whole pieces, as each family streams them (API reference, sections 4.4 and 9)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.services.upstream.reasoning_details import Pieces
from tests.core.properties import MANY

Json = dict[str, Any]


def joined(fragments: list[Json]) -> list[Json]:
    pieces = Pieces()
    pieces.take(fragments)
    return pieces.whole()


def text(**fields: Any) -> Json:
    return {"type": "reasoning.text", "index": 0, "format": "anthropic-claude-v1"} | fields


def summary(**fields: Any) -> Json:
    return {"type": "reasoning.summary", "index": 0, "format": "openai-responses-v1"} | fields


SEALED = {"type": "reasoning.encrypted", "data": "x1", "index": 0, "format": "openai-responses-v1", "id": "rs_1"}

STREAMS: dict[str, tuple[list[Json], list[Json]]] = {
    "claude signs late": (
        [text(text="We "), text(text="add."), text(signature="sig")],
        [text(text="We add.", signature="sig")],
    ),
    "a null text with the signature": (
        [text(text="a", signature=None), text(text=None, signature="sig", id=None)],
        [text(text="a", signature="sig", id=None)],
    ),
    "the last signature and id that are not null": (
        [text(text="a", id=None, signature="1"), text(text="b", id="t1", signature="2"), text(text="c", id=None)],
        [text(text="abc", id="t1", signature="2")],
    ),
    "two blocks of Claude": (
        [text(text="a"), text(text="b", index=1), text(signature="1"), text(signature="2", index=1)],
        [text(text="a", signature="1"), text(text="b", index=1, signature="2")],
    ),
    "gpt": ([summary(summary="W"), summary(summary="e"), SEALED], [summary(summary="We"), SEALED]),
    "two items at one index": (
        [summary(summary="a", id="rs_1"), summary(summary="b", id="rs_2"), summary(summary="c", id="rs_2")],
        [summary(summary="a", id="rs_1"), summary(summary="bc", id="rs_2")],
    ),
    "encrypted data is never joined": ([SEALED, SEALED], [SEALED, SEALED]),
    "a redacted block between": (
        [text(text="a"), {"type": "reasoning.encrypted", "data": "[REDACTED]", "index": 0}, text(text="b")],
        [text(text="ab"), {"type": "reasoning.encrypted", "data": "[REDACTED]", "index": 0}],
    ),
    "no index": (
        [{"type": "reasoning.text", "text": "a"}, {"type": "reasoning.text", "text": "b"}],
        [{"type": "reasoning.text", "text": "ab"}],
    ),
    "types nobody knows": (
        [{"type": "reasoning.new", "x": [1]}, {"type": "reasoning.new", "x": [2]}, {"odd": 1}, {"type": 5}],
        [{"type": "reasoning.new", "x": [1]}, {"type": "reasoning.new", "x": [2]}, {"odd": 1}, {"type": 5}],
    ),
    "an index that is none": ([text(index=[1], text="a"), text(index=[1], text="b")],
                              [text(index=[1], text="a"), text(index=[1], text="b")]),
}  # fmt: skip


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_of_fragments(name: str) -> None:
    """Text and summaries grow by type, index and id; a signature joins its text; all else stays whole."""
    fragments, whole = STREAMS[name]
    before = [dict(one) for one in fragments]
    assert joined(fragments) == whole
    assert fragments == before


FRAGMENTS = st.lists(
    st.fixed_dictionaries(
        {"type": st.sampled_from(["reasoning.text", "reasoning.summary", "reasoning.encrypted"])},
        optional={
            "index": st.integers(0, 2), "text": st.text(max_size=3), "summary": st.text(max_size=3),
            "signature": st.sampled_from([None, "s"]), "data": st.just("d"), "id": st.sampled_from([None, "a", "b"]),
        },
    ),
    max_size=10,
)  # fmt: skip


@MANY
@given(FRAGMENTS, st.integers(0, 10))
def test_no_text_is_lost_and_reads_do_not_matter(fragments: list[Json], cut: int) -> None:
    """Every character of every fragment is in one piece, in order, however the stream was read."""
    pieces = Pieces()
    pieces.take(fragments[:cut])
    pieces.whole()
    pieces.take(fragments[cut:])
    whole = pieces.whole()
    assert whole == joined(fragments)
    for kind, grows in (("reasoning.text", "text"), ("reasoning.summary", "summary")):
        sent = sorted("".join(one.get(grows, "") for one in fragments if one["type"] == kind))
        kept = sorted("".join(one.get(grows, "") for one in whole if one["type"] == kind))
        assert kept == sent
    sealed = [one for one in fragments if one["type"] == "reasoning.encrypted"]
    assert [one for one in whole if one["type"] == "reasoning.encrypted"] == sealed
