"""Health, for people, supervisors and the page."""

from __future__ import annotations

from pathlib import Path

from app import __version__
from tests.harness import Console, console_app


async def test_health_is_ok(console: Console) -> None:
    """What runs here, and who answers."""
    health = await console.client.get("/api/health")
    assert health.pop("database").startswith("SQLite 3.")
    assert health == {
        "status": "ok",
        "ok": True,
        "reason": None,
        "version": __version__,
        "upstream": "custom",
        "demo": False,
        "backups": "ok",
    }


async def test_the_short_health_check(console: Console) -> None:
    """For supervisors: only whether the process answers."""
    assert await console.client.get("/health") == {"status": "ok"}


async def test_health_tells_of_the_demo(data: Path) -> None:
    """Without a key the built-in provider answers."""
    async with console_app(data) as running:
        health = await running.client.get("/api/health")
        assert (health["demo"], health["upstream"]) == (True, "demo")


async def test_health_needs_no_token(data: Path) -> None:
    """A supervisor has none; everything else is refused without it."""
    async with console_app(data, auth="token") as running:
        assert (await running.client.ask("GET", "/health")).status_code == 200
        assert (await running.client.ask("GET", "/api/health")).status_code == 200
        refused = await running.client.ask("GET", "/api/sessions")
        assert (refused.status_code, refused.json()["error_code"]) == (401, "unauthorized")
