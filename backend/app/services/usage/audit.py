"""Holds the kept sums of the ledger against its rows, and makes them anew."""

from __future__ import annotations

from itertools import chain

from app.db.store import Store
from app.db.types import Conn
from app.repo import owner_zone
from app.repo.usage_audit import count_sessions_anew, wrong_sessions, wrong_sums
from app.repo.usage_sums import count_anew
from app.schemas.usage_check import UsageCheck, WrongSum

MOST_NAMED = 100


class UsageAudit:
    """Reads the whole ledger: some seconds for a million rows. Repairing keeps other writes waiting for as long."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def check(self) -> UsageCheck:
        """What is wrong; nothing is changed."""
        return await self._store.read(_check)

    async def repair(self) -> UsageCheck:
        """What was wrong, in the transaction that has made every sum anew."""
        return await self._store.write(_repair)


def _check(conn: Conn) -> UsageCheck:
    zone, wrong, differences = owner_zone.get(conn), 0, list[WrongSum]()
    for one in chain(wrong_sums(conn, zone), wrong_sessions(conn)):
        wrong += 1
        if wrong <= MOST_NAMED:
            named = WrongSum(where=one.where, figure=one.figure, kept=str(one.kept), counted=str(one.counted))
            differences.append(named)
    return UsageCheck(tz=zone, wrong=wrong, differences=differences, repaired=False)


def _repair(conn: Conn) -> UsageCheck:
    found = _check(conn)
    count_anew(conn, found.tz)
    count_sessions_anew(conn)
    found.repaired = True
    return found
