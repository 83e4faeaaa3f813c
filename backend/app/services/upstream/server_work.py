"""What a provider may do for a call besides writing its answer: searches, pages read, rounds of its own tools. Pure.

API reference, sections 2.1, 2.4 and 2.8. All of it is bounded from above, because it is paid.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from app.core.slugs import PRESET_MARK, parse_slug

MOST_TOOL_CALLS: Final = 30
"""Of a provider's own tools in one answer, as default and at most (``max_tool_calls``)."""
MOST_SEARCHES: Final = 1000
"""Of the plugin, whatever is asked for."""
RESULTS: Final = 5
MOST_RESULTS: Final = 25
"""Of one search: unless asked otherwise, and at most."""
RESULT_CHARS: Final = 4000
"""Of one result where nobody says how long it may be; the provider speaks of 2,000 to 4,000."""
MOST_RESULT_CHARS: Final = 30_000
_CHARS_OF_SIZE: Final = {"low": 5000, "medium": 15_000, "high": MOST_RESULT_CHARS}
PAGE_TOKENS: Final = 100_000
"""Of a page that is fetched whole; what the model can read bounds it further."""
_LISTED_MODELS_TOKENS: Final = 10_000

# What may be said of a search, by where it is said: the tool's ``parameters``, the plugin, ``web_search_options``.
_TOOL_OPTIONS: Final = frozenset(
    {"max_uses", "max_results", "max_total_results", "max_characters", "search_context_size", "max_content_tokens"}
)
_PLUGIN_OPTIONS: Final = frozenset({"max_uses", "max_results"})
_NATIVE_OPTIONS: Final = frozenset({"search_context_size"})
_NOT_UNDERSTOOD: Final = "?"
_NONE: Final[Mapping[str, Any]] = {}

