"""What is refused before it is stored: models that nobody offers, and tasks that a model cannot do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from app.core.errors import ModelIncapable, UpstreamModelNotFound
from app.db.migrate import migrate
from app.db.sqlite import SqliteConnection, open_writer
from app.repo import models
from app.schemas.model_facts import ModelFacts
from app.services.catalog.known_models import known_route, refuse_incapable
from app.services.providers.providers import Provider, Route
from tests.services.turning import priced

MAIN = Provider("openrouter", client=None, demo=False)  # type: ignore[arg-type]


@pytest.fixture
def conn(tmp_path: Path) -> Iterator[SqliteConnection]:
    path = tmp_path / "console.db"
    with closing(open_writer(path)) as conn:
        migrate(conn, path=path)
        rows = [
            priced("openai/gpt-5", prompt=1, completion=1) | {"canonical_slug": "openai/gpt-5-2025-08-07"},
            priced("openai/gpt-5-mini", prompt=1, completion=1),
            priced("anthropic/claude-sonnet-4.5", prompt=1, completion=1),
            priced("a/same", prompt=1, completion=1),
            priced("b/same", prompt=1, completion=1),
            priced("a/gone", prompt=1, completion=1),
        ]
        models.replace_all(conn, "openrouter", rows, now="t")
        models.replace_all(conn, "openrouter", rows[:-1], now="u")
        yield conn


def strict(model: str) -> Route:
    return Route(MAIN, model, model, takes_unlisted=False)


@pytest.mark.parametrize(
    ("model", "asked_as"),
    [
        ("openai/gpt-5", "openai/gpt-5"),
        ("openai/gpt-5:nitro@preset/x", "openai/gpt-5:nitro@preset/x"),
        ("openai/gpt-5:extended", "openai/gpt-5:extended"),
        ("openai/gpt-5-2025-08-07", "openai/gpt-5-2025-08-07"),
        ("gpt-5", "openai/gpt-5"),
        ("GPT-5", "openai/gpt-5"),
        ("gpt-5:online@preset/x", "openai/gpt-5:online@preset/x"),
        ("@preset/x", "@preset/x"),
        ("openrouter/not-listed", "openrouter/not-listed"),
        ("~anthropic/claude-sonnet-latest", "~anthropic/claude-sonnet-latest"),
    ],
)
def test_what_the_list_knows_or_cannot_know(conn: SqliteConnection, model: str, asked_as: str) -> None:
    """Any form of a listed model, short names that are the only one, and what the provider resolves itself."""
    assert known_route(conn, strict, model).slug == asked_as


@pytest.mark.parametrize(
    ("model", "matches"),
    [
        ("openai/gpt5", ["openai/gpt-5", "openai/gpt-5-mini"]),
        ("openai/GPT-5-MINI", ["openai/gpt-5-mini", "openai/gpt-5"]),
        ("claude-sonet-4.5", ["anthropic/claude-sonnet-4.5"]),
        ("a/gone", []),
        ("same", ["a/same", "b/same"]),
        ("no/such-thing-at-all", []),
    ],
)
def test_what_it_does_not_know_is_refused_with_advice(conn: SqliteConnection, model: str, matches: list[str]) -> None:
    """Models that are gone, and short names of several, too."""
    with pytest.raises(UpstreamModelNotFound) as refused:
        known_route(conn, strict, model)
    found = refused.value.details["close_matches"]
    assert found[: len(matches)] == matches if model != "same" else set(matches) <= set(found)
    assert not matches or f"Did you mean {found[0]!r}?" in refused.value.message


def test_only_a_current_price_list_has_a_say(conn: SqliteConnection) -> None:
    """One from elsewhere, one without prices, or none at all refuses nothing; nor does one that is not all."""
    unknown = "no/such"

    def lax(model: str) -> Route:
        return Route(MAIN, model, model, takes_unlisted=True)

    assert known_route(conn, lax, unknown).slug == unknown
    models.offer_only(conn, {"openrouter": "elsewhere"})
    models.offer_only(conn, {"openrouter": "another place"})
    assert known_route(conn, strict, unknown).slug == unknown
    models.replace_all(conn, "openrouter", [priced("a/b", prompt=None, completion=None)], now="v", source="new")
    assert known_route(conn, strict, unknown).slug == unknown
    models.replace_all(conn, "openrouter", [priced("a/b", prompt=0, completion=0)], now="w", source="new")
    with pytest.raises(UpstreamModelNotFound):
        known_route(conn, strict, unknown)


def facts(*parameters: str, inputs: tuple[str, ...] = ("text",), model_id: str = "a/b") -> ModelFacts:
    return ModelFacts(
        id=model_id,
        family="a",
        context_length=None,
        max_output_tokens=None,
        supported_parameters=frozenset(parameters),
        input_modalities=frozenset(inputs),
        is_reasoning=False,
    )


def asking(*kinds: str, **fields: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": [{"type": kind} for kind in ("text", *kinds)]}], **fields}


FUNCTION = {"type": "function", "function": {"name": "f"}}
SCHEMA = {"type": "json_schema", "json_schema": {}}


@pytest.mark.parametrize(
    ("known", "body", "lacks"),
    [
        (facts("seed"), asking(tools=[FUNCTION]), ["tools"]),
        (facts("seed"), asking(tools=[{"function": {"name": "f"}}]), ["tools"]),
        (facts("seed"), asking(tools=[{"type": "openrouter:web_search"}]), None),
        (facts("seed"), asking(tools=[]), None),
        (facts("tools"), asking(tools=[FUNCTION]), None),
        (facts(), asking(tools=[FUNCTION], response_format=SCHEMA), None),
        (facts("seed"), asking(response_format=SCHEMA), ["structured output"]),
        (facts("seed"), asking(response_format={"type": "json_object"}), ["JSON output"]),
        (facts("response_format"), asking(response_format=SCHEMA), None),
        (facts("structured_outputs"), asking(response_format=SCHEMA), None),
        (facts("seed"), asking(response_format={"type": "text"}), None),
        (facts("seed"), asking(response_format=None), None),
        (facts("seed"), asking("image_url"), ["image input"]),
        (facts("seed", inputs=("text", "image")), asking("image_url", "video_url"), ["video input"]),
        (facts("seed"), asking("input_audio"), ["audio input"]),
        (facts("seed"), asking("file"), None),
        (facts("seed", inputs=()), asking("image_url"), None),
        (facts("seed"), asking("image_url", tools=[FUNCTION]), ["tools", "image input"]),
        (facts("seed", model_id="openrouter/auto"), asking("image_url"), None),
        (None, asking("image_url", tools=[FUNCTION]), None),
        (facts("seed"), {"messages": [{"role": "assistant", "content": None}, {"role": "user", "content": "x"}]}, None),
    ],
)
def test_tasks(known: ModelFacts | None, body: Mapping[str, Any], lacks: list[str] | None) -> None:
    """A model is held to what its provider says of it, and to nothing that it does not say."""
    if lacks is None:
        refuse_incapable([known], body)
        return
    with pytest.raises(ModelIncapable) as refused:
        refuse_incapable([known], body)
    assert refused.value.details["lacks"] == lacks


def test_a_task_is_refused_when_no_named_model_can_do_it() -> None:
    """One that can, or of which nothing is known, is enough."""
    body = asking(tools=[FUNCTION])
    cannot, nor_can, can = facts("seed"), facts("seed", model_id="c/d"), facts("tools", model_id="e/f")
    for others in ([can], [nor_can, can], [None], [facts("seed", model_id="openrouter/auto")]):
        refuse_incapable([cannot, *others], body)
        refuse_incapable([*others, cannot], body)
    with pytest.raises(ModelIncapable) as refused:
        refuse_incapable([cannot, nor_can], body)
    assert refused.value.details == {"model": "a/b", "lacks": ["tools"]}
    assert "Nor can c/d." in refused.value.message
