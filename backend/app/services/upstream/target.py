"""Where the client may send to, and how it introduces itself."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from functools import partial
from urllib.parse import quote

import httpx

from app import __version__
from app.core.errors import UpstreamBadKey, UpstreamError, UpstreamModelNotFound


def unsafe(base_url: str, key: str | None) -> Callable[[], UpstreamError] | None:
    """Why nothing may be sent to this address with this key; None when it may."""
    try:
        url = httpx.URL(base_url)
    except httpx.InvalidURL:
        url = httpx.URL()
    if url.scheme not in ("http", "https") or not url.host or url.userinfo or url.query:
        return partial(
            UpstreamError, "The base URL is not a plain http(s) address.", details={"reason": "bad_base_url"}
        )
    if not key:
        return None
    if url.scheme == "http" and not _is_loopback(url.host):
        message = f"The key is not sent to {url.host} over plain HTTP. Use an https base URL."
        return partial(UpstreamError, message, details={"reason": "plain_http"})
    if not (key.isascii() and key.isprintable()) or " " in key:
        message = "The key contains characters that no key has."
        return partial(UpstreamBadKey, message, details={"reason": "malformed_key"})
    return None


def endpoints_path(author: str, slug: str) -> str:
    """Where it is told who serves a model. Raises UpstreamModelNotFound for names that would lead elsewhere."""
    return f"/models/{_model(author, slug)}/endpoints"


def model_path(author: str, slug: str) -> str:
    """Where a model is told of by itself. Raises as ``endpoints_path``."""
    return f"/model/{_model(author, slug)}"


def _model(author: str, slug: str) -> str:
    if {author, slug} & {"", ".", ".."}:
        raise UpstreamModelNotFound
    return f"{quote(author, safe='~')}/{quote(slug, safe=':')}"


def identity_headers(referer: str, title: str) -> dict[bytes, bytes]:
    """What every request carries (API reference, section 1); ``identity`` because a compressed stream is held back."""
    return {
        b"Accept-Encoding": b"identity",
        b"HTTP-Referer": _header_text(referer),
        b"User-Agent": f"llm-console/{__version__}".encode(),
        b"X-OpenRouter-Title": _header_text(title),
        b"X-Title": _header_text(title),
    }


def _header_text(text: str) -> bytes:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split()).encode("utf-8", "replace")


def _is_loopback(host: str) -> bool:
    """Whether a host is this machine; other spellings of its addresses (``127.1``, ``0x7f.1``) are not recognised."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
