"""What was asked of the emulator, and how it answered: kept without secrets, and within bounds."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec

from .errors import invalid_request

KEPT_REQUESTS = 10_000
KEPT_BYTES = 64 * 1024 * 1024
SHOWN_BODY_BYTES = 64 * 1024
REDACTED = "[redacted]"
FILTERS = ("method", "path", "since", "limit")
_SECRET_HEADERS = frozenset(
    {"authorization", "cookie", "proxy-authorization", "x-api-key", "x-provider-api-keys"}
)  # fmt: skip


@dataclass(slots=True)
class RecordedRequest:
    """One request as it arrived; keys are not kept.

    ``status`` is None until (or unless) headers go out, ``duration_ms`` until the answer has ended.
    """

    number: int
    at_unix: float
    method: str
    path: str
    headers: dict[str, str]
    body: Any = None
    size_bytes: int = 0
    status: int | None = None
    duration_ms: int | None = None

    @property
    def kind(self) -> str:
        """The endpoint by its dotted name: ``chat.completions``, ``models``."""
        return self.path.partition("?")[0].removeprefix("/api/v1/").strip("/").replace("/", ".")

    @property
    def at(self) -> str:
        """When it came: UTC, ISO 8601, milliseconds."""
        return f"{datetime.fromtimestamp(self.at_unix, UTC).isoformat(timespec='milliseconds')[:-6]}Z"

    def as_json(self) -> dict[str, Any]:
        """With a long body cut to text of ``SHOWN_BODY_BYTES``."""
        body, is_cut = self.body, self.size_bytes > SHOWN_BODY_BYTES
        if is_cut:
            body = msgspec.json.encode(body)[:SHOWN_BODY_BYTES].decode(errors="ignore")
        return {
            "n": self.number,
            "at": self.at,
            "kind": self.kind,
            "method": self.method,
            "path": self.path,
            "headers": self.headers,
            "body": body,
            "body_bytes": self.size_bytes,
            "body_cut": is_cut,
            "status": self.status,
            "duration_ms": self.duration_ms,
        }


class Recorder:
    """The newest requests, oldest first; the oldest go when there are too many, or their bodies are too big."""

    def __init__(self) -> None:
        self._kept: deque[RecordedRequest] = deque()
        self._bytes = 0
        self._number = 0

    def __iter__(self) -> Iterator[RecordedRequest]:
        return iter(self._kept)

    def add(self, at_unix: float, method: str, path: str, headers: Mapping[str, str]) -> RecordedRequest:
        """A request whose body is still to come."""
        self._number += 1
        shown = {name: REDACTED if name.lower() in _SECRET_HEADERS else value for name, value in headers.items()}
        record = RecordedRequest(self._number, at_unix, method, path, shown)
        self._kept.append(record)
        self._trim()
        return record

    def take_body(self, record: RecordedRequest, raw: bytes) -> None:
        """Keep the body: what its JSON says, else its text."""
        record.body, record.size_bytes = _decoded(raw), len(raw)
        self._bytes += len(raw)
        self._trim()

    def matching(self, query: Mapping[str, str]) -> list[RecordedRequest]:
        """The newest ``limit`` of those with this ``method``, with a ``path`` that begins so, ``since`` then.

        Raises:
            ApiError: 400 for a bad filter.
        """
        since, limit = _time_of(query), limit_of(query)
        method, path = query.get("method", "").upper(), query.get("path", "")
        found = [
            record
            for record in self._kept
            if record.method in (method or record.method) and record.path.startswith(path) and record.at_unix >= since
        ]
        return found[len(found) - min(limit, len(found)) :]

    def clear(self) -> None:
        self._kept.clear()
        self._bytes = 0

    def _trim(self) -> None:
        while len(self._kept) > KEPT_REQUESTS or (self._bytes > KEPT_BYTES and len(self._kept) > 1):
            self._bytes -= self._kept.popleft().size_bytes


def _decoded(raw: bytes) -> Any:
    if not raw:
        return None
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return raw.decode(errors="replace")


def _time_of(query: Mapping[str, str]) -> float:
    text = query.get("since")
    if text is None:
        return 0
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise invalid_request("expected since to be a time like 2026-01-02T03:04:05.678Z") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def limit_of(query: Mapping[str, str]) -> int:
    """How many of the newest are wanted; 400 for what is no number."""
    text = query.get("limit", str(KEPT_REQUESTS))
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise invalid_request("expected limit to be a whole number")
    return int(text)
