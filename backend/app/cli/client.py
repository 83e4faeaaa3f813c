"""The console of a data folder as the commands see it: an HTTP API, wherever it runs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from urllib.parse import quote

import httpx
from pydantic import ValidationError

from app.bootstrap import Pace, running_elsewhere
from app.cli.failure import CommandFailed, settings_problem
from app.cli.options import flags_given
from app.core.config import Settings
from app.core.errors import running_text
from app.core.token import read_or_create_token
from app.main import create_app

CONNECT_TIMEOUT_S = 5.0
_HERE = "http://127.0.0.1"


class Refused(CommandFailed):
    """The console's own error: its code and status, and its message with the hint as text."""

    def __init__(self, code: str, status: int, text: str) -> None:
        super().__init__(text)
        self.code, self.status = code, status


def path_segment(name: str) -> str:
    """What a person typed, as one segment of a path: it leads nowhere else. Raises `CommandFailed` for what is none."""
    if name in ("", ".", ".."):
        raise CommandFailed(f"{name!r} is no name")
    return quote(name, safe="")


@asynccontextmanager
async def console(data: Path | None = None) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the console that owns a data folder, the one of the settings when None; paths go without an address.

    When nobody owns the folder, the console runs in this process for as long as the context lasts, does nothing by
    itself, and each of its replies comes in one piece. A reply that is no success is raised as `Refused`; calls have no
    time-out.
    Raises `CommandFailed` when the settings make no sense, the folder holds no console (it may be misspelt, and nothing
    is made there) or cannot be used, or nobody answers.
    """
    settings = _settings(data)
    if not settings.store_path.exists():
        raise CommandFailed(f"there is no console in {settings.data_dir}: {settings.store_path.name} is not there")
    async with AsyncExitStack() as stack:
        try:
            address = await running_elsewhere(settings)
            if address is None:
                transport = await _start_here(stack, settings)
            else:
                transport = httpx.AsyncHTTPTransport()
            token = settings.token or read_or_create_token(settings.data_dir)
        except Exception as error:
            raise CommandFailed(str(error) or repr(error)) from error
        http = httpx.AsyncClient(
            base_url=address or _HERE,
            headers={"Authorization": f"Bearer {token}"},
            timeout=httpx.Timeout(None, connect=CONNECT_TIMEOUT_S),
            transport=transport,
            event_hooks={"response": [_raise_refusal]},
        )
        await stack.enter_async_context(http)
        try:
            yield http
        except httpx.TransportError as error:
            raise CommandFailed(f"the console at {address or _HERE} does not answer ({error!r})") from error


def _settings(data: Path | None) -> Settings:
    try:
        return Settings(**flags_given(data_dir=data))
    except ValidationError as error:
        raise CommandFailed(settings_problem(error)) from error


async def _start_here(stack: AsyncExitStack, settings: Settings) -> httpx.AsyncBaseTransport:
    app = create_app(settings, pace=Pace(by_itself=False))
    await stack.enter_async_context(app.router.lifespan_context(app))
    return httpx.ASGITransport(app, raise_app_exceptions=False)


async def _raise_refusal(response: httpx.Response) -> None:
    if response.is_success:
        return
    await response.aread()
    try:
        body = response.json()
        text = running_text(body["message"], body["details"].get("hint", ""))
        if response.status_code == 401:
            text += " The console may have been started with CONSOLE_TOKEN: set it here too."
        raise Refused(body["error_code"], response.status_code, text.strip())
    except (ValueError, LookupError, TypeError, AttributeError):
        path = response.request.url.path
        raise CommandFailed(f"{path} was answered with HTTP {response.status_code}") from None
