"""Forms with a file that is too large for memory: its bytes go where they belong as they come (RFC 7578)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from app.core.errors import ValidationFailed

MOST_HEADER_BYTES = 4096
MOST_FIELD_BYTES = 1024
MOST_PARTS = 8

_FILE = "file"


class Form:
    """The form of one request: the fields around its one file.

    Args:
        sink: takes the file's bytes in order.
    """

    def __init__(self, sink: Callable[[bytes], Awaitable[None]]) -> None:
        self.fields: dict[str, str] = {}
        self.file_name: str | None = None
        self._sink = sink
        self._parts = 0
        self._headers: dict[bytes, bytes] = {}
        self._header_name = self._header_value = b""
        self._field: str | None = None
        self._value = b""
        self._due: list[bytes] = []
        self._whole = False

    async def read(self, request: Request) -> None:
        """Take the whole body. Raises ValidationFailed for what is no form with one file, and what the sink raises."""
        _, options = parse_options_header(request.headers.get("content-type", ""))
        boundary = options.get(b"boundary", b"")
        try:
            parser = MultipartParser(boundary, callbacks=self._callbacks())
            async for chunk in request.stream():
                parser.write(chunk)
                if self._due:
                    data, self._due = b"".join(self._due), []
                    await self._sink(data)
        except (MultipartParseError, ValueError) as error:
            raise ValidationFailed("The body is no form.") from error
        if not self._whole:
            raise ValidationFailed("The form is not complete.")
        if self.file_name is None:
            raise ValidationFailed(f"The form has no file in the field {_FILE!r}.")

    def _callbacks(self) -> Any:
        return {
            "on_part_begin": self._part_begin,
            "on_part_data": self._part_data,
            "on_part_end": self._part_end,
            "on_header_field": self._header_field,
            "on_header_value": self._header_value_more,
            "on_header_end": self._header_end,
            "on_headers_finished": self._headers_finished,
            "on_end": self._end,
        }

    def _part_begin(self) -> None:
        self._parts += 1
        self._headers, self._value, self._field = {}, b"", None
        if self._parts > MOST_PARTS:
            raise ValidationFailed("The form has too many fields.")

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._header_name = self._bounded(self._header_name + data[start:end], MOST_HEADER_BYTES)

    def _header_value_more(self, data: bytes, start: int, end: int) -> None:
        self._header_value = self._bounded(self._header_value + data[start:end], MOST_HEADER_BYTES)

    def _header_end(self) -> None:
        self._headers[self._header_name.lower()] = self._header_value
        self._header_name = self._header_value = b""

    def _headers_finished(self) -> None:
        disposition, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        name = options.get(b"name", b"").decode("utf-8", "replace")
        if disposition != b"form-data" or name in self.fields or (name == _FILE and self.file_name is not None):
            raise ValidationFailed("The form names a field twice, or not at all.")
        self._field = name
        if name == _FILE:
            self.file_name = options.get(b"filename", b"").decode("utf-8", "replace")[:255]

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        if self._field == _FILE:
            self._due.append(data[start:end])
        else:
            self._value = self._bounded(self._value + data[start:end], MOST_FIELD_BYTES)

    def _part_end(self) -> None:
        if self._field is not None and self._field != _FILE:
            self.fields[self._field] = self._value.decode("utf-8", "replace")

    def _end(self) -> None:
        self._whole = True

    @staticmethod
    def _bounded(value: bytes, limit_bytes: int) -> bytes:
        if len(value) > limit_bytes:
            raise ValidationFailed("A field of the form is too long.")
        return value
