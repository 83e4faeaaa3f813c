"""How many tokens a request will take: a guess by script and family, corrected by what calls of a model took. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, Final

from msgspec import Struct

from app.services.context.tokens import measured

ASCII_CHARS_PER_TOKEN: Final = 4
"""Of English text and markup; code takes a little more."""
OTHER_BYTES_PER_TOKEN: Final = 3
"""Of UTF-8 beyond ASCII: one ideograph, or a letter and a half of another alphabet."""
TOKENS_PER_MESSAGE: Final = 4

_FAMILIES: Final[Mapping[str, float]] = {"anthropic": 1.15, "mistralai": 1.1, "cohere": 1.1}
"""Where to begin for families whose vocabularies cut text smaller than most."""

LEAST_RATIO: Final = 0.25
MOST_RATIO: Final = 4.0
LEAST_TOKENS: Final = 50
"""Of shorter prompts most is the provider's own frame around them."""
_SLOWEST: Final = 0.1
_FEW: Final = 5


class Weight(Struct, frozen=True):
    """Guessed tokens of text, before correction, and of media, which are not corrected."""

    text: float = 0.0
    media: int = 0

    def __add__(self, other: Weight) -> Weight:
        return Weight(self.text + other.text, self.media + other.media)

    def __sub__(self, other: Weight) -> Weight:
        return Weight(self.text - other.text, self.media - other.media)


class Calibration(Struct, frozen=True):
    """What ``samples`` calls of a model have taught: how many tokens it takes for one that is guessed."""

    ratio: float
    samples: int = 0

    def tokens(self, weight: Weight) -> int:
        """The best guess of a weight in the model's own tokens."""
        return math.ceil(weight.text * self.ratio) + weight.media

    @property
    def margin(self) -> float:
        """The share by which a guess may well be too low."""
        return 0.1 if self.samples < _FEW else 0.03

    @property
    def doubt(self) -> float:
        """The factor by which a guess may be too high at the very most."""
        return 1.5 if self.samples < _FEW else 1.15


def first_guess(family: str | None) -> Calibration:
    """What applies to a model that was never asked."""
    return Calibration(_FAMILIES.get(family or "", 1.0))


def teaches(estimated: float, actual: int) -> bool:
    """Whether a call tells anything: of a short prompt most is the provider's own frame."""
    return estimated >= LEAST_TOKENS and actual > 0


def learned(before: Calibration, *, estimated: float, actual: int) -> Calibration:
    """The calibration after one more call, whose text was guessed, before correction, at ``estimated`` tokens.

    The first calls teach most, later ones a tenth each, so that a change of the model's is followed. One call cannot
    move the ratio out of its bounds. Prompts that are too short to tell are left out.
    """
    if not teaches(estimated, actual):
        return before
    seen = min(max(actual / estimated, LEAST_RATIO), MOST_RATIO)
    weight = max(1 / (before.samples + 2), _SLOWEST)
    return Calibration(before.ratio + weight * (seen - before.ratio), before.samples + 1)


def text_weight(text: str) -> float:
    """Guessed tokens of a text."""
    if text.isascii():
        return len(text) / ASCII_CHARS_PER_TOKEN
    ascii_chars = len(text.encode("ascii", "ignore"))
    other_bytes = len(text.encode("utf-8", "replace")) - ascii_chars
    return ascii_chars / ASCII_CHARS_PER_TOKEN + other_bytes / OTHER_BYTES_PER_TOKEN


def weigh_message(message: Mapping[str, Any]) -> Weight:
    """One message of a request, calls and results of tools included."""
    return Weight(*measured(message, text_weight)) + Weight(TOKENS_PER_MESSAGE)


def weigh(messages: Iterable[Mapping[str, Any]]) -> Weight:
    """Several messages."""
    return sum((weigh_message(message) for message in messages), Weight())


def weigh_schemas(params: Mapping[str, Any]) -> Weight:
    """What stands beside the messages: tools and the form of the answer."""
    return Weight(*measured([params.get("tools"), params.get("response_format")], text_weight, names=True))
