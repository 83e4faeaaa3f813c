"""SQLite through apsw: the one file that knows the driver.

A connection here is a `Conn` whose statements run to their end before `execute` returns, so that nothing keeps a
snapshot or a lock beyond its unit. Every driver error leaves as ours.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import apsw

from app.core.disk import FULL, sync
from app.core.errors import DiskFull, StoreBusy
from app.db.errors import ConstraintFailed, ConstraintKind, GivenUp, SqliteTooOld, StoreCorrupt
from app.db.statement import NO_ROWS, Rows, Statement, picked
from app.db.types import Params

OLDEST_SAFE = (3, 53, 2)
"""First release without the WAL-reset defect (3.51.3) and the FTS5 exploits (CVE-2026-11822, -11824)."""

Synchronous = Literal["NORMAL", "FULL"]

_BUSY_TIMEOUT_MS = 5_000
_STATEMENTS = 256
_COPY_PAGES = 2048
_COPY_PAGES_A_SYNC = 4 * _COPY_PAGES
_STEPS_BETWEEN_QUESTIONS = 100_000

_HARDENING = (
    (apsw.SQLITE_DBCONFIG_DEFENSIVE, 1),
    (apsw.SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0),
    (apsw.SQLITE_DBCONFIG_ENABLE_FKEY, 1),
    (apsw.SQLITE_DBCONFIG_DQS_DML, 0),
    (apsw.SQLITE_DBCONFIG_DQS_DDL, 0),
)
_LIMITS = (
    (apsw.SQLITE_LIMIT_LENGTH, 64 * 1024 * 1024),
    (apsw.SQLITE_LIMIT_SQL_LENGTH, 1024 * 1024),
    (apsw.SQLITE_LIMIT_EXPR_DEPTH, 200),
    (apsw.SQLITE_LIMIT_COMPOUND_SELECT, 50),
    (apsw.SQLITE_LIMIT_TRIGGER_DEPTH, 20),
    (apsw.SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1000),
    (apsw.SQLITE_LIMIT_ATTACHED, 1),  # VACUUM needs one
    (apsw.SQLITE_LIMIT_WORKER_THREADS, 0),
)
# What a file of somebody else's may ask for on top of that.
_FOREIGN_LIMITS = (
    (apsw.SQLITE_LIMIT_COLUMN, 100),
    (apsw.SQLITE_LIMIT_SQL_LENGTH, 64 * 1024),
    (apsw.SQLITE_LIMIT_EXPR_DEPTH, 50),
    (apsw.SQLITE_LIMIT_COMPOUND_SELECT, 5),
    (apsw.SQLITE_LIMIT_FUNCTION_ARG, 10),
    (apsw.SQLITE_LIMIT_TRIGGER_DEPTH, 0),
    (apsw.SQLITE_LIMIT_ATTACHED, 0),
)
_CONSTRAINTS: dict[int, ConstraintKind] = {
    apsw.SQLITE_CONSTRAINT_UNIQUE: "unique",
    apsw.SQLITE_CONSTRAINT_PRIMARYKEY: "unique",
    apsw.SQLITE_CONSTRAINT_ROWID: "unique",
    apsw.SQLITE_CONSTRAINT_FOREIGNKEY: "foreign_key",
    apsw.SQLITE_CONSTRAINT_NOTNULL: "not_null",
    apsw.SQLITE_CONSTRAINT_CHECK: "check",
}


class SqliteConnection:
    """One open connection, used by one thread at a time. Made by `open_writer`, `open_reader` and `open_copy`."""

    def __init__(self, driver: apsw.Connection) -> None:
        self._driver = driver
        self._cursor = driver.cursor()
        self._known: dict[str, Statement] = {}
        self._synchronous: Synchronous = "FULL"

    def execute(self, sql: str, params: Params = (), /) -> Rows:
        try:
            known = self._known.get(sql) or self._learn(sql, params)
            values = known.values(params) if params.__class__ is dict else params
            rows = self._cursor.execute(sql, values).fetchall()
        except apsw.Error as error:
            raise self._ours(error) from error
        return Rows(known.columns, rows) if rows else NO_ROWS

    def executemany(self, sql: str, params: Iterable[Params], /) -> None:
        with self._errors():
            self._driver.executemany(sql, params).fetchall()

    def stream(self, sql: str, /) -> Iterator[Sequence[Any]]:
        """The rows of a query one by one, as plain values; it holds its snapshot until the last."""
        with self._errors():
            yield from self._driver.execute(sql)

    def script(self, sql: str) -> None:
        """Run every statement of a script within the caller's transaction, which the script cannot end."""
        self._driver.authorizer = _refuse_transactions
        try:
            with self._errors():
                self._driver.execute(sql).fetchall()
        finally:
            self._driver.authorizer = None

    @property
    def in_transaction(self) -> bool:
        return self._driver.in_transaction

    @property
    def has_dangling_references(self) -> bool:
        """Whether a foreign key broken in this transaction is not mended yet (a deferred one would fail the commit)."""
        return self._driver.status(apsw.SQLITE_DBSTATUS_DEFERRED_FKS)[0] > 0

    def set_synchronous(self, level: Synchronous) -> None:
        """``FULL``: a commit is on the disk when it returns. ``NORMAL``: it may be lost with the power, never half."""
        if level != self._synchronous:
            self.execute(f"PRAGMA synchronous = {level}")
            self._synchronous = level

    def leave_wal(self) -> None:
        """Write all changes back into the file, which then needs none beside it, whatever is laid there.

        The last thing before `close`. Where it cannot be, on a full disk or with the file open elsewhere, it is left.
        """
        self._driver.set_busy_timeout(0)
        with contextlib.suppress(apsw.Error):
            for pragma in ("synchronous = FULL", "journal_mode = DELETE"):
                self._driver.execute(f"PRAGMA {pragma}").fetchall()

    @property
    def page_bytes(self) -> int:
        """How long a page of the database is."""
        return int(self._driver.pragma("page_size"))

    def enforce_foreign_keys(self, on: bool) -> None:
        """Only between transactions; off is for migrations that rebuild a table."""
        self._driver.config(apsw.SQLITE_DBCONFIG_ENABLE_FKEY, int(on))

    def copy_into(self, target: Path) -> Iterator[tuple[int, int]]:
        """Copy one snapshot of the whole database into an empty file, left without journal files beside it.

        Told after each piece: bytes copied, bytes there are. It is sent to the disk as it grows: one large sync at the
        end would hold up every commit meanwhile. The last piece is not on the disk yet.
        """
        with self._errors(), contextlib.closing(apsw.Connection(str(target))) as copy, SqliteConnection(copy)._errors():
            # A copy that is not finished is thrown away, so nothing need be there to undo it.
            for pragma in ("journal_mode = OFF", "synchronous = OFF"):
                copy.execute(f"PRAGMA {pragma}").fetchall()
            page_bytes, synced = self._driver.pragma("page_size"), 0
            with copy.backup("main", self._driver, "main") as backup:
                while not backup.done:
                    backup.step(_COPY_PAGES)
                    copied = backup.page_count - backup.remaining
                    if copied - synced >= _COPY_PAGES_A_SYNC:
                        sync(target)
                        synced = copied
                    yield copied * page_bytes, backup.page_count * page_bytes
            copy.execute("PRAGMA journal_mode = DELETE").fetchall()

    @contextlib.contextmanager
    def given_up_when(self, asked: Callable[[], bool]) -> Iterator[None]:
        """Statements inside end with `GivenUp` soon after `asked` says so."""
        self._driver.set_progress_handler(asked, _STEPS_BETWEEN_QUESTIONS)
        try:
            yield
        finally:
            self._driver.set_progress_handler(None)

    def copy_from(self, source: Path) -> None:
        """Put a finished file in the place of the whole database, in one commit; the readers beside see it from then.

        Both must have pages of one size. Whatever fails leaves the database as it was.
        """
        uri = source.absolute().as_uri() + "?immutable=1"
        flags = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
        with (
            self._errors(),
            contextlib.closing(apsw.Connection(uri, flags)) as new,
            self._driver.backup("main", new, "main") as backup,
        ):
            backup.step(-1)

    def attach(self, path: Path, name: str) -> None:
        """Show another database under a name, to be read only."""
        self.execute(f"ATTACH :uri AS {name}", {"uri": path.absolute().as_uri() + "?mode=ro"})

    def take_name_of(self, attached: str) -> None:
        """Give the file the name of an attached one, whose place it is to take (`stale_wal`)."""
        (name,) = self.stream(f"PRAGMA {attached}.application_id")
        self.execute(f"PRAGMA application_id = {name[0]}")

    def close(self) -> None:
        with self._errors():
            self._driver.close()

    def _learn(self, sql: str, params: Params) -> Statement:
        """Look a statement up without running it."""
        found: list[Statement] = []

        def look(cursor: apsw.Cursor, _sql: str, _params: object) -> bool:
            columns = tuple(name for name, *_ in cursor.get_description())
            if len(set(columns)) != len(columns):
                raise ValueError(f"two columns of one name: {', '.join(columns)}")
            found.append(Statement(picked(cursor.bindings_names), columns))
            return False

        cursor = self._driver.cursor()
        cursor.exec_trace = look
        with contextlib.suppress(apsw.ExecTraceAbort):
            cursor.execute(sql, params)
        if len(self._known) >= _STATEMENTS:
            self._known.clear()
        self._known[sql] = found[0]
        return found[0]

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except apsw.Error as error:
            raise self._ours(error) from error

    def _ours(self, error: apsw.Error) -> Exception:
        match error:
            case apsw.ConstraintError():
                extended: int = vars(error)["extendedresult"]
                return ConstraintFailed(str(error), _CONSTRAINTS.get(extended, "other"))
            case apsw.BusyError() | apsw.LockedError():
                return StoreBusy()
            case apsw.FullError():
                return DiskFull()
            case apsw.IOError() | apsw.CantOpenError() if self._driver.system_errno in FULL:
                return DiskFull()
            case apsw.InterruptError():
                return GivenUp()
            case apsw.CorruptError() | apsw.NotADBError():
                return StoreCorrupt(f"{self._driver.filename}: {error}. Restore a backup.")
            case _:
                return error


