"""Headers that tell a browser what a reply may do, one fixed tuple per path class."""

from __future__ import annotations

from collections.abc import Mapping

from app.api.paths import DATA, DOCS, OPEN, PAGE, PathClass

RawHeaders = tuple[tuple[bytes, bytes], ...]

_PAGE_CSP = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
    b"connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    b"require-trusted-types-for 'script'"
)
_DATA_CSP = b"default-src 'none'; frame-ancestors 'none'"

_EVERYWHERE: RawHeaders = (
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
_NO_STORE: RawHeaders = ((b"cache-control", b"no-store"),)
_PAGE: RawHeaders = (
    *_EVERYWHERE,
    (b"content-security-policy", _PAGE_CSP),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
)
_DATA: RawHeaders = (*_EVERYWHERE, (b"content-security-policy", _DATA_CSP), *_NO_STORE)

SECURITY_HEADERS: Mapping[PathClass, RawHeaders] = {
    PAGE: _PAGE,
    DOCS: (*_PAGE, *_NO_STORE),
    OPEN: _DATA,
    DATA: _DATA,
}
"""Added to each reply. How long assets may be cached is said by the static server, not here."""
