"""Parameters layer by layer, and what a provider is told of them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.services.upstream.request import layered, output_limit, wire_parameters
from tests.core.properties import MANY

Json = dict[str, Any]
LAYERS = st.fixed_dictionaries(
    {},
    optional={
        "temperature": st.sampled_from([0, 1]),
        "max_tokens": st.integers(1, 3),
        "max_completion_tokens": st.integers(1, 3),
        "reasoning": st.sampled_from([{}, {"effort": "low"}, {"max_tokens": 5}, {"exclude": True}]),
        "reasoning_effort": st.sampled_from(["low", "high"]),
        "tools": st.just([]),
    },
)


@MANY
@given(LAYERS, LAYERS, LAYERS)
def test_a_layer_counts_over_those_below(lowest: Json, middle: Json, upper: Json) -> None:
    """Name by name; one limit, one wish to reason; joining is associative and changes no layer."""
    before = [dict(lowest), dict(middle), dict(upper)]
    params = layered(layered(lowest, middle), upper)
    assert params == layered(lowest, layered(middle, upper))
    assert [lowest, middle, upper] == before
    assert not {"reasoning_effort", "include_reasoning"} & params.keys()
    for name in ("temperature", "tools"):
        given_by = [layer[name] for layer in (upper, middle, lowest) if name in layer]
        assert params.get(name) == (given_by[0] if given_by else None)
    limits = [layer for layer in (upper, middle, lowest) if layer.keys() & {"max_tokens", "max_completion_tokens"}]
    if limits:
        assert output_limit(params) == output_limit(limits[0])


def test_asking_changes_nothing_of_what_was_asked() -> None:
    """The parameters are stored as they were meant, not as they are sent."""
    tools: list[Json] = [{"type": "function", "function": {"name": "f"}}]
    params: Json = {"web_search": True, "tools": tools, "reasoning": {"effort": "high"}, "max_tokens": 4000}
    wire = wire_parameters(params, model="anthropic/claude-x", facts=None)
    assert (len(wire["tools"]), wire["reasoning"]) == (2, {"max_tokens": 3200})
    assert params == {"web_search": True, "tools": tools, "reasoning": {"effort": "high"}, "max_tokens": 4000}
    assert len(tools) == 1


@pytest.mark.parametrize(
    ("model", "adds"),
    [
        ("a/b", True), ("a/b:nitro", True), ("a/b@preset/online", True), ("a/b:online", False),
        ("a/b:online:nitro", False), ("a/b:nitro:online@preset/x", False), ("a/online", True),
    ],
)  # fmt: skip
def test_web_search_is_not_doubled(model: str, adds: bool) -> None:
    """The ``:online`` variant searches by itself."""
    wire = wire_parameters({"web_search": True}, model=model, facts=None)
    assert ("tools" in wire) is adds
    assert "web_search" not in wire
    assert "plugins" not in wire


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
def test_a_limit_that_is_null_says_nothing(name: str) -> None:
    """Clients write out what they leave open; the other limit counts all the same."""
    limits: Json = {"max_tokens": 7, "max_completion_tokens": 7}
    assert output_limit(limits | {name: None}) == 7
    assert output_limit({name: None}) is None
