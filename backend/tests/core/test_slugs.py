"""Model strings in their parts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.slugs import DYNAMIC_VARIANTS, STATIC_VARIANTS, Slug, parse_slug
from tests.core.properties import MANY


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("openai/gpt-5", Slug("openai/gpt-5")),
        ("openai/gpt-5:nitro", Slug("openai/gpt-5", ("nitro",))),
        ("openai/gpt-5:free:online", Slug("openai/gpt-5", ("free", "online"))),
        ("openai/gpt-5@preset/brief", Slug("openai/gpt-5", (), "brief")),
        ("openai/gpt-5:floor@preset/brief", Slug("openai/gpt-5", ("floor",), "brief")),
        ("@preset/brief", Slug("", (), "brief")),
        ("openai/gpt-5@preset/", Slug("openai/gpt-5")),
        ("llama3.2:3b", Slug("llama3.2:3b")),
        ("ollama/llama3.2:3b:nitro", Slug("ollama/llama3.2:3b", ("nitro",))),
        (":nitro", Slug(":nitro")),
        ("", Slug("")),
    ],
)
def test_parts(text: str, parts: Slug) -> None:
    """Only known variants are split off: other servers have colons in their names."""
    assert parse_slug(text) == parts


def test_what_a_slug_is() -> None:
    """Aliases and routers name no model of their own; a static variant is an offer of its own."""
    assert parse_slug("~anthropic/claude-sonnet-latest").is_alias
    assert parse_slug("~anthropic/claude-sonnet-latest").author == "anthropic"
    assert parse_slug("openrouter/auto").is_router
    assert not parse_slug("openai/gpt-5").is_router
    assert parse_slug("gpt-5").author == ""
    assert parse_slug("a/b:nitro:free").has_static_variant
    assert not parse_slug("a/b:nitro").has_static_variant


def test_names_to_look_for() -> None:
    """The most exact first."""
    assert list(parse_slug("a/b:free:nitro@preset/x").names()) == ["a/b:free:nitro", "a/b:free", "a/b"]
    assert list(parse_slug("a/b:nitro").names()) == ["a/b:nitro", "a/b"]
    assert list(parse_slug("a/b").names()) == ["a/b"]
    assert list(parse_slug("@preset/x").names()) == []


@MANY
@given(
    st.from_regex(r"[a-z0-9/.-]{1,20}", fullmatch=True),
    st.lists(st.sampled_from(sorted(STATIC_VARIANTS | DYNAMIC_VARIANTS)), max_size=3),
    st.none() | st.from_regex(r"[a-z0-9-]{1,10}", fullmatch=True),
)
def test_parts_make_the_whole(base: str, variants: list[str], preset: str | None) -> None:
    """Reading what was written gives the same parts."""
    slug = Slug(base, tuple(variants), preset)
    assert parse_slug(str(slug)) == slug


@MANY
@given(st.text())
def test_any_text_is_read(text: str) -> None:
    """Nothing of it is lost, but for an empty preset."""
    assert str(parse_slug(text)) in (text, text.partition("@preset/")[0])
