"""The server process, from its settings to its last commit."""

from __future__ import annotations

import asyncio
import errno
import gc
import logging
import os
import signal
import socket
import sys
import webbrowser
from collections.abc import Mapping
from typing import Any

import uvicorn
from fastapi import FastAPI
from pydantic import ValidationError

from app.bootstrap import policy_of, refuse_unsafe
from app.cli.failure import fail, settings_problem
from app.cli.http_protocol import HttpProtocol, end_late
from app.core.config import Settings
from app.core.logging_config import setup_logging
from app.core.memory import return_large_blocks
from app.main import create_app
from app.services.bundle import Services

log = logging.getLogger(__name__)

GRACE_S = 2
# Longer than clients keep idle connections, so that none is closed in the face of the next request.
KEEP_ALIVE_S = 75
PORTS_TRIED = 20
TICKS_PER_SWEEP = 10
"""Of uvicorn's main loop, which has ten a second."""
SWITCH_INTERVAL_S = 0.0005
# A request makes thousands of short-lived objects and no cycles to speak of; the default looks 20 times as often.
GC_THRESHOLDS = (14_000, 20, 50)

NOT_STORED = "The end of an answer could not be stored. The next start keeps what was stored of it, as interrupted."


class Server(uvicorn.Server):
    """A server that ends its streams itself: open streams would keep uvicorn from ever reaching the lifespan's end."""

    def __init__(self, config: uvicorn.Config, app: FastAPI, open_browser: bool) -> None:
        super().__init__(config)
        self._app, self._open_browser = app, open_browser
        self.all_stored = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        services = self._services
        if self.started and services is not None and sockets:
            url = _url(services, sockets[0])
            # The store's threads wait for the loop's GIL; at the default of 5 ms a busy loop starves them for seconds.
            sys.setswitchinterval(SWITCH_INTERVAL_S)
            # What was made so far lives as long as the process: no collection need look at it again.
            gc.freeze()
            gc.set_threshold(*GC_THRESHOLDS)
            gc.enable()
            try:
                services.lock.write_endpoint(url.partition("#")[0], os.getpid())
            except OSError as error:
                # The loop is not entered then: the server closes what it has opened, and run_server tells the reason.
                self._app.state.failure, self.should_exit = error, True
                return
            print(f"Ready: {url}", flush=True)
            if self._open_browser:
                asyncio.get_running_loop().run_in_executor(None, webbrowser.open, url)

    async def on_tick(self, counter: int) -> bool:
        if counter % TICKS_PER_SWEEP == 0:
            end_late(self.server_state.connections, asyncio.get_running_loop().time())
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if (services := self._services) is not None:
            await services.interrupt()
            self.all_stored = services.runner.all_stored
        await super().shutdown(sockets)

    @property
    def _services(self) -> Services | None:
        return getattr(self._app.state, "services", None)


def run_server(flags: Mapping[str, Any], *, open_browser: bool) -> int:
    """Run until a signal; 0 when everything was stored, 1 with the reason on standard error when not, or not started.

    SIGTERM ends it as Ctrl-C does. ``flags`` are fields of ``Settings``, which go before the environment.
    """
    return_large_blocks()
    try:
        settings = Settings(**flags)
        refuse_unsafe(settings)
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        setup_logging(settings.log_level, settings.under_data(settings.log_file) if settings.log_file else None)
        listener = _listen(settings, strict="port" in settings.model_fields_set)
    except ValidationError as error:
        return fail(settings_problem(error))
    except (ValueError, OSError) as error:
        return fail(str(error))
    app = create_app(settings)
    config = uvicorn.Config(
        app,
        http=HttpProtocol,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=GRACE_S,
        timeout_keep_alive=KEEP_ALIVE_S,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        lifespan="on",
    )
    server = Server(config, app, open_browser=open_browser and settings.host == "127.0.0.1")
    # What it says of a start that failed is a traceback; the reason is told below.
    logging.getLogger("uvicorn.error").addFilter(lambda _: server.started or _failure(app) is None)
    # The server sends itself again the signal that ended it, once it has ended.
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        server.run(sockets=[listener])
    except KeyboardInterrupt:
        pass
    except SystemExit:
        if _failure(app) is None:
            raise
    finally:
        signal.signal(signal.SIGTERM, before)
        listener.close()
    failure = _failure(app)
    if failure is None:
        return 0 if server.all_stored else fail(NOT_STORED)
    log.debug("ended by a failure", exc_info=failure)
    return fail(str(failure) or repr(failure))


def _failure(app: FastAPI) -> Exception | None:
    """What ended the application, if it did not end as it should."""
    failure: Exception | None = getattr(app.state, "failure", None)
    return failure


def _listen(settings: Settings, *, strict: bool) -> socket.socket:
    """A listening socket. A busy port that nobody asked for gives way to the next free one, and says so."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    for port in range(settings.port, settings.port + (1 if strict or settings.port == 0 else PORTS_TRIED)):
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((settings.host, port))
            # Only listening takes the port for good: two that just bind it would both succeed.
            listener.listen()
        except OSError as error:
            listener.close()
            if error.errno != errno.EADDRINUSE:
                raise
            continue
        if port != settings.port:
            print(f"Port {settings.port} is in use, taking {port}.", file=sys.stderr)
        return listener
    raise OSError(f"Port {settings.port} of {settings.host} is in use.")


def _url(services: Services, listener: socket.socket) -> str:
    """The link to open; it carries the token in its fragment where one is needed."""
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    token = f"#token={services.token}" if policy_of(services).token_always else ""
    return f"http://{host}:{port}/{token}"