_SEARCH: Final = ("openrouter:web_search", "web_search")
_FETCH: Final = "openrouter:web_fetch"
_PLAIN_TOOLS: Final = {"openrouter:datetime": 100, "openrouter:experimental__search_models": _LISTED_MODELS_TOKENS}
_PLAIN_PLUGINS: Final = frozenset(
    {"file-parser", "response-healing", "context-compression", "moderation", "auto-router"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerWork:
    """The most that is done: ``tokens`` are what it adds to the prompt in all.

    ``rounds`` says how often the model may go over the whole conversation because of it, the last answer not counted;
    ``native_rounds`` the same where the model's own company searches, which may do so within the answer.
    """

    searches: int = 0
    results: int = 0
    pages: int = 0
    tokens: int = 0
    rounds: int = 0
    native_rounds: int = 0

    def __add__(self, other: ServerWork) -> ServerWork:
        return ServerWork(
            searches=self.searches + other.searches,
            results=self.results + other.results,
            pages=self.pages + other.pages,
            tokens=self.tokens + other.tokens,
            rounds=self.rounds + other.rounds,
            native_rounds=self.native_rounds + other.native_rounds,
        )


_NOTHING: Final = ServerWork()
_LETS_WORK: Final = frozenset({"tools", "plugins", "preset", "web_search_options", "x_search_filter"})


def server_work(body: Mapping[str, Any]) -> ServerWork | None:
    """The most that a request lets its provider do; None where nobody can tell.

    Nobody can of a preset, which may add tools and plugins, and of what asks other models or is not known to us. A
    number that is left out or not understood counts as the most that the provider takes: 30 calls of its tools, 25
    results of a search. The plugin and ``:online`` search once.
    """
    named = [name for name in (body.get("model"), *(body.get("models") or ())) if isinstance(name, str)]
    if _LETS_WORK.isdisjoint(body) and not any(":" in name or PRESET_MARK in name for name in named):
        return _NOTHING
    slugs = [parse_slug(name) for name in named]
    if body.get("preset") or any(slug.preset for slug in slugs):
        return None
    parts = [*_tools(body), *_plugins(body)]
    searches_anyway = any("online" in slug.variants for slug in slugs) and not any(
        plugin.get("id") == "web" for plugin in _enabled(body)
    )
    if searches_anyway:
        parts.append(_search({}, 1, rounds=0))
    if body.get("web_search_options") is not None or body.get("x_search_filter") is not None:
        parts.append(_search(_options(_dict(body.get("web_search_options")), _NATIVE_OPTIONS), 1, rounds=0))
    total = _NOTHING
    for part in parts:
        if part is None:
            return None
        total += part
    return total


def _tools(body: Mapping[str, Any]) -> Iterator[ServerWork | None]:
    tools = [tool for tool in body.get("tools") or () if isinstance(tool, Mapping)]
    most = min(_whole(body.get("max_tool_calls"), MOST_TOOL_CALLS), MOST_TOOL_CALLS)
    if body.get("stop_server_tools_when") is not None:  # it overrides the other
        most = MOST_TOOL_CALLS
    for tool in tools:
        kind = tool.get("type", "function")
        options = _options(_dict(tool.get("parameters")), _TOOL_OPTIONS, beside=tool)
        uses = min(_whole(options.get("max_uses"), most), most)
        if kind == "function" and (tool.get("type") or isinstance(tool.get("function"), Mapping)):
            continue
        if not isinstance(kind, str):
            yield None
        elif kind.startswith(_SEARCH):
            yield _search(options, uses, rounds=uses)
        elif kind == _FETCH:
            yield _fetch(options, uses)
        elif (tokens := _PLAIN_TOOLS.get(kind)) is not None:
            yield ServerWork(tokens=uses * tokens, rounds=uses, native_rounds=uses)
        else:
            yield None


def _plugins(body: Mapping[str, Any]) -> Iterator[ServerWork | None]:
    for plugin in _enabled(body):
        match plugin.get("id"):
            case "web":
                uses = _whole(plugin.get("max_uses"), 1, otherwise=MOST_SEARCHES)
                yield _search(_options(plugin, _PLUGIN_OPTIONS), uses, rounds=uses - 1)
            case "web-fetch":
                yield _fetch(plugin, min(_whole(plugin.get("max_uses"), MOST_TOOL_CALLS), MOST_TOOL_CALLS))
            case str() as kind if kind in _PLAIN_PLUGINS:
                pass
            case _:
                yield None


def _enabled(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    plugins = (plugin for plugin in body.get("plugins") or () if isinstance(plugin, Mapping))
    return [plugin for plugin in plugins if plugin.get("enabled") is not False]


def _search(options: Mapping[str, Any], uses: int, *, rounds: int) -> ServerWork:
    each = _whole(options.get("max_results"), RESULTS, otherwise=MOST_RESULTS)
    results = uses * min(each, MOST_RESULTS)
    results = min(results, _whole(options.get("max_total_results"), results))
    size = options.get("search_context_size")
    usual = RESULT_CHARS if size is None else _CHARS_OF_SIZE.get(str(size), MOST_RESULT_CHARS)
    chars = _whole(options.get("max_characters"), usual, otherwise=MOST_RESULT_CHARS)
    # A character is a token at most.
    return ServerWork(
        searches=uses, results=results, tokens=results * chars, rounds=rounds, native_rounds=max(rounds, uses)
    )


def _options(told: Mapping[str, Any], known: frozenset[str], *, beside: Mapping[str, Any] = _NONE) -> dict[str, Any]:
    """The options that exist where they are told. One that stands elsewhere may be taken or not: it counts as the most.

    Args:
        beside: where options of this kind have no place at all.
    """
    misplaced = _TOOL_OPTIONS & ((told.keys() - known) | beside.keys())
    return {name: told[name] for name in known & told.keys()} | dict.fromkeys(misplaced, _NOT_UNDERSTOOD)


def _fetch(options: Mapping[str, Any], uses: int) -> ServerWork:
    tokens = uses * _whole(options.get("max_content_tokens"), PAGE_TOKENS)
    return ServerWork(pages=uses, tokens=tokens, rounds=uses, native_rounds=uses)


def _whole(value: object, usual: int, *, otherwise: int | None = None) -> int:
    """A number from 1 on; ``usual`` for none, and ``otherwise`` (else ``usual``) for what is none."""
    if value is None:
        return usual
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
        return value
    return usual if otherwise is None else otherwise


def _dict(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
