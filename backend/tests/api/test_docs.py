"""`/docs` is a page of files of our own, fit for its policy."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from app.api.admission import Admission
from app.api.gate import Gate
from app.api.gate_policy import GatePolicy
from app.api.middleware import RequestLog
from app.api.route_class import classed_routes
from app.api.route_table import RouteTable
from app.api.routes.docs import router


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI(docs_url=None, redoc_url=None)
    app.include_router(router)
    routes = RouteTable(classed_routes(router.routes))
    app.add_middleware(Gate, admission=lambda: Admission(GatePolicy()), routes=routes)
    app.add_middleware(RequestLog)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as http:
        yield http


async def test_the_page_needs_nothing_but_its_own_files(client: httpx.AsyncClient) -> None:
    """No other host, nothing inline that the policy would block, every file there with its type."""
    page = await client.get("/docs", headers={"sec-fetch-site": "none", "sec-fetch-mode": "navigate"})
    assert page.headers["content-type"].startswith("text/html")
    assert "http://" not in page.text
    assert "https://" not in page.text
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", page.text)
    links = set(re.findall(r'(?:src|href)="([^"]+)"', page.text))
    assert links == {"/docs/docs.css", "/docs/docs.js", "/openapi.json"}
    for link, kind in (("/docs/docs.css", "text/css"), ("/docs/docs.js", "text/javascript")):
        reply = await client.get(link)
        assert reply.status_code == 200
        assert reply.headers["content-type"].startswith(kind)
    assert (await client.get("/openapi.json")).json()["paths"] == {}


async def test_the_script_makes_no_markup_from_text(client: httpx.AsyncClient) -> None:
    """Trusted Types would refuse it; descriptions stay text."""
    script = (await client.get("/docs/docs.js")).text
    for way in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", ".style"):
        assert way not in script
