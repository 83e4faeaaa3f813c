"""``GET /models``: which rows, in what order, which page of them (API reference, section 7.1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlencode

from .catalogue import Model
from .errors import ApiError, invalid_request

PAGE = 500
MAX_PAGE = 1000
_MILLION = 1_000_000


def page_of(models: Sequence[Model], query: Mapping[str, str], path: str) -> dict[str, Any]:
    """The body of the list: whole unless ``offset`` or ``limit`` ask for a part.

    Raises:
        ApiError: 400 for a filter, order or page that cannot be.
    """
    rows = select(models, query)
    total = len(rows)
    links: dict[str, str | None] = {"next": None}
    if "offset" in query or "limit" in query:
        offset, limit = _whole(query, "offset", 0), _whole(query, "limit", PAGE)
        if not 1 <= limit <= MAX_PAGE:
            raise _bad("limit", f"expected 1 to {MAX_PAGE}")
        rows = rows[offset : offset + limit]
        if offset + limit < total:
            links = {"next": f"{path}?{urlencode({**query, 'offset': offset + limit, 'limit': limit})}"}
    return {"data": [row.as_json() for row in rows], "total_count": total, "links": links}


def select(models: Sequence[Model], query: Mapping[str, str]) -> list[Model]:
    """The rows that every filter lets pass, in the order asked for; unknown filters are ignored."""
    tests = [test(query[name]) for name, test in _FILTERS.items() if query.get(name)]
    if not query.get("output_modalities"):
        tests.append(lambda model: "text" in model.output_modalities)
    rows = [model for model in models if all(test(model) for test in tests)]
    order = query.get("sort")
    if not order:
        return rows
    if order not in _SORTS:
        raise _bad("sort", f"expected one of {' '.join(_SORTS)}")
    return sorted(rows, key=_SORTS[order])


Test = Callable[[Model], bool]


def _names(text: str) -> set[str]:
    return set(filter(None, text.split(",")))


def _text(words: str) -> Test:
    return lambda model: words.lower() in f"{model.id} {model.name} {model.description}".lower()


def _context(text: str) -> Test:
    least = _decimal("context", text)
    return lambda model: model.context_length >= least


def _outputs(text: str) -> Test:
    return lambda model: text == "all" or not _names(text).isdisjoint(model.output_modalities)


def _price(name: str, kind: str, *, most: bool) -> Callable[[str], Test]:
    def test(text: str) -> Test:
        bound = _decimal(name, text)

        def is_within(model: Model) -> bool:
            price = Decimal(model.pricing[kind]) * _MILLION
            return price >= 0 and (price <= bound if most else price >= bound)

        return is_within

    return test


_FILTERS: Mapping[str, Callable[[str], Test]] = {
    "q": _text,
    "supported_parameters": lambda text: lambda model: _names(text) <= set(model.supported_parameters),
    "input_modalities": lambda text: lambda model: _names(text) <= set(model.input_modalities),
    "output_modalities": _outputs,
    "context": _context,
    "min_price": _price("min_price", "prompt", most=False),
    "max_price": _price("max_price", "prompt", most=True),
    "min_output_price": _price("min_output_price", "completion", most=False),
    "max_output_price": _price("max_output_price", "completion", most=True),
    "arch": lambda text: lambda model: model.tokenizer in _names(text),
    "model_authors": lambda text: lambda model: model.id.partition("/")[0] in _names(text),
    "providers": lambda text: lambda model: not _names(text).isdisjoint(it.slug for it in model.endpoints),
    "zdr": lambda text: lambda model: text != "true" or any(not it.retains for it in model.endpoints),
    "distillable": lambda text: lambda model: (text == "true") is any(it.distillable for it in model.endpoints),
}
_SORTS: Mapping[str, Callable[[Model], Any]] = {
    "newest": lambda model: -model.created,
    "pricing-low-to-high": lambda model: Decimal(model.pricing["prompt"]),
    "pricing-high-to-low": lambda model: -Decimal(model.pricing["prompt"]),
    "context-high-to-low": lambda model: -model.context_length,
    "throughput-high-to-low": lambda model: -max(it.tokens_per_s for it in model.endpoints),
    "latency-low-to-high": lambda model: min(it.first_token_ms for it in model.endpoints),
    "most-popular": lambda model: model.id,
    "top-weekly": lambda model: model.id,
}


def _whole(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise _bad(name, "expected a non-negative integer")
    return int(text)


def _decimal(name: str, text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise _bad(name, "expected a number") from None
    if not number.is_finite():
        raise _bad(name, "expected a number")
    return number


def _bad(name: str, problem: str) -> ApiError:
    return invalid_request(f"Invalid request parameters: {name}: {problem}")
