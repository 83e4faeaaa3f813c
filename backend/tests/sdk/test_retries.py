"""How often an official client asks by itself: never again for what it may have paid."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sdk.test_sdks import PYTHON, SDKS, environment, run, target_of


@pytest.mark.parametrize(("scenario", "status", "calls"), [("drop after=2", 502, 1), ("error=503; times=3", None, 4)])
async def test_what_may_be_paid_is_asked_once(
    data: Path, tmp_path: Path, scenario: str, status: int | None, calls: int
) -> None:
    """An answer that breaks off is not bought again. What was refused is asked for again under its key, and comes."""
    if reason := SDKS[0].missing():
        pytest.skip(reason)
    async with target_of("console", SDKS[0], data) as (emulator, base_url):
        emulator.set_scenario(scenario)
        ended, told = await run((str(PYTHON), "python/retry_openai.py"), environment(base_url, tmp_path, "console"))
        assert (ended, told.strip()) == (0, "" if status is None else str(status)), told
        asked = [request for request in emulator.requests if request.path.endswith("/chat/completions")]
        assert len(asked) == calls
