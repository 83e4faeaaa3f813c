"""Forms whose file goes to the disk as it comes."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.types import Message

from app.api.gate import counted_body
from app.api.upload import Form
from app.core.errors import BodyTooLarge, ValidationFailed

FILE = b"\r\n--almost\r\n" + bytes(range(256)) + b"\r\n--b"
BODY = (
    b'--bound\r\nContent-Disposition: form-data; name="dry_run"\r\n\r\ntrue\r\n'
    b'--bound\r\nContent-Disposition: form-data; name="file"; filename="mine.db"\r\n'
    b"Content-Type: application/octet-stream\r\n\r\n" + FILE + b"\r\n--bound--\r\n"
)


async def read(chunks: list[bytes]) -> tuple[Form, bytes]:
    """The form of a body that comes in pieces, and its file."""
    messages: list[Message] = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
    messages.append({"type": "http.request", "body": b"", "more_body": False})
    got = bytearray()

    async def sink(data: bytes) -> None:
        got.extend(data)

    async def receive() -> Message:
        return messages.pop(0)

    headers = [(b"content-type", b"multipart/form-data; boundary=bound")]
    form = Form(sink)
    await form.read(Request({"type": "http", "method": "POST", "headers": headers}, receive))
    return form, bytes(got)


@given(st.lists(st.integers(0, len(BODY)), max_size=8))
def test_wherever_it_is_cut_it_is_the_same_form(cuts: list[int]) -> None:
    """Also in the middle of a boundary."""
    places = [0, *sorted(cuts), len(BODY)]
    form, file = asyncio.run(read([BODY[a:b] for a, b in pairwise(places)]))
    assert (form.fields, form.file_name, file) == ({"dry_run": "true"}, "mine.db", FILE)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        BODY[:-10],
        BODY.replace(b"form-data", b"attachment"),
        BODY.replace(b"dry_run", b"file"),
        BODY.replace(b'name="file"', b'name="other"'),
        BODY.replace(b"true", b"t" * 2000),
        BODY.replace(b"Content-Type: ", b"Content-Type: " + b"x" * 5000),
        b"".join(b'--bound\r\nContent-Disposition: form-data; name="f%d"\r\n\r\n\r\n' % n for n in range(20)) + BODY,
        b"no form at all",
    ],
)
async def test_what_is_no_such_form_is_refused(body: bytes) -> None:
    """Cut off, named otherwise or twice, too long in a field."""
    with pytest.raises(ValidationFailed):
        await read([body])


async def test_the_body_is_counted_as_it_comes() -> None:
    """One that says it is too large is refused unread, one that does not say so when it is."""

    async def receive() -> Message:
        return {"type": "http.request", "body": b"x" * 6, "more_body": True}

    with pytest.raises(BodyTooLarge):
        counted_body(receive, {b"content-length": b"11"}, 10)
    counted = counted_body(receive, {b"transfer-encoding": b"chunked"}, 10)
    assert (await counted())["body"] == b"x" * 6
    with pytest.raises(BodyTooLarge):
        await counted()
