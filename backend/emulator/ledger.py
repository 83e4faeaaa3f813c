"""The emulator's own book: one row per accepted call, opened before its first byte and settled at its end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

from .catalogue import Endpoint, Model
from .pricing import ZERO, Cost, Tokens, cost_of, plain

ApiType = Literal["completions", "embeddings"]
Kind = Literal["reasoning", "text", "tool", "image", "audio"]
Status = Literal["open", "completed", "cancelled", "truncated", "failed"]


@dataclass(slots=True)
class Row:
    """One paid call. ``cost_usd`` is what the account was charged, to the last digit."""

    id: str
    model: Model
    endpoint: Endpoint
    created_unix: int
    key: str = ""
    api_type: ApiType = "completions"
    streamed: bool = False
    prompt_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    search_results: int = 0
    service_tier: str | None = None
    is_byok: bool = False
    lookup_misses: int = 0
    status: Status = "open"
    cancelled: bool = False
    finish_reason: str | None = None
    native_finish_reason: str | None = None
    completion_tokens: int = 0
    reasoning_tokens: int = 0
    image_tokens: int = 0
    audio_tokens: int = 0
    duration_ms: int = 0
    cost: Cost = field(default_factory=Cost)
    cost_usd: Decimal = ZERO
    upstream_cost_usd: Decimal = ZERO
    sent: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The answer's text as far as it was produced, reasoning left out."""
        return "".join(self.sent)

    @property
    def pricing(self) -> Mapping[str, Any]:
        return self.model.pricing_at(self.endpoint)

    def tokens(self) -> Tokens:
        return Tokens(
            prompt=self.prompt_tokens,
            completion=self.completion_tokens,
            cached=self.cached_tokens,
            reasoning=self.reasoning_tokens,
            cache_write=self.cache_write_tokens,
            image=self.image_tokens,
            audio=self.audio_tokens,
            search_results=self.search_results,
        )

    def produce(self, token: str, kind: Kind, count: int = 1) -> None:
        """Count one token of the answer, or as many as a picture or a sound is worth."""
        self.completion_tokens += count
        match kind:
            case "reasoning":
                self.reasoning_tokens += count
            case "text":
                self.sent.append(token)
            case "image":
                self.image_tokens += count
            case "audio":
                self.audio_tokens += count
                self.sent.append(token)
            case "tool":
                pass

    def forget_output(self) -> None:
        """As if nothing had been produced yet."""
        self.completion_tokens = self.reasoning_tokens = self.image_tokens = self.audio_tokens = 0
        self.sent.clear()

    def settle(self, status: Status, finish_reason: str | None) -> None:
        """End the call, once: the first ending is kept, later ones change nothing."""
        if self.status == "open":
            self.status = status
            self.finish_reason = finish_reason
            self.cancelled = status == "cancelled"
            self._price()

    def _price(self) -> None:
        # Zero completion insurance: an error, or a call that produced nothing, is free of charge.
        is_chat = self.api_type == "completions"
        is_empty = self.completion_tokens == 0 and not self.finish_reason
        insured = is_chat and (self.finish_reason == "error" or is_empty)
        self.cost = Cost() if insured else cost_of(self.pricing, self.tokens())
        self.upstream_cost_usd = self.cost.inference
        self.cost_usd = self.cost.searches if self.is_byok else self.cost.total

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "model": self.model.id,
            "provider": self.endpoint.provider_name,
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "reasoning_tokens": self.reasoning_tokens,
            "cached_tokens": self.cached_tokens,
            "cache_write_tokens": self.cache_write_tokens,
            "image_tokens": self.image_tokens,
            "audio_tokens": self.audio_tokens,
            "search_results": self.search_results,
            "api_type": self.api_type,
            "cost": plain(self.cost_usd),
            "status": self.status,
            "cancelled": self.cancelled,
            "finish_reason": self.finish_reason,
            "streamed": self.streamed,
            "text": self.text,
        }


class Ledger:
    """Rows in the order of acceptance."""

    def __init__(self) -> None:
        self._rows: dict[str, Row] = {}

    @property
    def rows(self) -> list[Row]:
        return list(self._rows.values())

    @property
    def open(self) -> int:
        """How many calls have not ended."""
        return sum(row.status == "open" for row in self._rows.values())

    @property
    def total_usd(self) -> Decimal:
        return sum((row.cost_usd for row in self._rows.values()), ZERO)

    def spent_by(self, key: str) -> Decimal:
        return sum((row.cost_usd for row in self._rows.values() if row.key == key), ZERO)

    def add(self, row: Row) -> None:
        self._rows[row.id] = row

    def find(self, generation_id: str) -> Row | None:
        return self._rows.get(generation_id)

    def clear(self) -> None:
        self._rows.clear()

    def as_json(self) -> dict[str, Any]:
        rows = [row.as_json() for row in self.rows]
        return {"rows": rows, "count": len(rows), "total_cost": plain(self.total_usd)}
