"""Pictures and speech that a model makes: tiny, valid, and always the same for the same question."""

from __future__ import annotations

import base64
import hashlib
import math
import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

IMAGE_TOKENS = 1290
SAMPLES_PER_TOKEN = 240
SAMPLE_RATE = 24_000
_KEPT_S = 3600


def picture(question: str, config: Mapping[str, Any]) -> str:
    """A PNG of one colour as a data URL; ``image_config.aspect_ratio`` gives its shape in pixels."""
    wide, _, high = str(config.get("aspect_ratio", "8:8")).partition(":")
    width, height = (int(side) if side.isdecimal() and 0 < int(side) <= 64 else 8 for side in (wide, high))
    red, green, blue = hashlib.sha256(question.encode(errors="surrogatepass")).digest()[:3]
    rows = (b"\0" + bytes((red, green, blue)) * width) * height
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    blocks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    png = b"\x89PNG\r\n\x1a\n" + b"".join(_block(name, data) for name, data in blocks)
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"


def as_part(url: str, index: int) -> dict[str, Any]:
    """The entry in ``images``."""
    return {"type": "image_url", "image_url": {"url": url}, "index": index}


@dataclass(frozen=True, slots=True)
class Speech:
    """An answer that is spoken: its text is the transcript."""

    voice: str

    def deltas(
        self, audio_id: str, tokens: Sequence[str], created_unix: int
    ) -> Iterator[tuple[dict[str, Any], str | None]]:
        """``delta.audio`` objects with the token each costs: transcript and sound in turn, the expiry last."""
        for at, token in enumerate(tokens):
            yield {"id": audio_id, "transcript": token}, token
            yield {"id": audio_id, "data": base64.b64encode(_tone(self.voice, at)).decode()}, None
        yield {"id": audio_id, "expires_at": created_unix + _KEPT_S}, None


def _tone(voice: str, at: int) -> bytes:
    """10 ms of 16-bit mono samples, little-endian."""
    pitch_hz = 220 + 20 * (sum(voice.encode(errors="surrogatepass")) % 12)
    start = at * SAMPLES_PER_TOKEN
    waves = (math.sin(2 * math.pi * pitch_hz * (start + n) / SAMPLE_RATE) for n in range(SAMPLES_PER_TOKEN))
    return struct.pack(f"<{SAMPLES_PER_TOKEN}h", *(int(8000 * wave) for wave in waves))


def _block(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
