"""The cases of the event stream grammar that both decoders are held to."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FIXTURE = Path(__file__).resolve().parents[1] / "fixtures/eventsource/cases.json"


@dataclass(frozen=True, slots=True)
class Case:
    """A stream; its events as ``(data, event, id)``, the id being the last one seen."""

    name: str
    stream: bytes
    events: list[tuple[str, str, str]]
    retry_ms: int | None


def _bytes(pieces: list[Any] | str) -> bytes:
    return b"".join(_piece(piece) for piece in ([pieces] if isinstance(pieces, str) else pieces))


def _piece(piece: Any) -> bytes:
    if isinstance(piece, str):
        return piece.encode()
    if "hex" in piece:
        return bytes.fromhex(piece["hex"])
    return str(piece["repeat"]).encode() * int(piece["times"])


def _case(case: dict[str, Any]) -> Case:
    events = [
        (_bytes(event["data"]).decode(), event.get("event", "message"), event.get("id", "")) for event in case["events"]
    ]
    return Case(case["name"], _bytes(case["stream"]), events, case.get("retry_ms"))


CASES = [_case(case) for case in json.loads(FIXTURE.read_text(encoding="utf-8"))]
