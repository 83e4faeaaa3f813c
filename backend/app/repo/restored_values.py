"""What a value read from a backup may be, by the kind of its column.

Each check takes a plain value and raises ValueError with the reason. They hold what our own code writes and no more, so
that whatever is restored can be read, shown and sent like what was stored here.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, get_args

import msgspec
from pydantic import ValidationError

from app.core.days import Unit
from app.core.money import MAX_CALL_PICOUSD, MAX_PICOUSD
from app.schemas.budgets import BudgetKind
from app.schemas.context import ContextUse
from app.schemas.events import UsageFigures, decode_events
from app.schemas.generations import Attempt
from app.schemas.messages import StoredError
from app.schemas.parts import PART_CLASSES
from app.schemas.settings import SettingsPatch
from app.schemas.types import GenerationStatus, Purpose
from app.schemas.usage import DecisionKind

Check = Callable[[Any], None]

LONGEST_TEXT = 64 * 2**20
LONGEST_NAME = 10_000

MOST_COUNT = 2**53
MOST_TOKENS = 10**12

_REQUEST_ID = re.compile(r"[!-~]{1,128}")
# As it can stand in a path: a URL reaches it.
_ID = re.compile(r"(?!\.{1,2}\Z)[A-Za-z0-9._~:@+=-]{1,128}")
_ORDERED_FORM = re.compile(r".{14}7.{21}")
_ORDERED = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def text(value: Any) -> None:
    """Any text."""
    if not isinstance(value, str) or len(value) > LONGEST_TEXT:
        raise ValueError("is not text")


def name(value: Any) -> None:
    """Text of a line or so: names, titles, models."""
    if not isinstance(value, str) or len(value) > LONGEST_NAME:
        raise ValueError(f"is not text of at most {LONGEST_NAME} characters")
    if "\0" in value:
        raise ValueError("has a NUL in it")


def identifier(value: Any) -> None:
    """An id of ours or of the first console's. What looks like one that grows with time must be one."""
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise ValueError("is no id")
    if _ORDERED_FORM.fullmatch(value) and not _ORDERED.fullmatch(value):
        raise ValueError("is no id")


def request_id(value: Any) -> None:
    """What a client calls its request: visible ASCII."""
    if not isinstance(value, str) or not _REQUEST_ID.fullmatch(value):
        raise ValueError("is no id of a request")


def message_of_call(value: Any) -> None:
    """The message that a generation wrote; empty for a call whose text was not stored."""
    if value != "":
        identifier(value)


def time(value: Any) -> None:
    """A time as we store it."""
    if not isinstance(value, str) or not _TIME.fullmatch(value):
        raise ValueError("is no time")
    datetime.fromisoformat(value)


def at_most(most: int) -> Check:
    """A whole number from 0 to ``most``."""

    def check(value: Any) -> None:
        if type(value) is not int or not 0 <= value <= most:
            raise ValueError(f"is no whole number from 0 to {most}")

    return check


def row_number(value: Any) -> None:
    """An id that the store counted; clients name it as a JSON number."""
    if type(value) is not int or not 1 <= value <= MOST_COUNT:
        raise ValueError("is no number of a row")


def flag(value: Any) -> None:
    if type(value) is not int or value not in (0, 1):
        raise ValueError("is neither 0 nor 1")


def real(value: Any) -> None:
    """A finite number from 0 on."""
    if type(value) not in (int, float) or not math.isfinite(value) or value < 0:
        raise ValueError("is no number from 0 on")


def one_of(*allowed: str) -> Check:
    """One of some words."""

    def check(value: Any) -> None:
        if value not in allowed:
            raise ValueError("is not one of " + ", ".join(allowed))

    return check


def holding(kind: Any) -> Check:
    """JSON text of a type."""
    decoder = msgspec.json.Decoder(kind)

    def check(value: Any) -> None:
        decoder.decode(_json(value))

    return check


def parts(value: Any) -> None:
    """The parts of a message."""
    for part in _PARTS.decode(_json(value)):
        kind = PART_CLASSES.get(str(part.get("type")))
        if kind is None:
            raise ValueError("has a part of no kind we know")
        if unknown := part.keys() - kind.__dataclass_fields__.keys():
            raise ValueError(f"has a part with {min(unknown)!r}, which parts have not")
        msgspec.convert(part, kind)


def events(value: Any) -> None:
    """A tick of a journal."""
    decode_events(_json(value))


def setting(setting_name: Any, value: Any) -> None:
    """A value of the settings page under its name."""
    try:
        SettingsPatch.model_validate({setting_name: msgspec.json.decode(_json(value))})
    except ValidationError:
        raise ValueError("is no value of that setting") from None


def _json(value: Any) -> str:
    if not isinstance(value, str) or len(value) > LONGEST_TEXT:
        raise ValueError("is not JSON text")
    return value


count = at_most(MOST_COUNT)
"""Of milliseconds, revisions, events."""
tokens = at_most(MOST_TOKENS)
"""Of one call."""
picousd = at_most(MAX_CALL_PICOUSD)
"""The cost of one call, in picodollars."""
total = at_most(MAX_PICOUSD)
"""A sum that is made anew."""
_PARTS = msgspec.json.Decoder(list[dict[str, Any]])
OBJECT = holding(dict[str, Any])
OBJECTS = holding(list[dict[str, Any]])
WORDS = holding(list[str])
USAGE = holding(UsageFigures)
ERROR = holding(StoredError)
ATTEMPTS = holding(list[Attempt])
CONTEXT = holding(ContextUse)
DRAFT = holding(dict[str, Any])
STATUS = one_of(*get_args(GenerationStatus))
PURPOSE = one_of(*get_args(Purpose))
BUDGET_KIND = one_of(*get_args(BudgetKind))
PERIOD = one_of(*get_args(Unit))
DECISION = one_of(*get_args(DecisionKind))
