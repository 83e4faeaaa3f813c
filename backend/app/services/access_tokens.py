"""Named access tokens: made once, known by their hash, good until they are revoked.

A secret is 256 random bits, so nothing slow has to protect its hash: there is no dictionary to try. The hash is keyed
with a file of the data folder, so that the store or a backup of it alone does not even tell whether a secret is right.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from hmac import compare_digest

from app.core.caller import current_token_id
from app.core.clock import now
from app.core.errors import AppError, InsufficientScope, NotFound
from app.core.ids import new_id
from app.core.money import parse_usd
from app.db.store import Store
from app.db.types import Conn
from app.repo import access_tokens
from app.schemas.access_tokens import AccessToken, AccessTokenCreate, AccessTokenMade, TokenScope
from app.schemas.page import PageQuery, Slice
from app.services.changes import Changes
from app.services.cursors import decode_cursor, encode_cursor

log = logging.getLogger(__name__)

PREFIX = "llmc_"
"""What every secret begins with, so that people and scanners know one when they see it."""
NOTED_EVERY_S = 60.0
_SECRET_BYTES = 32
_RANKS: dict[TokenScope, int] = {"read": 1, "chat": 2, "admin": 3}


@dataclass(slots=True, eq=False)
class Grant:
    """What a token that is good may do. ``cuts`` are called when it is revoked, each to end a request of its."""

    id: str
    hash: str
    rank: int
    revoked: bool = False
    cuts: set[Callable[[], None]] = field(default_factory=set)

    def allows(self, scope: TokenScope) -> bool:
        return self.rank >= _RANKS[scope]


class AccessTokens:
    """Who is known is held in memory, so that a request costs one hash and no query.

    When a token was last used is noted in memory too, and stored once a minute, by a list, and at the end.
    """

    def __init__(self, store: Store, changes: Changes, hash_key: bytes) -> None:
        self._store, self._changes, self._hash_key = store, changes, hash_key
        self._grants: dict[str, Grant] = {}
        self._used: dict[str, str] = {}
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Know the tokens of the store. Restoring a backup leaves them as they are."""
        rows = await self._store.read(access_tokens.live)
        self._grants = {row["hash"]: Grant(row["id"], row["hash"], _rank(row["scopes"])) for row in rows}
        self._task = asyncio.create_task(self._note(), name="access tokens")

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            await self._store_used()

    def find(self, secret: bytes) -> Grant | None:
        """Whose secret that is; None for one that is not, or no longer, good."""
        digest = self._hash(secret)
        grant = self._grants.get(digest)
        if grant is None or not compare_digest(grant.hash, digest):
            return None
        self._used[grant.id] = now()
        return grant

    def granted(self, token_id: str) -> Grant | None:
        """The grant of a token by its id, while it is good."""
        return next((grant for grant in self._grants.values() if grant.id == token_id), None)

    async def list(self, query: PageQuery) -> Slice[AccessToken]:
        """Newest first, revoked ones too."""
        await self._store_used()
        return await self._store.read(_list, query)

    async def create(self, request: AccessTokenCreate) -> AccessTokenMade:
        """Make one; its secret is in the answer and nowhere else.

        Raises InsufficientScope when a named token asks: one that made others could outlive itself and its budget.
        """
        if current_token_id() is not None:
            raise InsufficientScope("Only the console's own token makes tokens.", details={"needs": "owner"})
        secret = PREFIX + secrets.token_urlsafe(_SECRET_BYTES)
        digest = self._hash(secret.encode())
        values = {
            "id": new_id(),
            "name": request.name,
            "hash": digest,
            "scopes": sorted(set(request.scopes), key=_RANKS.__getitem__),
            "budget_picousd": None if request.budget_usd is None else parse_usd(str(request.budget_usd)),
            "now": now(),
        }
        made = await self._store.write(access_tokens.insert, values)
        self._grants[digest] = Grant(made.id, digest, _rank(made.scopes))
        self._changes.publish("settings", made.id)
        return AccessTokenMade(**asdict(made), token=secret)

    async def revoke(self, token_id: str) -> None:
        """From now on it opens nothing, and its streams are cut; answers under way are finished. Raises NotFound."""
        if not await self._store.write(_revoke, token_id):
            raise NotFound.of("token", token_id)
        for grant in [grant for grant in self._grants.values() if grant.id == token_id]:
            del self._grants[grant.hash]
            _end(grant)
        self._changes.publish("settings", token_id, op="delete")

    def _hash(self, secret: bytes) -> str:
        return hashlib.blake2b(secret, key=self._hash_key, digest_size=32).hexdigest()

    async def _note(self) -> None:
        while True:
            await asyncio.sleep(NOTED_EVERY_S)
            await self._store_used()

    async def _store_used(self) -> None:
        """What cannot be stored is noted again later."""
        used, self._used = self._used, {}
        if not used:
            return
        try:
            await self._store.write_relaxed(access_tokens.set_used, used)
        except AppError as error:
            self._used = used | self._used
            log.warning("the use of tokens was not stored", extra={"error_code": error.code})


def _end(grant: Grant) -> None:
    grant.revoked = True
    for cut in tuple(grant.cuts):
        cut()


def _rank(scopes: list[TokenScope]) -> int:
    return max(_RANKS[scope] for scope in scopes)


def _list(conn: Conn, query: PageQuery) -> Slice[AccessToken]:
    before = str(decode_cursor("tokens", query.cursor, str)[0]) if query.cursor else None
    found = access_tokens.list_page(conn, limit=query.limit + 1, before=before)
    items = found[: query.limit]
    return Slice(
        items=items,
        next_cursor=encode_cursor("tokens", items[-1].id) if len(found) > query.limit else None,
        total=access_tokens.count(conn) if query.count else None,
    )


def _revoke(conn: Conn, token_id: str) -> bool:
    return access_tokens.revoke(conn, token_id, now=now())
