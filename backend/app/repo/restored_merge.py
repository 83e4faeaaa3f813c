"""A restored file takes over from the store what no backup may undo; ``live`` is the store, attached.

The ledger is the sum of both and what is here counts, so restoring never makes a call cheaper or forgets one.
"""

from __future__ import annotations

from app.db.errors import BadFile
from app.db.reference import reference
from app.db.types import Conn
from app.repo import owner_zone
from app.repo.restored_rows import DERIVED, MERGED, RESTORED, SETTINGS
from app.repo.usage_audit import count_sessions_anew
from app.repo.usage_sums import count_anew
from app.schemas.budgets import MOST_BUDGETS

_KEEP_SETTINGS = f"""
    INSERT INTO settings (name, value, updated_at) SELECT name, value, updated_at FROM live.settings
    WHERE name NOT IN ({", ".join(f"'{name}'" for name in sorted(SETTINGS))})
"""  # noqa: S608
_KEEP_COUNTERS = """
    UPDATE sqlite_sequence SET seq = max(seq, COALESCE(
        (SELECT l.seq FROM live.sqlite_sequence l WHERE l.name = sqlite_sequence.name), 0))
"""
_ADD_COUNTERS = """
    INSERT INTO sqlite_sequence (name, seq) SELECT name, seq FROM live.sqlite_sequence l
    WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence s WHERE s.name = l.name)
"""
_KEEP_ZONE = "UPDATE owner_zone SET zone = (SELECT zone FROM live.owner_zone)"
# The store is as old as it was: its first scheduled backup is not put off by restoring.
_KEEP_AGE = """
    UPDATE schema_migrations SET applied_at = COALESCE(
        (SELECT l.applied_at FROM live.schema_migrations l WHERE l.version = schema_migrations.version), applied_at)
"""
# Whatever becomes known of such a call would give back to its token what the token never set aside here.
_UNACCOUNTED = "UPDATE usage_logs SET token_id = NULL WHERE token_id IS NOT NULL"
# A store that counted so far by itself may have its own back.
_NUMBERED_TOO_HIGH = f"""
    SELECT id FROM profiles WHERE id > {2**31} AND id > COALESCE(
        (SELECT l.seq FROM live.sqlite_sequence l WHERE l.name = 'profiles'), 0) LIMIT 1
"""  # noqa: S608
# As many as can be made: those that are here stay.
_FEWER_BUDGETS = f"""
    DELETE FROM budgets WHERE id IN (
        SELECT id FROM budgets WHERE id NOT IN (SELECT id FROM live.budgets)
        ORDER BY id LIMIT -1 OFFSET max({MOST_BUDGETS} - (SELECT count(*) FROM live.budgets), 0))
"""  # noqa: S608
_STEP_REVISIONS = """
    UPDATE {table} SET revision = max(CASE WHEN revision > {most} THEN 0 ELSE revision END, COALESCE(
        (SELECT l.revision FROM live.{table} l WHERE l.id = {table}.id), 0)) + 1
"""
_MOST_REVISION = 2**40
"""Nobody changes a thing that often: a larger one is not gone on from."""
_FORGET_JOURNALS = """
    DELETE FROM generation_events WHERE generation_id IN (SELECT id FROM generations WHERE ended_at IS NOT NULL)
"""


def take_over(conn: Conn) -> None:
    """Bring what stays from the store. Raises `BadFile` for a file that leaves no room for what comes after it."""
    if conn.execute(_NUMBERED_TOO_HIGH).fetchone() is not None:
        raise BadFile("A profile of it has a number that leaves none for the next.")
    conn.execute(_UNACCOUNTED)
    for table, columns in reference().tables.items():
        if table in RESTORED or table in DERIVED:
            continue
        if table in MERGED:
            for key in MERGED[table]:
                conn.execute(f"DELETE FROM {table} WHERE {key} IN (SELECT {key} FROM live.{table})")  # noqa: S608
        else:
            conn.execute(f"DELETE FROM {table}")  # noqa: S608
        names = ", ".join(column.name for column in columns)
        conn.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM live.{table}")  # noqa: S608
    conn.execute(_FEWER_BUDGETS)
    conn.execute(_KEEP_AGE)
    conn.execute(_KEEP_SETTINGS)
    conn.execute(_KEEP_ZONE)
    conn.execute(_KEEP_COUNTERS)
    conn.execute(_ADD_COUNTERS)
    # What a client has seen of an object and its revision must not pass for what is there now.
    for table in ("profiles", "sessions"):
        conn.execute(_STEP_REVISIONS.format(table=table, most=_MOST_REVISION))


def sum_up(conn: Conn) -> None:
    """Last, once every call of the file is closed: count days and sessions anew from the rows, forget old journals."""
    conn.execute(_FORGET_JOURNALS)
    count_anew(conn, owner_zone.get(conn))
    count_sessions_anew(conn)


def count_rows(conn: Conn, schema: str = "main") -> dict[str, int]:
    """Rows by table, of the file (``main``) or of the store (``live``)."""
    counts = {}
    for table in reference().tables:
        if table != "schema_migrations":
            row = conn.execute(f"SELECT count(*) AS n FROM {schema}.{table}").fetchone()  # noqa: S608 - of ours
            counts[table] = int(row["n"]) if row else 0
    return counts
