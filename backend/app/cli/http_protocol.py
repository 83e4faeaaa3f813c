"""HTTP/1.1 as the server reads it."""

from __future__ import annotations

from urllib.parse import urlsplit

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.core.asgi import CUT


class HttpProtocol(HttpToolsProtocol):
    """uvicorn's, which drops the host of a request target such as ``http://host/path`` though that host counts.

    The scope has the extension ``CUT``.
    """

    def on_headers_complete(self) -> None:
        """Let an absolute target's authority stand beside ``Host`` (RFC 9112, section 3.2.2).

        Where both are the same it says nothing new; a second one is refused as any second host is.
        """
        if not self.url.startswith((b"/", b"*")):
            self._add_authority()
        self.scope["extensions"] = {CUT: {"abort": self.transport.abort}}
        super().on_headers_complete()

    def _add_authority(self) -> None:
        try:
            authority = urlsplit(self.url).netloc
        except ValueError:
            authority = b""
        hosts = [value.lower() for name, value in self.headers if name == b"host"]
        if hosts != [authority.lower()]:
            self.headers.append((b"host", authority))
