"""The fixed fragments that lists of models are filtered and ordered by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.schemas.models import ModelFilter, Sort

UNKNOWN = 2**63 - 1
"""Stands for a figure that is not known where small ones come first, so that it comes last."""

_ON_OFFER = "removed_at IS NULL AND provider IN (SELECT provider FROM model_lists WHERE is_current = 1)"


@dataclass(frozen=True, slots=True)
class Order:
    """A sort key that is never null, smallest or largest first; ties by id."""

    key: str
    kind: type[int | str]
    descending: bool = False

    @property
    def by(self) -> str:
        return f"{self.key} {'DESC' if self.descending else 'ASC'}, id"

    @property
    def beyond(self) -> str:
        """What comes after ``:after_key`` and ``:after_id``."""
        compared = "<" if self.descending else ">"
        return f"({self.key} {compared} :after_key OR ({self.key} = :after_key AND id > :after_id))"


def _ranked(sort: str) -> Order:
    position = f"SELECT position FROM model_ranks r WHERE r.sort = '{sort}' AND r.model_id = models.id"  # noqa: S608
    return Order(f"COALESCE(({position}), {UNKNOWN})", int)


SORTS: dict[Sort, Order] = {
    "id": Order("id", str),
    "name": Order("lower(name)", str),
    "newest": Order("created_at", str, descending=True),
    "pricing_low_to_high": Order(f"COALESCE(average_picousd, {UNKNOWN})", int),
    "pricing_high_to_low": Order("COALESCE(average_picousd + 1, 0)", int, descending=True),
    "context_high_to_low": Order("COALESCE(context_length, 0)", int, descending=True),
    "context_low_to_high": Order(f"COALESCE(context_length, {UNKNOWN})", int),
    "top_weekly": _ranked("top_weekly"),
    "throughput_high_to_low": _ranked("throughput_high_to_low"),
    "latency_low_to_high": _ranked("latency_low_to_high"),
}


def conditions(wanted: ModelFilter) -> tuple[list[str], dict[str, Any]]:
    """The conditions, to be joined by AND, and their values. What is not known matches no bound."""
    where, values = [_ON_OFFER], dict[str, Any]()
    for number, word in enumerate(wanted.words):
        where.append(rf"search_text LIKE :word_{number} ESCAPE '\'")
        values[f"word_{number}"] = f"%{_escaped(word)}%"
    for column, names in (
        ("family", wanted.families),
        ("provider", wanted.providers),
        ("tokenizer", wanted.tokenizers),
    ):
        if names:
            marks = {f"{column}_{number}": name for number, name in enumerate(names)}
            where.append(f"{column} IN ({', '.join(f':{mark}' for mark in marks)})")
            values |= marks
    for column, names in (
        ("input_modalities", wanted.input_modalities),
        ("output_modalities", wanted.output_modalities),
        ("supported_parameters", wanted.supported_parameters),
    ):
        for number, name in enumerate(names):
            where.append(rf"{column} LIKE :{column}_{number} ESCAPE '\'")
            values[f"{column}_{number}"] = f'%"{_escaped(name)}"%'
    for column, sign, bound in (
        ("context_length", ">=", wanted.min_context),
        ("context_length", "<=", wanted.max_context),
        ("average_picousd", ">=", wanted.min_average_picousd),
        ("average_picousd", "<=", wanted.max_average_picousd),
        ("prompt_picousd", ">=", wanted.min_prompt_picousd),
        ("prompt_picousd", "<=", wanted.max_prompt_picousd),
        ("completion_picousd", ">=", wanted.min_completion_picousd),
        ("completion_picousd", "<=", wanted.max_completion_picousd),
    ):
        if bound is not None:
            mark = f"{column}_{'min' if sign == '>=' else 'max'}"
            where.append(f"{column} {sign} :{mark}")
            values[mark] = bound
    if wanted.free is not None:
        free = "prompt_picousd = 0 AND completion_picousd = 0"
        where.append(f"CASE WHEN {free} THEN 1 ELSE 0 END = {int(wanted.free)}")
    for column, flag in (("is_reasoning", wanted.reasoning), ("is_toggleable", wanted.toggleable_reasoning)):
        if flag is not None:
            where.append(f"{column} = {int(flag)}")
    if wanted.tools is not None:
        where.append(f"CASE WHEN supported_parameters LIKE '%\"tools\"%' THEN 1 ELSE 0 END = {int(wanted.tools)}")
    return where, values


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
