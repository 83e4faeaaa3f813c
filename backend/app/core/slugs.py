"""How a model string is read: base, variants and preset (API reference, section 2.9). Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

PRESET_MARK = "@preset/"
ROUTERS = "openrouter"
"""The author of names that stand for a choice made per request, such as ``openrouter/auto``."""

STATIC_VARIANTS = frozenset({"free", "extended", "thinking", "batch"})
"""Offers of their own, with catalogue rows and prices of their own."""

DYNAMIC_VARIANTS = frozenset({"nitro", "floor", "exacto", "online"})
"""Ways to route any model: by throughput, price or tool quality, or with a web search."""

_VARIANTS = STATIC_VARIANTS | DYNAMIC_VARIANTS


@dataclass(frozen=True, slots=True)
class Slug:
    """``openai/gpt-5:nitro@preset/brief`` in its parts; ``base`` is empty where the preset names the model."""

    base: str
    variants: tuple[str, ...] = ()
    preset: str | None = None

    @property
    def author(self) -> str:
        """Who made the model, without the mark of an alias; empty for a bare name."""
        author, slash, _ = self.base.partition("/")
        return author.lstrip("~") if slash else ""

    @property
    def is_alias(self) -> bool:
        """``~author/family-latest``: the provider knows which model that is today."""
        return self.base.startswith("~")

    @property
    def is_router(self) -> bool:
        """The provider picks the model for each request."""
        return self.author == ROUTERS

    @property
    def has_static_variant(self) -> bool:
        """Whether this is an offer apart from the base model, so that the base's prices are not its own."""
        return not STATIC_VARIANTS.isdisjoint(self.variants)

    @property
    def model(self) -> str:
        """All but the preset."""
        return ":".join((self.base, *self.variants))

    def __str__(self) -> str:
        return self.model if self.preset is None else f"{self.model}{PRESET_MARK}{self.preset}"

    def names(self) -> Iterator[str]:
        """Catalogue ids it may be found under, the most exact first, each once."""
        seen = set()
        static = [variant for variant in self.variants if variant in STATIC_VARIANTS]
        for variants in (self.variants, static, ()):
            name = ":".join((self.base, *variants))
            if name and name not in seen:
                seen.add(name)
                yield name


@lru_cache(maxsize=512)
def parse_slug(text: str) -> Slug:
    """The parts of any model string; what is no known variant after a colon belongs to the name.

    Servers of the owner's own put colons into names (``llama3.2:3b``), so only known variants are split off.
    """
    model, mark, preset = text.partition(PRESET_MARK)
    variants: list[str] = []
    while (base_and_last := model.rpartition(":"))[2] in _VARIANTS and base_and_last[0]:
        model, _, last = base_and_last
        variants.insert(0, last)
    return Slug(model, tuple(variants), preset if mark and preset else None)
