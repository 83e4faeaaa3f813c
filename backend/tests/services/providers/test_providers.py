"""Which provider answers, by the key that is known."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from app.core.config import Settings
from app.core.errors import MissingKey, UpstreamModelNotFound
from app.services.preferences import defaults_of
from app.services.providers.provider_file import ProviderFile
from app.services.providers.providers import Providers
from app.services.upstream.openrouter import UpstreamTimeouts


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


async def test_keys_that_change_at_once(tmp_path: Path) -> None:
    """Somebody answers all the while, the demo starts once, and the last key is the one that is used."""

    class SlowDemo(Demo):
        def __init__(self) -> None:
            super().__init__()
            self.go = asyncio.Event()

        async def __call__(self) -> str:
            await self.go.wait()
            return await super().__call__()

    demo = SlowDemo()
    chosen = providers(tmp_path, demo)
    await chosen.set_key("sk-old-1234")
    before = chosen.current()
    forgetting = [asyncio.create_task(chosen.delete_key()) for _ in range(2)]
    await asyncio.sleep(0)
    assert chosen.current() is before
    changing = asyncio.create_task(chosen.set_key("sk-new-5678"))
    await asyncio.sleep(0)
    demo.go.set()
    await asyncio.gather(*forgetting, changing)
    assert (chosen.name, chosen.key_status().last4, demo.started) == ("openrouter", "5678", 1)
    await chosen.close()


async def test_a_forgotten_key_is_not_used_when_the_demo_fails(tmp_path: Path) -> None:
    """Then nobody answers, and it says so."""

    class BrokenDemo(Demo):
        async def __call__(self) -> str:
            raise OSError("no port")

    chosen = providers(tmp_path, BrokenDemo())
    await chosen.set_key("sk-old-1234")
    with pytest.raises(OSError, match="no port"):
        await chosen.delete_key()
    with pytest.raises(MissingKey):
        chosen.current()
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


FILE = ProviderFile.model_validate(
    {
        "default_provider": "home",
        "providers": {
            "home": {"base_url": "http://127.0.0.1:9/v1", "default_model": "llama", "timeout": 900},
            "other": {"base_url": "https://openrouter.ai/api/v1", "models": {"a/b": {}}},
            "openrouter": {"models": {"openai/gpt-4o": {"top_p": 0.5}}},
        },
    }
)


async def test_where_a_model_is_asked_for(tmp_path: Path) -> None:
    """By its first part, by the default provider for a bare name, else at the main provider."""
    chosen = Providers(
        Settings(_env_file=None, data_dir=tmp_path, openrouter_api_key="a-key"), UpstreamTimeouts(), Demo(), FILE
    )
    await chosen.open()
    routes = {
        model: (route.provider.name, route.slug, route.model)
        for model in ("home/a/b:7b", "llama", "other/a/b", "openai/gpt-4o", "homes/x", "/x", "~home/x")
        for route in [chosen.route(model)]
    }
    assert routes == {
        "home/a/b:7b": ("home", "home/a/b:7b", "a/b:7b"),
        "llama": ("home", "home/llama", "llama"),
        "other/a/b": ("other", "other/a/b", "a/b"),
        "openai/gpt-4o": ("openrouter", "openai/gpt-4o", "openai/gpt-4o"),
        "homes/x": ("openrouter", "homes/x", "homes/x"),
        "/x": ("openrouter", "/x", "/x"),
        "~home/x": ("openrouter", "~home/x", "~home/x"),
    }
    assert chosen.route("openai/gpt-4o").defaults == {"top_p": 0.5}
    with pytest.raises(UpstreamModelNotFound, match="takes only the models"):
        chosen.route("other/c")
    for empty in ("home/", "other/"):
        with pytest.raises(UpstreamModelNotFound, match="names a provider and no model"):
            chosen.route(empty)
    assert (chosen.name, chosen.default_model, chosen.demo) == ("home", "home/llama", False)
    assert [provider.plain for provider in chosen.every()] == [False, True, False]
    assert chosen.named("nobody") is None
    await chosen.close()


async def test_a_provider_s_time_is_its_own(tmp_path: Path) -> None:
    """Its first word may take as long as its answer; the others keep theirs."""
    chosen = Providers(Settings(_env_file=None, data_dir=tmp_path), UpstreamTimeouts(total_s=60), Demo(), FILE)
    limits = [chosen.route(model).provider.client.timeouts for model in ("home/x", "other/a/b")]
    assert [(limit.total_s, limit.first_byte_s, limit.idle_s) for limit in limits] == [(900, 900, 60), (60, 120, 60)]
    await chosen.close()


@pytest.mark.parametrize(("named", "model"), [({}, "home/llama"), ({"model_name": "x/y"}, "x/y")])
async def test_a_model_of_the_settings_goes_before_the_file_s(
    tmp_path: Path, named: dict[str, Any], model: str
) -> None:
    """Where nobody named one, the default provider's default is used."""
    settings = Settings(_env_file=None, data_dir=tmp_path, **named)
    chosen = Providers(settings, UpstreamTimeouts(), Demo(), FILE)
    assert defaults_of(settings, chosen).model == model
    await chosen.close()
