"""What the rules of a call need to know of a model; read with its other facts in the transaction that starts a turn."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasoningFacts:
    """The catalogue's ``reasoning`` object (API reference, section 7.2); ``supported_efforts`` empty: not told."""

    mandatory: bool = False
    default_effort: str | None = None
    supported_efforts: tuple[str, ...] = ()
    default_enabled: bool | None = None
    supports_max_tokens: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts:
    """A model of the catalogue, by its slug without variant or preset."""

    id: str
    family: str
    context_length: int | None
    max_output_tokens: int | None
    supported_parameters: frozenset[str]
    input_modalities: frozenset[str]
    is_reasoning: bool
    reasoning: ReasoningFacts | None = None
