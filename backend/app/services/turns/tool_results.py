"""Which calls of an answer have their results, and which results may be posted. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from app.core.errors import BadToolResult, ToolResultsMissing
from app.core.json import decode
from app.db.types import Row
from app.schemas.parts import Part, ToolResultPart


def check_results(path: Iterable[Row], parts: Sequence[Part]) -> None:
    """Raise BadToolResult for results that do not belong below the first message of ``path``, leaf first."""
    calls, answered = _calls(path)
    if not calls:
        raise BadToolResult("There is no answer above that asked for tools.")
    for part in parts:
        if not isinstance(part, ToolResultPart) or part.tool_call_id not in calls:
            named = part.tool_call_id if isinstance(part, ToolResultPart) else None
            raise BadToolResult("The answer made no such call.", details={"tool_call_id": named, "calls": calls})
        if part.tool_call_id in answered:
            raise BadToolResult("That call has its result already.", details={"tool_call_id": part.tool_call_id})
        answered.add(part.tool_call_id)


def check_complete(path: Iterable[Row]) -> None:
    """Raise ToolResultsMissing when the tool messages that ``path`` begins with, leaf first, leave a call open."""
    calls, answered = _calls(path)
    missing = [call for call in calls if call not in answered]
    if missing and answered:
        raise ToolResultsMissing(details={"missing": missing})


def _calls(path: Iterable[Row]) -> tuple[list[str], set[str]]:
    """The calls of the nearest answer with nothing but tool messages below it, and those that have results."""
    answered: set[str] = set()
    for row in path:
        parts = decode(row["parts"])
        if row["role"] == "tool":
            answered |= {part["tool_call_id"] for part in parts if part["type"] == "tool_result"}
        elif row["role"] == "assistant":
            return [part["id"] for part in parts if part["type"] == "tool_call"], answered
        else:
            break
    return [], answered
