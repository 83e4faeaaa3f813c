"""The document that ``GET /metrics`` answers."""

from __future__ import annotations

from app.core.exposition import Labels, Number, exposition
from app.services.metrics import Metrics
from app.services.providers.providers import Providers
from app.services.turns.runs import Runs
from app.services.upstream.breaker import State

_STATES: dict[State, int] = {"closed": 0, "half_open": 1, "open": 2}


class MetricsReport:
    """What was counted, and the state of runs and breakers at the moment it is read."""

    def __init__(self, metrics: Metrics, runs: Runs, providers: Providers) -> None:
        self._metrics, self._runs, self._providers = metrics, runs, providers

    def text(self) -> bytes:
        """Everything counted so far, and the state of now."""
        metrics = self._metrics
        circuits = {provider.name: provider.client.circuits for provider in self._providers.configured()}
        metrics.live.set({(): len(self._runs.all())})
        states: dict[Labels, Number] = {}
        for name, each in circuits.items():
            states[name, "provider"] = _STATES[each.state]
            states[name, "account"] = _STATES["open" if each.account_is_open else "closed"]
        metrics.breaker.set(states)
        metrics.models_left_alone.set({(name,): each.open_models for name, each in circuits.items()})
        return exposition(metrics.families)
