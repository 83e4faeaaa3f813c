"""What a call will probably cost: a range, from what the model wrote before and what it takes. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from app.db.types import Row
from app.services.catalog.prices import dearest
from app.services.context.estimate import Calibration
from app.services.turns.most_tokens import media_parts
from app.services.turns.worst_cost import (
    PAGE_PICOUSD,
    PICTURE_TOKENS,
    RESULT_PICOUSD,
    SEARCH_PICOUSD,
    answer_prices,
    modalities_of,
)
from app.services.upstream.server_work import ServerWork, server_work

LEAST_CALLS: Final = 5
"""Of a model, so that what it wrote says how long its answers are."""
_SHORT, _LONG = 0.1, 0.9
UNLIMITED_TOKENS: Final = 4096
"""What an answer is expected to have at most where neither the request nor the catalogue names a limit."""
_SEEN: Final = frozenset({"image_url", "video_url", "input_video", "file"})
_HEARD: Final = frozenset({"input_audio", "video_url", "input_video"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Length:
    """How many tokens an answer will probably have, and whether earlier answers of the model say so."""

    low: int
    high: int
    is_known: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Picodollars."""

    low: int
    high: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What of a request is billed besides text."""

    work: ServerWork
    modalities: frozenset[str]
    pictures: int
    read_at: tuple[str, ...]


class Unpriced(Exception):
    """Nobody can tell what the call costs; says why."""


def length_of(written: Sequence[int], limit: int | None) -> Length:
    """Eight of ten answers of the model were as long; without enough of them, anything up to the limit.

    Args:
        written: tokens of earlier answers, in any order.
        limit: the most that this one may have, None if nobody says.
    """
    most = limit or UNLIMITED_TOKENS
    if len(written) < LEAST_CALLS:
        return Length(low=min(1, most), high=most, is_known=False)
    ordered = sorted(written)
    low, high = (ordered[math.ceil(share * len(ordered)) - 1] for share in (_SHORT, _LONG))
    if limit is not None:
        low, high = min(low, limit), min(high, limit)
    return Length(low=low, high=high, is_known=True)


def cost_of(
    body: Mapping[str, Any],
    offers: Mapping[str, Row | None],
    *,
    prompt_tokens: int,
    calibration: Calibration,
    length: Length,
) -> Cost:
    """The range over all models that may answer. Raises Unpriced."""
    work = server_work(body)
    if work is None:
        raise Unpriced("A preset, tool or plugin of this call may ask for anything.")
    kinds = [str(part.get("type")) for part in media_parts(body.get("messages"))]
    asked = _Asked(
        work=work,
        modalities=modalities_of(body),
        pictures=kinds.count("image_url"),
        read_at=(
            "prompt",
            "cache_write",
            *(("image_token",) if _SEEN.intersection(kinds) else ()),
            *(("audio",) if _HEARD.intersection(kinds) else ()),
        ),
    )
    ranges = [_of(slug, prices, asked, prompt_tokens, calibration, length) for slug, prices in offers.items()]
    return Cost(low=min(each.low for each in ranges), high=max(each.high for each in ranges))


def _of(
    slug: str, row: Row | None, asked: _Asked, prompt_tokens: int, calibration: Calibration, length: Length
) -> Cost:
    work, most_prompt = asked.work, math.ceil(prompt_tokens * (1 + calibration.margin))
    if row is None:
        raise Unpriced(f"Nobody told what {slug} costs.")
    prices = dearest(row, prompt_tokens=most_prompt + work.tokens)
    prompt, completion = prices.get("prompt"), prices.get("completion")
    written_at = answer_prices(row, asked.modalities)
    dear_prompt, dear_answer = _most_of(prices, asked.read_at), _most_of(prices, written_at)
    if prompt is None or completion is None or dear_prompt is None or dear_answer is None:
        raise Unpriced(f"Nobody told what {slug} costs.")
    cached, request = prices.get("cache_read"), prices.get("request") or 0
    least_prompt = math.floor(prompt_tokens * (1 - calibration.margin))
    # A picture may pass the limit of the answer that it ends.
    most_answer = length.high + (PICTURE_TOKENS if "image_output" in written_at else 0)
    searched = max(work.searches * (prices.get("web_search") or SEARCH_PICOUSD), work.results * RESULT_PICOUSD)
    return Cost(
        low=least_prompt * (prompt if cached is None else min(prompt, cached)) + length.low * completion + request,
        high=(most_prompt + work.tokens) * dear_prompt
        + asked.pictures * (prices.get("image") or 0)
        + most_answer * dear_answer
        + request
        + searched
        + work.pages * PAGE_PICOUSD,
    )


def _most_of(prices: Mapping[str, int | None], names: Sequence[str]) -> int | None:
    """The dearest of some prices, None when one of them varies; what is not priced is not charged."""
    found = [prices.get(name, 0) for name in names]
    return None if None in found else max(price for price in found if price is not None)
