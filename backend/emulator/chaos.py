"""One fault per call, drawn by a seed: the same call meets the same fault in every run and in any order."""

from __future__ import annotations

import random

from .scenarios import Tree

_ERRORS = (
    "documented", "empty", "null", "bare", "string_code", "no_metadata", "choice", "idle", "length_usage"
)  # fmt: skip


def pick(seed: int, body_digest: str, attempt: int, answer_tokens: int = 200) -> Tree:
    """A scenario tree for one call; no fault waits for ever, so a run over many calls ends.

    Args:
        seed: of the run.
        body_digest: what was asked, so that the draw does not depend on the order of arrival.
        attempt: how many times this body has come, from 1; a retry draws again.
        answer_tokens: faults strike somewhere in this many tokens.
    """
    draw = random.Random(f"{seed}/{body_digest}/{attempt}")  # noqa: S311 - a fault, not a secret
    after = str(draw.randrange(answer_tokens))
    faults: list[Tree] = [
        {},
        {"drop": {"after": after, "form": draw.choice(("eof", "fin"))}},
        {"reset": {"after": after}},
        {"mid_stream_error": {"after": after, "form": draw.choice(_ERRORS)}},
        {"error": {"status": draw.choice(("429", "500", "502", "503", "524", "529")), "retry_after": "0"}},
        {"error": {"status": draw.choice(("502", "524")), "html": "true"}},
        {"garbage": {"after": after, "form": draw.choice(("json", "bytes", "html"))}},
        {"stall": {"after": after, "ms": str(draw.randrange(5, 40))}},
        {"missing_usage": "true"},
        {"usage_form": draw.choice(("choice", "empty", "finish", "null", "twice"))},
        {"cost": draw.choice(("null", "missing", "exponent", "string", "negative", "nan", "huge", "words"))},
        {"split_utf8": "cuts"},
        {"framing": draw.choice(("crlf", "cr", "nospace", "multiline"))},
        {"no_done": "true"},
        {"hangup": "true"},
        {"byok": "true"},
    ]
    weights = [6] + [1] * (len(faults) - 1)
    (fault,) = draw.choices(faults, weights)
    return fault | {"cached": str(draw.choice((0, 0, 3)))}
