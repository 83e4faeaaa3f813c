"""A provider's list of models as rows of the catalogue. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from app.core.clock import stamp
from app.core.json import encode_text
from app.core.money import parse_usd
from app.services.catalog.families import family_of
from app.services.upstream.outcome import counted
from app.services.upstream.salvage import decimal_text
from app.services.upstream.wire import WireModel

LATEST_S = 253_402_300_799
"""The last second of the year 9999: what a time of ours can say."""
LONGEST_LISTING = 64 * 1024
MOST_TIERS = 50
MOST_AVERAGE = 2**62
MAX_TEXT = 20_000

PRICES: Mapping[str, str] = {
    "prompt": "prompt",
    "completion": "completion",
    "request": "request",
    "image": "image",
    "input_cache_read": "cache_read",
    "input_cache_write": "cache_write",
    "internal_reasoning": "reasoning",
    "input_cache_write_1h": "cache_write_1h",
    "image_token": "image_token",
    "image_output": "image_output",
    "audio": "audio",
    "audio_output": "audio_output",
    "input_audio_cache": "audio_cache",
    "web_search": "web_search",
}
"""What the provider calls a price (API reference, section 7.2) and what we do."""

_CALLABLE = re.compile(r"[!-~]{1,200}")
_COLUMNS = ("prompt", "completion", "request", "image", "cache_read", "cache_write", "reasoning")
# Models of before the catalogue said so, which think whether asked to or not.
_ALWAYS_REASONS = re.compile(r"(?:^|[/-])(?:o[134]|r1|qwq)(?:[-:.]|$)|thinking|reasoner|reasoning")


def listed_rows(listed: Iterable[WireModel], *, provider: str, prefix: str = "") -> list[dict[str, Any]]:
    """A row for each model that a request can name; ``prefix`` comes before the names that the provider gives."""
    named = [(model, prefix + model.id) for model in listed if model.id]
    return [_row(model, model_id, provider) for model, model_id in named if _CALLABLE.fullmatch(model_id)]


def _row(model: WireModel, model_id: str, provider: str) -> dict[str, Any]:
    parameters = model.supported_parameters or []
    architecture, top = model.architecture, model.top_provider
    context = counted(model.context_length)
    prices = stored_prices(model.pricing)
    name, description = _text(model.name) or model.id, _text(model.description) or ""
    limits = [limit for limit in (context, counted(top.context_length) if top else None) if limit]
    created_at = stamp(min(max(model.created or 0, 0), LATEST_S) * 1_000_000_000)
    return {
        **{f"{column}_picousd": prices.get(column) for column in _COLUMNS},
        "id": model_id,
        "name": name,
        "description": description,
        "canonical_slug": _text(model.canonical_slug) if model_id == model.id else None,
        "context_length": context,
        "usable_context": min(limits, default=None),
        "max_output_tokens": counted(top.max_completion_tokens) if top else None,
        "average_picousd": _average(prices),
        "prices": encode_text(prices),
        "input_modalities": encode_text((architecture and architecture.input_modalities) or []),
        "output_modalities": encode_text((architecture and architecture.output_modalities) or []),
        "supported_parameters": encode_text(parameters),
        "default_parameters": encode_text(model.default_parameters or {}),
        "per_request_limits": encode_text(model.per_request_limits) if model.per_request_limits else None,
        "is_reasoning": int(model.reasoning is not None or "reasoning" in parameters),
        "is_toggleable": int(_is_toggleable(model)),
        "reasoning": _reasoning(model),
        "is_moderated": int(top.is_moderated) if top and top.is_moderated is not None else None,
        "tokenizer": _text(architecture.tokenizer) if architecture else None,
        "family": family_of(model.id, otherwise=provider),
        "provider": provider,
        "knowledge_cutoff": _text(model.knowledge_cutoff),
        "expiration_date": _text(model.expiration_date),
        "search_text": f"{model_id}\n{name}\n{description}".casefold(),
        "listing": listing_of(model, model_id),
        "created_at": created_at,
    }


def _text(text: str | None) -> str | None:
    """Text as every store can keep it."""
    return None if text is None else text[:MAX_TEXT].replace("\0", "")


def stored_prices(pricing: Mapping[str, msgspec.Raw] | None) -> dict[str, Any]:
    """A price list as it is stored: picodollars by our names, ``overrides`` as tiers, ``discount`` as text."""
    return _prices(pricing or {}) | _conditional(pricing or {})


def _prices(pricing: Mapping[str, msgspec.Raw]) -> dict[str, int | None]:
    """Picodollars per token or unit by our names; None for a variable price (``"-1"``), nothing for one not given."""
    texts = {ours: decimal_text(pricing[theirs]) for theirs, ours in PRICES.items() if theirs in pricing}
    return {name: parse_usd(text) for name, text in texts.items() if text is not None}


def _conditional(pricing: Mapping[str, msgspec.Raw]) -> dict[str, Any]:
    """``overrides`` as tiers of our own names, and ``discount`` as text; nothing where there is none."""
    found: dict[str, Any] = {}
    try:
        overrides = msgspec.json.decode(pricing["overrides"], type=list[dict[str, msgspec.Raw]])
    except (KeyError, msgspec.DecodeError):
        overrides = []
    if tiers := [_tier(override) for override in overrides[:MOST_TIERS]]:
        found["overrides"] = tiers
    discount = decimal_text(pricing["discount"]) if "discount" in pricing else None
    return found | ({"discount": discount} if discount not in (None, "0") else {})


def _tier(override: Mapping[str, msgspec.Raw]) -> dict[str, Any]:
    above = decimal_text(override.get("min_prompt_tokens", msgspec.Raw()))
    hours = {name: decimal_text(override[name]) for name in ("utc_start", "utc_end") if name in override}
    return {
        **_prices(override),
        **({"min_prompt_tokens": int(above)} if above and above.isdecimal() and len(above) < 16 else {}),
        **{name: hour[:4] for name, hour in hours.items() if hour},
    }


def _average(prices: Mapping[str, Any]) -> int | None:
    prompt, completion = prices.get("prompt"), prices.get("completion")
    return None if prompt is None or completion is None else min((prompt + completion) // 2, MOST_AVERAGE)


def _reasoning(model: WireModel) -> str | None:
    told = model.reasoning
    if told is None:
        return None
    return encode_text(
        {
            "mandatory": bool(told.mandatory),
            "default_enabled": told.default_enabled,
            "default_effort": told.default_effort,
            "supported_efforts": told.supported_efforts,
            "supports_max_tokens": told.supports_max_tokens,
        }
    )


def _is_toggleable(model: WireModel) -> bool:
    if model.reasoning is not None:
        return not model.reasoning.mandatory
    reasons = not {"reasoning", "include_reasoning"}.isdisjoint(model.supported_parameters or ())
    return reasons and not _ALWAYS_REASONS.search(model.id.lower())


def listing_of(model: WireModel, model_id: str) -> str:
    """The provider's own entry under our id; only what we read of one that is too large or cannot be written again."""
    try:
        entry = encode_text({**msgspec.json.decode(model.listing), "id": model_id})
    except (msgspec.DecodeError, UnicodeError, TypeError, ValueError, OverflowError, RecursionError):
        entry = ""
    if not entry or len(entry) > LONGEST_LISTING:
        entry = encode_text({"id": model_id, "name": model.name, "created": model.created})
    return entry
