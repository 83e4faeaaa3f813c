"""The page's files: served as they are built, and what is said before they are."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from app.api.spa import NOT_BUILT, mount_page


@pytest.mark.parametrize("path", ["/", "/app", "/app/chat/one", "/assets/index.js"])
async def test_a_page_that_is_not_built_says_so(tmp_path: Path, path: str) -> None:
    """The index and its parts alike, and all of them once it is built, without a restart."""
    app = FastAPI()
    mount_page(app, tmp_path)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://console") as client:
        told = await client.get(path)
        assert (told.status_code, told.text) == (503, NOT_BUILT)
        (tmp_path / "assets").mkdir()
        (tmp_path / "index.html").write_text("page")
        (tmp_path / "assets" / "index.js").write_text("page")
        built = await client.get(path)
        assert (built.status_code, built.text) == (200, "page")
        assert built.headers["cache-control"].startswith("public" if "assets" in path else "no-cache")
        assert (await client.get("/assets/other.js")).status_code == 404
