"""A console in the test's own loop, behind a real server on a free port."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI
from starlette.datastructures import State

from app.bootstrap import Pace
from app.cli.http_protocol import HttpProtocol
from app.core.config import Settings
from app.main import create_app, lifespan_of
from app.services.bundle import Services
from app.services.upstream.openrouter import UpstreamTimeouts
from app.services.upstream.retry import RetryPolicy
from tests.harness.client import ConsoleClient

QUICK = Pace(
    timeouts=UpstreamTimeouts(connect_s=5, first_byte_s=10, idle_s=10, comments_only_s=10, total_s=60),
    reconcile_delays_s=(0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 3.0, 10.0, 30.0),
    retries=RetryPolicy(first_wait_s=0.01, longest_wait_s=1),
)


_idle: list[FastAPI] = []
"""Apps that nobody uses and whose routes are built: to build them anew takes longer than most tests."""


@dataclass(frozen=True, slots=True)
class Console:
    """A running console: what a client sees, and what only the inside knows."""

    url: str
    client: ConsoleClient
    services: Services
    server: uvicorn.Server

    def another_client(self) -> ConsoleClient:
        """A second client with connections of its own; the caller closes it."""
        return ConsoleClient(self.url)


@asynccontextmanager
async def console_app(
    data: Path,
    *,
    upstream: str | None = None,
    pace: Pace | None = QUICK,
    send_buffer_bytes: int | None = None,
    **settings: Any,
) -> AsyncIterator[Console]:
    """Run a console on a data folder until the context ends; then it stops as the product does, runs interrupted first.

    Args:
        upstream: the provider's base URL; the built-in demo when None.
        pace: how patient it is; the product's own when None.
        send_buffer_bytes: what the kernel holds per connection, so that a test sees what the server holds itself.
        settings: any fields of ``Settings``.
    """
    provider = {"openrouter_base_url": upstream, "openrouter_api_key": "a-key"} if upstream else {}
    given = Settings(_env_file=None, **{"data_dir": data, **provider, **settings})
    with _app(given, pace) as app, closing(socket.create_server(("127.0.0.1", 0))) as listener:
        config = uvicorn.Config(
            app,
            http=HttpProtocol,
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=2,
            timeout_keep_alive=75,
            server_header=False,
            lifespan="on",
        )
        # asyncio does this only for sockets that name their protocol, and 40 ms a request add up.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if send_buffer_bytes is not None:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer_bytes)
        server = await _started(app, config, listener)
        services: Services = app.state.services
        host, port = listener.getsockname()
        url = f"http://{host}:{port}"
        try:
            async with ConsoleClient(url) as client:
                yield Console(url, client, services, server)
        finally:
            await services.interrupt()
            await server.shutdown([listener])


@contextmanager
def _app(settings: Settings, pace: Pace | None) -> Iterator[FastAPI]:
    """An app with these settings. All but its routes is new: its lifespan, its middleware and its state."""
    app = _idle.pop() if _idle else create_app()
    app.router.lifespan_context = lifespan_of(settings, pace)
    app.middleware_stack, app.state = None, State({"routes": app.state.routes})
    yield app
    _idle.append(app)


async def _started(app: FastAPI, config: uvicorn.Config, listener: socket.socket) -> uvicorn.Server:
    """The server without its main loop, which only watches for signals. Raises what the lifespan raised."""
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    try:
        await server.startup([listener])
    except SystemExit:
        raise app.state.failure from None
    return server
