"""Fields of a request that may make it dearer than the catalogue's prices say. Pure.

Not from a budget: nobody could tell beforehand what such a call costs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from app.core.slugs import parse_slug
from app.schemas.parameters import NAMES

_HARMLESS: Final = frozenset({
    "model", "messages", "input", "stream", "stream_options", "n", "usage", "structured_outputs",
    "dimensions", "encoding_format", "input_type",
    "functions", "function_call", "store", "safety_identifier", "prompt_cache_retention", "min_tokens",
})  # fmt: skip
"""What changes no price, beside the parameters that we know."""
_USUAL_TIERS: Final = (None, "auto", "default", "standard", "flex")
_DEARER_TIERS: Final = ("priority", "fast")
_PICTURES: Final = frozenset({"aspect_ratio", "image_size"})


def dearer_field(body: Mapping[str, Any]) -> str | None:
    """The first field whose price nobody tells: a faster tier, or one that is not known to us; None for none."""
    return next(_dearer(body), None)


def _dearer(body: Mapping[str, Any]) -> Iterator[str]:
    if body.get("service_tier") not in _USUAL_TIERS:
        yield "service_tier"
    if any("nitro" in parse_slug(name).variants for name in (body.get("model"), *(body.get("models") or ())) if name):
        yield "model"  # the variant asks for the priority tier (API reference, section 2.9)
    routing = body.get("provider")
    if isinstance(routing, Mapping):
        if any(_is_dearer_tier(name) for key in ("order", "only") for name in routing.get(key) or ()):
            yield "provider"
        if routing.get("options"):
            yield "provider.options"
    if isinstance(drawn := body.get("image_config"), Mapping) and not drawn.keys() <= _PICTURES:
        yield "image_config"
    yield from (name for name, value in body.items() if value is not None and name not in NAMES | _HARMLESS)


def _is_dearer_tier(provider: object) -> bool:
    """Whether a provider's slug names an endpoint of a dearer tier (``openai/priority``)."""
    return isinstance(provider, str) and not set(_DEARER_TIERS).isdisjoint(provider.lower().split("/")[1:])
