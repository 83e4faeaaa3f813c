"""How much disk the installed runtime takes."""

from __future__ import annotations

import re
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from importlib.util import cache_from_source
from pathlib import Path

_PINNED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*])?==", re.MULTILINE)


def installed_bytes(lock: Path) -> int:
    """Size of all distributions that a lock file names and that are installed, compiled modules included."""
    return sum(_size_bytes(found) for name in _PINNED.findall(lock.read_text()) if (found := _installed(name)))


def _installed(name: str) -> Distribution | None:
    """The distribution, or None where the lock file names it for another platform."""
    try:
        return distribution(name)
    except PackageNotFoundError:
        return None


def _size_bytes(found: Distribution) -> int:
    files = {Path(str(file.locate())) for file in found.files or ()}
    files |= {Path(cache_from_source(str(file))) for file in files if file.suffix == ".py"}
    return sum(file.stat().st_size for file in files if file.is_file())
