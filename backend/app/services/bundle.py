"""The services of a running process, as the doors see them."""

from __future__ import annotations

from dataclasses import dataclass

from app import __version__
from app.core.config import Settings
from app.db.lock import DataLock
from app.db.store import Store
from app.schemas.health import Health
from app.services.access_tokens import AccessTokens
from app.services.account import Account
from app.services.backups.backups import Backups
from app.services.backups.restore import Restores
from app.services.backups.schedule import Schedule
from app.services.budgets import Budgets
from app.services.catalog.catalog import Catalog
from app.services.catalog.plain_models import PlainCatalog
from app.services.decisions import Decisions
from app.services.doors.doors import Doors
from app.services.doors.embeddings import Embeddings
from app.services.doors.openai_models import OpenAIModels
from app.services.doors.openrouter_lookups import OpenRouterLookups
from app.services.doors.typed_chat import TypedChats
from app.services.messages import Messages
from app.services.metrics import Metrics
from app.services.metrics_report import MetricsReport
from app.services.preferences import Preferences
from app.services.profiles import Profiles
from app.services.providers.provider_index import ProviderIndex
from app.services.providers.providers import Providers
from app.services.sessions import Sessions
from app.services.tickets import Tickets
from app.services.turns.compactions import Compactions
from app.services.turns.estimates import Estimates
from app.services.turns.journal import Journal
from app.services.turns.live import Live
from app.services.turns.runner import Runner
from app.services.turns.turns import Turns
from app.services.usage.audit import UsageAudit
from app.services.usage.entries import UsageEntries
from app.services.usage.export import UsageExports
from app.services.usage.reports import UsageReports


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """One attribute per noun. Made and closed by ``bootstrap``."""

    settings: Settings
    token: str
    access_tokens: AccessTokens
    tickets: Tickets
    lock: DataLock
    store: Store
    providers: Providers
    provider_index: ProviderIndex
    catalog: Catalog
    plain_catalog: PlainCatalog
    sessions: Sessions
    messages: Messages
    compactions: Compactions
    profiles: Profiles
    usage: UsageReports
    usage_entries: UsageEntries
    usage_exports: UsageExports
    usage_audit: UsageAudit
    budgets: Budgets
    decisions: Decisions
    account: Account
    preferences: Preferences
    turns: Turns
    estimates: Estimates
    doors: Doors
    typed_chats: TypedChats
    live: Live
    journal: Journal
    runner: Runner
    metrics: Metrics
    metrics_report: MetricsReport
    embeddings: Embeddings
    openai_models: OpenAIModels
    openrouter_lookups: OpenRouterLookups
    backups: Backups
    backup_schedule: Schedule
    restores: Restores

    async def interrupt(self) -> None:
        """End every run and every live channel, so that all readers end by themselves; nothing starts after this."""
        await self.runner.close()
        self.live.close()

    def health(self) -> Health:
        """What runs here."""
        reason = self.journal.refusal
        return Health(
            status="ok" if reason is None else "degraded",
            ok=reason is None,
            reason=reason,
            version=__version__,
            database=f"SQLite {self.store.sqlite_version}, schema {self.store.schema_version}",
            upstream=self.providers.name,
            demo=self.providers.demo,
            backups="failing" if self.backup_schedule.failing else "ok",
        )
