"""What a message may carry beside text: where it lies and of which kind it is (API reference, section 2.3)."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Final, Literal, TypeAlias
from urllib.parse import urlsplit

from app.schemas.types import storable

Kind: TypeAlias = Literal["image", "file", "audio", "video"]

MOST_DATA_CHARS = 32 * 2**20
MOST_URL_CHARS = 4096

IMAGES: Final = frozenset({"image/png", "image/jpeg", "image/webp", "image/gif"})
AUDIO_FORMATS: Final[Mapping[str, str]] = {
    "audio/wav": "wav",
    "audio/x-wav": "wav",
    "audio/wave": "wav",
    "audio/mpeg": "mp3",
    "audio/mp3": "mp3",
    "audio/aiff": "aiff",
    "audio/x-aiff": "aiff",
    "audio/aac": "aac",
    "audio/ogg": "ogg",
    "audio/flac": "flac",
    "audio/x-flac": "flac",
    "audio/mp4": "m4a",
    "audio/m4a": "m4a",
    "audio/x-m4a": "m4a",
    "audio/pcm16": "pcm16",
    "audio/pcm24": "pcm24",
}
"""The reference's names for the formats of sound."""
VIDEOS: Final = frozenset({"video/mp4", "video/mpeg", "video/quicktime", "video/webm"})

_DATA = re.compile(r"data:([a-z0-9.+-]+/[a-z0-9.+-]+)(?:;[a-z0-9=._-]+)*;base64,", re.ASCII | re.IGNORECASE)
_MAGIC: Final[Mapping[str, re.Pattern[bytes]]] = {
    "image/png": re.compile(rb"\x89PNG\r\n\x1a\n"),
    "image/jpeg": re.compile(rb"\xff\xd8\xff"),
    "image/gif": re.compile(rb"GIF8[79]a"),
    "image/webp": re.compile(rb"RIFF....WEBP", re.DOTALL),
    "application/pdf": re.compile(rb".{0,1024}?%PDF-", re.DOTALL),
}


def mime_of(url: str) -> str | None:
    """The type that a data URL names, in lower case; None for any other URL."""
    found = _DATA.match(url)
    return found[1].lower() if found else None


def data_of(url: str) -> str:
    """The base64 text of a data URL."""
    return url.partition(",")[2]


def checked_url(kind: Kind, url: str, mime: str | None) -> str | None:
    """The type of what lies at ``url``; None when an https URL does not tell. Raises ValueError for what is refused.

    Sound comes as data only. Data must be base64, be of a type of its kind, and begin as its type begins.
    """
    storable(url)
    if not url.isascii() or not url.isprintable() or " " in url:
        raise ValueError("url must be plain ASCII without spaces")
    if url[:5].lower() != "data:":
        _check_https(kind, url)
        _check_mime(kind, mime)
        return mime
    named = mime_of(url)
    if named is None:
        raise ValueError("a data URL must read data:TYPE/SUBTYPE;base64,DATA")
    if mime is not None and mime.lower() != named:
        raise ValueError(f"mime is {mime}, but the data URL says {named}")
    _check_mime(kind, named)
    _check_data(url, named)
    return named


def _check_https(kind: Kind, url: str) -> None:
    if kind == "audio":
        raise ValueError("audio must come as a data URL")
    if len(url) > MOST_URL_CHARS:
        raise ValueError(f"url must have at most {MOST_URL_CHARS} characters")
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise ValueError("url must be an https or a data URL") from error
    if parts.scheme != "https" or not parts.hostname:
        raise ValueError("url must be an https or a data URL")
    if parts.username is not None or parts.password is not None:
        raise ValueError("url must not hold a user name or a password")


def _check_mime(kind: Kind, mime: str | None) -> None:
    allowed = {"image": IMAGES, "audio": AUDIO_FORMATS.keys(), "video": VIDEOS}.get(kind)
    if mime is not None and allowed is not None and mime.lower() not in allowed:
        raise ValueError(f"{kind} must be one of {', '.join(sorted(allowed))}")


def _check_data(url: str, mime: str) -> None:
    if len(url) > MOST_DATA_CHARS:
        raise ValueError(f"a data URL must have at most {MOST_DATA_CHARS:,} characters")
    try:
        data = base64.b64decode(data_of(url), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("the data is not base64") from error
    if not data:
        raise ValueError("the data is empty")
    magic = _MAGIC.get(mime)
    if magic is not None and not magic.match(data):
        raise ValueError(f"the data is not {mime}")
