"""What a path is: the class that decides who may ask for it, and the dialect its errors speak.

Everything is decided on the path the router sees, never on a rebuilt URL. An unknown path is data: the strictest class.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

Dialect: TypeAlias = Literal["api", "openai", "typed", "plain"]

API_PREFIXES = ("/api", "/v1", "/chat", "/models", "/health", "/metrics", "/mcp", "/docs", "/openapi.json")
"""Paths that belong to the API; the page never answers for them."""


@dataclass(frozen=True, slots=True, eq=False)
class PathClass:
    """What the gate allows on a path."""

    name: str
    public: bool = False
    """Answered without the token even where one is required."""
    navigable: bool = False
    """May be opened from the address bar or by a link of our own page."""
    embeddable: bool = False
    """May be a document, script, style, image or font of our own page."""


DATA = PathClass("data")
OPEN = PathClass("open", public=True)
PAGE = PathClass("page", public=True, navigable=True, embeddable=True)
DOCS = PathClass("docs", navigable=True, embeddable=True)

_EXACT = {
    "/": PAGE,
    "/app": PAGE,
    "/index.html": PAGE,
    "/favicon.ico": PAGE,
    "/favicon.svg": PAGE,
    "/manifest.webmanifest": PAGE,
    "/theme.js": PAGE,
    "/health": OPEN,
    "/api/health": OPEN,
    "/docs": DOCS,
    "/openapi.json": DOCS,
}
_BELOW = (("/app/", PAGE), ("/assets/", PAGE), ("/docs/", DOCS))

UPLOADS = frozenset({"/api/profiles/import", "/api/admin/restore"})
"""Where a multipart body is accepted."""

STREAMED = {"/api/admin/restore": 16 * 2**30}
"""Bytes accepted where a multipart body is too large for memory: its route reads it as it comes."""


LARGE_BODIES = dict.fromkeys(
    (
        *("/chat", "/v1/chat/completions", "/api/v1/chat/completions"),
        *("/api/messages", "/api/generations", "/api/stream"),
    ),
    32 * 2**20,
)
"""Bytes accepted where images and files come inside the body."""
_DRAFT = re.compile(r"/api/sessions/[^/]+/draft")
_LARGE_DRAFT_BYTES = 32 * 2**20


def body_limit_bytes(path: str, usual: int) -> int:
    """Bytes accepted in the body of a request; ``usual`` where no pictures come."""
    if path in LARGE_BODIES:
        return LARGE_BODIES[path]
    return _LARGE_DRAFT_BYTES if _DRAFT.fullmatch(path) else usual


def classify(path: str) -> PathClass:
    """The class of a path."""
    found = _EXACT.get(path)
    if found is not None:
        return found
    for prefix, path_class in _BELOW:
        if path.startswith(prefix):
            return path_class
    return DATA


OPENROUTER_PREFIX = "/api/v1/"
"""Where the OpenAI door is spelt as OpenRouter spells it."""


def dialect_of(path: str) -> Dialect:
    """The dialect in which a path reports errors."""
    if path.startswith(("/v1/", OPENROUTER_PREFIX)) or path in ("/v1", "/api/v1"):
        return "openai"
    if path == "/chat" or path.startswith("/chat/"):
        return "typed"
    if path == "/models" or path.startswith("/models/"):
        return "plain"
    return "api"


def route_path(scope: Any) -> str:
    """The path of an ASGI scope as the router matches it: decoded, without ``root_path``."""
    path: str = scope["path"]
    root: str = scope.get("root_path", "")
    return path.removeprefix(root) if root and path.startswith(root + "/") else path
