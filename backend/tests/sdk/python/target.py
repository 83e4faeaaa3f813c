"""Where the checks of this folder are pointed: an OpenRouter-compatible base URL, told by the environment.

They run in an environment of their own, one file per client library, started by ``test_sdks.py``. How an answer comes
about is told in the question itself, as ``[[...]]``: the emulator behind every target reads it.
"""

from __future__ import annotations

import os

from pydantic import BaseModel

BASE_URL = os.environ["SDK_BASE_URL"]
KEY = os.environ["SDK_KEY"]
HAS_RESPONSES = bool(os.environ["SDK_HAS_RESPONSES"])

MODEL = "openai/gpt-4o-mini"
THINKER = "deepseek/deepseek-r1"
PAINTER = "google/gemini-2.5-flash-image"
EMBEDDER = "openai/text-embedding-3-small"
SMALL = {"max_tokens": 500}

# A stream that takes minutes, so that leaving it is what ends it; the mark tells the row in the emulator's ledger.
ENDLESS = "Count [[tokens=5000 rate=20]]"
WORDS = "[[text=alpha%20beta%20gamma]] Say it."
PIXEL = (
    "data:image/png;base64,"
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
# What the provider is made to answer, and the status that a client has to see; a gateway may tell one failure of a
# server by another.
REFUSALS = [
    ("[[error=400]]", 400),
    ("[[error=401]]", 401),
    ("[[error=402]]", 402),
    ("[[error=403]]", 403),
    ("[[error=404]]", 404),
    ("[[error=429]]", 429),
    ("[[error=502]]", 502),
    ("[[error=503]]", 503),
]


class City(BaseModel):
    """What is asked for as JSON."""

    name: str
    population: int
    districts: list[str]


def user(text: str) -> list[dict[str, str]]:
    """One user message."""
    return [{"role": "user", "content": text}]


def tool(name: str) -> dict[str, object]:
    """A function tool that takes a city."""
    parameters = {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    }
    function = {"name": name, "description": f"{name} of a city", "parameters": parameters}
    return {"type": "function", "function": function}


def is_told(seen: int, status: int) -> bool:
    """Whether a status is the one that a refusal has."""
    return seen == status or min(seen, status) >= 500
