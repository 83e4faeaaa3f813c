"""Keys as they are pasted."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.core.config import Settings
from app.core.errors import ValidationFailed
from app.services.changes import Changes
from app.services.preferences import Preferences
from app.services.providers.providers import Providers
from app.services.upstream.openrouter import UpstreamTimeouts


class NoCatalog:
    """Counts how often the models were to be fetched."""

    opened = 0

    def open(self) -> None:
        self.opened += 1


async def _no_demo() -> str:
    raise AssertionError("no demo here")


@pytest.mark.parametrize(
    ("pasted", "last4"),
    [("sk-or-v1-abcd", "abcd"), ("  sk-or-v1-abcd\n", "abcd"), ("sk-or-v1-xxxxx", None), ("sk-or-v1\0abcd", None),
     ("sk-or\nv1-abcd", None), ("schlüssel", None), ("  \n ", None)],
)  # fmt: skip
async def test_a_key_is_taken_as_it_is_pasted(tmp_path: Path, pasted: str, last4: str | None) -> None:
    """White space around it is not part of it; what no header can carry, or only stands for a key, is none."""
    settings, catalog = Settings(_env_file=None, data_dir=tmp_path, demo="off"), NoCatalog()
    providers = Providers(settings, UpstreamTimeouts(), _no_demo)
    await providers.open()
    preferences = Preferences(None, Changes(), providers, catalog, settings)  # type: ignore[arg-type]
    if last4 is None:
        with pytest.raises(ValidationFailed):
            await preferences.set_key(pasted)
        assert providers.key_status().source == "none"
        assert catalog.opened == 0
    else:
        assert (await preferences.set_key(pasted)).last4 == last4
        assert catalog.opened == 1
    await providers.close()
