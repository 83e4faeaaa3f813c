"""Scenarios: how a call misbehaves, written as one line of text.

A scenario is a row of items parted by ``;`` or blanks: a name (``crlf``), a name with its main value
(``rate=60``, ``error=503``), or a name followed by its parameters (``drop after=5``, ``stall after=3 ms=200``).
An item belongs to the name before it when that name has such a parameter, else it stands for itself; an item without
a value is true. Values are percent-decoded. Items combine; where two texts meet, the more particular one wins item by
item.

A file holds one per line: ``target: scenario``, where the target is a model's id or a reading endpoint, ``*`` or none
stands for every call, and ``#`` begins a comment.

Where a text may stand, from general to particular: the emulator's default, a model's default (control API),
behind ``#`` in the model string, the ``X-Emulator-Scenario`` header, ``[[...]]`` in the last user message.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated, Any, Literal
from urllib.parse import unquote

import msgspec

from .errors import ApiError

HEADER = "X-Emulator-Scenario"
DEMO = "latency=350; rate=60"
_DIRECTIVE = re.compile(r"\[\[([^\[\]]{1,4000})\]\]")
_VALUED_ITEM = re.compile(r"(?:^|[;\s])[a-z_]\w*=[^=\s;]")

After = Annotated[int, msgspec.Meta(ge=0, le=10_000_000)]
Milliseconds = Annotated[float, msgspec.Meta(ge=0, le=3_600_000)]
Count = Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of a scenario that has parameters of its own."""


class Stall(Step, frozen=True):
    """Silence after n tokens: for ``ms``, or until ``release``; ``heartbeat`` ms sends comments meanwhile."""

    after: After = 0
    ms: Milliseconds | None = None
    heartbeat: Milliseconds | None = None


class Drop(Step, frozen=True):
    """The stream ends after n tokens without finish: a proper end of body, or ``fin`` in the middle of it."""

    after: After = 0
    form: Literal["eof", "fin"] = "eof"


class Reset(Step, frozen=True):
    """TCP reset after n tokens."""

    after: After = 0


class MidStreamError(Step, frozen=True):
    """An error event after n tokens, in one of the recorded shapes (API reference, section 4.6)."""

    after: After = 0
    form: Literal[
        "documented", "empty", "null", "bare", "string_code", "no_metadata", "choice", "idle", "length_usage"
    ] = "documented"
    code: int = 502
    message: str = "Provider disconnected"


class Garbage(Step, frozen=True):
    """Bytes that are no event after n tokens; the stream goes on behind them."""

    after: After = 0
    form: Literal["json", "bytes", "html", "null_choices", "nested"] = "json"


class HugeFrame(Step, frozen=True):
    """One event of several megabytes after n tokens: a generated image, or text."""

    mb: Annotated[float, msgspec.Meta(gt=0, le=64)] = 4
    after: After = 0
    kind: Literal["image", "text"] = "image"


class Refuse(Step, frozen=True):
    """An HTTP error before the first byte; ``platform`` makes a 429 the account's own limit."""

    status: Annotated[int, msgspec.Meta(ge=400, le=599)] = 502
    retry_after: Annotated[int, msgspec.Meta(ge=0, le=86_400)] | None = None
    html: bool = False
    platform: bool = False
    message: str | None = None


class SlowLoris(Step, frozen=True):
    """Headers, then a comment every ``ms`` and nothing else, ever."""

    ms: Annotated[float, msgspec.Meta(ge=1, le=60_000)] = 100


class ToolCalls(Step, frozen=True):
    """The model calls n of the offered tools; ``form`` picks a recorded oddity of the deltas."""

    n: Annotated[int, msgspec.Meta(ge=1, le=16)] = 1
    form: Literal["plain", "whole", "missing_id", "no_index", "no_arguments", "stop_finish"] = "plain"


class Citations(Step, frozen=True):
    """n pages cited, searched for or not; ``bare`` ones have no title and the span 0 to 0."""

    n: Annotated[int, msgspec.Meta(ge=0, le=100)] | None = None
    form: Literal["plain", "bare"] = "plain"


class Chaos(Step, frozen=True):
    """A fault picked for each call by the seed, the request's body and how often that body came before."""

    seed: int = 0


