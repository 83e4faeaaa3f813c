"""Lists: what every one of them takes and answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Generic, TypeVar

from pydantic import BaseModel, Field

T = TypeVar("T")


class PageQuery(BaseModel, extra="forbid"):
    """The query fields that every list has."""

    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Annotated[str | None, Field(max_length=512)] = None
    count: bool = False


class Page(BaseModel, Generic[T]):
    """One page of a list; ``total`` only when ``count=1`` asked for it."""

    items: list[T]
    next_cursor: str | None
    total: int | None = None


@dataclass(slots=True)
class Slice(Generic[T]):
    """What a service answers for one page."""

    items: list[T]
    next_cursor: str | None
    total: int | None = None
