"""Which provider answers, by the key that is known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from app.core.config import Settings
from app.core.errors import MissingKey
from app.services.openrouter import UpstreamTimeouts
from app.services.providers import Providers


class Demo:
    def __init__(self) -> None:
        self.started = 0

    async def __call__(self) -> str:
        self.started += 1
        return "http://127.0.0.1:1/api/v1"


def providers(data: Path, start_demo: Demo, **settings: Any) -> Providers:
    return Providers(Settings(_env_file=None, data_dir=data, **settings), UpstreamTimeouts(), start_demo)


@pytest.mark.parametrize(
    ("settings", "name", "demo"),
    [
        ({}, "demo", True),
        ({"openrouter_api_key": "a-key"}, "openrouter", False),
        ({"openrouter_api_key": "sk-or-v1-xxxxx"}, "demo", True),
        ({"openrouter_base_url": "http://127.0.0.1:9/v1"}, "custom", False),
        ({"openrouter_base_url": "http://127.0.0.1:9/v1", "demo": "off"}, "custom", False),
        ({"openrouter_api_key": "a-key", "demo": "off"}, "openrouter", False),
    ],
)
async def test_who_answers(tmp_path: Path, settings: dict[str, Any], name: str, demo: bool) -> None:
    """A key, a server of the owner's own, else the demo."""
    chosen = providers(tmp_path, Demo(), **settings)
    await chosen.open()
    assert (chosen.name, chosen.demo, chosen.current().name) == (name, demo, name)
    await chosen.close()


async def test_without_key_and_demo_nobody_answers(tmp_path: Path) -> None:
    chosen = providers(tmp_path, Demo(), demo="off")
    await chosen.open()
    assert (chosen.name, chosen.demo) == ("none", False)
    for ask in (chosen.current, chosen.every):
        with pytest.raises(MissingKey):
            ask()
    await chosen.close()


async def test_a_key_is_used_from_the_next_call_on(tmp_path: Path) -> None:
    """It is kept in the data folder; without it the demo is back, and was started once."""
    demo = Demo()
    chosen = providers(tmp_path, demo)
    await chosen.open()
    assert chosen.key_status().source == "none"
    for _ in range(2):
        await chosen.set_key("sk-new-1234")
        assert chosen.name == "openrouter"
        status = chosen.key_status()
        assert (status.source, status.last4) == ("file", "1234")
        await chosen.delete_key()
        assert chosen.demo
    assert demo.started == 1
    await chosen.close()


async def test_the_environment_s_key_comes_first(tmp_path: Path) -> None:
    """A stored one does not replace it, and forgetting that changes nothing."""
    chosen = providers(tmp_path, Demo(), openrouter_api_key="from-env-5678")
    await chosen.open()
    await chosen.set_key("sk-new-1234")
    status = chosen.key_status()
    assert (status.source, status.last4) == ("env", "5678")
    await chosen.delete_key()
    assert chosen.name == "openrouter"
    await chosen.close()
