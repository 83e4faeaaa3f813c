"""The composition root: settings in, running services out, closed in reverse."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from app import __version__
from app.api.gate_policy import GatePolicy
from app.core.config import Settings, environment
from app.core.token import installation_of, read_or_create_hash_key, read_or_create_token
from app.db.errors import DataInUse
from app.db.lock import DataLock, find_owner
from app.db.store import Store
from app.services import reconcile
from app.services.access_tokens import AccessTokens
from app.services.account import Account
from app.services.backups.archive import Archive, refuse_store_among
from app.services.backups.backups import Backups
from app.services.backups.restore import PATIENT_BYTES, Restores
from app.services.backups.schedule import Schedule, SchedulePace
from app.services.budgets import WATCHED_EVERY_S, Budgets
from app.services.bundle import Services
from app.services.catalog.catalog import Catalog, Refresh
from app.services.catalog.plain_models import PlainCatalog
from app.services.changes import Changes
from app.services.decisions import Decisions
from app.services.doors.doors import Doors
from app.services.doors.embeddings import Embeddings
from app.services.doors.openai_models import OpenAIModels
from app.services.doors.openrouter_lookups import OpenRouterLookups
from app.services.doors.typed_chat import TypedChats
from app.services.housekeeping import Housekeeping
from app.services.messages import Messages
from app.services.metrics import Metrics
from app.services.metrics_report import MetricsReport
from app.services.ordering import go_on_after_stored
from app.services.owner_zone import adopt_stored
from app.services.preferences import Preferences, defaults_of
from app.services.profiles import Profiles
from app.services.providers.provider_file import ProviderFile, find_provider_file, read_provider_file
from app.services.providers.provider_index import ProviderIndex
from app.services.providers.providers import Providers
from app.services.reconcile import Reconciler
from app.services.sessions import Sessions
from app.services.tickets import Tickets
from app.services.turns import recovery
from app.services.turns.compactions import Compactions
from app.services.turns.estimates import Estimates
from app.services.turns.journal import Journal
from app.services.turns.live import Live
from app.services.turns.paid_calls import PaidCalls
from app.services.turns.replay import Replays
from app.services.turns.runner import Runner
from app.services.turns.runs import Runs
from app.services.turns.turns import Turns
from app.services.upstream.breaker import BreakerPolicy
from app.services.upstream.openrouter import UpstreamTimeouts
from app.services.upstream.retry import RetryPolicy
from app.services.usage.audit import UsageAudit
from app.services.usage.entries import UsageEntries
from app.services.usage.export import UsageExports
from app.services.usage.reports import UsageReports

log = logging.getLogger(__name__)

OWNER_PATIENCE_S = 10.0
OWNER_POLL_S = 0.05


@dataclass(frozen=True, slots=True)
class Pace:
    """How patient the process is; tests are less so."""

    timeouts: UpstreamTimeouts = field(default_factory=UpstreamTimeouts)
    reconcile_delays_s: Sequence[float] = reconcile.DELAYS_S
    retries: RetryPolicy = field(default_factory=RetryPolicy)
    breaker: BreakerPolicy = field(default_factory=BreakerPolicy)
    refresh: Refresh = field(default_factory=Refresh)
    schedule: SchedulePace = field(default_factory=SchedulePace)
    budgets_watched_every_s: float = WATCHED_EVERY_S
    patient_bytes: int = PATIENT_BYTES
    """How large a store writes wait for while it is replaced."""
    by_itself: bool = True
    """Whether it does anything that nobody asked for: ask providers what they offer and what calls have cost, make
    backups that are due."""


@asynccontextmanager
async def running(settings: Settings, pace: Pace | None = None) -> AsyncIterator[Services]:
    """Own the data folder and run the services.

    Entering raises ConfigFileError for a providers file that cannot be used and ValueError for a folder of backups that
    holds the store, before anything is opened; DataInUse when another process owns the folder or the store, and the
    store's errors. Leaving interrupts what
    still runs, stores it, and releases the folder last.
    """
    file = _provider_file(settings)
    refuse_store_among(settings.backups_path, settings.store_path)
    pace = pace or Pace(timeouts=_timeouts(settings))
    async with AsyncExitStack() as stack:
        lock = stack.enter_context(DataLock(settings.data_dir, settings.store_path))
        token = settings.token or read_or_create_token(settings.data_dir)
        store = await Store.open(settings.store_path)
        stack.push_async_callback(store.close)
        await go_on_after_stored(store)
        await adopt_stored(store, settings)
        await recovery.recover(store)

        runs, changes, metrics = Runs(), Changes(), Metrics()
        hash_key = read_or_create_hash_key(settings.data_dir)
        access_tokens = AccessTokens(store, changes, hash_key)
        await access_tokens.open()
        stack.push_async_callback(access_tokens.close)
        providers = Providers(settings, pace.timeouts, lambda: _start_demo(stack), file, pace.breaker)
        stack.push_async_callback(providers.close)
        await providers.open()

        # Of health there are no news of its own; who is told of settings asks for it again.
        journal = Journal(store, metrics=metrics, told=lambda: changes.publish("settings", "settings"))
        journal.open()
        stack.push_async_callback(journal.close)
        reconciler = Reconciler(store, changes, providers, pace.reconcile_delays_s)
        if pace.by_itself:
            await reconciler.open()
        stack.push_async_callback(reconciler.close)
        runner = Runner(store, journal, runs, changes, reconciler.notice, pace.retries, metrics)
        stack.push_async_callback(runner.close)
        paid_calls = PaidCalls(store, reconciler.notice, pace.retries, metrics)
        stack.push_async_callback(paid_calls.close)
        replays = Replays(store, runs)
        catalog = Catalog(store, changes, providers, pace.refresh)
        if pace.by_itself:
            catalog.open()
        stack.push_async_callback(catalog.close)
        plain_catalog = PlainCatalog(store, catalog)
        stack.push_async_callback(plain_catalog.close)
        lookups = OpenRouterLookups(store, providers)
        stack.push_async_callback(lookups.close)
        account = Account(store, providers)
        stack.push_async_callback(account.close)
        turns = Turns(
            store, runs, runner, replays, changes, providers, defaults_of(settings, providers), catalog.refresh_soon
        )
        stack.push_async_callback(turns.close)
        doors = Doors(runs, turns, replays, providers, defaults_of(settings, providers))
        stack.push_async_callback(doors.close)
        compactions = Compactions(store, changes, providers, paid_calls, defaults_of(settings, providers))
        stack.push_async_callback(compactions.close)
        typed_chats = TypedChats(turns, doors, providers, defaults_of(settings, providers))
        live = Live(runs, changes, replays)
        stack.callback(live.close)
        budgets = Budgets(store, changes, providers, pace.budgets_watched_every_s)
        budgets.open()
        stack.push_async_callback(budgets.close)
        housekeeping = Housekeeping(store)
        housekeeping.open()
        stack.push_async_callback(housekeeping.close)
        archive = Archive(settings.backups_path, installation_of(hash_key), store=settings.store_path)
        backups = Backups(store, changes, archive, pace.schedule.now)
        await backups.open()
        stack.push_async_callback(backups.close)
        schedule = Schedule(store, backups, archive, settings, pace.schedule)
        if pace.by_itself:
            schedule.open()
        stack.push_async_callback(schedule.close)
        folder = settings.under_data(Path("restoring"))
        restores = Restores(store, backups, runner, paid_calls, live, folder, reconciler.take_up, pace.patient_bytes)
        await restores.open()
        stack.push_async_callback(restores.close)
        log.info(
            "console ready",
            extra={"version": __version__, "sqlite": store.sqlite_version, "schema": store.schema_version},
        )
        yield Services(
            settings=settings,
            token=token,
            access_tokens=access_tokens,
            tickets=Tickets(),
            lock=lock,
            store=store,
            providers=providers,
            provider_index=ProviderIndex(store, providers),
            catalog=catalog,
            plain_catalog=plain_catalog,
            sessions=Sessions(store, changes, runner),
            messages=Messages(store, changes),
            compactions=compactions,
            profiles=Profiles(store, changes),
            usage=UsageReports(store),
            usage_entries=UsageEntries(store),
            usage_exports=UsageExports(store),
            usage_audit=UsageAudit(store),
            budgets=budgets,
            decisions=Decisions(store, changes),
            account=account,
            preferences=Preferences(store, changes, providers, catalog, settings),
            turns=turns,
            estimates=Estimates(store, providers, defaults_of(settings, providers)),
            doors=doors,
            typed_chats=typed_chats,
            live=live,
            journal=journal,
            runner=runner,
            metrics=metrics,
            metrics_report=MetricsReport(metrics, runs, providers),
            embeddings=Embeddings(store, providers, paid_calls, lookups),
            openai_models=OpenAIModels(store, catalog.ranks, lookups),
            openrouter_lookups=lookups,
            backups=backups,
            backup_schedule=schedule,
            restores=restores,
        )


async def running_elsewhere(settings: Settings, patience_s: float = OWNER_PATIENCE_S) -> str | None:
    """The address of the process that owns the data folder; None when nobody does.

    Raises DataInUse when the owner has not said where it listens within that time: it may be just starting or stopping.
    """
    deadline_s = time.monotonic() + patience_s
    while True:
        try:
            owner = find_owner(settings.data_dir)
        except DataInUse:
            if time.monotonic() > deadline_s:
                raise
            await asyncio.sleep(OWNER_POLL_S)
        else:
            return owner.url if owner else None


def refuse_unsafe(settings: Settings) -> None:
    """Raises ValueError, before anything is opened, for settings that would let the network in unasked."""
    GatePolicy.of(settings, "made later")


def policy_of(services: Services) -> GatePolicy:
    """Who may come in."""
    return GatePolicy.of(services.settings, services.token)


def _timeouts(settings: Settings) -> UpstreamTimeouts:
    return UpstreamTimeouts(
        connect_s=settings.connect_timeout_s,
        first_byte_s=settings.first_byte_timeout_s,
        idle_s=settings.idle_timeout_s,
        comments_only_s=settings.idle_timeout_s * 5,
        total_s=settings.api_timeout_s,
    )


def _provider_file(settings: Settings) -> ProviderFile:
    path = find_provider_file(settings.providers_file, settings.data_dir)
    return read_provider_file(path, environment()) if path else ProviderFile()


async def _start_demo(stack: AsyncExitStack) -> str:
    """The built-in provider, in this process on a loopback port of its own; its base URL."""
    from emulator import DEMO, Emulator  # only the demo pays for its import

    emulator = Emulator(needs_key=False, scenario=DEMO)
    await stack.enter_async_context(emulator)
    return emulator.base_url
