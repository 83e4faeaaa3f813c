"""The stored catalogue: taken over whole, filtered by what people look for."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from app.db.types import Conn, Row
from app.repo import model_prices, models
from app.repo.model_filters import SORTS
from app.schemas.models import ModelFilter, Sort
from tests.services.turning import priced


def listed(conn: Conn, sort: Sort = "id", **filters: Any) -> list[str]:
    """The ids that match, in order; the count agrees."""
    wanted = ModelFilter(**filters)
    page = models.list_page(conn, wanted, sort=sort, limit=100)
    assert models.count(conn, wanted) == len(page)
    return [model.id for _, model in page]


@pytest.fixture
def rows(conn: Conn) -> list[Row]:
    rows = [
        priced("a/free", prompt=0, completion=0) | {"input_modalities": '["text","image"]'},
        priced("a/paid", prompt=3, completion=5, name="Très Cher", description="Écrit bien", context_length=200_000),
        priced("b/thinker", prompt=0, completion=1, context_length=None)
        | {"is_reasoning": 1, "is_toggleable": 1, "supported_parameters": '["tools","reasoning"]', "family": "b"},
        priced("b/variable_1", prompt=None, completion=None) | {"supported_parameters": '["tools_2"]'},
    ]
    models.replace_all(conn, "openrouter", rows, now="t")
    return rows


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, ["a/free", "a/paid", "b/thinker", "b/variable_1"]),
        ({"words": ("a/",)}, ["a/free", "a/paid"]),
        ({"words": ("très",)}, ["a/paid"]),
        ({"words": ("écrit", "cher")}, ["a/paid"]),
        ({"words": ("écrit", "thinker")}, []),
        ({"words": ("_",)}, ["b/variable_1"]),
        ({"words": ("%",)}, []),
        ({"free": True}, ["a/free"]),
        ({"free": False}, ["a/paid", "b/thinker", "b/variable_1"]),
        ({"reasoning": True}, ["b/thinker"]),
        ({"toggleable_reasoning": False}, ["a/free", "a/paid", "b/variable_1"]),
        ({"reasoning": False, "min_context": 8192}, ["a/free", "a/paid", "b/variable_1"]),
        ({"min_context": 8193}, ["a/paid"]),
        ({"max_context": 8192}, ["a/free", "b/variable_1"]),
        ({"min_average_picousd": 0, "max_average_picousd": 3}, ["a/free", "b/thinker"]),
        ({"min_average_picousd": 4}, ["a/paid"]),
        ({"input_modalities": ("image", "text")}, ["a/free"]),
        ({"input_modalities": ("imag",)}, []),
        ({"supported_parameters": ("tools",)}, ["b/thinker"]),
        ({"supported_parameters": ("tools%",)}, []),
        ({"tools": True}, ["b/thinker"]),
        ({"tools": False}, ["a/free", "a/paid", "b/variable_1"]),
        ({"families": ("b", "c")}, ["b/thinker"]),
        ({"providers": ("other",)}, []),
    ],
)
def test_filters(conn: Conn, rows: list[Row], filters: dict[str, Any], expected: list[str]) -> None:
    """A price or context that is not known is neither free nor large."""
    assert listed(conn, **filters) == expected


def test_a_model_that_is_no_longer_listed_is_kept_but_not_offered(conn: Conn, rows: list[Row]) -> None:
    """Old messages name it; when it comes back it is offered again."""
    models.replace_all(conn, "openrouter", rows[1:], now="u")
    assert "a/free" not in listed(conn)
    removed = models.get(conn, "a/free")
    assert removed is not None
    assert removed.removed_at == "u"
    models.replace_all(conn, "openrouter", rows, now="v")
    back = models.get(conn, "a/free")
    assert back is not None
    assert back.removed_at is None


def test_another_provider_s_models_are_left_alone(conn: Conn, rows: list[Row]) -> None:
    """Until they are no longer offered; they are back as soon as their provider is, if their list is from there."""
    models.replace_all(
        conn, "other", [priced("c/one", prompt=1, completion=1) | {"provider": "other"}], now="u", source="here"
    )
    everything = ["a/free", "a/paid", "b/thinker", "b/variable_1", "c/one"]
    assert listed(conn) == everything
    models.offer_only(conn, {"other": "here"})
    assert listed(conn) == ["c/one"]
    assert not models.is_price_list(conn, "openrouter")
    models.offer_only(conn, {"openrouter": "a list of before its source was kept", "other": "elsewhere"})
    assert listed(conn) == everything[:-1]
    assert [models.is_price_list(conn, name) for name in ("openrouter", "other")] == [True, False]
    assert models.get(conn, "c/one") is not None


def test_prices_are_shown_per_million_and_kept_per_token(conn: Conn, rows: list[Row]) -> None:
    model = models.get(conn, "a/paid")
    assert model is not None
    assert (model.pricing.prompt, model.pricing_prompt) == (Decimal("0.000003"), Decimal("0.000000000003"))
    assert model.pricing.image is None
    unknown = models.get(conn, "b/variable_1")
    assert unknown is not None
    assert unknown.pricing.prompt is None
    assert models.prices(conn, "nothing") is None
    assert models.get(conn, "nothing") is None


@pytest.mark.parametrize("sort", SORTS)
def test_pages_meet_in_every_order(conn: Conn, rows: list[Row], sort: Sort) -> None:
    """None twice, none left out, what is not known last."""
    seen: list[str] = []
    after: tuple[str | int, str] | None = None
    while page := models.list_page(conn, ModelFilter(), sort=sort, limit=3, after=after):
        seen += [model.id for _, model in page]
        after = page[-1][0], page[-1][1].id
    assert seen == listed(conn, sort)
    assert sorted(seen) == [row["id"] for row in rows]
    if sort.startswith("pricing"):
        assert seen[-1] == "b/variable_1"
    if sort.startswith("context"):
        assert seen[-1] == "b/thinker"


def test_orders(conn: Conn, rows: list[Row]) -> None:
    """By what their names say, ties by id."""
    assert listed(conn, "pricing_low_to_high") == ["a/free", "b/thinker", "a/paid", "b/variable_1"]
    assert listed(conn, "pricing_high_to_low") == ["a/paid", "a/free", "b/thinker", "b/variable_1"]
    assert listed(conn, "context_high_to_low") == ["a/paid", "a/free", "b/variable_1", "b/thinker"]
    assert listed(conn, "name") == ["a/free", "b/thinker", "b/variable_1", "a/paid"]


def test_a_change_of_prices_is_a_new_version(conn: Conn, rows: list[Row]) -> None:
    """The first one too; the same prices again are none, and neither is a provider's change of mind about the rest."""
    for now, prompt in (("u", 3), ("v", 4), ("w", 4), ("x", 3)):
        models.replace_all(conn, "openrouter", [priced("a/paid", prompt=prompt, completion=5) | {"name": now}], now=now)
    history = model_prices.history(conn, "a/paid")
    assert [(one.version, one.since, one.pricing.prompt) for one in history] == [
        (3, "x", Decimal("0.000003")),
        (2, "v", Decimal("0.000004")),
        (1, "t", Decimal("0.000003")),
    ]
    assert history[0].pricing.image is None
    model = models.get(conn, "a/paid")
    assert model is not None
    assert model.price_version == 3
    assert [one.version for one in model_prices.history(conn, "a/free")] == [1]


