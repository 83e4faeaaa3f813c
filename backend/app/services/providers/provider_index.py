"""Which providers there are, with the models that each is known to have."""

from __future__ import annotations

from app.db.store import Store
from app.repo import models
from app.schemas.providers import ModelsConfig, ProviderConfig, ProviderInfo, ProviderList, ProviderModel
from app.services.providers.providers import Provider, Providers

_LABELS = {"openrouter": "OpenRouter", "custom": "Own server", "demo": "Demo"}


class ProviderIndex:
    """The list of providers, from memory and the stored catalogue; nobody is asked."""

    def __init__(self, store: Store, providers: Providers) -> None:
        self._store, self._providers = store, providers

    async def list(self) -> ProviderList:
        """Every provider, the main one first, then those of the file in its order."""
        names = await self._store.read(models.names_by_provider)
        return ProviderList(items=[self._info(provider, names) for provider in self._providers.every()])

    async def config(self) -> ModelsConfig:
        """The same for clients of the older spelling."""
        default = self._providers.default
        return ModelsConfig(
            providers=[
                ProviderConfig(
                    id=item.name,
                    name=item.label,
                    supportsCustomModel=item.supports_custom_model,
                    models=item.models,
                )
                for item in (await self.list()).items
            ],
            defaultProvider=default.name if default else None,
        )

    def _info(self, provider: Provider, names: dict[str, dict[str, str]]) -> ProviderInfo:
        entry = provider.entry
        listed = {provider.slug_of(model): told.name or model for model, told in entry.models.items()}
        return ProviderInfo(
            name=provider.name,
            label=entry.label or _LABELS.get(provider.name, provider.name),
            default=provider is self._providers.default,
            demo=provider.demo,
            key=self._providers.key_source(provider),
            default_model=provider.default_model,
            supports_custom_model=entry.takes_any_model,
            models=[
                ProviderModel(id=slug, name=name)
                for slug, name in sorted((names.get(provider.name, {}) | listed).items())
            ],
        )
