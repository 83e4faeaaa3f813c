"""The folder of the backups: each a complete database file, with a note of what was in it when it was made.

The note (``<name>.json``) can be lost: the file alone is enough to restore. Names tell the kind; times in them are UTC.
Several consoles may share a folder: what is unfinished has its maker's name, and nobody else touches it.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import msgspec

from app.core.clock import stamp
from app.core.disk import SPARE_BYTES, FreeBytes, free_bytes, full_disk_told, sync
from app.core.errors import BackupsUnavailable, DiskFull, NotFound
from app.core.json import encode
from app.db.snapshot import Facts, publish, remove
from app.schemas.backups import Backup, BackupKind

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}\.db")
_OURS = re.compile(
    r"console_backup_(?:(?P<kind>before_restore|scheduled)_)?"
    r"(?P<day>\d{4}-\d\d-\d\d)_(?P<h>\d\d)-(?P<m>\d\d)-(?P<s>\d\d)(?:_\d+)?\.db"
)
_UNFINISHED = re.compile(rf"{_OURS.pattern}(?:\.json)?\.[0-9A-Za-z]+\.partial(?:-[a-z]+)?")
ABANDONED_S = 7 * 86_400
"""What nobody has written to for so long is unfinished for good, whoever began it."""
_KINDS: dict[str | None, BackupKind] = {"before_restore": "before_restore", "scheduled": "scheduled"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What is noted beside a backup."""

    created_at: str
    schema_version: int
    counts: dict[str, int]
    size_bytes: int
    sha256: str
    verified_at: str

    @classmethod
    def of(cls, facts: Facts, *, created_at: str, verified_at: str) -> Note:
        """What was found in a file, and when."""
        return cls(
            created_at=created_at,
            verified_at=verified_at,
            schema_version=facts.schema_version,
            counts=facts.counts,
            size_bytes=facts.size_bytes,
            sha256=facts.sha256,
        )


class Archive:
    """One folder. Its calls touch the disk: not for the loop's thread. All raise `BackupsUnavailable`.

    Args:
        owner: letters and digits that no other console has; it makes one backup at a time.
        store: the live database, which is no backup, whatever name it has here.
    """

    def __init__(
        self, folder: Path, owner: str, free_bytes: FreeBytes = free_bytes, *, store: Path | None = None
    ) -> None:
        self.folder, self._owner, self._free_bytes, self._store = folder, owner, free_bytes, store

    def tidy(self) -> None:
        """Remove what an interrupted process of this owner left, what is abandoned, and notes without their file.

        Only what has the names and the form of ours: the folder may hold other programs' files.
        """
        if not self.folder.is_dir():
            return
        with usable():
            abandoned_s = time.time() - ABANDONED_S
            for left in self.folder.glob("*.db*.partial*"):
                abandoned = _UNFINISHED.fullmatch(left.name) and left.lstat().st_mtime < abandoned_s
                if f".{self._owner}.partial" in left.name or abandoned:
                    left.unlink(missing_ok=True)
            for note in self.folder.glob("console_backup_*.db.json"):
                path = note.with_suffix("")
                if _OURS.fullmatch(path.name) and not path.exists() and _is_note(note):
                    note.unlink(missing_ok=True)

    def reserve(self, kind: BackupKind, created_at: str, size_bytes: int) -> Path:
        """Where to make a backup of this kind, time and size until `keep`. Raises `DiskFull` without room."""
        with usable():
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            free_bytes = self._free_bytes(self.folder)
            if free_bytes < size_bytes + SPARE_BYTES:
                needed_bytes = size_bytes + SPARE_BYTES
                raise DiskFull(
                    "There is no room for a backup; none was made.",
                    details={"needed_bytes": needed_bytes, "free_bytes": free_bytes},
                )
            prefix = "console_backup_" if kind == "manual" else f"console_backup_{kind}_"
            stem = prefix + created_at[:19].replace("T", "_").replace(":", "-")
            return self._partial_of(self.folder / f"{stem}.db")

    def keep(self, partial: Path, note: Note) -> Backup:
        """Give a finished copy a name that nothing has yet, with its note. Raises `DiskFull`, leaving nothing."""
        with usable(), full_disk_told():
            try:
                path = self._claim(partial.name.partition(".")[0])
            except BaseException:
                remove(partial)
                raise
            try:
                self._write_note(path, note)
                publish(partial, path)
            except BaseException:
                _note_of(path).unlink(missing_ok=True)
                remove(partial)
                raise
            return _backup(path, path.stat(), note)

    def note(self, name: str, note: Note) -> Backup:
        """Note anew what is in a backup. Raises `NotFound`, `DiskFull`."""
        path = self.path_of(name)
        with usable(), full_disk_told():
            self._write_note(path, note)
            return _backup(path, path.stat(), note)

    def all(self) -> list[Backup]:
        """Every backup there is, newest first."""
        with usable():
            try:
                entries = list(os.scandir(self.folder))
            except FileNotFoundError:
                return []
            found = [
                _read(Path(entry.path), entry.stat(follow_symlinks=False))
                for entry in entries
                if _NAME.fullmatch(entry.name)
                and entry.is_file(follow_symlinks=False)
                and not self._is_store(Path(entry.path))
            ]
        return sorted(found, key=lambda backup: (backup.created_at, backup.name), reverse=True)

    def get(self, name: str) -> Backup:
        """Raises `NotFound`."""
        path = self.path_of(name)
        with usable():
            return _read(path, path.stat())

    def path_of(self, name: str) -> Path:
        """Where a backup is. Raises `NotFound`, also for names that lead elsewhere."""
        path = self.folder / name
        if not _NAME.fullmatch(name):
            raise NotFound.of("backup", name)
        try:
            if not stat.S_ISREG(path.lstat().st_mode) or self._is_store(path):
                raise NotFound.of("backup", name)
        except OSError:
            raise NotFound.of("backup", name) from None
        return path

    def delete(self, name: str) -> None:
        """Raises `NotFound`."""
        path = self.path_of(name)
        with usable():
            path.unlink(missing_ok=True)
            _note_of(path).unlink(missing_ok=True)
            sync(self.folder)

    def _is_store(self, path: Path) -> bool:
        return self._store is not None and _same(path, self._store)

    def _claim(self, stem: str) -> Path:
        """A name for a backup; its empty note keeps every other maker from it."""
        number = 1
        while True:
            path = self.folder / f"{stem}{f'_{number}' if number > 1 else ''}.db"
            if not path.exists():
                with contextlib.suppress(FileExistsError):
                    _note_of(path).touch(mode=0o600, exist_ok=False)
                    return path
            number += 1

    def _partial_of(self, path: Path) -> Path:
        return path.with_name(f"{path.name}.{self._owner}.partial")

    def _write_note(self, path: Path, note: Note) -> None:
        target = _note_of(path)
        partial = self._partial_of(target)
        partial.unlink(missing_ok=True)
        try:
            partial.touch(mode=0o600)
            partial.write_bytes(encode(asdict(note)))
            sync(partial)
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)


