"""A first start makes the database, with the tables and columns that its readers expect."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.db.sqlite import open_copy
from tests.harness import console_app

SEED_COLUMNS = {
    "models": (
        *("id", "openrouter_id", "name", "context_length", "pricing_prompt", "pricing_completion", "is_reasoning"),
        "created_at",
    ),
    "profiles": ("id", "name", "system_prompt", "temperature", "max_tokens", "openrouter_preset", "created_at"),
    "sessions": ("id", "session_type", "title", "profile_id", "created_at"),
    "messages": ("id", "session_id", "role", "content", "created_at"),
    "usage_logs": (
        *("id", "session_id", "profile_id", "model_id", "prompt_tokens", "completion_tokens", "total_tokens"),
        *("cost_usd", "created_at"),
    ),
}


@pytest.fixture
async def store(data: Path) -> Path:
    """The file that a console left behind."""
    async with console_app(data):
        pass
    return data / "console.db"


async def test_every_table_has_the_columns_of_the_contract(store: Path) -> None:
    """Programs that read the file by hand find what they look for."""
    connection = open_copy(store)
    try:
        for table, columns in SEED_COLUMNS.items():
            found = {row["name"] for row in connection.execute(f"PRAGMA table_xinfo({table})").fetchall()}
            assert set(columns) <= found, table
    finally:
        connection.close()


async def test_a_profile_s_defaults_are_in_the_schema(store: Path) -> None:
    """0.7 and 2048, also for a row that another program writes."""
    connection = open_copy(store)
    try:
        columns = connection.execute("PRAGMA table_info(profiles)").fetchall()
        defaults = {row["name"]: row["dflt_value"] for row in columns}
    finally:
        connection.close()
    assert (defaults["temperature"], defaults["max_tokens"]) == ("0.7", "2048")


async def test_a_second_start_finds_what_the_first_has_stored(data: Path) -> None:
    """Nothing is made anew, nothing lost."""
    async with console_app(data) as running:
        session = await running.client.create_session(title="kept")
        await running.client.post_message(session["id"], "hello")
    async with console_app(data) as running:
        (found,) = await running.client.every("/api/sessions")
        assert (found["id"], found["totals"]["messages"]) == (session["id"], 1)


async def test_the_files_are_the_owner_s_alone(store: Path) -> None:
    """Conversations are private on a shared machine."""
    assert store.parent.stat().st_mode & 0o077 == 0
