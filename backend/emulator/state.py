"""Everything one emulator knows while it runs: its account, its ledger, what was asked of it, who waits."""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from .catalogue import Catalogue
from .clock import Clock
from .ledger import Ledger
from .recording import Recorder
from .scenarios import Tree

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


@dataclass(slots=True)
class Account:
    """Whose money it is. Any non-empty key opens it, except revoked ones; a key may have a limit of its own."""

    needs_key: bool = True
    credit_usd: Decimal = Decimal(1000)
    revoked_keys: set[str] = field(default_factory=set)
    key_limits_usd: dict[str, Decimal] = field(default_factory=dict)
    management_keys: set[str] | None = None
    """The only keys that see the account as a whole; None: every key does."""


class State:
    """Mutable, owned by one event loop."""

    def __init__(
        self, catalogue: Catalogue, clock: Clock, account: Account, scenarios: Mapping[str, Tree], lookup_misses: int
    ) -> None:
        self.catalogue = catalogue
        self.clock = clock
        self.account = account
        self.lookup_misses = lookup_misses
        self.ledger = Ledger()
        self.misreported: dict[str, Decimal | None] = {}
        """What ``/activity`` says that calls have cost, against the ledger; None leaves them out."""
        self.requests = Recorder()
        self.presets: dict[str, dict[str, Any]] = {}
        self.stalled = 0
        self._initial_scenarios = dict(scenarios)
        self._initial_credit_usd = account.credit_usd
        self._initial_revoked_keys = frozenset(account.revoked_keys)
        self._scenarios: dict[str, Tree] = dict(scenarios)
        self._attempts: Counter[str] = Counter()
        self._generations = 0
        self._changed = asyncio.Event()
        self._released = asyncio.Event()

    @property
    def balance_usd(self) -> Decimal:
        return self.account.credit_usd - self.ledger.total_usd

    def reset(self) -> None:
        """Forget requests, ledger and scenarios, let stalled streams go on; generation ids do not start over."""
        self.ledger.clear()
        self.misreported.clear()
        self.requests.clear()
        self._attempts.clear()
        self._scenarios = dict(self._initial_scenarios)
        self.account.credit_usd = self._initial_credit_usd
        self.account.revoked_keys = set(self._initial_revoked_keys)
        self.account.key_limits_usd.clear()
        self.account.management_keys = None
        self.presets.clear()
        self.release()
        self.pulse()

    def set_scenario(self, tree: Tree, target: str = "") -> None:
        """Make a scenario the default of all calls, of a model, or of an endpoint (``models``, ``key`` ...)."""
        self._scenarios[target] = tree

    def scenario_of(self, *targets: str) -> Iterable[Tree]:
        """The defaults in force, from general to particular."""
        return [self._scenarios[target] for target in ("", *targets) if target in self._scenarios]

    def endpoint_scenario(self, endpoint: str) -> Tree:
        """What was set for an endpoint other than chat."""
        return self._scenarios.get(endpoint, {})

    def attempt(self, digest: str) -> int:
        """Count a request body; 1 the first time."""
        self._attempts[digest] += 1
        return self._attempts[digest]

    def next_generation_id(self, digest: str, created_unix: int) -> str:
        """``gen-<unix>-<20 letters and digits>``, the same for the same history of calls."""
        self._generations += 1
        number = int.from_bytes(hashlib.sha256(f"{self._generations}/{digest}".encode()).digest())
        letters = []
        for _ in range(20):
            number, at = divmod(number, len(_ALPHABET))
            letters.append(_ALPHABET[at])
        return f"gen-{created_unix}-{''.join(letters)}"

    def pulse(self) -> None:
        """Something changed: wake whoever waits for a condition."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Return as soon as the condition holds; it is looked at after every change."""
        while not condition():
            await self._changed.wait()

    def release(self) -> None:
        """Let every stalled stream go on."""
        self._released.set()
        self._released = asyncio.Event()

    @contextmanager
    def stalling(self) -> Iterator[asyncio.Event]:
        """Counts as ``stalled`` inside; the event is set by the next ``release``."""
        self.stalled += 1
        self.pulse()
        try:
            yield self._released
        finally:
            self.stalled -= 1
            self.pulse()
