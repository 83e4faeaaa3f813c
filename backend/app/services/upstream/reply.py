"""A provider's reply: what its head says, what a refusal means, and one JSON object where a stream was due."""

from __future__ import annotations

import time
from collections.abc import Mapping

import httpx

from app.core.errors import UpstreamError, UpstreamGarbage
from app.services.upstream.errors import refusal, stream_failure
from app.services.upstream.hints import COMPRESSED
from app.services.upstream.limits import MOST_REFUSAL_BYTES, MOST_REPLY_BYTES, refuse_bloated
from app.services.upstream.transport import ReplyBody
from app.services.upstream.wire import Chunk, decode_chunk


class Reply:
    """A reply and what its headers say."""

    def __init__(self, response: httpx.Response, body: ReplyBody, key: str | None) -> None:
        self.body = body
        told = body.headers
        self.upstream_id = _told(told, "x-generation-id", key)
        self.provider = _told(told, "x-provider-name", key)
        self.content_type = told.get("content-type", "").partition(";")[0].strip().lower()
        # We ask for identity; a proxy that compresses all the same cannot be read.
        self.is_plain = told.get("content-encoding", "identity").strip().lower() in ("", "identity")
        self._status = response.status_code
        self._headers = response.headers
        self._key = key

    async def whole(self) -> bytes:
        """The body of a reply that is no stream. Raises UpstreamGarbage for one too large, on the wire or decoded."""
        data = await self.body.read_all(MOST_REPLY_BYTES)
        refuse_bloated(data)
        return data

    async def refusal(self) -> UpstreamError:
        """What a status other than 200 means; reads as much of the body as may explain it."""
        if self._status < 300:
            told = {} if self.upstream_id is None else {"upstream_id": self.upstream_id}
            told |= {"reason": "unexpected_reply"} if self.is_plain else {"reason": "compressed", "hint": COMPRESSED}
            return UpstreamGarbage(details={"status": self._status, **told})
        body = b""
        if self.is_plain and self.content_type.endswith("json"):
            try:
                body = await self.body.read_all(MOST_REFUSAL_BYTES)
            except UpstreamError:
                body = b""  # the status says enough
        error = refusal(self._status, self._headers, body, now_s=time.time(), secret=self._key)
        if not self.is_plain and type(error) is UpstreamError and self._status >= 400:
            error.details |= {"reason": "compressed", "hint": f"Its reason stays unread. {COMPRESSED}"}
        return error

    def failure(self, error: bytes, *, started: bool = False) -> UpstreamError:
        """What an error object inside the reply means."""
        return stream_failure(error, started=started, now_s=time.time(), upstream_id=self.upstream_id, secret=self._key)


def _told(headers: Mapping[str, str], name: str, key: str | None) -> str | None:
    """What a header says, which is kept and shown; a provider that echoes our key in it has said nothing."""
    value = headers.get(name, "")
    if not value.isascii():
        value = value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return None if key and key in value else value or None


async def unstreamed(reply: Reply) -> Chunk | None:
    """None when the reply is a stream of events. A server that sends one JSON object instead gives it as one chunk.

    Raises what that object reports, or UpstreamGarbage for anything else.
    """
    if reply.content_type in ("text/event-stream", ""):
        return None
    if not reply.content_type.endswith("json"):
        raise UpstreamGarbage(
            "The provider sent a page where an answer was due.", details={"content_type": reply.content_type[:80]}
        )
    chunk = decode_chunk(await reply.whole())
    if error := chunk.failure:
        raise reply.failure(bytes(error))
    for choice in chunk.choices or ():
        choice.delta, choice.message = choice.delta or choice.message, None
        if chunk.usage is not None and not choice.finish_reason and choice.delta and choice.delta.content:
            choice.finish_reason = "stop"  # the reply is one piece: its text is not cut
    if not chunk.choices:
        raise no_answer(reply)
    return chunk


def no_answer(reply: Reply) -> UpstreamGarbage:
    return UpstreamGarbage(
        "The provider's reply holds no answer.", details={"upstream_id": reply.upstream_id, "reason": "no_choices"}
    )