def _refuse_transactions(action: int, *_: str | None) -> int:
    ours_alone = action in {apsw.SQLITE_TRANSACTION, apsw.SQLITE_SAVEPOINT}
    return apsw.SQLITE_DENY if ours_alone else apsw.SQLITE_OK


def sqlite_version() -> str:
    """The version of the library; raises `SqliteTooOld` for one we must not open a user's file with."""
    version = apsw.sqlite_lib_version()
    refuse_unsafe(version)
    return version


def refuse_unsafe(version: str) -> None:
    """Raises `SqliteTooOld` when `version` is older than `OLDEST_SAFE`."""
    if tuple(map(int, version.split("."))) < OLDEST_SAFE:
        oldest = ".".join(map(str, OLDEST_SAFE))
        raise SqliteTooOld(f"SQLite {version} has known defects; at least {oldest} is needed. Reinstall apsw.")


def open_writer(path: Path) -> SqliteConnection:
    """The one connection that writes and checkpoints; close it last. Makes the file if there is none.

    A file that was closed properly gets a new name, as `stale_wal` wants it.
    """
    connection = _open(str(path), apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE)
    try:
        name: tuple[str, ...] = ()
        if connection.execute("PRAGMA journal_mode").fetchone() != {"journal_mode": "wal"}:
            name = (f"application_id = {secrets.randbits(31)}",)
        for pragma in (
            *name,
            "journal_mode = WAL",
            "synchronous = NORMAL",
            *name,  # among the changes too
            "synchronous = FULL",
            "wal_autocheckpoint = 2000",
            "journal_size_limit = 67108864",
            "cache_size = -16384",
        ):
            connection.execute(f"PRAGMA {pragma}")
    except BaseException:
        connection.close()
        raise
    return connection


