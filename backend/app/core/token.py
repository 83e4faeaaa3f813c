"""The secrets of the data folder: the console's own token, the provider key, and the key that hashes named tokens.

All are files of mode 0600, replaced atomically: a reader, also after a crash, finds the old text or the new.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from pathlib import Path

TOKEN_FILE = "token"  # noqa: S105  # a file name
KEY_FILE = "secrets.json"
HASH_KEY_FILE = "hash.key"
_KEY_FIELD = "openrouter_api_key"
_TOKEN_BYTES = 32


def read_or_create_token(data_dir: Path) -> str:
    """The console's token, 256 bits as 43 URL-safe characters; made on first use.

    Processes that start at once agree on one. Raises ``OSError`` when the folder cannot be written, ``ValueError``
    when the file is there but holds no token (an empty one would let anybody in).
    """
    return _read_or_create(data_dir / TOKEN_FILE)


def read_or_create_hash_key(data_dir: Path) -> bytes:
    """What the hashes of named tokens are keyed with, 32 bytes; made and refused as the token is.

    Without its file all named tokens are void.
    """
    return hashlib.sha256(_read_or_create(data_dir / HASH_KEY_FILE).encode()).digest()


def installation_of(hash_key: bytes) -> str:
    """A name for the data folder of a key, 16 hexadecimal digits that tell nothing of it."""
    return hashlib.blake2b(hash_key, digest_size=8, person=b"installation").hexdigest()


def _read_or_create(path: Path) -> str:
    if not path.exists():
        data_dir = path.parent
        data_dir.mkdir(parents=True, exist_ok=True)
        draft = _write_draft(path, secrets.token_urlsafe(_TOKEN_BYTES) + "\n")
        try:
            # A link fails if the name is taken, so the first of several processes wins; a rename would let the last.
            os.link(draft, path)
            _sync_folder(data_dir)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    token = path.read_text(encoding="ascii", errors="replace").strip()
    if len(token) < 16 or not token.isascii() or not token.isprintable() or " " in token:
        raise ValueError(f"{path} holds no {path.name}; delete it to get a new one")
    return token


def read_key(data_dir: Path) -> str | None:
    """The stored provider key, or None. Raises ``ValueError`` when the file is not what ``write_key`` wrote."""
    path = data_dir / KEY_FILE
    try:
        stored = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValueError:
        # The parser's own message is kept out: its exception carries the file's text.
        raise ValueError(f"{path} is not valid JSON") from None
    key = stored.get(_KEY_FIELD) if isinstance(stored, dict) else None
    if not isinstance(key, str) or not key:
        raise ValueError(f"{path} holds no {_KEY_FIELD}")
    return key


def write_key(data_dir: Path, key: str) -> None:
    """Store the provider key, on disk when this returns. Raises ``OSError``; the old key then still stands."""
    data_dir.mkdir(parents=True, exist_ok=True)
    path = data_dir / KEY_FILE
    draft = _write_draft(path, json.dumps({_KEY_FIELD: key}) + "\n")
    try:
        draft.replace(path)
    except OSError:
        draft.unlink()
        raise
    _sync_folder(data_dir)


def delete_key(data_dir: Path) -> None:
    """Forget the stored provider key; nothing happens if there is none."""
    (data_dir / KEY_FILE).unlink(missing_ok=True)
    _sync_folder(data_dir)


def _write_draft(path: Path, text: str) -> Path:
    """``text`` in a new private file beside ``path``, synced."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    # O_EXCL: never through a link somebody put there.
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        draft.unlink()
        raise
    return draft


def _sync_folder(folder: Path) -> None:
    if not folder.is_dir():
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
