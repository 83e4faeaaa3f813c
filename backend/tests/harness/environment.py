"""The environment of tests and of the servers they start: nothing of the user's own reaches either."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from pydantic import AliasChoices

from app.core.config import Settings

BACKEND = Path(__file__).resolve().parents[2]
PLACEHOLDER_KEY = "sk-or-v1-xxxxx"
_KEYS = ("openrouter_api_key", "openrouter_management_key")
_PASSED_ON = ("PATH", "LANG", "LC_ALL", "TMPDIR", "HOME", "PYTHONPATH", "PYTHONHASHSEED")
_PASSED_ON_PREFIXES = ("COV_CORE_", "COVERAGE_")
# Told by flags, or of no harm: a token is taken from the link; log, backups and providers file are in the data folder.
_NOT_FIXED = frozenset({"host", "port", "data_dir", "token", "log_file", "backups_dir", "providers_file"})


def variables_of(field: str) -> list[str]:
    """The environment variables that set a setting, the strongest first."""
    alias = Settings.model_fields[field].validation_alias
    return [str(name) for name in alias.choices] if isinstance(alias, AliasChoices) else [str(alias)]


def server_environment(**variables: str) -> dict[str, str]:
    """The whole environment of a child: every setting at its default unless given, so that no ``.env`` counts."""
    kept = {
        name: value for name, value in os.environ.items() if name in _PASSED_ON or name.startswith(_PASSED_ON_PREFIXES)
    }
    return kept | _defaults() | {"TZ": "UTC"} | variables


def isolate(patch: pytest.MonkeyPatch, home: Path, temporary: Path) -> None:
    """Take the user's settings, files, proxies and home away from this process and its children."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            patch.delenv(name)
    for field in Settings.model_fields:
        for name in variables_of(field):
            patch.delenv(name, raising=False)
    patch.setitem(Settings.model_config, "env_file", None)
    patch.setenv("HOME", str(home))
    patch.setenv("TZ", "UTC")
    patch.setenv("TMPDIR", str(temporary))
    patch.setattr(tempfile, "tempdir", str(temporary))


def _defaults() -> dict[str, str]:
    defaults = {}
    for name, field in Settings.model_fields.items():
        if name in _NOT_FIXED:
            continue
        value = PLACEHOLDER_KEY if name in _KEYS else field.get_default()
        # An empty variable counts as not set; a blank of this form does not, and reads as the same empty tuple.
        defaults[variables_of(name)[0]] = (",".join(value) or ",") if isinstance(value, tuple) else str(value)
    return defaults
