"""The provider client: the only outbound HTTP of the product."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, Literal
from urllib.parse import quote

import msgspec

from app.core.errors import (
    ManagementKeyNeeded,
    UpstreamError,
    UpstreamGarbage,
    UpstreamModelNotFound,
    UpstreamTimeout,
    ValidationFailed,
)
from app.core.json import encode
from app.services.upstream.account import (
    ActivityItem,
    Credits,
    KeyInfo,
    decode_activity,
    decode_credits,
    decode_key_info,
)
from app.services.upstream.breaker import BreakerPolicy, Circuits, model_of
from app.services.upstream.chunk_stream import ChunkStream
from app.services.upstream.embeddings import EmbeddingsReply, decode_embeddings
from app.services.upstream.hints import for_owner, without_answer
from app.services.upstream.limits import MOST_EMBEDDINGS_BYTES
from app.services.upstream.reply import Reply, no_answer, unstreamed
from app.services.upstream.target import endpoints_path, identity_headers, unsafe
from app.services.upstream.transport import (
    TRANSPORT_EXCEPTIONS,
    ReplyBody,
    UpstreamTimeouts,
    Wire,
    timed_out,
    transport_error,
)
from app.services.upstream.wire import (
    Completion,
    GenerationRecord,
    ModelEndpoints,
    WireModel,
    decode_completion,
    decode_endpoints,
    decode_failure,
    decode_generation,
    decode_models,
)

__all__ = ["ChunkStream", "OpenRouter", "UpstreamTimeouts"]

_DRAIN_S = 0.1
NO_HEADERS: Mapping[str, str] = {}


class OpenRouter:
    """One provider: its address, its key, and one pool of connections.

    Every call raises errors of the upstream branch only (plus ValidationFailed for a body that is no JSON); the key
    appears in none of them, goes to ``base_url`` alone, and over plain HTTP only to this machine. Paid calls fail at
    once while ``circuits`` leaves the provider, the model or the account alone.
    """

    def __init__(
        self,
        *,
        base_url: str,
        key: str | None,
        referer: str,
        title: str,
        timeouts: UpstreamTimeouts | None = None,
        breaker: BreakerPolicy | None = None,
        name: str = "openrouter",
        asks_for_usage: bool = False,
        entry: str | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        # OpenRouter always tells the usage of a stream; others do when asked, and it is nothing to OpenRouter.
        self._stream_fields = {"stream": True} | ({"stream_options": {"include_usage": True}} if asks_for_usage else {})
        self.timeouts = timeouts or UpstreamTimeouts()
        self.circuits = Circuits(breaker or BreakerPolicy(), clock)
        self._base_url = base_url.rstrip("/")
        self._key = key
        self._entry = entry
        self._unsafe = unsafe(self._base_url, key)
        self._wire = Wire(
            tls=self._base_url.lower().startswith("https:"),
            headers=identity_headers(referer, title),
            connect_s=self.timeouts.connect_s,
        )

    async def aclose(self) -> None:
        """Closes all connections; streams still open break."""
        await self._wire.aclose()

    @contextlib.asynccontextmanager
    async def stream(
        self, body: Mapping[str, Any], headers: Mapping[str, str] = NO_HEADERS, *, again: bool = False
    ) -> AsyncIterator[ChunkStream]:
        """Sends ``body`` with ``stream: true``; entered once the provider has accepted it and begins to answer.

        A body that says ``stream: false`` is sent so, and its whole reply is the one chunk of the stream.

        Args:
            headers: beside the client's own, which they cannot replace.
            again: whether the same call has failed already, which was counted then.

        Leaving the context closes the connection at once unless the stream has ended, which makes the provider stop
        (where it can). Cancellation is such an exit.

        Raises: on entering, whatever a refusal means; see ``upstream_errors``.
        """
        with self.circuits.call(model_of(body), again=again) as begun:
            fields = {} if body.get("stream") is False else self._stream_fields
            reply = await self._send("POST", "/chat/completions", dict(body) | fields, headers)
            stream: ChunkStream | None = None
            try:
                stream = ChunkStream(reply, await unstreamed(reply), begun)
                yield stream
            finally:
                await reply.body.aclose(drain_s=_DRAIN_S if stream and stream.saw_done else 0)

    async def complete(self, body: Mapping[str, Any], *, again: bool = False) -> Completion:
        """Sends ``body`` with ``stream: false``. The completion has at least one choice with a message.

        Raises: as ``stream``; an error inside the reply and a reply without an answer are errors too.
        """
        async with self._paid_reply("/chat/completions", dict(body) | {"stream": False}, again=again) as reply:
            completion = decode_completion(await reply.whole())
            completion.id = reply.upstream_id = completion.id or reply.upstream_id
            completion.provider = completion.provider or reply.provider
            if error := completion.failure:
                raise reply.failure(bytes(error))
            if not completion.choices or completion.choices[0].message is None:
                raise no_answer(reply)
            return completion

    async def list_models(self, sort: str | None = None) -> list[WireModel]:
        """The whole catalogue, in an order of the provider's where it knows one (API reference, section 7.1)."""
        try:
            return decode_models(await self._get(f"/models?sort={sort}" if sort else "/models"))
        except UpstreamModelNotFound as exc:
            raise UpstreamError("There is no list of models at the base URL.", details=exc.details) from exc

    async def endpoints(self, author: str, slug: str) -> ModelEndpoints:
        """Who serves a model, and how. Raises UpstreamModelNotFound."""
        return decode_endpoints(await self._get(endpoints_path(author, slug)))

    async def generation(self, upstream_id: str) -> GenerationRecord | None:
        """The provider's record of a call; None while, or because, it does not know the id."""
        try:
            return decode_generation(await self._get(f"/generation?id={quote(upstream_id, safe='')}"))
        except UpstreamModelNotFound:
            return None

    async def embeddings(self, body: Mapping[str, Any], *, again: bool = False) -> EmbeddingsReply:
        """Sends ``body`` as it is (API reference, section 8.3). The reply keeps the vectors as the provider wrote them.

        Raises: as ``stream``; an error inside the reply and a reply without vectors are errors too.
        """
        async with self._paid_reply("/embeddings", dict(body), again=again) as reply:
            found = decode_embeddings(await reply.body.read_all(MOST_EMBEDDINGS_BYTES))
            found.id = reply.upstream_id = found.id or reply.upstream_id
            found.provider = found.provider or reply.provider
            if error := found.failure:
                raise reply.failure(bytes(error))
            if found.vectors is None:
                raise UpstreamGarbage(
                    "The provider's reply holds no embeddings.",
                    details={"upstream_id": reply.upstream_id, "reason": "no_data"},
                )
            return found

    async def key_info(self) -> KeyInfo:
        """What the key may spend and has spent. Raises UpstreamError where the provider does not tell."""
        return decode_key_info(await self._get_account("/key"))

    async def credits(self) -> Credits:
        """What the account has bought and spent. Raises ManagementKeyNeeded, which OpenRouter says to other keys."""
        return decode_credits(await self._get_account("/credits"))

    async def activity(self) -> list[ActivityItem]:
        """What the account's calls of its last 30 whole UTC days have cost. Raises as ``credits``."""
        return decode_activity(await self._get_account("/activity"))

    async def look_up(self, path: str) -> bytes:
        """A lookup's whole reply as it came, in UTF-8, and without the key should it be in there.

        Raises: as every lookup; UpstreamModelNotFound for 404.
        """
        data = (await self._get(path)).decode("utf-8", "replace").encode()
        return data.replace(self._key.encode(), b"[key]") if self._key else data

    async def endpoints_reply(self, author: str, slug: str) -> bytes:
        """Who serves a model, as the provider wrote it. Raises UpstreamModelNotFound."""
        return await self.look_up(endpoints_path(author, slug))

    async def _get_account(self, path: str) -> bytes:
        try:
            return await self._get(path)
        except UpstreamModelNotFound as exc:
            raise UpstreamError("The provider does not tell of its accounts.", details=exc.details) from exc
        except UpstreamError as exc:
            if type(exc) is UpstreamError and exc.details.get("status") == 403:
                raise ManagementKeyNeeded(details=exc.details) from exc
            raise

    async def _get(self, path: str) -> bytes:
        with without_answer():
            async with self._reply("GET", path) as reply:
                data = await reply.whole()
                if error := decode_failure(data):
                    raise reply.failure(bytes(error))
                return data

    @contextlib.asynccontextmanager
    async def _paid_reply(self, path: str, body: dict[str, Any], *, again: bool) -> AsyncIterator[Reply]:
        with without_answer(), self.circuits.call(model_of(body), again=again):
            async with self._reply("POST", path, body) as reply:
                yield reply

    @contextlib.asynccontextmanager
    async def _reply(self, method: str, path: str, body: dict[str, Any] | None = None) -> AsyncIterator[Reply]:
        reply = await self._send(method, path, body)
        try:
            yield reply
        finally:
            await reply.body.aclose()

    async def _send(
        self, method: str, path: str, body: dict[str, Any] | None = None, beside: Mapping[str, str] = NO_HEADERS
    ) -> Reply:
        """The reply to a request, its status 200 and its body unread. The caller closes it."""
        if self._unsafe is not None:
            raise self._unsafe()
        content = None if body is None else _encode(body)
        headers = {name.encode(): value.encode() for name, value in beside.items()}
        headers |= {b"Authorization": f"Bearer {self._key}".encode()} if self._key else {}
        if content is not None:
            headers[b"Content-Type"] = b"application/json"
        loop = asyncio.get_running_loop()
        sent_at = loop.time()
        phase: Literal["first_byte", "total"] = (
            "first_byte" if self.timeouts.first_byte_s < self.timeouts.total_s else "total"
        )
        try:
            async with asyncio.timeout(min(self.timeouts.first_byte_s, self.timeouts.total_s)) as limit:
                response = await self._wire.send(method, self._base_url + path, headers, content)
        except TRANSPORT_EXCEPTIONS as exc:
            error = transport_error(exc, in_body=False)
            if isinstance(error, UpstreamTimeout):
                error = timed_out(phase if limit.expired() else "connect", self.timeouts)
            raise error from exc
        reply = Reply(response, ReplyBody(response, self.timeouts, sent_at=sent_at), self._key)
        if response.status_code == 200 and reply.is_plain:
            return reply
        try:
            raise for_owner(await reply.refusal(), self._entry)
        finally:
            await reply.body.aclose()


def _encode(body: dict[str, Any]) -> bytes:
    try:
        return encode(body)
    except (UnicodeEncodeError, TypeError, msgspec.EncodeError, RecursionError) as exc:
        raise ValidationFailed("The request cannot be written as JSON.") from exc
