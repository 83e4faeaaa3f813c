"""The token and the provider key: private files, whole or absent, one token for all."""

from __future__ import annotations

import json
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from app.core.token import delete_key, read_key, read_or_create_token, write_key


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_token_has_256_bits_and_is_kept(tmp_path: Path) -> None:
    """The first call makes it, every later one returns it."""
    token = read_or_create_token(tmp_path / "data")
    assert len(token) == 43
    assert read_or_create_token(tmp_path / "data") == token
    assert read_or_create_token(tmp_path / "other") != token


def test_secret_files_are_private_whatever_the_umask(tmp_path: Path) -> None:
    """Mode 0600, even under a umask that would show them to all."""
    before = os.umask(0)
    try:
        read_or_create_token(tmp_path)
        write_key(tmp_path, "a-key")
    finally:
        os.umask(before)
    assert mode_of(tmp_path / "token") == 0o600
    assert mode_of(tmp_path / "secrets.json") == 0o600


def test_starters_at_once_agree_on_one_token(tmp_path: Path) -> None:
    """Sixteen threads race from one barrier; a rename in place of the link would give several tokens."""
    barrier = Barrier(16)

    def start(_: int) -> str:
        barrier.wait()
        return read_or_create_token(tmp_path)

    with ThreadPoolExecutor(16) as threads:
        tokens = set(threads.map(start, range(16)))
    assert len(tokens) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["token"]


@pytest.mark.parametrize("text", ["", "\n", "short", "a token with blanks in it", "\0" * 32, "ü" * 32])
def test_a_file_that_holds_no_token_is_refused(tmp_path: Path, text: str) -> None:
    """An empty token would open the console to everybody."""
    (tmp_path / "token").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match="holds no token"):
        read_or_create_token(tmp_path)


def test_a_key_is_stored_replaced_and_forgotten(tmp_path: Path) -> None:
    """Write, overwrite, delete, delete again; no draft is left."""
    folder = tmp_path / "data"
    assert read_key(folder) is None
    delete_key(folder)
    write_key(folder, "first")
    write_key(folder, 'second "quoted" ü')
    assert read_key(folder) == 'second "quoted" ü'
    assert [path.name for path in folder.iterdir()] == ["secrets.json"]
    delete_key(folder)
    delete_key(folder)
    assert read_key(folder) is None


def test_a_failed_write_keeps_the_old_key_and_leaves_no_draft(tmp_path: Path) -> None:
    """A folder in the way of the file makes the rename fail."""
    (tmp_path / "secrets.json").mkdir()
    with pytest.raises(OSError, match=r"secrets\.json"):
        write_key(tmp_path, "new")
    assert [path.name for path in tmp_path.iterdir()] == ["secrets.json"]


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"openrouter_api_key": 1}', '{"openrouter_api_key": ""}'])
def test_a_spoilt_key_file_is_named_but_not_quoted(tmp_path: Path, text: str) -> None:
    """Neither None, which would start the demo, nor an error that shows the file's text."""
    (tmp_path / "secrets.json").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"secrets\.json") as caught:
        read_key(tmp_path)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_the_key_file_is_plain_json(tmp_path: Path) -> None:
    """An owner can read and write it by hand."""
    write_key(tmp_path, "a-key")
    assert json.loads((tmp_path / "secrets.json").read_text()) == {"openrouter_api_key": "a-key"}