def refuse_store_among(folder: Path, store: Path) -> None:
    """Raises ValueError when a folder of backups is the one that holds the live database, itself or by a link."""
    if any(
        path.parent.resolve() == folder.resolve() or _same(path.parent, folder) for path in (store, store.resolve())
    ):
        raise ValueError(
            f"The folder of the backups, {folder}, holds the database {store.name} itself. Give the backups a folder of"
            " their own (CONSOLE_BACKUPS)."
        )


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False


def _is_note(path: Path) -> bool:
    """Whether a file is a note of ours: one that is written, or still empty, as claiming a name leaves it."""
    try:
        text = path.read_bytes()
        return not text or bool(msgspec.json.decode(text, type=Note))
    except (OSError, msgspec.DecodeError):
        return False


def _note_of(path: Path) -> Path:
    return path.with_name(path.name + ".json")


def _read(path: Path, status: os.stat_result) -> Backup:
    try:
        note = msgspec.json.decode(_note_of(path).read_bytes(), type=Note)
    except (OSError, msgspec.DecodeError):
        note = None
    return _backup(path, status, note)


def _backup(path: Path, status: os.stat_result, note: Note | None) -> Backup:
    named = _OURS.fullmatch(path.name)
    kind: BackupKind = _KINDS.get(named["kind"], "manual") if named else "manual"
    if note is not None:
        created_at = note.created_at
    elif named is not None:
        created_at = f"{named['day']}T{named['h']}:{named['m']}:{named['s']}.000Z"
    else:
        created_at = stamp(status.st_mtime_ns)
    return Backup(
        name=path.name,
        kind=kind,
        size_bytes=status.st_size,
        created_at=created_at,
        schema_version=note.schema_version if note else None,
        counts=note.counts if note else None,
        sha256=note.sha256 if note else None,
        verified_at=note.verified_at if note else None,
    )


@contextmanager
def usable() -> Iterator[None]:
    """Raises `DiskFull` or `BackupsUnavailable` in place of OSError."""
    try:
        with full_disk_told():
            yield
    except OSError as error:
        raise BackupsUnavailable(f"The folder of the backups cannot be used: {error.strerror}.") from error
