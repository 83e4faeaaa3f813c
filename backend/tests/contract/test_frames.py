"""The recorded frames, which the page's tests read too, are what the encoder writes and what the accumulator folds."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from app.core.json import encode
from app.core.sse import sse_data
from app.core.sse_decoder import SseDecoder
from app.schemas import events
from app.schemas.events import Event
from app.services.turns.frames import Facts, console, snapshot_frame
from app.services.upstream.accumulator import fold

FRAMES = Path(__file__).resolve().parents[1] / "fixtures" / "frames"
CASES = sorted(path.name.removesuffix(".events.json") for path in FRAMES.glob("*.events.json"))
CLASSES: dict[str, type[Event]] = {
    "start": events.Start,
    "token": events.Text,
    "reasoning": events.Reasoning,
    "tool_call": events.ToolCall,
    "tool_call_delta": events.ToolCallDelta,
    "usage": events.Usage,
    "error": events.Error,
    "done": events.Done,
}

Recorded = dict[str, Any]


def _recorded(name: str) -> list[Recorded]:
    recorded: list[Recorded] = json.loads((FRAMES / f"{name}.events.json").read_text(), parse_float=Decimal)
    return recorded


def _has_snapshot(name: str) -> bool:
    """A snapshot replaces what a reader holds; the store folds none."""
    return any(event["event"] == "snapshot" for event in _recorded(name))


def _event(recorded: Recorded) -> Event | None:
    """A recorded event as ours; None for one that a generation's log does not hold."""
    known = CLASSES.get(recorded["event"])
    return msgspec.convert(recorded["data"], known) if known else None


def _frame(recorded: Recorded) -> bytes:
    """The bytes of a recorded event, by the product's own encoder where it has one for it."""
    data, generation_id, seq = recorded["data"], recorded["generation_id"], recorded["seq"]
    event = _event(recorded)
    if event is not None:
        return console(Facts(generation_id))(seq, event)
    if recorded["event"] == "snapshot":
        return snapshot_frame(generation_id, data["message"], data["last_seq"])
    return sse_data(data, recorded["event"], f"{generation_id}:{seq}" if seq else None)


@pytest.mark.parametrize("name", CASES)
def test_encoding_gives_the_recorded_bytes(name: str) -> None:
    """Ids, names, the order of keys, exact numbers and characters as they are; only comments are not events."""
    recorded = re.sub(rb"^:.*\n\n", b"", (FRAMES / f"{name}.sse").read_bytes(), flags=re.MULTILINE)
    assert b"".join(_frame(event) for event in _recorded(name)) == recorded


@pytest.mark.parametrize("name", CASES)
def test_decoding_gives_the_recorded_events(name: str) -> None:
    """The bytes mean what the page's tests take them to mean."""
    decoded = [
        (event.event, json.loads(event.data, parse_float=Decimal))
        for event in SseDecoder().feed((FRAMES / f"{name}.sse").read_bytes())
    ]
    assert decoded == [(event["event"], event["data"]) for event in _recorded(name)]


@pytest.mark.parametrize("name", [name for name in CASES if not _has_snapshot(name)])
def test_folding_gives_the_recorded_message(name: str) -> None:
    """A message after a crash, in a replay and on the page is one and the same."""
    recorded = _recorded(name)
    known = [event for event in map(_event, recorded) if event is not None]
    message = fold(known)
    assert message.done is not None
    expected = json.loads((FRAMES / f"{name}.message.json").read_text(), parse_float=Decimal)
    not_known = sum(event["seq"] is not None for event in recorded) - len(known)
    assert {
        "status": message.done.status,
        "content": message.content(),
        "parts": [_plain(part) for part in message.parts()],
        "finish_reason": message.done.finish_reason,
        "usage": message.usage and _plain(message.usage, "type", "extra"),
        "error": message.error and _plain(message.error, "type"),
        "last_seq": message.last_seq + not_known,
    } == expected


def test_the_cases_show_every_event() -> None:
    """An event that no case holds would be tested by neither half."""
    shown = {event["event"] for name in CASES for event in _recorded(name)}
    assert CLASSES.keys() <= shown


def _plain(value: Any, *hidden: str) -> dict[str, Any]:
    """Without the fields that are not on the wire: those hidden, and optional ones of a part that were not given."""
    plain: dict[str, Any] = json.loads(encode(value), parse_float=Decimal)
    optional = {"details", "duration_ms"}
    return {
        name: item for name, item in plain.items() if name not in hidden and not (name in optional and item is None)
    }
