"""What follows from what providers say of a model."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from app.schemas.model_detail import Endpoint
from app.services.catalog.analysis import analyse, endpoint_of
from app.services.upstream.wire import WireEndpoint
from tests.core.properties import MANY


def serving(name: str, *parameters: str, **fields: Any) -> Endpoint:
    return endpoint_of(WireEndpoint(provider_name=name, supported_parameters=list(parameters), **fields))


def test_who_takes_what() -> None:
    """Anybody, everybody, each."""
    found = analyse([serving("A", "tools", "seed"), serving("B", "seed", "top_k")], ["ignored"])
    assert (found.union, found.intersection) == (["seed", "tools", "top_k"], ["seed"])
    assert found.by_provider == {"A": ["seed", "tools"], "B": ["seed", "top_k"]}


def test_offers_of_one_company_are_told_apart() -> None:
    """By the tags that routing preferences use."""
    found = analyse([serving("A", "x", tag="a"), serving("A", "y", tag="a/turbo"), serving("B", tag="b")], [])
    assert found.by_provider == {"A (a)": ["x"], "A (a/turbo)": ["y"], "B": []}


def test_without_endpoints_nothing_is_said_of_everybody() -> None:
    """The model's own list is the union over its endpoints."""
    nobody: list[Endpoint] = []
    for endpoints in (None, nobody):
        found = analyse(endpoints, ["b", "a"])
        assert (found.union, found.intersection, found.by_provider) == (["a", "b"], None, {})


PARAMETERS = st.sets(st.sampled_from(["tools", "seed", "stop", "top_k", "top_p"]))


@MANY
@given(st.lists(PARAMETERS, min_size=1, max_size=5))
def test_sets_are_sets(each: list[set[str]]) -> None:
    """Everybody's parameters are each one's, and each one's are among anybody's."""
    found = analyse([serving(f"P{number}", *taken) for number, taken in enumerate(each)], [])
    assert set(found.union) == set().union(*each)
    assert found.intersection is not None
    assert all(set(found.intersection) <= taken for taken in each)
    assert [set(taken) for taken in found.by_provider.values()] == each


def test_an_endpoint_that_says_little_is_still_one() -> None:
    """Odd figures are not shown."""
    bare = endpoint_of(WireEndpoint(context_length=-1, name="P | a/b"))
    assert (bare.provider_name, bare.context_length, bare.supported_parameters) == ("P | a/b", None, [])
    assert endpoint_of(WireEndpoint()).provider_name == "unknown"