def test_a_list_that_names_a_model_twice_is_taken_once(conn: Conn) -> None:
    """The last entry counts."""
    twice = [priced("a/b", prompt=1, completion=1), priced("a/b", prompt=2, completion=2)]
    models.replace_all(conn, "openrouter", twice, now="t")
    assert [one.pricing.prompt for one in model_prices.history(conn, "a/b")] == [Decimal("0.000002")]


@pytest.mark.parametrize(
    ("slug", "known_as"),
    [
        ("a/b", "a/b"),
        ("a/b:nitro", "a/b"),
        ("a/b:online@preset/x", "a/b"),
        ("a/b:free", "a/b:free"),
        ("a/b:free:nitro", "a/b:free"),
        ("a/b:extended", "a/b"),
        ("a/b-2025", "a/b"),
        ("a/b-2025:floor", "a/b"),
        ("a/c", None),
        ("@preset/x", None),
        ("", None),
        ("b", None),
    ],
)
def test_facts_are_found_by_any_form_of_a_slug(conn: Conn, slug: str, known_as: str | None) -> None:
    """Variants and presets are left off as far as needed; the provider's dated name counts too."""
    models.replace_all(
        conn,
        "openrouter",
        [
            priced("a/b", prompt=2, completion=3)
            | {
                "canonical_slug": "a/b-2025",
                "usable_context": 100,
                "reasoning": '{"mandatory":true,"default_enabled":null,"default_effort":"low","supported_efforts":'
                '["high","low"],"supports_max_tokens":null}',
            },
            priced("a/b:free", prompt=0, completion=0) | {"canonical_slug": "a/b-2025"},
        ],
        now="t",
    )
    facts = models.facts(conn, slug)
    assert (facts and facts.id) == known_as
    if facts and facts.id == "a/b":
        assert facts.context_length == 100
        assert facts.reasoning is not None
        assert (facts.reasoning.mandatory, facts.reasoning.supported_efforts) == (True, ("high", "low"))
    prices = models.prices(conn, slug)
    # An offer of its own that is not listed has prices that nobody knows.
    assert (prices and prices["id"]) == (None if slug == "a/b:extended" else known_as)


def test_a_model_of_before_has_an_entry_too(conn: Conn) -> None:
    """Until its provider is asked again."""
    models.replace_all(conn, "openrouter", [priced("a/b", prompt=1, completion=1) | {"listing": "{}"}], now="t")
    entry = models.listing(conn, "a/b")
    assert entry == '{"id":"a/b","name":"a/b"}'
    assert models.listings(conn, ModelFilter(), sort="id", limit=1) == [entry]
    assert models.listing(conn, "a/c") is None


def test_a_short_name_has_to_be_the_only_one(conn: Conn) -> None:
    """And is taken literally."""
    rows = [priced(name, prompt=1, completion=1) for name in ("a/x_1", "b/xy1", "a/same", "b/same")]
    models.replace_all(conn, "openrouter", rows, now="t")
    found = {name: models.named(conn, "openrouter", name) for name in ("x_1", "same", "none", "%", "")}
    assert found == {"x_1": "a/x_1", "same": None, "none": None, "%": None, "": None}
    assert models.named(conn, "other", "x_1") is None
