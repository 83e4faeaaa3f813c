"""Types that every schema shares: exact money, vocabularies and bounded text."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any, Literal, TypeAlias, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, Strict, StringConstraints, WithJsonSchema

from app.core.days import MAX_ZONE_CHARS, is_zone


def _plain_number(value: Any) -> Any:
    """Refuse what ``Decimal`` takes beside plain numbers: spaces, underscores, the digits of other scripts."""
    if isinstance(value, str) and not _PLAIN_NUMBER.fullmatch(value):
        raise ValueError("must be a plain number, such as 12.5")
    return value


_PLAIN_NUMBER = re.compile(r"[+-]?[0-9]{1,100}(\.[0-9]{1,100})?([eE][+-]?[0-9]{1,9})?")
PlainDecimal: TypeAlias = Annotated[Decimal, BeforeValidator(_plain_number), Field(strict=False, allow_inf_nan=False)]
"""A number in a body, exact: a JSON number, or a string of one."""
Usd: TypeAlias = Annotated[Decimal, WithJsonSchema({"type": "number", "description": "US dollars, exact"})]

SessionType: TypeAlias = Literal["chat", "code", "documents", "playground"]
Role: TypeAlias = Literal["system", "user", "assistant", "tool"]
TerminalStatus: TypeAlias = Literal["completed", "stopped", "failed", "truncated", "interrupted"]
GenerationStatus: TypeAlias = Literal[
    "queued", "running", "stopping", "completed", "stopped", "failed", "truncated", "interrupted"
]
CostState: TypeAlias = Literal["reserved", "settled", "reconciled", "estimated", "unknown"]
Purpose: TypeAlias = Literal[
    "chat", "regenerate", "continue", "title", "document", "embedding", "summary", "endpoint", "mcp", "manual"
]
"""What a paid call is for, as the ledger keeps it; ``manual`` is no call, but what the owner entered by hand."""

PURPOSES: tuple[str, ...] = tuple(purpose for purpose in get_args(Purpose) if purpose != "manual")
"""Those of calls."""
FAILED: frozenset[str] = frozenset({"failed", "truncated", "interrupted"})
"""Ends that are neither the answer's own nor the owner's wish."""
TERMINAL: frozenset[str] = frozenset(get_args(TerminalStatus))

MAX_CONTENT_CHARS = 1_000_000


class JsonInput(BaseModel, extra="forbid", strict=True):
    """What a client sends as JSON: ``"5"`` and ``true`` are no numbers, 1 is no truth, and no field is unknown.

    Query strings have only texts, so their models are plain ones.
    """


def storable(text: str) -> str:
    """Refuse what no store keeps and no provider reads: NUL and lone surrogates."""
    if "\0" in text:
        raise ValueError("must not contain NUL")
    if not text.isascii():
        try:
            text.encode()  # not character by character: a picture has millions, and every answer waits meanwhile
        except UnicodeEncodeError:
            raise ValueError("must not contain lone surrogates") from None
    return text


def not_blank(text: str) -> str:
    """Refuse text that shows nothing."""
    if not text.strip():
        raise ValueError("must not be blank")
    return text


def known_zone(name: str) -> str:
    """Refuse what is no time zone of this machine."""
    if not is_zone(name):
        raise ValueError("must be a time zone that this machine knows, as Europe/Berlin")
    return name


Flag: TypeAlias = Annotated[bool, Strict()]
"""A boolean of a JSON body: 0 and "no" are none, as the document says. Query strings have words for it instead."""
PlainText: TypeAlias = Annotated[str, AfterValidator(storable)]
Content: TypeAlias = Annotated[
    str, StringConstraints(max_length=MAX_CONTENT_CHARS), AfterValidator(storable), AfterValidator(not_blank)
]
Name: TypeAlias = Annotated[
    str, StringConstraints(min_length=1, max_length=200), AfterValidator(storable), AfterValidator(not_blank)
]
TimeZone: TypeAlias = Annotated[
    str,
    StringConstraints(max_length=MAX_ZONE_CHARS),
    AfterValidator(known_zone),
    WithJsonSchema({"type": "string", "maxLength": MAX_ZONE_CHARS, "description": "IANA name, as Europe/Berlin"}),
]
Slug: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[!-~]+$")]
RequestId: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=r"^[!-~]+$")]
ObjectId: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=r"^[!-~]+$")]