class Scenario(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One call's behaviour; every default is the well-behaved case."""

    latency: Milliseconds = 0
    rate: Annotated[float, msgspec.Meta(gt=0, le=1_000_000)] | None = None
    hold: Milliseconds | None = None
    comments: Count = 1
    comment_every: Count = 25
    stall: Stall | None = None
    drop: Drop | None = None
    reset: Reset | None = None
    hangup: bool = False
    mid_stream_error: MidStreamError | None = None
    garbage: Garbage | None = None
    huge_frame: HugeFrame | None = None
    error: Refuse | None = None
    slow_loris: SlowLoris | None = None
    chaos: Chaos | None = None
    times: Count | None = None
    split_utf8: Literal["bytes", "cuts"] | None = None
    framing: Literal["lf", "crlf", "cr", "nospace", "multiline"] = "lf"
    crlf: bool = False
    no_done: bool = False
    missing_usage: bool = False
    usage_form: Literal["repeat", "choice", "empty", "finish", "null", "twice"] = "repeat"
    cost: Literal["exact", "null", "missing", "exponent", "string", "zero", "negative", "nan", "huge", "words"] = (
        "exact"
    )
    byok: bool = False
    cached: Count = 0
    cache_write: Count = 0
    misses: Count | None = None
    tokens: Count | None = None
    text: str | None = None
    echo: bool = False
    seed: int = 0
    tool_calls: ToolCalls | None = None
    citations: Citations | None = None


FAULTS = frozenset(
    {
        "hold", "stall", "drop", "reset", "hangup", "mid_stream_error", "garbage", "huge_frame", "error",
        "slow_loris", "chaos",
    }
)  # fmt: skip
_STEPS: dict[str, type[Step]] = {
    "stall": Stall,
    "drop": Drop,
    "reset": Reset,
    "mid_stream_error": MidStreamError,
    "garbage": Garbage,
    "huge_frame": HugeFrame,
    "error": Refuse,
    "slow_loris": SlowLoris,
    "tool_calls": ToolCalls,
    "citations": Citations,
    "chaos": Chaos,
}
MEANINGS = {
    "latency": "milliseconds before the first token",
    "rate": "tokens per second; as fast as they can be written without it",
    "hold": "milliseconds before anything at all, headers included; for ever without a value",
    "comments": "comments before the first chunk",
    "comment_every": "a comment between chunks after so many tokens; 0 for none",
    "hangup": "the connection is cut without a response",
    "times": "faults only for the first so many times that this very body comes",
    "split_utf8": "writes cut after every byte, or inside every multi-byte character",
    "framing": "line ends and fields as proxies leave them",
    "crlf": "the same as framing=crlf",
    "no_done": "no [DONE] at the end",
    "missing_usage": "no usage at all",
    "usage_form": "usage repeats the finish, has none, has no choices, comes with the finish, is null, or comes twice",
    "cost": "how the cost is printed, if it is",
    "byok": "paid with a key of the caller's own",
    "cached": "prompt tokens read from a cache",
    "cache_write": "prompt tokens written to a cache",
    "misses": "how many 404s /generation gives for this call",
    "tokens": "an answer of exactly so many tokens",
    "text": "this answer, percent-encoded",
    "echo": "the question as the answer",
    "seed": "another answer to the same question",
}
_BARE = {"split_utf8": "bytes", "hold": "3600000"}
_SCALARS = frozenset(Scenario.__struct_fields__) - _STEPS.keys()

Tree = dict[str, Any]


class UnknownScenario(ApiError):
    """The text names no scenario, or gives one a value it cannot take; answered with 400."""

    def __init__(self, reason: str) -> None:
        super().__init__(400, f"emulator scenario: {reason}")
        self.reason = reason


def parse(text: str) -> Tree:
    """A scenario text as a tree of items.

    Raises:
        UnknownScenario: for a name, parameter or value that does not exist.
    """
    tree: Tree = {}
    step: str | None = None
    for item in re.split(r"[;\s]+", text.strip()):
        if not item:
            continue
        name, has_value, raw = item.partition("=")
        value = unquote(raw)
        if step and name in _STEPS[step].__struct_fields__:
            tree[step][name] = value if has_value else "true"
        elif name in _STEPS:
            step = name
            primary = _STEPS[name].__struct_fields__[0]
            tree[name] = {primary: value} if has_value else {}
        elif name in _SCALARS:
            step = None
            tree[name] = value if has_value else _BARE.get(name, "true")
        else:
            raise UnknownScenario(f"{name!r} is unknown")
    resolve([tree])
    return tree


def parse_lines(text: str) -> dict[str, Tree]:
    """The scenarios of a file by target, the empty one standing for every call.

    Raises:
        UnknownScenario: with the number of the line.
    """
    trees: dict[str, Tree] = {}
    for number, line in enumerate(map(str.strip, text.splitlines()), start=1):
        if not line or line.startswith("#"):
            continue
        target, colon, scenario = line.partition(": ")
        name = target.strip().replace("*", "") if colon else ""
        try:
            tree = parse(scenario if colon else line)
        except UnknownScenario as error:
            raise UnknownScenario(f"line {number}: {error.reason}") from None
        trees[name] = trees.get(name, {}) | tree
    return trees


def resolve(layers: Iterable[Tree]) -> Scenario:
    """Layers, from general to particular, as one scenario."""
    merged: Tree = {}
    for layer in layers:
        merged |= layer
    try:
        return msgspec.convert(merged, Scenario, strict=False)
    except msgspec.ValidationError as error:
        raise UnknownScenario(str(error)) from None


def without_faults(tree: Tree) -> Tree:
    """What is left of a scenario once its ``times`` are over: pace and answer, no fault."""
    return {name: value for name, value in tree.items() if name not in FAULTS}


def directive(text: str) -> tuple[Tree, str]:
    """The scenario that stands as ``[[...]]`` in a message, and the message without it.

    Brackets that hold neither a scenario nor a ``name=value`` are the user's own text and stay.

    Raises:
        UnknownScenario: for brackets with a ``name=value`` that are no scenario, quoting them.
    """
    tree: Tree = {}
    kept = text
    for match in _DIRECTIVE.finditer(text):
        try:
            tree |= parse(match[1])
        except UnknownScenario as error:
            if _VALUED_ITEM.search(match[1]):
                raise UnknownScenario(f"{match[0]}: {error.reason}") from None
            continue
        kept = kept.replace(match[0], "", 1)
    return tree, kept.strip() if tree else text
