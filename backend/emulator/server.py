"""The emulator as an object: listen, tell where, stop at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from decimal import Decimal
from types import TracebackType
from typing import Self

from aiohttp import web

from .app import API, build_app
from .clock import Clock, SystemClock
from .ledger import Ledger
from .models import CATALOGUE
from .recording import RecordedRequest
from .scenarios import parse, parse_lines
from .state import Account, State

DEFAULT_PORT = 4861
# Hundreds of clients connect at once; one that finds the queue full tries again only after a second.
BACKLOG = 4096
MAX_BODY_BYTES = 32 * 1024 * 1024


class Emulator:
    """An OpenRouter stand-in on loopback; use it as an async context manager, or call ``start`` and ``stop``.

    Args:
        host: to listen on.
        port: 0 takes a free one.
        needs_key: whether calls without a key get 401.
        scenario: the default behaviour of every call, or several lines with a target each, see ``scenarios``.
        credit_usd: what the account has bought.
        revoked_keys: keys that get 401.
        lookup_misses: how many 404s ``/generation`` gives for a finished call before it knows it.
        max_body_bytes: a longer body gets 413.
        clock: a ``ManualClock`` makes pace and ids exact.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        needs_key: bool = True,
        scenario: str = "",
        credit_usd: Decimal = Decimal(1000),
        revoked_keys: Collection[str] = (),
        lookup_misses: int = 1,
        max_body_bytes: int = MAX_BODY_BYTES,
        clock: Clock | None = None,
    ) -> None:
        self._host = host
        self._port = port
        account = Account(needs_key, credit_usd, set(revoked_keys))
        self._state = State(CATALOGUE, clock or SystemClock(), account, parse_lines(scenario), lookup_misses)
        self._max_body_bytes = max_body_bytes
        self._runner: web.AppRunner | None = None

    async def start(self) -> Self:
        """Listen.

        Raises:
            OSError: the port is taken; nothing is left behind.
        """
        app = build_app(self._state, self._max_body_bytes)
        runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.0)
        await runner.setup()
        try:
            await web.TCPSite(runner, self._host, self._port, backlog=BACKLOG).start()
        except OSError:
            await runner.cleanup()
            raise
        self._runner = runner
        return self

    async def stop(self) -> None:
        """Abort every connection, wait for their tasks and close the port; may be called twice."""
        runner, self._runner = self._runner, None
        if runner is None:
            return
        for site in list(runner.sites):
            await site.stop()
        server = runner.server
        while server is not None and server.connections:
            for connection in server.connections:
                if connection.transport is not None:
                    connection.transport.abort()
            await asyncio.sleep(0)
        await runner.cleanup()

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    @property
    def origin(self) -> str:
        """``http://host:port``, for ``/health`` and the control routes."""
        if self._runner is None:
            raise RuntimeError("the emulator is not running")
        host, port = self._runner.addresses[0][:2]
        return f"http://{host}:{port}"

    @property
    def base_url(self) -> str:
        """What a client takes for ``https://openrouter.ai/api/v1``."""
        return f"{self.origin}{API}"

    @property
    def ledger(self) -> Ledger:
        return self._state.ledger

    @property
    def requests(self) -> list[RecordedRequest]:
        """What arrived since the start or the last reset, control calls left out."""
        return list(self._state.requests)

    @property
    def stalled(self) -> int:
        """How many streams stand still until ``release``."""
        return self._state.stalled

    def reset(self) -> None:
        """Forget requests, ledger and scenarios."""
        self._state.reset()

    def release(self) -> None:
        """Let every stalled stream go on."""
        self._state.release()

    def misreport(self, generation_id: str, cost_usd: Decimal | None) -> None:
        """Let ``/activity`` tell another cost of a call than the ledger has, or leave it out (None)."""
        self._state.misreported[generation_id] = cost_usd

    def set_management_keys(self, *keys: str) -> None:
        """Let only these keys see credits and activity."""
        self._state.account.management_keys = set(keys)

    def set_scenario(self, text: str, target: str = "") -> None:
        """Of all calls, of a model (its id), or of ``models endpoints generation embeddings key credits activity``."""
        self._state.set_scenario(parse(text), target)

    async def until(self, condition: Callable[[Emulator], bool]) -> None:
        """Wait for something to be true of the emulator; looked at after every request, flush of a stall and ending."""
        await self._state.until(lambda: condition(self))

    async def settled(self) -> None:
        """Wait until no call is open any more."""
        await self.until(lambda emulator: emulator.ledger.open == 0)
