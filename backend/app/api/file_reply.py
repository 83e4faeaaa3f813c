"""Large files as downloads: streamed from the disk, whole or from where an earlier download broke off."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.core.errors import NotFound, RangeNotSatisfiable

PIECE_BYTES = 256 * 1024
_ONE_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")


class FileReply(Response):
    """A file under its name. It is opened once, so that deleting it meanwhile cuts no download off.

    One `Range` is answered with 206; others, and those of a file that has changed since (`If-Range`), with all of it.
    Raises `NotFound` for a file that is gone and `RangeNotSatisfiable` beyond its end, before anything is sent.
    """

    def __init__(self, path: Path, *, media_type: str) -> None:
        super().__init__(media_type=media_type)
        self._path = path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            file = await asyncio.to_thread(self._path.open, "rb")
        except OSError:
            raise NotFound.of("file", self._path.name) from None
        gone = asyncio.create_task(_gone(receive), name="download")
        try:
            await self._send(file, Headers(scope=scope), send, gone)
        finally:
            gone.cancel()
            await asyncio.gather(gone, return_exceptions=True)
            file.close()

    async def _send(self, file: BinaryIO, asked: Mapping[str, str], send: Send, gone: asyncio.Task[None]) -> None:
        status = os.fstat(file.fileno())
        version = f'"{status.st_mtime_ns:x}-{status.st_size:x}"'
        part = None
        if asked.get("if-range", version) == version:
            part = range_of(asked.get("range", ""), status.st_size)
        start, end = part or (0, status.st_size)
        headers = {
            "content-type": str(self.media_type),
            "content-disposition": f'attachment; filename="{self._path.name}"',
            "content-length": str(end - start),
            "accept-ranges": "bytes",
            "etag": version,
        }
        if part is not None:
            headers["content-range"] = f"bytes {start}-{end - 1}/{status.st_size}"
        encoded = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": 206 if part else 200, "headers": encoded})
        file.seek(start)
        left = end - start
        while left > 0 and not gone.done():
            piece = await asyncio.to_thread(file.read, min(PIECE_BYTES, left))
            if not piece:
                # Cut short by somebody else: the length that was promised tells the client.
                return
            left -= len(piece)
            await send({"type": "http.response.body", "body": piece, "more_body": left > 0})
        if end == start:
            await send({"type": "http.response.body", "body": b""})


def range_of(header: str, size: int) -> tuple[int, int] | None:
    """The first byte and the one after the last that a `Range` asks for; None for what is answered with all of it.

    Raises `RangeNotSatisfiable` for one that begins beyond the end (RFC 9110, section 14.1.2).
    """
    match = _ONE_RANGE.fullmatch(header)
    if match is None or match[1] == match[2] == "":
        return None
    if match[1] == "":
        start, end = max(size - int(match[2]), 0), size
    else:
        start, end = int(match[1]), min(int(match[2]) + 1, size) if match[2] else size
        if match[2] and int(match[2]) < start:
            return None
    if start >= end:
        raise RangeNotSatisfiable(details={"size_bytes": size})
    return start, end


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
