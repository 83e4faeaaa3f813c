"""Server-sent events, decoded from bytes as the WHATWG HTML standard says (section 9.2.6).

Pure and incremental: the bytes may be cut anywhere, and lines may end in LF, CRLF or CR in any mix. Whole reads of the
form that providers send (``data: …`` and a blank line, again and again) are split by one search, everything else line
by line; both give the same events.
"""

from __future__ import annotations

import msgspec

MAX_EVENT_BYTES = 16 * 2**20

_MAX_RETRY_DIGITS = 15
_BOM = b"\xef\xbb\xbf"
_FIELD = b"data: "
_JOINT = b"\n\n" + _FIELD


class ServerSentEvent(msgspec.Struct, frozen=True, gc=False):
    """One dispatched event. ``data`` is valid UTF-8; several ``data`` lines are joined by LF."""

    data: bytes
    event: str = "message"
    id: str = ""


class EventTooLarge(ValueError):
    """A line, or the data of one event, exceeds the limit. ``events`` are those complete before it in the same read."""

    def __init__(self, limit_bytes: int, events: list[ServerSentEvent]) -> None:
        super().__init__(f"a server-sent event exceeds {limit_bytes} bytes")
        self.events = events


class SseDecoder:
    """Decodes one stream. ``feed`` it what arrives; at the end just drop it: an unfinished event is never dispatched.

    Holds at most about twice ``max_event_bytes``. ``retry_ms`` is the last reconnection time the stream asked for.
    """

    __slots__ = (
        "_after_cr",
        "_at_start",
        "_data",
        "_event",
        "_id",
        "_max",
        "_rest",
        "retry_ms",
    )

    def __init__(self, *, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        self._max = max_event_bytes
        self._rest = bytearray()  # the unfinished line; a list of its pieces could be many times as large
        self._at_start = True
        self._after_cr = False
        self._data = bytearray()  # the data lines of the unfinished event, each with its LF
        self._event = ""
        self._id = ""
        self.retry_ms: int | None = None

    def feed(self, data: bytes) -> list[ServerSentEvent]:
        """The events that ``data`` completes. Raises EventTooLarge; the decoder is then of no more use."""
        if self._at_start or self._after_cr:
            data = self._trim(data)
        if b"\n" not in data and b"\r" not in data:
            self._rest += data
            if len(self._rest) > self._max:
                raise EventTooLarge(self._max, [])
            return []
        if self._rest:
            data = self._take_rest(data)
        events: list[ServerSentEvent] = []
        # Replacing bad UTF-8 can treble it, so nothing this short exceeds the limit.
        if data.startswith(_FIELD) and not self._data and not self._event and 3 * len(data) <= self._max:
            data = self._split(data, events)
        if data:
            self._read_lines(data, events)
        return events

    def _trim(self, data: bytes) -> bytes:
        """``data`` without a byte order mark at the start of the stream, or the LF of a CRLF that was cut in two."""
        if self._at_start:
            data = self._take_rest(data)
            if len(data) < len(_BOM) and _BOM.startswith(data):
                self._rest += data
                return b""
            self._at_start = False
            return data.removeprefix(_BOM)
        if data:
            self._after_cr = False
        return data.removeprefix(b"\n")

    def _take_rest(self, data: bytes) -> bytes:
        """The unfinished line and what follows it."""
        rest, self._rest = self._rest, bytearray()
        rest += data
        return bytes(rest)

    def _split(self, data: bytes, events: list[ServerSentEvent]) -> bytes:
        """Takes the events off ``data`` at once if all have the common form; returns what is left to read by lines."""
        end = data.rfind(b"\n\n")
        if end < 0 or b"\r" in data:
            return data
        block = data[len(_FIELD) : end]
        parts = block.split(_JOINT)
        if block.count(b"\n") != 2 * (len(parts) - 1):
            return data
        if not block.isascii():
            parts = [_valid_utf8(part) for part in parts]
        last_id = self._id
        if last_id:
            events.extend([ServerSentEvent(part, "message", last_id) for part in parts])
        else:
            events.extend(map(ServerSentEvent, parts))
        return data[end + 2 :]

    def _read_lines(self, data: bytes, events: list[ServerSentEvent]) -> None:
        if b"\r" in data:
            self._after_cr = data.endswith(b"\r")
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        *lines, rest = data.split(b"\n")
        for line in lines:
            if not line:
                self._dispatch(events)
                continue
            if len(line) > self._max:
                raise EventTooLarge(self._max, events)
            self._read_field(line)
            if len(self._data) > self._max:
                raise EventTooLarge(self._max, events)
        if len(rest) > self._max:
            raise EventTooLarge(self._max, events)
        self._rest += rest

    def _read_field(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._data += _valid_utf8(value)
            self._data += b"\n"
        elif name == b"event":
            self._event = value.decode("utf-8", "replace")
        elif name == b"id":
            if b"\0" not in value:
                self._id = value.decode("utf-8", "replace")
        elif name == b"retry" and value.isdigit() and len(value) <= _MAX_RETRY_DIGITS:
            self.retry_ms = int(value)

    def _dispatch(self, events: list[ServerSentEvent]) -> None:
        if self._data:
            events.append(ServerSentEvent(bytes(self._data[:-1]), self._event or "message", self._id))
            self._data = bytearray()
        self._event = ""


def _valid_utf8(text: bytes) -> bytes:
    if text.isascii():
        return text
    try:
        text.decode()
    except UnicodeDecodeError:
        return text.decode("utf-8", "replace").encode()
    return text
