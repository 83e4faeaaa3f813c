"""The owner's rules of what may be asked at all, whoever asks: which models, and at which price. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from app.core.errors import ModelNotAllowed, PriceCap
from app.core.json import encode
from app.core.money import to_usd
from app.core.slugs import PRESET_MARK, parse_slug
from app.db.types import Row
from app.services.catalog.prices import dearest
from app.services.upstream.server_work import server_work

_PER_MILLION: Final = 10**6
_PRICED: Final[Mapping[str, tuple[str, ...]]] = {"prompt": ("prompt",), "completion": ("completion", "reasoning")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Patterns of models, none for all of them; the most that a million tokens may cost, in US dollars, by kind."""

    allowed_models: Sequence[str] = ()
    max_prices: Mapping[str, Decimal]


def policy_of(stored: Mapping[str, Any], *, is_free: bool = False) -> Policy:
    """The rules as the settings have them; ``is_free``: for a call that nobody is paid for, whatever it asks."""
    prices = {kind: stored.get(f"max_{kind}_price") for kind in _PRICED if not is_free}
    return Policy(
        allowed_models=stored.get("allowed_models", ()),
        max_prices={kind: Decimal(price) for kind, price in prices.items() if price is not None},
    )


def refuse_forbidden(policy: Policy, offers: Mapping[str, Row | None], body: Mapping[str, Any]) -> None:
    """Hold a call against the rules: every model that may answer it must keep them.

    Args:
        offers: the prices of each model that may answer, by its slug, the one that is asked first before its fallbacks.
        body: what is sent.

    Raises ModelNotAllowed, and PriceCap for a model that is dearer or whose price nobody tells.
    """
    if policy.allowed_models:
        for slug in offers:
            _refuse_name(policy, slug, body)
        # Presets are judged by their names.
        if "*" not in policy.allowed_models and server_work(_without_presets(body)) is None:
            raise ModelNotAllowed(
                "A tool or plugin of this call may ask other models than the settings allow.",
                details={"allowed_models": list(policy.allowed_models), "hint": "Leave out that tool or plugin."},
            )
    if policy.max_prices:
        if server_work(body) is None:
            raise PriceCap(
                "A preset, tool or plugin of this call may ask models that are dearer than the settings allow.",
                details={"hint": "Leave it out, or remove the caps."},
            )
        for slug, prices in offers.items():
            _refuse_price(policy, slug, prices, prompt_tokens=len(encode(body)))


def _refuse_name(policy: Policy, slug: str, body: Mapping[str, Any]) -> None:
    for names in _names(slug, body):
        if not any(_matches(pattern, name) for pattern in policy.allowed_models for name in names):
            raise ModelNotAllowed(
                f"The settings do not allow {names[0]!r}.",
                details={"model": slug, "allowed_models": list(policy.allowed_models)},
            )


def _names(slug: str, body: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """What a slug asks for, each with the names it goes by: the model, and the preset, which may name another model."""
    parsed = parse_slug(slug)
    if parsed.base:
        yield parsed.model, parsed.base
    presets = {parsed.preset or "", str(body.get("preset") or "").removeprefix(PRESET_MARK)}
    for preset in sorted(filter(None, presets)):
        yield (f"{PRESET_MARK}{preset}",)


def _without_presets(body: Mapping[str, Any]) -> dict[str, Any]:
    fallbacks = [parse_slug(str(name)).model for name in body.get("models") or ()]
    return {**body, "preset": None, "model": parse_slug(str(body.get("model") or "")).model, "models": fallbacks}


def _refuse_price(policy: Policy, slug: str, prices: Row | None, *, prompt_tokens: int) -> None:
    # No tokenizer makes two tokens of a byte, so that the tier of long prompts counts where it may.
    found = dearest(prices, prompt_tokens=prompt_tokens) if prices is not None else {}
    for kind, most in policy.max_prices.items():
        # What is not priced apart is not charged apart, but each model has a price of its words.
        asked = [found.get(kind), *(found.get(name, 0) for name in _PRICED[kind][1:])]
        known = [price for price in asked if price is not None]
        if len(known) < len(asked):
            raise PriceCap(
                f"Nobody can tell what {slug!r} costs.",
                details={
                    "model": slug,
                    f"max_{kind}_price": most,
                    "hint": "Sync the models, or state the model's prices in the providers file.",
                },
            )
        price = to_usd(max(known) * _PER_MILLION)
        if price > most:
            raise PriceCap(
                f"{slug!r} costs {price} dollars per million {kind} tokens, the settings allow {most}.",
                details={"model": slug, f"{kind}_price": price, f"max_{kind}_price": most},
            )


def _matches(pattern: str, name: str) -> bool:
    """Whether a name is of a pattern, whatever the case; a piece is sought once, so that no pattern takes long."""
    name = name.lower()
    first, *pieces = pattern.lower().split("*")
    if not pieces:
        return name == first
    at, last = len(first), pieces.pop()
    if not name.startswith(first):
        return False
    for piece in pieces:
        found = name.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    return name.endswith(last) and len(name) - len(last) >= at