def open_reader(path: Path) -> SqliteConnection:
    """A connection that can neither write nor checkpoint, beside an open writer."""
    return _open(
        str(path),
        apsw.SQLITE_OPEN_READONLY,
        pragmas=("query_only = ON", "wal_autocheckpoint = 0", "cache_size = -8192"),
        config=((apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1),),
    )


def open_copy(path: Path) -> SqliteConnection:
    """A finished copy that nobody writes, without locks or side files."""
    return _open(path.absolute().as_uri() + "?immutable=1", apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI)


def open_foreign(path: Path) -> SqliteConnection:
    """A file that anybody may have made, as warily as SQLite can open one: read only, nothing in it is run.

    Its schema is text until somebody asks it for more. Only for a process that may die of it.
    """
    return _open(
        path.absolute().as_uri() + "?immutable=1",
        apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI,
        pragmas=("query_only = ON", "ignore_check_constraints = ON", "automatic_index = OFF", "cache_size = -4096"),
        limits=_FOREIGN_LIMITS,
    )


def open_private(path: Path, *, page_bytes: int = 4096) -> SqliteConnection:
    """A file of our own that nobody else knows and that goes when we do: nothing is synced."""
    return _open(
        str(path),
        apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE | apsw.SQLITE_OPEN_URI,
        pragmas=(
            f"page_size = {page_bytes}",
            "journal_mode = DELETE",
            "synchronous = OFF",
            "cache_size = -16384",
            "temp_store = FILE",  # sums over a ledger of any length
        ),
        config=((apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1),),  # of a store attached to it
    )


def _open(
    name: str,
    flags: int,
    *,
    pragmas: Sequence[str] = (),
    config: Sequence[tuple[int, int]] = (),
    limits: Sequence[tuple[int, int]] = (),
) -> SqliteConnection:
    sqlite_version()
    driver = apsw.Connection(name, flags, statementcachesize=_STATEMENTS)
    try:
        driver.set_busy_timeout(_BUSY_TIMEOUT_MS)
        for option, value in (*_HARDENING, *config):
            driver.config(option, value)
        for limit, value in (*_LIMITS, *limits):
            driver.limit(limit, value)
        connection = SqliteConnection(driver)
        for pragma in ("cell_size_check = ON", "mmap_size = 0", "temp_store = MEMORY", *pragmas):
            connection.execute(f"PRAGMA {pragma}")
    except BaseException:
        driver.close()
        raise
    return connection
