"""The reply of ``POST /embeddings`` (API reference, section 8.3): the figures are read, the vectors kept as written."""

from __future__ import annotations

from msgspec import Raw, Struct

from app.services.upstream.salvage import decode_object
from app.services.upstream.wire import UsageWire, failure_of


class EmbeddingsReply(Struct, gc=False):
    """``data`` is the raw JSON list of ``{embedding, index?}``, each embedding numbers or base64 text.

    ``body`` is the whole reply as it came, for who passes it on.
    """

    id: str | None = None
    model: str | None = None
    provider: str | None = None
    data: Raw = Raw()
    usage: UsageWire | None = None
    error: Raw = Raw(b"null")
    body: bytes = b""

    @property
    def failure(self) -> Raw | None:
        """The error object of the reply; null, false and ``{}`` are none."""
        return failure_of(self.error)

    @property
    def vectors(self) -> Raw | None:
        """``data`` when it is a list that holds anything."""
        text = bytes(self.data).strip()
        return self.data if text.startswith(b"[") and text[1:-1].strip() else None


def decode_embeddings(body: bytes) -> EmbeddingsReply:
    """The reply's body; leading white space is the provider's keep-alive. Raises UpstreamGarbage."""
    body = body.strip()
    found = decode_object(body, EmbeddingsReply)
    found.body = body
    return found
