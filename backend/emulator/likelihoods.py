"""``logprobs``: how likely each token was, and what else might have come."""

from __future__ import annotations

import hashlib
from typing import Any


def of_token(token: str, alternatives: int) -> dict[str, Any]:
    """The entry of a token, with so many of the likeliest tokens at its place, itself first."""
    logprob = -hashlib.sha256(token.encode(errors="surrogatepass")).digest()[0] / 512
    top = [_entry(token, logprob)]
    top += [_entry(f"{token}{'~' * at}", round(logprob - at, 6)) for at in range(1, alternatives)]
    return {**_entry(token, logprob), "top_logprobs": top[:alternatives]}


def _entry(token: str, logprob: float) -> dict[str, Any]:
    return {"token": token, "logprob": logprob, "bytes": list(token.encode(errors="surrogatepass"))}
