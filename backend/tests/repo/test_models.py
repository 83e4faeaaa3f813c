"""The stored catalogue: taken over whole, filtered by what people look for."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from app.db.types import Conn, Row
from app.repo import models
from tests.services.turning import priced

FILTERS: dict[str, Any] = {"text": None, "reasoning": None, "free": None, "min_context": None}


def listed(conn: Conn, **filters: Any) -> list[str]:
    """The ids that match, in order; the count agrees."""
    page = models.list_page(conn, limit=100, after=None, **(FILTERS | filters))
    assert models.count(conn, **(FILTERS | filters)) == len(page)
    return [model.id for model in page]


@pytest.fixture
def rows(conn: Conn) -> list[Row]:
    rows = [
        priced("a/free", prompt=0, completion=0),
        priced("a/paid", prompt=3, completion=5) | {"name": "Très Cher", "context_length": 200_000},
        priced("b/thinker", prompt=0, completion=1) | {"is_reasoning": 1, "context_length": None},
        priced("b/variable_1", prompt=None, completion=None),
    ]
    models.replace_all(conn, "openrouter", rows, now="t")
    return rows


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, ["a/free", "a/paid", "b/thinker", "b/variable_1"]),
        ({"text": "A/"}, ["a/free", "a/paid"]),
        ({"text": "Très"}, ["a/paid"]),
        ({"text": "très"}, ["a/paid"]),
        ({"text": "_"}, ["b/variable_1"]),
        ({"text": "%"}, []),
        ({"free": True}, ["a/free"]),
        ({"free": False}, ["a/paid", "b/thinker", "b/variable_1"]),
        ({"reasoning": True}, ["b/thinker"]),
        ({"reasoning": False, "min_context": 8192}, ["a/free", "a/paid", "b/variable_1"]),
        ({"min_context": 8193}, ["a/paid"]),
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
    models.replace_all(conn, "other", [priced("c/one", prompt=1, completion=1) | {"provider": "other"}], now="u")
    assert listed(conn) == ["a/free", "a/paid", "b/thinker", "b/variable_1", "c/one"]


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


def test_pages_meet(conn: Conn, rows: list[Row]) -> None:
    seen: list[str] = []
    after: str | None = None
    while page := models.list_page(conn, limit=3, after=after, **FILTERS):
        seen += [model.id for model in page]
        after = seen[-1]
    assert seen == [row["id"] for row in rows]
