"""The settings page: preferences in the store, the provider key in its own file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from app.core.clock import now
from app.core.config import Settings, is_placeholder
from app.core.errors import Conflict, ValidationFailed
from app.db.store import Store
from app.db.types import Conn
from app.repo import owner_zone
from app.repo import settings as settings_repo
from app.schemas.settings import AppSettings, KeyStatus, SettingsPatch
from app.services.backups.plan import PLAN_FIELDS, plan_of
from app.services.catalog.catalog import Catalog
from app.services.changes import Changes
from app.services.owner_zone import adopt, is_fixed
from app.services.providers.providers import Providers
from app.services.turns.prompt import Defaults

PAGE_DEFAULTS: dict[str, Any] = {
    "theme": "system",
    "send_key": "enter",
    "allowed_models": [],
    "max_prompt_price": None,
    "max_completion_price": None,
}
_PRICES = ("max_prompt_price", "max_completion_price")


def defaults_of(settings: Settings, providers: Providers) -> Defaults:
    """What applies while the settings page has nothing stored; sampling as the seed contract has it.

    A model that the settings name goes before the default of the providers file.
    """
    named = "model_name" in settings.model_fields_set or providers.default_model is None
    model = settings.model_name if named else providers.default_model
    return Defaults(model=model or settings.model_name, temperature=0.7, max_tokens=2048, system_prompt="")


class Preferences:
    """The rules of the settings page."""

    def __init__(
        self, store: Store, changes: Changes, providers: Providers, catalog: Catalog, settings: Settings
    ) -> None:
        self._store, self._changes, self._providers = store, changes, providers
        self._catalog, self._settings = catalog, settings

    async def get(self) -> AppSettings:
        """Everything the page shows."""
        defaults = defaults_of(self._settings, self._providers)
        stored, zone = await self._store.read(_stored)
        values = PAGE_DEFAULTS | {
            "model": defaults.model,
            "temperature": defaults.temperature,
            "max_tokens": defaults.max_tokens,
            "system_prompt": defaults.system_prompt,
        }
        return AppSettings(
            app_title=self._settings.app_title,
            base_url=self._settings.openrouter_base_url,
            demo=self._providers.demo,
            key=self._providers.key_status(),
            **(values | _with_prices(stored) | asdict(plan_of(self._settings, stored)) | {"time_zone": zone}),
        )

    async def patch(self, request: SettingsPatch) -> AppSettings:
        """Store what was given; null is a value of prices alone. Raises Conflict for what the environment decides."""
        given = request.model_dump(exclude_unset=True)
        changes = {name: value for name, value in given.items() if value is not None or name in _PRICES}
        environment = PLAN_FIELDS & self._settings.model_fields_set
        if is_fixed(self._settings):
            environment |= {"time_zone"}
        if fixed := sorted(environment & changes.keys()):
            raise Conflict(
                f"{', '.join(fixed)} is set in the environment.", details={"hint": "Change it there, then start again."}
            )
        if changes:
            await self._store.write(_change, _with_prices(changes, str))
            self._changes.publish("settings", "settings")
        return await self.get()

    async def set_key(self, key: str) -> KeyStatus:
        """Use a provider key from now on and fetch its models. Raises ValidationFailed for a placeholder."""
        key = key.strip()
        if is_placeholder(key) or not key.isascii() or not key.isprintable() or " " in key:
            raise ValidationFailed("That is no key.")
        await self._providers.set_key(key)
        return self._key_changed()

    async def delete_key(self) -> KeyStatus:
        """Forget the stored key."""
        await self._providers.delete_key()
        return self._key_changed()

    def _key_changed(self) -> KeyStatus:
        self._catalog.open()
        self._changes.publish("settings", "settings")
        return self._providers.key_status()


def _stored(conn: Conn) -> tuple[dict[str, Any], str]:
    return settings_repo.all_values(conn), owner_zone.get(conn)


def _change(conn: Conn, changes: dict[str, Any]) -> None:
    settings_repo.put(conn, changes, now=now())
    if "time_zone" in changes:
        adopt(conn, changes["time_zone"])


def _with_prices(values: dict[str, Any], kind: Callable[[Any], Any] = Decimal) -> dict[str, Any]:
    """Prices are stored as text, because a JSON number would come back as a float."""
    return values | {name: kind(values[name]) for name in _PRICES if values.get(name) is not None}
