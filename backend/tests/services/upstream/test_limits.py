"""JSON that is small on the wire and large in memory is refused before it is decoded."""

from __future__ import annotations

import json

import pytest

from app.core.errors import UpstreamGarbage
from app.services.upstream.limits import LARGE_BYTES, refuse_bloated
from app.services.upstream.wire import decode_chunk


@pytest.mark.parametrize(
    "data",
    [
        b"[" + b"{}," * 100_000 + b"{}]",
        b"[" * 100_001,
        b'{"a":' * 100_001,
        b"[" + b"0," * 500_001 + b"0]",
    ],
    ids=["objects", "lists", "nested", "numbers"],
)
def test_too_many_parts_are_refused(data: bytes) -> None:
    """Whatever the parts are; as a chunk, too."""
    for read in (refuse_bloated, decode_chunk):
        with pytest.raises(UpstreamGarbage) as refused:
            read(data)
        assert refused.value.details["size_bytes"] == len(data)


def test_long_text_is_no_matter() -> None:
    """An image, prose with its commas, a page of code with its braces."""
    text = "A" * 5_000_000 + "one, two and {three}; " * 20_000
    chunk = decode_chunk(json.dumps({"choices": [{"delta": {"content": text}}]}).encode())
    assert chunk.choices is not None
    assert chunk.choices[0].delta is not None
    assert chunk.choices[0].delta.content == text


def test_small_data_is_not_looked_at() -> None:
    """Nearly all chunks are."""
    refuse_bloated(b"[" * LARGE_BYTES)
