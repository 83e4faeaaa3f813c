"""What the emulator offers, told by its own code: routes with what they do, scenarios with what they take."""

from __future__ import annotations

import inspect
import re
import types
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from .app import build_app
from .catalogue import Catalogue
from .clock import SystemClock
from .scenarios import MEANINGS, Scenario, Step
from .state import Account, State


def routes() -> list[tuple[str, str]]:
    """Every route and the first line of its handler's docstring, the route in front of it left out."""
    app = build_app(State(Catalogue(()), SystemClock(), Account(), {}, 0), 0)
    found = []
    for route in app.router.routes():
        resource = route.resource
        if route.method == "HEAD" or resource is None:
            continue
        path = re.sub(r"\{(\w+)[^}]*\}", r"{\1}", resource.canonical)
        told = (inspect.getdoc(route.handler) or "").partition("\n\n")[0]
        found.append((f"{route.method} {path}", _prose(told.partition("``: ")[2])))
    return found


def scenarios() -> list[tuple[str, str, str]]:
    """Every scenario: its name, what it takes, and what then happens."""
    hints = get_type_hints(Scenario, include_extras=True)
    return [_scenario(name, hint) for name, hint in hints.items()]


def _scenario(name: str, hint: Any) -> tuple[str, str, str]:
    step = next((part for part in (hint, *get_args(hint)) if isinstance(part, type) and issubclass(part, Step)), None)
    if step is None:
        return name, _values(hint), MEANINGS[name]
    parameters = get_type_hints(step, include_extras=True)
    taken = ", ".join(f"{key}={_values(kind)}" for key, kind in parameters.items())
    return name, taken, _prose(inspect.getdoc(step) or "")


def _values(hint: Any) -> str:
    return "|".join(dict.fromkeys(_names(hint)))


def _names(hint: Any) -> Iterator[str]:
    origin = get_origin(hint)
    if origin is Literal:
        yield from get_args(hint)
    elif origin is Annotated:
        yield from _names(get_args(hint)[0])
    elif origin in (Union, types.UnionType):
        for part in get_args(hint):
            yield from _names(part)
    elif hint is not type(None):
        yield {bool: "flag", int: "number", float: "number", str: "text"}[hint]


def _prose(docstring: str) -> str:
    return " ".join(docstring.split()).replace("``", "`").rstrip(".")
