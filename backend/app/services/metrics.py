"""What the process measures of itself since its start. No label holds a text, a key or an id."""

from __future__ import annotations

import time
from dataclasses import dataclass

from app import __version__
from app.core.errors import AppError
from app.core.exposition import Counter, Family, Gauge, Histogram
from app.core.money import to_usd
from app.schemas.events import UsageFigures

MOST_MODELS = 50
OTHER = "other"
"""Stands for the models after the first fifty."""

_ANSWER_S = (0.25, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800)
_FIRST_TOKEN_S = (0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 20, 30, 60, 120)
_COMMIT_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Paid:
    """What a call used: its figures, and its cost in picodollars, None while unknown."""

    provider: str
    model: str
    usage: UsageFigures | None
    cost_picousd: int | None


class Metrics:
    """Counted as things happen, from one event loop."""

    def __init__(self) -> None:
        self.info = Gauge("console_info", "The running version; always 1.", ["version"])
        self.started = Gauge("console_start_time_seconds", "When the process began to count, in Unix seconds.")
        self.requests = Counter(
            "console_http_requests_total", "HTTP requests served, by route.", ["method", "route", "status"]
        )
        self.generations = Counter(
            "console_generations_total", "Answers that ended, by how.", ["provider", "model", "status"]
        )
        self.live = Gauge("console_live_generations", "Answers being written.")
        self.latency = Histogram(
            "console_generation_seconds",
            "Time from the start of an answer to its end, waits included.",
            ["provider"],
            bounds=_ANSWER_S,
        )
        self.first_token = Histogram(
            "console_first_token_seconds",
            "Time from the start of an answer to its first word, waits included.",
            ["provider"],
            bounds=_FIRST_TOKEN_S,
        )
        self.errors = Counter(
            "console_upstream_errors_total",
            "Calls to a provider that failed, by error code, and for time-outs by phase.",
            ["provider", "code", "phase"],
        )
        self.retries = Counter(
            "console_upstream_retries_total", "Calls that were made again, by reason.", ["provider", "reason"]
        )
        self.retry_wait = Counter(
            "console_upstream_retry_wait_seconds_total", "Time waited before calling again.", ["provider"]
        )
        self.breaker = Gauge(
            "console_breaker_state",
            "Whether calls go out: 0 closed (they do), 1 half open (one may try), 2 open (none does); "
            "for the provider itself, and for its key (account).",
            ["provider", "scope"],
        )
        self.models_left_alone = Gauge(
            "console_models_left_alone", "Models whose own breaker is not closed.", ["provider"]
        )
        self.tokens = Counter(
            "console_tokens_total",
            "Tokens as the providers count them; cached ones are prompt tokens, reasoning ones completion tokens.",
            ["provider", "model", "kind"],
        )
        self.cost = Counter(
            "console_cost_usd_total", "Cost in US dollars, exact, of calls whose cost is known.", ["provider", "model"]
        )
        self.unknown_costs = Counter(
            "console_unknown_costs_total", "Calls whose cost was not known at their end.", ["provider", "model"]
        )
        self.commits = Histogram(
            "console_journal_commit_seconds", "Time to store what one tick of all live answers said.", bounds=_COMMIT_S
        )
        self.journaled = Counter("console_journal_events_total", "Events stored by the journal.")
        self._models: set[str] = set()
        self.info.set({(__version__,): 1})
        self.started.set({(): round(time.time(), 3)})

    @property
    def families(self) -> list[Family]:
        """All of them, in the order of the document."""
        return [family for family in vars(self).values() if isinstance(family, Family)]

    def request(self, method: str, route: str, status: int) -> None:
        """A request was answered; ``route`` is the pattern of its path, never the path."""
        self.requests.add(1, method if method in _METHODS else OTHER, route, str(status))

    def ended(self, provider: str, model: str, status: str, latency_ms: int, first_token_ms: int | None) -> None:
        """An answer has ended."""
        self.generations.add(1, provider, self._known(model), status)
        self.latency.observe(latency_ms / 1000, provider)
        if first_token_ms is not None:
            self.first_token.observe(first_token_ms / 1000, provider)

    def paid(self, paid: Paid) -> None:
        """A call was settled, or could not be."""
        labels = (paid.provider, self._known(paid.model))
        if paid.cost_picousd is None:
            self.unknown_costs.add(1, *labels)
        else:
            self.cost.add(to_usd(paid.cost_picousd), *labels)
        for kind in ("prompt", "completion", "cached", "reasoning"):
            if count := getattr(paid.usage, f"{kind}_tokens", None):
                self.tokens.add(count, *labels, kind)

    def failed(self, provider: str, error: AppError) -> None:
        """A call to a provider failed."""
        self.errors.add(1, provider, error.code, str(error.details.get("phase", "")))

    def retried(self, provider: str, reason: str, wait_s: float) -> None:
        """A call is made again after a wait."""
        self.retries.add(1, provider, reason)
        self.retry_wait.add(round(wait_s, 3), provider)

    def committed(self, seconds: float, events: int) -> None:
        """The journal stored a tick."""
        self.commits.observe(seconds)
        self.journaled.add(events)

    def _known(self, model: str) -> str:
        """The model's name as a label: those named first keep theirs, so that clients cannot grow the document."""
        if model not in self._models and len(self._models) >= MOST_MODELS:
            return OTHER
        self._models.add(model)
        return model
