"""Profiles: create, read, change, delete."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError

from app.core import json
from app.core.clock import now
from app.core.errors import NotFound, Stale, ValidationFailed
from app.db.store import Store
from app.db.types import Conn
from app.repo import profiles
from app.schemas.page import PageQuery, Slice
from app.schemas.profiles import Profile, ProfileCreate, ProfileImport, ProfilePatch, ProfilePut
from app.services.changes import Changes
from app.services.cursors import decode_cursor, encode_cursor

MOST_IN_A_FILE = 200
_FILE = TypeAdapter(Annotated[list[ProfileImport], Field(min_length=1, max_length=MOST_IN_A_FILE)])
_NULLABLE = {"openrouter_preset", "model", "reasoning"}


class Profiles:
    """The rules of profiles. Every change is announced after its commit."""

    def __init__(self, store: Store, changes: Changes) -> None:
        self._store, self._changes = store, changes

    async def list(self, query: PageQuery) -> Slice[Profile]:
        """In the order they were made."""
        return await self._store.read(_list, query)

    async def get(self, profile_id: int) -> Profile:
        """Raises NotFound."""
        return await self._store.read(_get, profile_id)

    async def create(self, request: ProfileCreate) -> Profile:
        profile = await self._store.write(_create, _values(request.model_dump(), request))
        self._changes.publish("profile", profile.id, revision=profile.revision)
        return profile

    async def import_file(self, content: bytes) -> Slice[Profile]:
        """Add the profiles of a JSON file: one, a list of them, or a page as the list answers it.

        None becomes the default. Raises ValidationFailed, with nothing added.
        """
        try:
            requests = _FILE.validate_python(_unpacked(json.decode(content)))
        except (ValidationError, ValueError, RecursionError) as error:
            raise ValidationFailed("The file holds no profiles.", details={"reason": _reason(error)}) from error
        values = [_values(request.model_dump(), request) | {"is_default": False} for request in requests]
        added = await self._store.write(_create_all, values)
        for profile in added:
            self._changes.publish("profile", profile.id, revision=profile.revision)
        return Slice(items=added, next_cursor=None)

    async def replace(self, profile_id: int, request: ProfilePut) -> Profile:
        """Raises NotFound, Stale."""
        return await self._update(profile_id, _values(request.model_dump(), request), request.revision)

    async def patch(self, profile_id: int, request: ProfilePatch) -> Profile:
        """Raises NotFound, Stale."""
        given = request.model_dump(exclude_unset=True)
        changes = {name: value for name, value in given.items() if value is not None or name in _NULLABLE}
        return await self._update(profile_id, _values(changes, request), request.revision)

    async def delete(self, profile_id: int) -> None:
        """Sessions that used it stay, without a profile. Raises NotFound."""
        if not await self._store.write(profiles.delete, profile_id):
            raise NotFound.of("profile", profile_id)
        self._changes.publish("profile", profile_id, op="delete")

    async def _update(self, profile_id: int, changes: dict[str, Any], revision: int | None) -> Profile:
        profile = await self._store.write(_update, profile_id, changes, revision)
        self._changes.publish("profile", profile.id, revision=profile.revision)
        return profile


def _values(values: dict[str, Any], request: ProfileCreate | ProfilePatch) -> dict[str, Any]:
    """The columns to write: no revision, and of nested settings only what was given."""
    values.pop("revision", None)
    if request.params is not None and "params" in values:
        values["params"] = request.params.given()
    if request.reasoning is not None and "reasoning" in values:
        values["reasoning"] = request.reasoning.model_dump(exclude_none=True)
    if request.tools is not None and "tools" in values:
        values["tools"] = [tool.model_dump(exclude_none=True) for tool in request.tools]
    return values


def _get(conn: Conn, profile_id: int) -> Profile:
    profile = profiles.get(conn, profile_id)
    if profile is None:
        raise NotFound.of("profile", profile_id)
    return profile


def _list(conn: Conn, query: PageQuery) -> Slice[Profile]:
    after = int(decode_cursor("profiles", query.cursor, int)[0]) if query.cursor else 0
    found = profiles.list_page(conn, limit=query.limit + 1, after=after)
    items = found[: query.limit]
    return Slice(
        items=items,
        next_cursor=encode_cursor("profiles", items[-1].id) if len(found) > query.limit else None,
        total=profiles.count(conn) if query.count else None,
    )


def _unpacked(value: Any) -> Any:
    if isinstance(value, dict):
        return value.get("items", [value])
    return value


def _reason(error: Exception) -> str:
    if not isinstance(error, ValidationError):
        return "not JSON"
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    return f"{'.'.join(str(place) for place in first['loc'])}: {first['msg']}"


def _create_all(conn: Conn, values: list[dict[str, Any]]) -> list[Profile]:
    return [_create(conn, profile) for profile in values]


def _create(conn: Conn, values: dict[str, Any]) -> Profile:
    return _get(conn, profiles.insert(conn, values, now=now()))


def _update(conn: Conn, profile_id: int, changes: dict[str, Any], revision: int | None) -> Profile:
    current = _get(conn, profile_id)
    if revision is not None and revision != current.revision:
        raise Stale(details={"current": current}, resource_type="profile", resource_id=str(profile_id))
    profiles.update(conn, profile_id, changes, now=now())
    return _get(conn, profile_id)
